"""Distances, lengths, geodesics and curvature against stated values and against each other."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import families, geometry
from ngtools.geometry.compiled import compiled
from ngtools.geometry.distance import Distance, _energy, _relaxed, chord, shoot
from ngtools.geometry.metric import Metric

module = importlib.import_module("ngtools.geometry.distance")  # the package holds a function of that name

STORED = json.loads((Path(__file__).parents[1] / "reference_values.json").read_text(encoding="utf-8"))
NORMAL, GAMMA = families.get("normal"), families.get("gamma")


def family_of(entry):
    return families.get(
        entry["family"], **{key: np.array(v) if np.ndim(v) else v for key, v in entry["constants"].items()}
    )


@pytest.mark.parametrize("entry", STORED["distance"], ids=lambda entry: entry["id"])
def test_stored_distances_by_both_routes(entry):
    family, ends = family_of(entry), (entry["first"], entry["second"])
    stated = geometry.distance(family, *ends, chart=entry["chart"])
    solved = geometry.distance(family, *ends, chart=entry["chart"], shooting=True)
    assert stated.method == "closed form"
    assert solved.method in ("geodesic shooting", "arc length")
    assert stated.value == pytest.approx(entry["value"], rel=1e-12)
    # the solver's tolerance is 1e-12 a step
    assert solved.value == pytest.approx(entry["value"], rel=1e-9)


@pytest.mark.parametrize("entry", STORED["curvature"], ids=lambda entry: entry["id"])
def test_stored_curvatures(entry):
    assert geometry.curvature(family_of(entry), entry["point"]) == pytest.approx(entry["value"], abs=1e-12)


def test_normal_against_folklore():
    # 19: not 2
    assert geometry.distance(NORMAL, [0.0, 1.0], [2.0, 1.0]).value == pytest.approx(1.8625, abs=5e-5)


@pytest.mark.parametrize("chart", NORMAL.charts)
def test_curvature_is_the_same_in_every_chart(chart):
    theta = NORMAL.convert([0.3, 1.2], to=chart)
    assert geometry.curvature(NORMAL, theta, chart=chart) == pytest.approx(-0.5, abs=1e-12)


def test_gamma_curvature_by_brioschi():
    # F = [[psi'(k), -1/b], [-1/b, k/b^2]] in t = log b: E = psi', F = -1, G = k, functions of k alone
    k = sp.Symbol("k", positive=True)
    E, F, G = sp.polygamma(1, k), -1, k
    first = sp.Matrix([[0, sp.diff(E, k) / 2, 0], [-sp.diff(G, k) / 2, E, F], [0, F, G]])
    # Brioschi with u = k, v = t: E_u/2, F_u - E_v/2 = 0; F_v - G_u/2; G_v/2 = 0; -G_uu/2 = 0
    second = sp.Matrix([[0, 0, sp.diff(G, k) / 2], [0, E, F], [sp.diff(G, k) / 2, F, G]])
    K = (first.det() - second.det()) / (E * G - F**2) ** 2
    assert geometry.curvature(GAMMA, [2.0, 1.7]) == pytest.approx(float(K.subs(k, 2)), rel=1e-10)


def test_sphere_of_the_simplex():
    family = families.get("categorical", K=4)
    plane = [[1.0, 0.2, 0.0], [0.0, 1.0, -0.5]]
    # a sphere of radius 2
    assert geometry.curvature(family, [0.2, -0.4, 0.1], plane=plane) == pytest.approx(0.25, abs=1e-10)
    with pytest.raises(ValueError, match="name a plane"):
        geometry.curvature(family, [0.2, -0.4, 0.1])
    with pytest.raises(ValueError, match="one parameter"):
        geometry.curvature(families.get("poisson"), [2.0])


@pytest.mark.parametrize("chart", GAMMA.charts)
def test_shooting_is_the_same_in_every_chart(chart):
    ends = [GAMMA.convert(theta, to=chart) for theta in ([2.0, 1.0], [3.0, 2.5])]
    found = geometry.distance(GAMMA, *ends, chart=chart)
    assert found.method == "geodesic shooting"
    assert found.residual < 1e-9
    # no closed form is known: the length of the curve that the geodesic equation gives, from its own velocity
    assert found.value == pytest.approx(0.844548349974, rel=1e-10)


def test_shooting_far_away():
    assert geometry.distance(NORMAL, [0.0, 1.0], [3.0, 0.3], shooting=True).value == pytest.approx(
        geometry.distance(NORMAL, [0.0, 1.0], [3.0, 0.3]).value, rel=1e-9
    )


def test_equal_points_and_small_distances():
    assert geometry.distance(GAMMA, [2.0, 1.0], [2.0, 1.0]).value == 0
    # sqrt(Delta^T F Delta) = 1e-9 sqrt(2)
    assert geometry.distance(NORMAL, [0.0, 1.0], [0.0, 1 + 1e-9]).value == pytest.approx(np.sqrt(2) * 1e-9, rel=1e-6)


@given(st.floats(0.3, 3.0), st.floats(0.3, 3.0), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=15, deadline=None)
def test_geodesics_have_constant_speed_and_arrive(s0, v0, v1, time):
    start, velocity = np.array([0.4, s0]), 0.4 * s0 * np.array([v1, v0])
    curve = geometry.geodesic(NORMAL, start, velocity, time=abs(time) + 0.1, points=5)
    speeds = [geometry.norm(NORMAL.fisher(p), v) for p, v in zip(curve.points, curve.velocities)]
    assert speeds == pytest.approx([speeds[0]] * 5, rel=1e-9)
    # in the half plane geodesics are shortest
    far = geometry.distance(NORMAL, start, curve.end).value
    assert far == pytest.approx(speeds[0] * (abs(time) + 0.1), rel=1e-8)


def test_christoffel_of_the_normal():
    gamma = geometry.christoffel(NORMAL, [0.3, 2.0])
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 1] = expected[0, 1, 0] = -1 / 2.0
    expected[1, 0, 0], expected[1, 1, 1] = 1 / 4.0, -1 / 2.0
    assert gamma == pytest.approx(expected, abs=1e-14)
    # 18: the coordinate in which F is constant
    assert geometry.christoffel(families.get("zero-mean-normal"), [0.3], chart="log-std").item() == pytest.approx(
        0, abs=1e-15
    )


def test_length_of_curves():
    family = families.get("bernoulli")
    assert geometry.length(family, [[0.2], [0.45], [0.7]]) == pytest.approx(1.0550179548607723, rel=1e-8)
    # the straight line in (mu, sigma) is longer than the geodesic; between equal sigma its length is Delta mu / sigma
    assert geometry.length(NORMAL, [[0.0, 1.0], [2.0, 1.0]]) == pytest.approx(2.0, rel=1e-12)
    with pytest.raises(ValueError, match=r"path must have shape \(n, 2\)"):
        geometry.length(NORMAL, [[0.0], [1.0]])


def test_geodesics_that_end():
    family = families.get("bernoulli")
    with pytest.raises(geometry.LeftDomain, match="leaves the domain before t = 3.0"):
        geometry.geodesic(family, [0.2], [-1.0], time=3.0)
    with pytest.raises(ValueError, match="velocity must have shape"):
        geometry.geodesic(family, [0.2], [1.0, 2.0])


def test_angles():
    assert geometry.angle(np.eye(2), [1.0, 0.0], [1.0, 1e-9]) == pytest.approx(np.degrees(1e-9), rel=1e-9)
    with pytest.raises(ValueError, match="positive length"):
        geometry.angle(np.eye(2), [1.0, 0.0], [0.0, 0.0])


@pytest.mark.parametrize("direction", ["old-new", "new-old"])
@pytest.mark.parametrize("chart", ["mean-std", "mean-variance", "natural"])
def test_kl_ball_is_a_level_set(direction, chart):
    centre = NORMAL.convert([0.5, 1.2], to=chart)
    ring = geometry.kl_ball(NORMAL, centre, 0.2, chart=chart, direction=direction, points=40)
    order = (lambda p: (centre, p)) if direction == "old-new" else (lambda p: (p, centre))
    levels = [NORMAL.kl(*order(point), chart=chart) for point in ring]
    # bisection to rounding
    assert levels == pytest.approx([0.2] * 40, rel=1e-9)
    assert ring[0].tolist() == ring[-1].tolist()


def test_ellipse_is_the_small_ball():
    F, c = NORMAL.fisher([0.5, 1.2]), 1e-6
    ring = geometry.ellipse(F, [0.5, 1.2], c, points=30)
    quadratic = [(p - [0.5, 1.2]) @ F @ (p - [0.5, 1.2]) / 2 for p in ring]
    assert quadratic == pytest.approx([c] * 30, rel=1e-9)
    # the cubic term is of relative size sqrt(2 c)
    assert geometry.kl_ball(NORMAL, [0.5, 1.2], c, points=30) - [0.5, 1.2] == pytest.approx(
        ring - [0.5, 1.2], abs=3 * c
    )


def test_balls_refuse():
    with pytest.raises(ValueError, match="c must be > 0"):
        geometry.kl_ball(NORMAL, [0.0, 1.0], 0.0)
    with pytest.raises(ValueError, match="two parameters"):
        geometry.kl_ball(families.get("poisson"), [1.0], 0.1)
    with pytest.raises(ValueError, match="direction must be"):
        geometry.kl_ball(NORMAL, [0.0, 1.0], 0.1, direction="forward")
    with pytest.raises(ValueError, match="singular"):
        geometry.ellipse([[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0], 0.1)


PLANE = Metric(lambda theta: jnp.diag(jnp.stack([jnp.ones(()), theta[0] ** 2])), 2)  # dr^2 + r^2 da^2


def test_a_distance_is_a_number():
    assert float(Distance(2.5, "closed form")) == 2.5
    assert Distance(2.5, "closed form").residual == 0


def test_chord():
    # the middle has sigma = 2: 0.1^2 / 4 + 2 * 2^2 / 4
    assert chord(NORMAL, [0.0, 1.0], [0.1, 3.0]) == pytest.approx(np.sqrt(2.0025), rel=1e-13)
    near = geometry.distance(NORMAL, [0.0, 1.0], [0.01, 1.02]).value
    assert chord(NORMAL, [0.0, 1.0], [0.01, 1.02]) == pytest.approx(near, rel=1e-4)


def test_arc_length_runs_either_way(monkeypatch):
    family = families.get("exponential")
    for ends in (([1.0], [3.0]), ([3.0], [1.0])):
        found = geometry.distance(family, *ends, shooting=True)
        assert found.value == pytest.approx(np.log(3), rel=1e-12)
        assert found.method == "arc length"
    monkeypatch.setattr(module, "quad", lambda *args, **settings: (-4.0, 1e-3))
    assert geometry.distance(family, [3.0], [1.0], shooting=True) == Distance(4.0, "arc length", 2.5e-4)


def test_shooting_in_polar_coordinates_finds_the_straight_line():
    start, end = np.array([1.0, 0.0]), np.array([2.0, 1.2])
    velocity, residual = shoot(PLANE, start, end)
    assert velocity == pytest.approx([2 * np.cos(1.2) - 1, 2 * np.sin(1.2)], rel=1e-9)
    assert 0 <= residual < 1e-10
    assert [part.tolist() if np.ndim(part) else part for part in shoot(PLANE, start, start)] == [[0, 0], 0]


def test_where_the_straight_guess_fails_the_polygon_of_least_energy_helps():
    # the guess (0, 3) leads past the origin on the wrong side of what the target asks for
    start, end = np.array([1.0, 0.0]), np.array([1.0, 3.0])
    straight = [np.cos(3.0) - 1, np.sin(3.0)]
    assert _relaxed(PLANE, start, end) == pytest.approx(straight, abs=0.05)
    nearer = np.array([1.0, 2.0])
    assert _relaxed(PLANE, start, nearer) == pytest.approx([np.cos(2.0) - 1, np.sin(2.0)], abs=5e-3)
    # the energy of a path run through in unit time is the square of its length, where the speed is constant
    flat, inner = (lambda theta: jnp.diag(jnp.array([1.0, 4.0]))), np.array([[1.0, 0.5], [2.0, 1.0]])
    energy = compiled(_energy(flat))
    assert energy(inner, np.zeros(2), np.array([3.0, 1.5])) == pytest.approx(9 + 4 * 2.25)
    # F is taken in the middle of each gap
    assert compiled(_energy(PLANE.function))(np.zeros((0, 2)), start, end + np.array([2.0, 0.0])) == pytest.approx(
        4 + 4 * 9
    )


def test_a_polygon_does_not_enter_where_there_is_no_metric():
    def half(theta):
        return jnp.where(theta[0] > 0.9, 1.0, jnp.nan) * jnp.diag(jnp.stack([jnp.ones(()), theta[0] ** 2]))

    assert np.isfinite(_relaxed(Metric(half, 2), np.array([1.0, 0.0]), np.array([1.0, 1.5]))).all()


def test_points_that_no_geodesic_joins():
    def wall(theta):
        if abs(theta[0]) < 0.1:
            raise ValueError("in the wall")

    split = Metric(lambda theta: jnp.eye(2), 2, wall)
    with pytest.raises(
        RuntimeError, match=r"from \[-1\.0, 0\.0\] to \[1\.0, 0\.0\] did not converge; the points may be"
    ):
        shoot(split, np.array([-1.0, 0.0]), np.array([1.0, 0.0]))
    flat = Metric(lambda theta: jnp.eye(2), 2)
    with pytest.raises(RuntimeError, match="did not converge"):  # not even an exact arrival is below 0
        shoot(flat, np.zeros(2), np.array([1.0, 0.0]), tolerance=0.0)
