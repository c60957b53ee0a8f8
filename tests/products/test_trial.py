"""The trial network's shortcuts are the library's own functions."""

import jax
import numpy as np
import pytest

from ngtools import products
from ngtools.products import network, trial


def one(N=40, sizes=(3, 6, 4)):
    return trial.trial(np.random.default_rng(3), sizes, N)


def test_solutions_are_dense_solves():
    t = one(N=9)
    expected = np.linalg.solve(t.F + 0.01 * np.eye(52), t.g)
    assert trial.cg_solution(t, damping=0.01).value == pytest.approx(expected, rel=1e-6, abs=1e-8)
    found, rows = trial.sample_space_solution(t, damping=0.01)
    assert found.value == pytest.approx(expected, rel=1e-9, abs=1e-11)
    assert rows == 36
    assert found.value.dtype == np.float64


def test_routes_agree_and_a_wrong_matrix_is_seen():
    t = one()
    assert max(trial.route_gaps(t).values()) < 1e-14
    wrong = trial.Trial(t.params, t.X, t.y, 1.01 * t.F, t.g)
    assert min(trial.route_gaps(wrong).values()) > 1e-4


def test_divergence_between_two_steps():
    t = one()
    first, second = np.random.default_rng(4).standard_normal((2, 52))
    with jax.enable_x64(True):
        ends = [jax.tree.map(np.add, t.params, t.tree(v)) for v in (first, second)]
        expected = float(network.mean_kl(network.network, *ends, t.X, "categorical"))
        assert products.dense(lambda v: v, t.params).shape == (52, 52)
    assert trial.kl_between(t, first, second) == pytest.approx(expected, rel=1e-12)
    assert expected > 0.1


def test_the_hessian_of_the_loss_is_refused():
    with pytest.raises(ValueError, match="negative curvature"):
        trial.cg_on_hessian(one())


def test_costs_in_gradients():
    P, first, head = 3 * 6 + 6 * 4, 3 * 6, 4
    unit = 3 * P - first
    expected = (4 * P - 2 * first + head) / unit, (6 * P - 4 * first) / unit
    assert trial.gradients_per_product((3, 6, 4)) == pytest.approx(expected, rel=1e-12)


def test_what_a_solution_defaults_to():
    """Without damping the minimum-norm solution; two hundred steps at most."""
    t = one(N=9)
    expected = np.linalg.pinv(t.F, rcond=1e-11) @ t.g
    found = trial.cg_solution(t)
    assert (bool(found.converged), bool(found.residual <= 1e-10)) == (True, True)
    assert np.linalg.norm(found.value - expected) < 1e-5 * np.linalg.norm(expected)
    assert int(trial.cg_solution(t, damping=0.01, tol=1e-300).steps) == 200


def test_a_hessian_that_is_positive_is_solved():
    """Without a hidden layer the Hessian is the Fisher matrix, whatever the labels."""
    t = one(N=9, sizes=(3, 4))
    found = trial.cg_on_hessian(t)
    assert bool(found.converged)
    assert np.linalg.norm(t.F @ found.value - t.g) < 1e-6 * np.linalg.norm(t.g)
