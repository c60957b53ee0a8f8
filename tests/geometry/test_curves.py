"""Lengths, angles, geodesics and straight lines against curves known in closed form."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import fixed_quad

from ngtools import families, geometry
from ngtools.checks import number
from ngtools.geometry.christoffel import acceleration
from ngtools.geometry.geodesic import MOST_EVALUATIONS, LeftDomain, follow
from ngtools.geometry.half_plane import HalfEllipse, full_geodesic, half_ellipse, normal_geodesic
from ngtools.geometry.metric import Metric, metric_of

NORMAL, SCALE, COIN = families.get("normal"), families.get("zero-mean-normal"), families.get("bernoulli")
POLAR = Metric(lambda theta: jnp.diag(jnp.stack([jnp.ones(()), theta[0] ** 2])), 2)  # the plane, dr^2 + r^2 da^2


def test_norm():
    assert geometry.norm([[4.0, 1.0], [1.0, 9.0]], [0.1, -0.2]) == pytest.approx(np.sqrt(0.04 + 0.36 - 0.04))
    assert geometry.norm(np.eye(2), [0.0, 0.0]) == 0
    with pytest.raises(ValueError, match=r"F gives v a negative square \(v\^T F v = -0\.333\)"):
        geometry.norm([[1.0, 0.0], [0.0, -1 / 3]], [0.0, 1.0])
    with pytest.raises(ValueError, match=r"F must have shape \(2, 2\)"):
        geometry.norm(np.eye(3), [0.0, 1.0])


def test_angle():
    F = [[2.0, 1.0], [1.0, 2.0]]
    # cosine 1 / sqrt(2 * 2)
    assert geometry.angle(F, [3.0, 0.0], [0.0, 0.2]) == pytest.approx(60, rel=1e-13)
    assert geometry.angle(F, [0.1, 0.0], [0.0, -5.0]) == pytest.approx(120, rel=1e-13)
    assert geometry.angle([[1.0, 0.0], [0.0, 4.0]], [1.0, 0.0], [2.0, 1.0]) == pytest.approx(45, rel=1e-13)
    for u, v in (([0.0, 0.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 0.0])):
        with pytest.raises(ValueError, match=r"two vectors of positive length .*one of them is zero"):
            geometry.angle(F, u, v)
    with pytest.raises(ValueError, match=r"v must have shape \(2,\)"):
        geometry.angle(F, [1.0, 0.0], [1.0])


def test_length_is_eight_point_gauss_quadrature_of_each_segment():
    once = fixed_quad(lambda s: np.sqrt(2) / s, 1, 10, n=8)[0]
    assert geometry.length(SCALE, [[1.0], [10.0]]) == pytest.approx(once, rel=1e-13)
    there_and_back = geometry.length(SCALE, [[1.0], [2.0], [1.5]])
    assert there_and_back == pytest.approx(np.sqrt(2) * (np.log(2) + np.log(4 / 3)), rel=1e-9)
    # in another chart: ds = 1/(sqrt(2) v) dv
    assert geometry.length(SCALE, [[1.0], [2.0]], "variance") == pytest.approx(np.log(2) / np.sqrt(2), rel=1e-9)
    with pytest.raises(ValueError, match=r"path must have shape \(n, 1\) with n >= 2 \(got shape \(1, 1\)\)"):
        geometry.length(SCALE, [[1.0]])
    with pytest.raises(ValueError, match=r"got shape \(2,\)"):
        geometry.length(SCALE, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"path\[1\]: sigma must be > 0"):
        geometry.length(SCALE, [[1.0], [-2.0], [1.0]])


def test_a_geodesic_in_polar_coordinates_is_a_straight_line():
    # (1, 0) with velocity (0, 2): the line x = 1, y = 2 t
    found = follow(POLAR, np.array([1.0, 0.0]), np.array([0.0, 2.0]), 1.5, 4)
    t = np.array([0.0, 0.5, 1.0, 1.5])
    assert found.times == pytest.approx(t)
    assert found.points == pytest.approx(np.column_stack([np.hypot(1, 2 * t), np.arctan2(2 * t, 1)]), rel=1e-10)
    r = np.hypot(1, 2 * t)
    assert found.velocities == pytest.approx(np.column_stack([4 * t / r, 2 / r**2]), rel=1e-10)
    assert found.end.tolist() == found.points[3].tolist()
    assert follow(POLAR, np.array([1.0, 0.0]), np.array([0.0, 2.0])).times.tolist() == [0, 1]


def test_further_arguments_of_a_metric_reach_it():
    scaled = Metric(lambda theta, k: jnp.diag(jnp.stack([jnp.ones(()), k * theta[0] ** 2])), 2)
    v = np.array([0.3, 2.0])
    # r'' = k r a'^2, a'' = -2 r' a' / r
    assert acceleration(scaled, np.array([1.5, 0.2]), v, 3.0) == pytest.approx([3 * 1.5 * 4, -2 * 0.3 * 2 / 1.5])
    found = follow(scaled, np.array([1.0, 0.0]), v / 10, constants=(1.0,))
    assert found.end == pytest.approx(follow(POLAR, np.array([1.0, 0.0]), v / 10).end, rel=1e-11)


def test_a_geodesic_of_redundant_coordinates_is_that_of_the_distributions():
    three = families.get("categorical", K=3)
    home, logits = three.charts[0], np.array([0.3, -0.2, 0.5])
    start = three.convert(logits, to=home, chart="logits")
    velocity = np.array([0.4, -0.7, 0.2])
    there = geometry.geodesic(three, start, three.jacobian(logits, to=home, chart="logits") @ velocity)
    found = geometry.geodesic(three, logits, velocity, chart="logits")
    assert three.convert(found.end, to=home, chart="logits") == pytest.approx(there.end, rel=1e-8)


def test_symbols_of_a_metric_with_an_off_diagonal_entry():
    k, b = 2.3, 1.4
    found = geometry.christoffel(families.get("gamma"), [k, b])
    # F = [[psi'(k), -1/b], [-1/b, k/b^2]]; lowered symbols from its derivatives by hand
    from scipy.special import polygamma

    F = np.array([[polygamma(1, k), -1 / b], [-1 / b, k / b**2]])
    lowered = np.zeros((2, 2, 2))  # [l, i, j]
    lowered[0, 0, 0] = polygamma(2, k) / 2
    lowered[1, 0, 1] = lowered[1, 1, 0] = 1 / (2 * b**2)
    lowered[0, 1, 1] = 1 / b**2 - 1 / (2 * b**2)
    lowered[1, 1, 1] = -k / b**3
    assert found == pytest.approx(np.einsum("kl,lij->kij", np.linalg.inv(F), lowered), rel=1e-10, abs=1e-12)
    # nothing prints as -0
    zeros = geometry.christoffel(NORMAL, [0.3, 2.0])
    assert not np.signbit(zeros[zeros == 0]).any()


def test_where_a_geodesic_ends_is_said():
    # a wall at x = 0, in a metric that is flat
    walled = Metric(lambda theta: jnp.eye(1), 1, lambda theta: number(theta[0], "x", above=0))
    with pytest.raises(LeftDomain, match=r"before t = 2\.0 \(followed up to t = 1\)"):
        follow(walled, np.array([1.0]), np.array([-1.0]), 2.0)
    broken = Metric(lambda theta: jnp.nan * jnp.eye(1), 1)
    with pytest.raises(LeftDomain, match=r"up to t = 0\)"):
        follow(broken, np.array([1.0]), np.array([-1.0]))


def test_the_solver_is_stopped_after_six_thousand_evaluations():
    calls = []
    metric = Metric(metric_of(COIN).function, 1, lambda theta: calls.append(metric_of(COIN).check(theta)))
    # p = 0.2, speed 1 / sqrt(p (1 - p)): the edge is 2 arcsin(sqrt(p)) away
    edge = 2 * np.arcsin(np.sqrt(0.2)) * np.sqrt(0.16)
    says = rf"from \[0\.2\] with velocity \[-1\.0\] .* before t = 3\.0 .*to t = {edge:.3g}\)"
    with pytest.raises(LeftDomain, match=says):
        follow(metric, np.array([0.2]), np.array([-1.0]), 3.0)
    assert len(calls) <= MOST_EVALUATIONS == 6000


@pytest.mark.parametrize(
    ("name", "constants", "theta", "velocity"),
    [("bernoulli", {}, [0.6], [0.3]), ("categorical", {"K": 3}, [0.3, 0.3], [0.7, 0.8])],
)
def test_a_geodesic_does_not_come_back_from_the_edge(name, constants, theta, velocity):
    family = families.get(name, **constants)
    chart = family.chart("probabilities" if constants else None).name
    # a great circle of the sphere of radius 2: 2 sqrt(p) turns with half the speed, and the first p to be 0 is at the edge
    p, v = np.append(theta, 1 - np.sum(theta)), np.append(velocity, -np.sum(velocity))
    half = geometry.norm(family.fisher(theta, chart=chart), velocity) / 2
    edge = min(np.arctan2(2 * half * a, -b) / half for a, b in zip(p, v) if b < 0)
    inside = geometry.geodesic(family, theta, velocity, 0.99 * edge, chart).end
    turned = np.cos(half * 0.99 * edge) * np.sqrt(p) + np.sin(half * 0.99 * edge) * v / (2 * half * np.sqrt(p))
    assert inside == pytest.approx(turned[: len(theta)] ** 2, rel=1e-8)
    with pytest.raises(LeftDomain, match="followed up to") as refused:
        geometry.geodesic(family, theta, velocity, 1.5 * edge, chart)
    reached = float(str(refused.value).rsplit(" ", 1)[1].rstrip(")"))
    assert 0.98 * edge < reached < 1.002 * edge  # printed with three digits


def test_arguments_of_a_geodesic():
    assert geometry.geodesic(SCALE, [1.0], [1.0]).points == pytest.approx(np.array([[1], [np.e]]), rel=1e-11)
    assert geometry.geodesic(SCALE, [1.0], [1.0], time=0.5).end == pytest.approx([np.exp(0.5)], rel=1e-11)
    with pytest.raises(ValueError, match=r"time must be > 0 \(got 0\.0\)"):
        geometry.geodesic(SCALE, [1.0], [1.0], time=0.0)
    with pytest.raises(ValueError, match=r"points must be at least 2 \(got 1\)"):
        geometry.geodesic(SCALE, [1.0], [1.0], points=1)


def test_half_ellipse_by_hand():
    # equal sigma: the centre is half way, R^2 = 1 + 2
    assert half_ellipse([0.0, 1.0], [2.0, 1.0]) == HalfEllipse(1.0, pytest.approx(np.sqrt(3)))
    # (mu - c)^2 + 2 sigma^2 = R^2 at (1, 1) and (3, 2): (1 - c)^2 + 2 = (3 - c)^2 + 8 gives c = 7/2
    assert half_ellipse([1.0, 1.0], [3.0, 2.0]) == HalfEllipse(pytest.approx(3.5), pytest.approx(np.sqrt(6.25 + 2)))
    assert half_ellipse([0.5, 1.0], [0.5, 2.0]) == HalfEllipse(0.5, np.inf)


def test_points_of_a_half_ellipse():
    for curve, count in (
        (normal_geodesic([1.0, 1.0], [3.0, 2.0]), 101),
        (full_geodesic([1.0, 1.0], [3.0, 2.0]), 201),
        (normal_geodesic([0.5, 1.0], [0.5, 3.0]), 101),
        (full_geodesic([0.5, 1.0], [0.5, 3.0]), 201),
        (normal_geodesic([1.0, 1.0], [3.0, 2.0], 7), 7),
        (full_geodesic([0.5, 1.0], [0.5, 3.0], 7), 7),
    ):
        assert curve.shape == (count, 2)
    # up the vertical line in equal ratios, from a hundredth of the smaller sigma where the whole line is asked for
    assert normal_geodesic([0.5, 4.0], [0.5, 1.0], 3) == pytest.approx(np.array([[0.5, 4], [0.5, 2], [0.5, 1]]))
    for ends in (([0.5, 1.0], [0.5, 4.0]), ([0.5, 4.0], [0.5, 1.0])):
        assert full_geodesic(*ends, 3) == pytest.approx(np.array([[0.5, 0.01], [0.5, 0.2], [0.5, 4]]))
    # left to right at equal angles: c - R, c, c + R
    R = np.sqrt(3)
    whole = full_geodesic([0.0, 1.0], [2.0, 1.0], 3)
    assert whole == pytest.approx(np.array([[1 - R, 0], [1, R / np.sqrt(2)], [1 + R, 0]]), abs=1e-14)


def test_two_points_of_the_half_plane_are_asked_for():
    with pytest.raises(ValueError, match=r"theta1 must be \(mu, sigma\) with sigma > 0 \(got \[1\.0, 0\.0\]\)"):
        half_ellipse([0.0, 1.0], [1.0, 0.0])
    for bad in ([0.0, 1.0, 2.0], [2.0], [[0.0, 1.0]]):
        with pytest.raises(ValueError, match="theta0 must be"):
            half_ellipse(bad, [1.0, 1.0])
    with pytest.raises(ValueError, match="theta0 and theta1 must differ"):
        half_ellipse([0.0, 0.5], [0.0, 0.5])
    assert half_ellipse([0.0, 0.5], [1.0, 0.5]).centre == 0.5


def test_straight_lines():
    # log-std: sigma in equal ratios; variance: sqrt of equal steps from 1 to 4
    assert geometry.straight_line(SCALE, [1.0], [2.0], "log-std", 3) == pytest.approx(np.array([[1], [2**0.5], [2]]))
    assert geometry.straight_line(SCALE, [1.0], [2.0], "variance", 3) == pytest.approx(np.array([[1], [2.5**0.5], [2]]))
    assert geometry.straight_line(SCALE, [1.0], [2.0], "variance").shape == (101, 1)
    start, end = np.array([0.0, 1.0]), np.array([2.0, 1.0])
    lines = geometry.straight_lines(NORMAL, start, end)
    assert [len(line) for line in lines.values()] == [101, 101, 101]
    middles = {name: line[50] for name, line in lines.items()}
    # half way: the top of the half-ellipse; the moments 1 and 2 + 1; the precision stays 1
    assert middles["Fisher-Rao geodesic"] == pytest.approx([1, np.sqrt(1.5)])
    assert middles["m-line"] == pytest.approx([1, np.sqrt(2)])
    assert middles["e-line"] == pytest.approx([1, 1])
    assert len(geometry.straight_lines(NORMAL, start, end, 2)["e-line"]) == 2
    for call in (
        lambda: geometry.straight_lines(NORMAL, start, end, 1),
        lambda: geometry.straight_line(SCALE, [1.0], [2.0], "variance", 1),
    ):
        with pytest.raises(ValueError, match="points must be at least 2"):
            call()
