"""The equations of chapter 02, each against the code that the page runs."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools import families
from ngtools.engines import SYMPY
from ngtools.geometry import globe, sphere, transform_gradient, transform_metric, transform_vector
from ngtools.geometry.steepest import steepest

L, S = sphere.LATITUDE_LONGITUDE, sphere.STEREOGRAPHIC
BETA, ELL = L.symbols
A, B = S.symbols
PHI = S.locate(L.embed(L.symbols, SYMPY), SYMPY)
J = sphere.jacobian(L, S, L.symbols).applyfunc(sp.simplify)
PLACE = np.array([0.7, -1.1])
TARGET = sp.symbols("t1:4", real=True)

rng = np.random.default_rng(2)
DIFFEO = rng.normal(size=(3, 3)) + 2 * np.eye(3)
ROOT = rng.normal(size=(3, 3))
METRIC, GRADIENT = ROOT @ ROOT.T + np.eye(3), rng.normal(size=3)


def is_zero(matrix):
    return sp.Matrix(matrix).applyfunc(sp.simplify) == sp.zeros(*sp.Matrix(matrix).shape)


@pytest.mark.claim("eq-latitude-longitude", how="exact")
def test_latitude_and_longitude_are_the_angles_of_geography():
    place = sphere.point(L, L.symbols)
    assert is_zero([place.dot(place) - 1])
    assert is_zero(place - sp.Matrix([sp.cos(BETA) * sp.cos(ELL), sp.cos(BETA) * sp.sin(ELL), sp.sin(BETA)]))
    north, east = sphere.point(L, [np.pi / 4, 0.0]), sphere.point(L, [0.0, np.pi / 2])
    np.testing.assert_allclose(north, [np.sqrt(0.5), 0, np.sqrt(0.5)], atol=1e-15)
    np.testing.assert_allclose(east, [0, 1, 0], atol=1e-15)


@pytest.mark.claim("eq-stereographic", how="symbolic")
def test_stereographic_chart_projects_from_the_south_pole():
    place, south = sphere.point(S, S.symbols), sp.Matrix([0, 0, -1])
    assert is_zero([place.dot(place) - 1])
    # the point, the south pole and (a, b, 0) lie on one line
    assert is_zero((place - south).cross(sp.Matrix([A, B, 0]) - south))
    assert is_zero(sphere.locate(S, place) - sp.Matrix([A, B]))


@pytest.mark.claim("eq-arrow-law", "eq-contour-law", "eq-lines-crossed", how="symbolic")
def test_arrows_and_contour_lines_on_the_sphere():
    v = sp.Matrix(sp.symbols("v1 v2", real=True))
    t = sp.Symbol("t")
    moved = {BETA: BETA + t * v[0], ELL: ELL + t * v[1]}
    velocity = sp.Matrix(PHI).subs(moved, simultaneous=True).diff(t).subs(t, 0)
    assert is_zero(transform_vector(v, J) - velocity)
    g_theta, g_phi = sphere.differential(L, L.symbols, TARGET), sphere.differential(S, PHI, TARGET)
    cosine = sphere.point(L, L.symbols).dot(sp.Matrix(TARGET))
    assert is_zero(g_theta - sp.Matrix([cosine.diff(BETA), cosine.diff(ELL)]))
    assert is_zero(g_theta - J.T * g_phi)
    assert is_zero([g_phi.dot(velocity) - g_theta.dot(v)])


def test_the_library_carries_contour_lines_and_metrics_as_the_sphere_does():
    there = sphere.locate(S, sphere.point(L, PLACE))
    matrix, target = sphere.jacobian(L, S, PLACE), globe.named("Tokyo")
    # rounding, through one solve with a well-conditioned matrix
    carried = transform_gradient(sphere.differential(L, PLACE, target), matrix)
    np.testing.assert_allclose(carried, sphere.differential(S, there, target), rtol=1e-12)
    carried = transform_metric(sphere.metric(L, PLACE), matrix)
    np.testing.assert_allclose(carried, sphere.metric(S, there), rtol=1e-12, atol=1e-12)


@pytest.mark.claim("eq-sphere-metrics", how="symbolic")
def test_metrics_of_the_sphere():
    assert is_zero(sphere.metric(L, L.symbols) - sp.diag(1, sp.cos(BETA) ** 2))
    assert is_zero(sphere.metric(S, S.symbols) - 4 / (1 + A**2 + B**2) ** 2 * sp.eye(2))


@pytest.mark.claim("eq-sphere-metric-law", how="symbolic")
def test_metric_law_on_the_sphere():
    M_theta, M_phi = sphere.metric(L, L.symbols), sphere.metric(S, PHI)
    assert is_zero(J.T * M_phi * J - M_theta)


@pytest.mark.claim("eq-steepest-arrow", "eq-steepest-bound", how="numeric")
def test_steepest_arrow_attains_the_bound_and_no_other_does():
    best = steepest(METRIC, GRADIENT)
    bound = np.sqrt(GRADIENT @ np.linalg.inv(METRIC) @ GRADIENT)
    assert best @ METRIC @ best == pytest.approx(1, rel=1e-12)
    assert GRADIENT @ best == pytest.approx(bound, rel=1e-12)
    others = np.random.default_rng(0).normal(size=(2000, 3))
    others /= np.sqrt(np.einsum("ni,ij,nj->n", others, METRIC, others))[:, None]
    assert (others @ GRADIENT).max() < bound
    assert (others @ GRADIENT).max() > 0.95 * bound  # the bound is tight, not merely valid


@pytest.mark.claim("eq-one-arrow", how="symbolic")
def test_steepest_arrow_is_one_arrow_in_both_charts():
    in_theta = sphere.metric(L, L.symbols).inv() * sphere.differential(L, L.symbols, TARGET)
    in_phi = sphere.metric(S, PHI).inv() * sphere.differential(S, PHI, TARGET)
    assert is_zero(transform_vector(in_theta, J) - in_phi)
    oslo, tokyo = globe.named("Oslo"), globe.named("Tokyo")
    along = tokyo - (oslo @ tokyo) * oslo
    for chart in (L, S):
        at = sphere.locate(chart, oslo)
        v = sphere.frame(chart, at) @ steepest(sphere.metric(chart, at), sphere.differential(chart, at, tokyo))
        # the great circle is the answer known in advance
        np.testing.assert_allclose(v, along / np.linalg.norm(along), atol=1e-10)


def gradient_step(theta_gradient, metric, alpha):
    return alpha * theta_gradient


def metric_step(theta_gradient, metric, alpha):
    return alpha * np.linalg.solve(metric, theta_gradient)


@pytest.mark.claim("eq-invariant-method", how="numeric")
@pytest.mark.parametrize(
    ("update", "kind", "invariant"),
    [
        (gradient_step, "orthogonal", True),
        (gradient_step, "affine", False),
        (metric_step, "orthogonal", True),
        (metric_step, "affine", True),
    ],
)
def test_which_updates_commute_with_an_affine_change_of_chart(update, kind, invariant):
    change = np.linalg.qr(DIFFEO)[0] if kind == "orthogonal" else DIFFEO
    theta, shift, alpha = np.array([0.3, -1.0, 0.4]), np.array([1.0, 2.0, 3.0]), 0.7
    step_then_translate = change @ (theta + update(GRADIENT, METRIC, alpha)) + shift
    there = update(transform_gradient(GRADIENT, change), transform_metric(METRIC, change), alpha)
    translate_then_step = (change @ theta + shift) + there
    gap = np.abs(step_then_translate - translate_then_step).max()
    assert gap < 1e-12 if invariant else gap > 0.1


@pytest.mark.claim("eq-kl-is-a-length", how="numeric")
@pytest.mark.parametrize("chart", ["variance", "log-std", "precision"])
def test_divergence_measures_small_changes_by_the_law_of_a_metric(chart):
    family, eps = families.get("zero-mean-normal"), 1e-4

    def length_squared(chart):
        here = family.convert([2.0], to=chart)
        change = eps * max(1.0, abs(here[0])) * min(1.0, abs(here[0]))
        return sum(family.kl(here, here + sign * change, chart=chart) for sign in (1, -1)) / change**2

    factor = family.jacobian([2.0], to=chart)[0, 0] ** 2
    # the mean over both signs leaves a relative error of order eps^2, and rounding of order 1e-16/eps^2
    assert length_squared("std") == pytest.approx(factor * length_squared(chart), rel=1e-5)
