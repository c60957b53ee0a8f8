"""The three laws over every family and chart, and over random maps; and the judge that says no."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import descent, families, fisher
from ngtools.geometry.laws import law_defects
from ngtools.geometry.random_maps import random_map

CASES = [
    (family, chart)
    for family in families.examples()
    for chart in family.charts[1:]
    if "all" not in family.irregular
    and not family.rows
    and family.name != "multivariate-normal"
    and family.dimension(chart) == family.dimension()
]


def slope(theta):
    """A generic objective in the reference chart: no symmetry, no special point."""
    weights = jnp.arange(1, theta.shape[0] + 1)
    return jnp.sum(jnp.sin(theta * weights) + theta**2 / 3)


@pytest.mark.parametrize(("family", "chart"), CASES, ids=lambda value: getattr(value, "name", value))
def test_laws_hold_between_the_reference_chart_and_every_other(family, chart):
    # each chart's matrix is integrated to about 1e-13; solving with it loses its condition number, at most 1e3
    assert descent.chart_defects(family, chart, slope) < 1e-9


def test_a_redundant_chart_is_refused():
    with pytest.raises(ValueError, match="redundant"):
        descent.chart_defects(families.get("categorical", K=3), "logits", slope)


@pytest.mark.parametrize("seed", range(5))
def test_laws_hold_under_random_maps(seed):
    family, theta = families.get("normal"), np.array([0.3, 1.7])
    h, phi = random_map(np.random.default_rng(seed), theta)
    with jax.enable_x64(True):
        assert np.asarray(h(jnp.asarray(phi))) == pytest.approx(theta, rel=1e-14)
        g_theta = np.asarray(jax.grad(slope)(jnp.asarray(theta)))
        g_phi = np.asarray(jax.grad(lambda p: slope(h(p)))(jnp.asarray(phi)))
    F_phi = fisher.of_density(lambda x, p: family.log_density(x, h(p)), phi, (-np.inf, np.inf))
    J = np.linalg.inv(h.jacobian(phi))
    assert law_defects(fisher.stated(family, theta), g_theta, F_phi, g_phi, J).largest < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_random_maps_are_invertible_everywhere_tried(seed):
    rng = np.random.default_rng(seed)
    h, _ = random_map(rng, np.zeros(3))
    with jax.enable_x64(True):
        signs = {float(np.sign(np.linalg.det(h.jacobian(rng.standard_normal(3) * 3)))) for _ in range(10)}
    assert len(signs) == 1
    assert 0.0 not in signs


def test_each_law_is_seen_to_fail_alone():
    F, g, J = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([1.0, -2.0]), np.array([[1.0, 0.5], [0.0, 2.0]])
    inverse = np.linalg.inv(J)
    F_phi, g_phi = inverse.T @ F @ inverse, inverse.T @ g
    assert law_defects(F, g, F_phi, g_phi, J).largest < 1e-14
    wrong_gradient = law_defects(F, g, F_phi, J @ g, J)  # moved like a vector
    assert wrong_gradient.covector > 0.1
    assert wrong_gradient.metric < 1e-14
    wrong_metric = law_defects(F, g, J @ F @ J.T, g_phi, J)  # the Jacobian in the wrong direction
    assert wrong_metric.metric > 0.1
    assert wrong_metric.covector < 1e-14
    damped = law_defects(F + 0.1 * np.eye(2), g, F_phi + 0.1 * np.eye(2), g_phi, J)
    assert damped.vector > 0.01
    assert damped.length > 1e-3
    with pytest.raises(ValueError, match="zero"):
        law_defects(F, np.zeros(2), F_phi, g_phi, J)


def test_views_are_what_each_chart_computes_alone():
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.0, 1.0])
    views = {view.chart: view for view in descent.chart_views(normal, [2.0, 2.0], f)}
    assert tuple(views) == normal.charts
    view = views["mean-variance"]
    # by hand: d/dv of -(mu^2 + 1)/(2v) - log(v)/2 at mu = 2, v = 4 is 5/32 - 1/8
    assert view.gradient == pytest.approx([-0.5, 1 / 32], rel=1e-12)
    assert view.fisher == pytest.approx(np.diag([1 / 4, 1 / 32]), rel=1e-11, abs=1e-13)
    assert view.natural == pytest.approx([-2.0, 1.0], rel=1e-11)
    assert view.gradient_moved == pytest.approx([-0.5, 1 / 128], rel=1e-12)
    assert view.natural_moved == pytest.approx([-2.0, 0.25], rel=1e-11)
    redundant = descent.chart_views(families.get("categorical", K=3), [0.4, -0.3], slope)
    assert "logits" not in [view.chart for view in redundant]
