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
