"""The regulator's closed forms against sums, limits, SciPy's Riccati solver and draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from ngtools.rl.regulator import Regulator, average_cost, best_gain, episode_cost, policy_fisher

SYSTEM = Regulator(growth=0.7, noise=1.3, state_cost=0.9, action_cost=0.1)


@pytest.mark.parametrize(
    "value", [lambda k, v: episode_cost(SYSTEM, k, v, 20), lambda k, v: average_cost(SYSTEM, k, v)]
)
def test_gradients_are_differences(value):
    """Central differences of step 1e-6: error below 1e-8."""
    k, v, h = -0.5, 0.6, 1e-6
    found = value(k, v).gradient
    by_k = (value(k + h, v).cost - value(k - h, v).cost) / (2 * h)
    by_v = (value(k, v + h).cost - value(k, v - h).cost) / (2 * h)
    assert found == pytest.approx([by_k, by_v], rel=1e-7)


def test_a_long_episode_costs_the_average_a_step():
    k, v = -0.4, 0.6
    long, longer = episode_cost(SYSTEM, k, v, 400), episode_cost(SYSTEM, k, v, 401)
    one = average_cost(SYSTEM, k, v)
    assert longer.cost - long.cost == pytest.approx(one.cost, rel=1e-12)
    assert 401 * longer.second_moment - 400 * long.second_moment == pytest.approx(one.second_moment, rel=1e-12)


def test_two_steps_by_hand():
    """x_0 = 0 has q = 0, x_1 has 0.6 + 1.3 and x_2 has 0.2^2 1.9 + 1.9."""
    found = episode_cost(SYSTEM, -0.5, 0.6, 2)
    assert found.cost == pytest.approx(0.9 * (1.9 + 1.976) + 0.1 * (0.6 + 0.25 * 1.9 + 0.6))
    assert found.second_moment == pytest.approx(1.9 / 2)


def test_the_plain_regulator():
    """Growth 0.7, unit noise, a cost of x^2 alone: at k = -0.2 E[x^2] is 1.5 / (1 - 0.25)."""
    assert average_cost(Regulator(), -0.2, 0.5).cost == pytest.approx(2)
    assert best_gain(Regulator()) == pytest.approx(-0.7)


def test_episode_cost_is_the_mean_of_simulated_costs():
    rng, k, v, n = np.random.default_rng(3), -0.5, 0.6, 40_000
    x, cost, square = np.zeros(n), np.zeros(n), np.zeros(n)
    for _ in range(5):
        square += x**2 / 5
        u = k * x + np.sqrt(v) * rng.standard_normal(n)
        x = SYSTEM.growth * x + u + np.sqrt(SYSTEM.noise) * rng.standard_normal(n)
        cost += SYSTEM.state_cost * x**2 + SYSTEM.action_cost * u**2
    found = episode_cost(SYSTEM, k, v, 5)
    # five standard errors
    assert abs(cost.mean() - found.cost) < 5 * cost.std() / np.sqrt(n)
    assert abs(square.mean() - found.second_moment) < 5 * square.std() / np.sqrt(n)


def test_best_gain_solves_the_riccati_equation():
    for system in (SYSTEM, Regulator(1.4, 1.0, 1.0, 0.5)):
        P = solve_discrete_are([[system.growth]], [[1.0]], [[system.state_cost]], [[system.action_cost]])[0, 0]
        k = best_gain(system)
        assert k == pytest.approx(-system.growth * P / (system.action_cost + P), rel=1e-12)
        assert average_cost(system, k, 0.3).gradient[0] == pytest.approx(0, abs=1e-12)


def test_fisher_matrix_is_the_covariance_of_the_score():
    """E over x and u by Gauss-Hermite nodes, exact for these polynomials."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    weights = weights / weights.sum()
    v, second = 0.6, 1.335
    F = np.zeros((2, 2))
    for z, p in zip(nodes, weights):
        e = np.sqrt(v) * z
        for x, q in zip(np.sqrt(second) * nodes, weights):
            score = np.array([e * x / v, (e**2 - v) / (2 * v**2)])
            F += p * q * np.outer(score, score)
    assert policy_fisher(-0.4, v, second) == pytest.approx(F, abs=1e-12)
    # in (k, sigma): diag(E[x^2] / sigma^2, 2 / sigma^2) at sigma = .7
    J = np.diag([1, 2 * 0.7])
    assert J @ policy_fisher(-0.4, 0.49, 1.335) @ J == pytest.approx(np.diag([2.724489795918368, 4.081632653061225]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Regulator(noise=0), "noise .* must be > 0"),
        (lambda: Regulator(action_cost=-1), "action_cost must be >= 0"),
        (lambda: Regulator(state_cost=-0.5), "state_cost must be >= 0"),
        (lambda: average_cost(Regulator(growth=0.5), 0.5, 1.0), r"\|growth \+ k\| = 1 must be < 1"),
        (
            lambda: episode_cost(SYSTEM, 2.8, 1.0, 1000),
            r"T = 1000 steps overflows: \|growth \+ k\| = 3.5 is too far above 1",
        ),
        (lambda: average_cost(SYSTEM, 0.4, 1.0), r"\|growth \+ k\| = 1.1 must be < 1"),
        (lambda: average_cost(SYSTEM, -0.5, 0.0), "v .* must be > 0"),
        (lambda: episode_cost(SYSTEM, -0.5, 1.0, 0), "T must be at least 1"),
        (lambda: best_gain(Regulator(state_cost=0)), "state_cost must be > 0"),
        (lambda: policy_fisher(-0.5, -1.0, 1.0), "v .* must be > 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_second_moment_is_not_negative():
    assert policy_fisher(0.3, 2.0, 0.0).tolist() == [[0, 0], [0, 1 / 8]]
    with pytest.raises(ValueError, match=r"second_moment must be .*>= 0 \(got -0.5\)"):
        policy_fisher(0.3, 2.0, -0.5)
