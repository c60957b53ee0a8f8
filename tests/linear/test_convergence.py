"""The iterates are the solver's own, the errors those of the definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import linear
from ngtools.linear import convergence


def test_each_iterate_is_what_the_solver_returns():
    rng = np.random.default_rng(0)
    F, b = convergence.symmetric(np.geomspace(1, 50, 9), rng), rng.standard_normal(9)
    path = convergence.cg_path(F, b, 5, damping=0.1, metric=np.diag(np.arange(1.0, 10)))
    op = jax.tree_util.Partial(jnp.matmul, jnp.asarray(F))
    for k in (1, 4, 5):
        one = linear.cg(op, jnp.asarray(b), damping=0.1, metric=jnp.arange(1.0, 10), max_steps=k, tol=0.0)
        assert path.values[k] == pytest.approx(np.asarray(one.value), rel=1e-12)
        assert path.residual[k] == pytest.approx(float(one.residual), rel=1e-10)
    A = F + 0.1 * np.diag(np.arange(1.0, 10))
    exact = np.linalg.solve(A, b)
    e = path.values[3] - exact
    assert path.energy[3] == pytest.approx(np.sqrt(e @ A @ e / (exact @ A @ exact)), rel=1e-10)
    assert path.energy[0] == pytest.approx(1)
    assert path.residual[0] == path.reported[0] == 1
    assert path.values.shape == (6, 9)
    assert path.reported.shape == path.residual.shape == path.energy.shape == (6,)
    assert path.reported[5] == pytest.approx(float(one.residual), rel=1e-10)


def test_spectrum_is_the_one_asked_for():
    spectrum = np.array([0.0, 1.0, 1.0, 3.0])
    A = convergence.symmetric(spectrum, np.random.default_rng(1))
    assert np.linalg.eigvalsh(A) == pytest.approx(spectrum, abs=1e-14)
    np.testing.assert_array_equal(A, A.T)


def test_single_precision_reports_less_than_it_leaves():
    """Observed: reported 1e-7, true 3e-5; and a later step for the same error."""
    rng = np.random.default_rng(10)
    F, b = convergence.symmetric(np.geomspace(1e-3, 1, 60), rng), rng.standard_normal(60)
    single, double = (convergence.cg_path(F, b, 150, dtype=dtype) for dtype in ("float32", "float64"))
    assert single.reported[150] < single.residual[150] / 10
    assert double.residual[150] < 1e-10
    assert single.energy[60] > 2 * double.energy[60]


def test_a_negative_damping_is_refused():
    with pytest.raises(ValueError, match="damping must be >= 0"):
        convergence.cg_path(np.eye(2), np.ones(2), 1, damping=-1.0)


def test_steps_needed_is_the_first_below():
    rng = np.random.default_rng(2)
    for spectrum in convergence.spectra(100, 30).values():
        assert spectrum[0] == 1
        assert spectrum.max() == 100
        F, b = convergence.symmetric(spectrum, rng), rng.standard_normal(30)
        path = convergence.cg_path(F, b, 60)
        assert convergence.steps_needed(F, b, 1e-6, 60) == np.argmax(path.energy < 1e-6) > 3
    with pytest.raises(ValueError, match="not below 1e-06 after 3 steps"):
        convergence.steps_needed(F, b, 1e-6, 3)
    # 2 I is solved exactly by one step: the error is 0 then, which is not below 0; and 1 before, which is below 2
    F, b = 2 * np.eye(4), np.ones(4)
    assert [convergence.steps_needed(F, b, error, 5) for error in (1e-6, 2.0)] == [1, 0]
    with pytest.raises(ValueError, match="not below 0 after 5 steps"):
        convergence.steps_needed(F, b, 0.0, 5)


def test_bounds_by_hand():
    # kappa = 9: the root is 3, the rate (3 - 1) / (3 + 1) = 1/2
    assert convergence.chebyshev_bound(9.0, [0, 1, 2, 5]) == pytest.approx([2, 1, 1 / 2, 1 / 16])
    # kappa = 100, error 2/e^4: sqrt(100)/2 times 4
    assert convergence.steps_bound(100.0, 2 * np.exp(-4)) == pytest.approx(20)
    # 1 - t/2 at t = 1, 2, 5: 1/2, 0, -3/2
    assert convergence.polynomial_bound([1.0, 2.0, 5.0], roots=[2.0]) == pytest.approx(3 / 2)
    # (1 - t)(1 - t/4) at t = 2: -1/2
    assert convergence.polynomial_bound([1.0, 2.0, 4.0], roots=[1.0, 4.0]) == pytest.approx(1 / 2)


def test_spectra_are_what_their_names_say():
    found = convergence.spectra(1000.0, 6)
    assert np.diff(np.log(found["even in the logarithm"])) == pytest.approx(np.log(1000) / 5)
    assert np.diff(found["even"]) == pytest.approx(999 / 5)
    assert found["three large, the rest near 1"] == pytest.approx([1, 1.025, 1.05, 300, 600, 1000])


def test_preconditioned_path_of_a_diagonal_matrix_needs_one_step():
    """The inverse itself as preconditioner: the first step is the answer, whatever the damping."""
    diagonal, b = np.array([1.0, 10.0, 100.0]), np.array([1.0, -2.0, 3.0])
    path = convergence.cg_path(np.diag(diagonal), b, 1, damping=0.5, preconditioner=np.diag(1 / (diagonal + 0.5)))
    assert path.values[1] == pytest.approx(b / (diagonal + 0.5), rel=1e-14)
    assert path.exact == pytest.approx(b / (diagonal + 0.5), rel=1e-14)
    plain = convergence.cg_path(np.diag(diagonal), b, 1)
    # steepest descent: alpha = b^T b / b^T F b = 14 / 941
    assert plain.values[1] == pytest.approx(b * 14 / 941, rel=1e-14)


def test_path_on_a_singular_matrix_ends_at_the_minimum_norm_solution():
    path = convergence.cg_path(np.diag([4.0, 0.0, 1.0]), np.array([8.0, 0.0, 3.0]), 2)
    assert path.exact == pytest.approx([2, 0, 3], abs=1e-14)
    assert path.values[2] == pytest.approx([2, 0, 3], abs=1e-13)
    assert path.energy[2] < 1e-13
