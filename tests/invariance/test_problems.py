"""The problems that methods with layers and policies are measured on, against NumPy."""

from __future__ import annotations

from itertools import pairwise

import jax
import numpy as np
import pytest

from ngtools.invariance import network_problem, policy_problem
from ngtools.invariance.policy_problem import CLIPPED, PPO, TRPO, TRUST
from ngtools.rl.envs.protocol import Discrete

PROBLEM = network_problem()
THETA = PROBLEM.theta
OTHER = THETA + 0.2 * np.random.default_rng(0).standard_normal(9)


def outputs(theta, X):
    first, last = theta[:6].reshape(3, 2), theta[6:]
    h = np.tanh(X @ first[:2] + first[2])
    return h @ last[:2] + last[2]


def test_the_network_and_its_matrices_in_numpy():
    """Objective, Fisher matrix, divergence and distance; derivatives by central differences, good to h^2."""
    setting = PROBLEM.setting
    X, Y = setting.constants
    assert (X.shape, Y.shape, setting.dimension) == ((40, 2), (40, 1), 9)
    assert X.std() == pytest.approx(1.5, abs=4 * 1.5 / np.sqrt(160))
    z, w = outputs(THETA, X), outputs(OTHER, X)
    assert setting.distribution(THETA) == pytest.approx(z, rel=1e-13)
    assert setting.value(OTHER) == pytest.approx(-np.mean((w - Y[:, 0]) ** 2) / 2, rel=1e-13)
    J = np.stack([outputs(THETA + e, X) - outputs(THETA - e, X) for e in 1e-5 * np.eye(9)], axis=1) / 2e-5
    assert setting.fisher(THETA) == pytest.approx(J.T @ J / 40, abs=1e-8)
    assert setting.kl(THETA, OTHER) == pytest.approx(np.mean((z - w) ** 2) / 2, rel=1e-13)
    assert setting.distance(z, w) == pytest.approx(np.sqrt(np.mean((z - w) ** 2)), rel=1e-13)


def test_the_maps_of_all_weights():
    """Scales from 0.4 to 2 in equal ratios, in some order; a shift of a tenth; a rotation."""
    columns = PROBLEM.columns
    scales, shift = columns["diagonal"].constants
    assert np.count_nonzero(scales - np.diag(np.diag(scales))) == 0
    ordered = np.sort(np.diag(scales))
    assert [ordered[0], ordered[-1]] == pytest.approx([0.4, 2.0], rel=1e-13)
    assert [b / a for a, b in pairwise(ordered)] == pytest.approx([5 ** (1 / 8)] * 8, rel=1e-12)
    assert list(shift) == [0.0] * 9
    Q, _ = columns["orthogonal"].constants
    np.testing.assert_allclose(Q @ Q.T, np.eye(9), rtol=0, atol=1e-13)
    A, shift = columns["affine"].constants
    assert list(shift) == [0.1] * 9
    # near the identity: entries of deviation 0.5 / sqrt(n), four standard errors
    assert (A - np.eye(9)).std() == pytest.approx(0.5 / 3, abs=4 * 0.5 / 3 / np.sqrt(2 * 81))
    assert columns["redundant"].dimension == 13
    for map_, n in zip(columns["layerwise"].constants, (3, 2, 3, 1)):
        assert map_.shape == (n, n)
        assert 0.1 < np.abs(map_ - np.eye(n)).max() < 1.5


def test_bent_coordinates_by_hand():
    """sinh entry by entry; a shear of each coordinate by the next one, then the linear map."""
    psi = np.linspace(-1, 1, 9)
    with jax.enable_x64(True):
        column = PROBLEM.columns["log-sigma"]
        np.testing.assert_allclose(column.h(psi, column.constants), np.sinh(psi), rtol=1e-14)
        column = PROBLEM.columns["smooth"]
        sheared = psi + 0.3 * np.tanh([*psi[1:], 0.0])
        np.testing.assert_allclose(column.h(psi, column.constants), column.constants @ sheared, rtol=0, atol=1e-13)


def test_what_the_reinforcement_learners_are_given():
    """An update that is nothing but its method: a radius alpha^2 / 2, or ten epochs that share alpha."""
    assert (TRPO.budget, PPO.budget) == (True, False)
    assert (TRUST.cg_tol, TRUST.cg_steps > 13) == (1e-13, True)  # more than there are coordinates anywhere
    assert (CLIPPED.epochs, CLIPPED.max_grad_norm, CLIPPED.minibatch >= 40) == (10, None, True)
    setting = policy_problem.policy_problem().setting
    policy = policy_problem._policy(setting)
    assert policy.action_space == Discrete(2)
    assert policy.head.size == 1
    for start in (policy.start, policy.mode):
        with pytest.raises(NotImplementedError, match="those of the problem"):
            start(None)
    batch = policy_problem._batch()
    assert batch.actions.dtype == np.int64
    assert (set(batch.actions.tolist()), batch.actions.shape, batch.advantages.shape) == ({0, 1}, (40,), (40,))
    np.testing.assert_array_equal(batch.observations, np.arange(40.0)[:, None])
    assert batch.advantages.std() == pytest.approx(1, abs=4 / np.sqrt(80))
    # more likely actions are drawn more often, which the mean of +-z sees
    z = setting.distribution(policy_problem.policy_problem().theta)
    expected, spread = np.mean(z * np.tanh(z / 2)), np.sqrt(np.mean(z**2 / np.cosh(z / 2) ** 2) / 40)
    assert np.mean((2 * batch.actions - 1) * z) == pytest.approx(expected, abs=3 * spread)


def test_the_distance_of_two_coins():
    """2 arcsin sqrt p, half and three quarters: pi / 2 against 2 pi / 3; the mean of squares over states."""
    even, three = np.zeros(2), np.array([np.log(3.0), 0.0])
    found = policy_problem.policy_problem().setting.distance(even, three)
    assert found == pytest.approx(np.pi / 6 / np.sqrt(2), rel=1e-13)
