"""The equations of chapter 07: each law by SymPy in general, and by numbers on maps that were not chosen for it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import descent, families, fisher, geometry, symbolic

NORMAL = families.get("normal")
CATEGORICAL = families.get("categorical", K=3)


def objective(theta):
    return jnp.sin(theta[0]) + theta[0] * theta[1] - theta[1] ** 2 / 3


def gradient(function, at):
    with jax.enable_x64(True):
        return np.asarray(jax.grad(function)(jnp.asarray(at, jnp.float64)))


@pytest.mark.claim("eq-laws-jacobian", how="numeric")
def test_jacobian_is_the_derivative_of_the_map():
    theta, h = np.array([0.4, 1.3]), 1e-6
    for chart in NORMAL.charts:
        J = NORMAL.jacobian(theta, to=chart)
        columns = [
            (NORMAL.convert(theta + h * e, to=chart) - NORMAL.convert(theta - h * e, to=chart)) / (2 * h)
            for e in np.eye(2)
        ]
        # central differences: error h^2 and rounding 1e-16/h
        assert pytest.approx(np.stack(columns, axis=1), rel=1e-7, abs=1e-8) == J
        assert abs(np.linalg.det(J)) > 1e-3


@pytest.mark.claim("eq-covector-law", how="symbolic")
def test_covector_law():
    assert symbolic.transformation_laws(2).gradient.is_zero_matrix
    theta = np.array([0.4, 1.3])
    for chart in NORMAL.charts:
        phi, J = NORMAL.convert(theta, to=chart), NORMAL.jacobian(theta, to=chart)
        there = gradient(lambda p, chart=chart: objective(NORMAL.convert(p, to="mean-std", chart=chart)), phi)
        assert J.T @ there == pytest.approx(gradient(objective, theta), rel=1e-12)
        assert geometry.transform_gradient(gradient(objective, theta), J) == pytest.approx(there, rel=1e-10)


@pytest.mark.claim("eq-vector-law", how="numeric")
def test_velocities_carry_the_jacobian():
    theta, velocity, h = np.array([0.4, 1.3]), np.array([0.7, -0.2]), 1e-6
    for chart in NORMAL.charts:
        moved = [NORMAL.convert(theta + t * velocity, to=chart) for t in (h, -h)]
        J = NORMAL.jacobian(theta, to=chart)
        expected = (moved[0] - moved[1]) / (2 * h)
        assert geometry.transform_vector(velocity, J) == pytest.approx(expected, rel=1e-7, abs=1e-8)


@pytest.mark.claim("eq-metric-law", how="symbolic")
def test_metric_law():
    assert symbolic.transformation_laws(2).metric.is_zero_matrix
    theta = np.array([0.4, 1.3])
    for chart in NORMAL.charts:
        phi, J = NORMAL.convert(theta, to=chart), NORMAL.jacobian(theta, to=chart)
        there = fisher.by_score(NORMAL, phi, chart)
        assert J.T @ there @ J == pytest.approx(fisher.by_score(NORMAL, theta), rel=1e-9, abs=1e-11)
        assert geometry.transform_metric(fisher.by_score(NORMAL, theta), J) == pytest.approx(there, rel=1e-8, abs=1e-10)


@pytest.mark.claim("eq-natural-vector-law", how="symbolic")
def test_vector_law():
    assert symbolic.transformation_laws(2).vector.is_zero_matrix
    views = descent.chart_views(NORMAL, [0.4, 1.3], objective)
    for view in views:
        assert view.natural_moved == pytest.approx(views[0].natural, rel=1e-9)
        if view.chart != "mean-std":  # and the gradient is no vector
            assert np.abs(view.gradient_moved - views[0].gradient).max() > 0.01


@pytest.mark.claim("eq-squared-length", how="numeric")
def test_squared_length_is_one_number():
    views = descent.chart_views(NORMAL, [0.4, 1.3], objective)
    for view in views:
        assert view.natural @ view.fisher @ view.natural == pytest.approx(view.gradient @ view.natural, rel=1e-12)
        assert view.gradient @ view.natural == pytest.approx(views[0].gradient @ views[0].natural, rel=1e-9)


@pytest.mark.claim("eq-flow-law", how="numeric")
def test_flow_is_one_path():
    f = descent.expected_log_likelihood(NORMAL, [0.0, 1.0])
    flows = {
        (kind, chart): descent.flow(kind, NORMAL, NORMAL.convert([2.0, 2.0], to=chart), f, 2.0, chart, 5).distribution
        for kind in ("natural", "gradient")
        for chart in ("mean-std", "mean-variance", "mean-log-std")
    }
    for chart in ("mean-variance", "mean-log-std"):
        # both flows are solved to a relative 1e-12; their errors grow a little on the way
        assert flows["natural", chart] == pytest.approx(flows["natural", "mean-std"], abs=1e-9)
        assert np.abs(flows["gradient", chart] - flows["gradient", "mean-std"]).max() > 0.05


@pytest.mark.claim("eq-redundant-law", how="exact")
def test_redundant_chart_moves_the_distribution_along_the_natural_gradient():
    theta, g = np.array([0.4, -0.3]), np.array([1.0, 2.0])
    phi = CATEGORICAL.convert(theta, to="logits")
    K = CATEGORICAL.jacobian(phi, to="minimal-logits", chart="logits")
    F_phi = fisher.by_score(CATEGORICAL, phi, "logits")
    w = descent.natural_gradient(F_phi, K.T @ g, singular="minimum-norm")
    expected = np.linalg.solve(fisher.by_score(CATEGORICAL, theta), g)
    for shift in (0.0, 5.0):
        assert F_phi @ (w + shift) == pytest.approx(K.T @ g, rel=1e-11)
        assert K @ (w + shift) == pytest.approx(expected, rel=1e-11)
    assert np.linalg.matrix_rank(K) == 2
    # the line of the proof: F_phi = K' F_theta K
    assert F_phi == pytest.approx(K.T @ fisher.by_score(CATEGORICAL, theta) @ K, rel=1e-12, abs=1e-14)


def test_redundant_law_needs_full_rank():
    """mu = a b: at a = b = 0 gradient and Fisher matrix vanish, and the minimum-norm step moves nothing."""
    a, b, g, F = sp.symbols("a b g F", positive=True)
    K = sp.Matrix([[a * b]]).jacobian([a, b])
    assert sp.Matrix([[b, a]]) == K
    moved = K * (K.T * F * K).pinv() * (K.T * g)
    assert sp.simplify(moved[0] - g / F) == 0  # full rank: the natural gradient in mu
    there = K.subs({a: 0, b: 0})
    assert (there * (there.T * F * there).pinv() * (there.T * g)).is_zero_matrix
