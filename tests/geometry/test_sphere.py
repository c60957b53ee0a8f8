"""The sphere in two charts, against textbook geometry and against each other."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools.geometry import globe, sphere
from ngtools.geometry.sphere import LATITUDE_LONGITUDE, STEREOGRAPHIC
from ngtools.geometry.sphere_ascent import arrival, climb, step, walk_step
from ngtools.geometry.steepest import steepest

CHARTS = (LATITUDE_LONGITUDE, STEREOGRAPHIC)
COORDINATES = {"latitude-longitude": [0.7, -2.4], "stereographic": [0.3, 1.4]}

chart_of = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)


@chart_of
def test_points_lie_on_the_sphere_and_are_found_again(chart):
    theta = COORDINATES[chart.name]
    place = sphere.point(chart, theta)
    assert place @ place == pytest.approx(1, abs=1e-15)
    # asin loses half the digits near its end; these points are away from it
    np.testing.assert_allclose(sphere.locate(chart, place), theta, rtol=1e-13)
    assert sp.simplify(sum(entry**2 for entry in sphere.point(chart, chart.symbols))) == 1


def test_landmarks_in_both_charts():
    np.testing.assert_allclose(sphere.point(STEREOGRAPHIC, [0.0, 0.0]), [0, 0, 1], atol=1e-15)
    on_equator = sphere.point(LATITUDE_LONGITUDE, [0.0, np.pi / 2])
    np.testing.assert_allclose(sphere.locate(STEREOGRAPHIC, on_equator), [0, 1], atol=1e-15)
    # the line from the south pole meets the equatorial plane at radius tan(45 deg - latitude/2)
    a, b = sphere.locate(STEREOGRAPHIC, globe.named("Oslo"))
    assert np.hypot(a, b) == pytest.approx(np.tan(np.radians(45 - 60 / 2)), rel=1e-13)


@chart_of
def test_numeric_and_symbolic_metric_agree(chart):
    theta = COORDINATES[chart.name]
    exact = sphere.metric(chart, chart.symbols).subs(dict(zip(chart.symbols, theta)))
    np.testing.assert_allclose(sphere.metric(chart, theta), np.array(exact, dtype=float), rtol=1e-14, atol=1e-15)


@chart_of
def test_metric_measures_what_walking_measures(chart):
    theta, v = np.array(COORDINATES[chart.name]), np.array([0.6, -0.3])
    h = 1e-5
    walked = sphere.distance(sphere.point(chart, theta - h * v), sphere.point(chart, theta + h * v)) / (2 * h)
    # central difference of a smooth curve: error of order h^2
    assert np.sqrt(v @ sphere.metric(chart, theta) @ v) == pytest.approx(walked, rel=1e-8)


def test_transition_jacobians_are_inverse_to_each_other():
    theta = np.array([0.7, -2.4])
    phi = sphere.locate(STEREOGRAPHIC, sphere.point(LATITUDE_LONGITUDE, theta))
    there = sphere.jacobian(LATITUDE_LONGITUDE, STEREOGRAPHIC, theta)
    back = sphere.jacobian(STEREOGRAPHIC, LATITUDE_LONGITUDE, phi)
    np.testing.assert_allclose(back @ there, np.eye(2), atol=1e-12)


def test_distance_bearing_and_walk_against_spherical_trigonometry():
    oslo, tokyo = globe.named("Oslo"), globe.named("Tokyo")
    (b1, l1), (b2, l2) = np.radians(globe.PLACES["Oslo"]), np.radians(globe.PLACES["Tokyo"])
    cosine = np.sin(b1) * np.sin(b2) + np.cos(b1) * np.cos(b2) * np.cos(l2 - l1)
    assert sphere.distance(oslo, tokyo) == pytest.approx(np.arccos(cosine), rel=1e-13)
    course = np.arctan2(
        np.sin(l2 - l1) * np.cos(b2), np.cos(b1) * np.sin(b2) - np.sin(b1) * np.cos(b2) * np.cos(l2 - l1)
    )
    towards = tokyo - (oslo @ tokyo) * oslo
    assert sphere.bearing(oslo, towards) == pytest.approx(np.degrees(course), rel=1e-12)
    arrow = towards / np.linalg.norm(towards) * sphere.distance(oslo, tokyo)
    np.testing.assert_allclose(sphere.walk(oslo, arrow), tokyo, atol=1e-14)
    np.testing.assert_array_equal(sphere.walk(oslo, np.zeros(3)), oslo)


def test_circle_is_at_its_radius():
    around = sphere.circle(globe.named("Quito"), 0.2, 7)
    assert all(sphere.distance(globe.named("Quito"), place) == pytest.approx(0.2, rel=1e-12) for place in around.T)
    np.testing.assert_allclose(around[:, 0], around[:, -1], atol=1e-15)


def test_view_hides_the_far_side():
    seen = globe.seen_from(90, 0, np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [0.6, 0.0, 0.8]]).T)
    np.testing.assert_allclose(seen[:, 0], [0, 0], atol=1e-15)
    assert np.isnan(seen[:, 1]).all()
    assert np.hypot(*seen[:, 2]) == pytest.approx(0.6)


def test_curves_are_broken_where_longitude_jumps():
    across = globe.sheet(LATITUDE_LONGITUDE)
    for curve in (*across.lines, *across.circles):
        steps = np.abs(np.diff(curve, axis=1))
        assert np.nanmax(steps) < np.pi


@chart_of
def test_step_with_the_metric_follows_the_great_circle_to_first_order(chart):
    oslo, tokyo = globe.named("Oslo"), globe.named("Tokyo")
    theta, towards = sphere.locate(chart, oslo), tokyo - (oslo @ tokyo) * oslo
    gaps = [
        sphere.distance(sphere.point(chart, step(chart, theta, tokyo, alpha, True)), sphere.walk(oslo, alpha * towards))
        for alpha in (0.02, 0.01)
    ]
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(2, abs=0.1)


@chart_of
def test_walking_step_follows_the_great_circle_exactly(chart):
    oslo, tokyo = globe.named("Oslo"), globe.named("Tokyo")
    reached = sphere.point(chart, walk_step(chart, sphere.locate(chart, oslo), tokyo, 0.8))
    # asin in latitude costs a few digits
    np.testing.assert_allclose(reached, sphere.walk(oslo, 0.8 * (tokyo - (oslo @ tokyo) * oslo)), atol=1e-12)


def test_climb_ends_at_the_target_and_arrival_counts():
    oslo, tokyo = globe.named("Oslo"), globe.named("Tokyo")
    path = climb(LATITUDE_LONGITUDE, oslo, tokyo, 0.4, 40, True)
    count = arrival(path, tokyo, 0.01)
    assert sphere.distance(path[:, count], tokyo) <= 0.01 < sphere.distance(path[:, count - 1], tokyo)
    assert arrival(path[:, :count], tokyo, 0.01) is None
    assert arrival(path[:, -1:], tokyo, 0.01) == 0
    with pytest.raises(ValueError, match="alpha must be > 0"):
        climb(LATITUDE_LONGITUDE, oslo, tokyo, 0.0, 1, True)


def test_steepest_beats_every_other_unit_arrow():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(3, 3))
    M, g = root @ root.T + np.eye(3), rng.normal(size=3)
    best = steepest(M, g)
    assert best @ M @ best == pytest.approx(1)
    others = rng.normal(size=(500, 3))
    others /= np.sqrt(np.einsum("ni,ij,nj->n", others, M, others))[:, None]
    assert (others @ g).max() < best @ g


def test_steepest_reads_symbols_and_refuses_level_ground():
    b = sp.Symbol("b", positive=True)
    assert steepest(sp.diag(1, b**2), [3, 4 * b]) == sp.Matrix([sp.Rational(3, 5), sp.Rational(4, 5) / b])
    with pytest.raises(ValueError, match="must not be zero"):
        steepest(np.eye(2), [0.0, 0.0])
    with pytest.raises(ValueError, match="singular"):
        steepest(np.diag([1.0, 0.0]), [1.0, 0.0])
    with pytest.raises(ValueError, match="shape"):
        steepest(np.eye(2), [1.0])


def test_formulas_of_the_charts():
    x, y, z = sphere.point(LATITUDE_LONGITUDE, np.radians([30.0, 60.0]))
    assert (x, y, z) == pytest.approx((np.sqrt(3) / 4, 3 / 4, 1 / 2))
    assert sphere.point(STEREOGRAPHIC, [1.0, 2.0]) == pytest.approx([2 / 6, 4 / 6, -4 / 6])
    assert sphere.locate(STEREOGRAPHIC, [2 / 6, 4 / 6, -4 / 6]) == pytest.approx([1, 2])
    for longitude in (-179.0, -90.0, -1.0, 0.0, 60.0, 90.0, 179.0):
        there = sphere.locate(LATITUDE_LONGITUDE, sphere.point(LATITUDE_LONGITUDE, np.radians([-40.0, longitude])))
        assert np.degrees(there) == pytest.approx([-40, longitude], abs=1e-7)  # arcsin near its end
    assert [chart.name for chart in CHARTS] == ["latitude-longitude", "stereographic"]
    beta, ell = LATITUDE_LONGITUDE.symbols
    assert sphere.metric(LATITUDE_LONGITUDE, (beta, ell)) == sp.diag(1, sp.cos(beta) ** 2)
    a, b = STEREOGRAPHIC.symbols
    assert sphere.metric(STEREOGRAPHIC, (b, a)) == sp.eye(2) * 4 / (1 + a**2 + b**2) ** 2


def test_derivatives_in_symbols_are_those_in_numbers():
    theta = {"latitude-longitude": [0.7, -0.4], "stereographic": [0.3, 0.4]}
    for source, target in (CHARTS, CHARTS[::-1]):
        values = [sp.Rational(str(value)) for value in theta[source.name]]
        exact = np.array(sphere.jacobian(source, target, values).evalf(), dtype=float)
        assert sphere.jacobian(source, target, theta[source.name]) == pytest.approx(exact, rel=1e-12)
        E = np.array(sphere.frame(source, values).evalf(), dtype=float)
        assert sphere.frame(source, theta[source.name]) == pytest.approx(E, rel=1e-12)
        goal = sp.Matrix([sp.Rational(2, 3), sp.Rational(-1, 3), sp.Rational(2, 3)])
        symbolic = np.array(sphere.differential(source, values, goal).evalf(), dtype=float)[:, 0]
        assert symbolic == pytest.approx(E.T @ [2 / 3, -1 / 3, 2 / 3], rel=1e-12)
        assert sphere.differential(source, theta[source.name], [2 / 3, -1 / 3, 2 / 3]) == pytest.approx(symbolic)


def test_circle_turns_around_its_place():
    for place in ([0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [0.6, 0.0, 0.8]):
        around = sphere.circle(place, 0.3, 5)  # four quarters
        assert around.shape == (3, 5)
        assert around.T @ place == pytest.approx(np.full(5, np.cos(0.3)))
        assert around[:, 0] + around[:, 2] == pytest.approx(2 * np.cos(0.3) * np.array(place))
        assert (around[:, 0] - around[:, 2]) @ (around[:, 1] - around[:, 3]) == pytest.approx(0, abs=1e-12)
        # counterclockwise, seen from outside: the radii, of length sin(0.3), make a right angle
        turned = np.cross(around[:, 0], around[:, 1]) @ np.array(place)
        assert turned == pytest.approx(np.sin(0.3) ** 2)
    assert sphere.circle([0.0, 0.0, 1.0], 0.3).shape == (3, 91)


def test_bearings_on_the_compass():
    place = sphere.point(LATITUDE_LONGITUDE, np.radians([35.0, -70.0]))
    for bearing in (-135.0, -90.0, -1.0, 0.0, 45.0, 90.0, 180.0):
        north, east = sphere.frame(LATITUDE_LONGITUDE, np.radians([35.0, -70.0])).T
        arrow = np.cos(np.radians(bearing)) * north + np.sin(np.radians(bearing)) * east / np.cos(np.radians(35.0))
        assert abs(sphere.bearing(place, 0.2 * arrow)) == pytest.approx(abs(bearing), abs=1e-9)
        assert np.sin(np.radians(sphere.bearing(place, arrow) - bearing)) == pytest.approx(0, abs=1e-9)


def test_ascent_in_numbers():
    # on the equator at longitude 0 with a target at 90 degrees east: g = (0, 1), and the metric is the identity
    theta, east = np.zeros(2), np.array([0.0, 1.0, 0.0])
    assert step(LATITUDE_LONGITUDE, theta, east, 0.5, True).tolist() == [0, 0.5]
    assert step(LATITUDE_LONGITUDE, theta, east, 0.5, False).tolist() == [0, 0.5]
    # the stereographic metric at the pole is 4, the frame is 2 e_1, 2 e_2
    assert step(STEREOGRAPHIC, theta, [1.0, 0.0, 0.0], 0.5, True) == pytest.approx([0.25, 0])
    assert step(STEREOGRAPHIC, theta, [1.0, 0.0, 0.0], 0.5, False) == pytest.approx([1.0, 0])
    assert walk_step(STEREOGRAPHIC, theta, [1.0, 0.0, 0.0], 0.5) == pytest.approx([np.tan(0.25), 0])
    path = climb(LATITUDE_LONGITUDE, [1.0, 0.0, 0.0], east, 0.5, 3, True)
    ell = [0.0, 0.5]
    for _ in range(2):
        ell.append(ell[-1] + 0.5 * np.cos(ell[-1]))
    assert path == pytest.approx(np.array([np.cos(ell), np.sin(ell), np.zeros(4)]), abs=1e-12)
    assert climb(LATITUDE_LONGITUDE, [1.0, 0.0, 0.0], east, 0.5, 0, True).shape == (3, 1)


def test_ascent_that_leaves_the_chart():
    with pytest.raises(
        ValueError, match=r"step 2 left the stereographic chart \(coordinates \[nan +nan\]\); take a smaller alpha"
    ):
        climb(STEREOGRAPHIC, [1.0, 0.0, 0.0], [0.0, 0.0, -1.0], 1e308, 3, False)
    for alpha in (-1.0, np.nan):
        with pytest.raises(ValueError, match="alpha must be > 0"):
            climb(STEREOGRAPHIC, [1.0, 0.0, 0.0], [0.0, 0.0, -1.0], alpha, 1, True)


def test_arrival_is_to_stay():
    places = np.array([[np.cos(a), np.sin(a), 0.0] for a in (1.0, 0.1, 0.5, 0.25, 0.1)]).T
    target = np.array([1.0, 0.0, 0.0])
    assert arrival(places, target, 0.3) == 3
    assert arrival(places, target, sphere.distance(places[:, 3], target)) == 3  # at the distance itself it is there
    assert arrival(places, target, 0.2) == 4
    assert arrival(places, target, 0.05) is None
    assert arrival(places, target, 2.0) == 0


def test_steepest_in_numbers():
    assert steepest([[1.0, 0.0], [0.0, 4.0]], [3.0, 8.0]) == pytest.approx([0.6, 0.4])  # M^-1 g = (3, 2), g.(3, 2) = 25
    assert steepest([[4.0]], [-0.1]) == pytest.approx([-0.5])
    with pytest.raises(ValueError, match=r"g has shape \(1,\), M has shape \(2, 2\); g must be a vector"):
        steepest(np.eye(2), [1.0])
    with pytest.raises(ValueError, match=r"g must not be zero \(got \[0\.0, 0\.0\]\)"):
        steepest(np.eye(2), [0.0, 0.0])
    with pytest.raises(ValueError, match="M is singular, rank 1 of 2"):
        steepest([[1.0, 1.0], [1.0, 1.0]], [1.0, 0.0])
