"""Taylor coefficients and measured remainders of the divergence, geodesics of the half plane, Wasserstein."""

import numpy as np
import pytest
import sympy as sp
from scipy.stats import norm

from ngtools import families, geometry
from ngtools.geometry.half_plane import full_geodesic, half_ellipse, normal_geodesic
from ngtools.geometry.kl_remainder import KINDS, kl_along, kl_at, kl_remainder, slope
from ngtools.geometry.kl_series import kl_second_derivatives, kl_series
from ngtools.geometry.wasserstein import normal_quantile, wasserstein

NORMAL = families.get("normal")


def test_series_of_the_poisson_rate():
    r = sp.Symbol("r", positive=True)
    found = kl_series(families.get("poisson"), "rate")
    # KL(r||r+e) = e - r log(1 + e/r);  KL(r+e||r) = (r+e) log(1 + e/r) - e
    expected_old = [0, 0, 1 / (2 * r), -1 / (3 * r**2)]
    expected_new = [0, 0, 1 / (2 * r), -1 / (6 * r**2)]
    for got, expected in ((found.old_new, expected_old), (found.new_old, expected_new)):
        assert [sp.simplify(a - sp.sympify(b).subs(r, found.symbol)) for a, b in zip(got, expected)] == [0, 0, 0, 0]


def test_series_is_for_one_parameter():
    with pytest.raises(ValueError, match="has 2"):
        kl_series(NORMAL)


def test_second_derivatives_are_the_three_blocks_of_one_hessian():
    found = kl_second_derivatives(NORMAL, "mean-variance")
    v = NORMAL.chart("mean-variance").symbols[1]
    assert found.second == sp.diag(1 / v, 1 / (2 * v**2))
    assert found.first == found.second
    assert found.mixed == -found.second


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_the_combinations_they_say(kind):
    family, theta, d, s = families.get("gamma"), np.array([2.1, 1.3]), np.array([0.7, 0.4]), 0.3
    kl = family.kl
    new, back, left, right = theta + s * d, theta - s * d, theta - s * d / 2, theta + s * d / 2
    expected = {
        "old-new": kl(theta, new),
        "new-old": kl(new, theta),
        "symmetrised": (kl(theta, new) + kl(new, theta)) / 2,
        "averaged over signs": (kl(theta, new) + kl(theta, back)) / 2,
        "symmetrised about the midpoint": (kl(left, right) + kl(right, left)) / 2,
    }[kind]
    assert kl_along(family, theta, d, [s], kind) == pytest.approx([expected], rel=1e-12)
    quadratic = s**2 * (d @ family.fisher(theta) @ d) / 2
    assert kl_remainder(family, theta, d, [s], kind) == pytest.approx([expected - quadratic], rel=1e-9)


def test_kl_at_knows_its_direction():
    points = [[0.4, 1.5], [-1.0, 0.8]]
    assert kl_at(NORMAL, [0.0, 1.0], points) == pytest.approx([NORMAL.kl([0.0, 1.0], q) for q in points], rel=1e-12)
    reverse = kl_at(NORMAL, [0.0, 1.0], points, "new-old")
    assert reverse == pytest.approx([NORMAL.kl(q, [0.0, 1.0]) for q in points], rel=1e-12)


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="kind must be one of"):
        kl_along(NORMAL, [0.0, 1.0], [1.0, 0.0], [0.1], "jeffreys")
    with pytest.raises(ValueError, match="sigma must be > 0"):
        kl_along(NORMAL, [0.0, 1.0], [0.0, -1.0], [1.5])
    with pytest.raises(ValueError, match="exact identity"):
        slope([0.1, 0.2], [0.0, 0.0])
    with pytest.raises(ValueError, match="must be 'old-new'"):
        kl_at(NORMAL, [0.0, 1.0], [[0.0, 2.0]], "both")
    with pytest.raises(ValueError, match="sigma > 0"):
        half_ellipse([0.0, 1.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="must differ"):
        normal_geodesic([0.0, 1.0], [0.0, 1.0])


@pytest.mark.parametrize(("p", "q"), [([0.0, 1.0], [2.0, 1.0]), ([2.0, 0.5], [-1.0, 3.0]), ([0.5, 0.3], [0.5, 2.0])])
def test_geodesic_has_the_ends_the_length_and_equal_spacing(p, q):
    curve = normal_geodesic(p, q, 401)
    assert curve[[0, -1]] == pytest.approx(np.array([p, q]), rel=1e-12)
    d = geometry.distance(NORMAL, p, q).value
    # a polygon of n points in a smooth curve is longer by O(1/n^2)
    assert geometry.length(NORMAL, curve) == pytest.approx(d, rel=1e-4)
    gaps = [geometry.distance(NORMAL, a, b).value for a, b in zip(curve[:-1:40], curve[1::40])]
    assert gaps == pytest.approx([d / 400] * len(gaps), rel=1e-6)


def test_geodesic_agrees_with_the_geodesic_equation():
    p, q = np.array([0.0, 1.0]), np.array([2.0, 1.5])
    curve = normal_geodesic(p, q, 20001)
    velocity = (-3 * curve[0] + 4 * curve[1] - curve[2]) / 2 * 20000  # one-sided difference, error O(1/n^2)
    assert geometry.geodesic(NORMAL, p, velocity).end == pytest.approx(q, rel=1e-6)


def test_full_geodesic_passes_through_both_and_meets_the_axis():
    curve, arc = full_geodesic([0.0, 1.0], [2.0, 1.5]), half_ellipse([0.0, 1.0], [2.0, 1.5])
    assert (curve[:, 0] - arc.centre) ** 2 + 2 * curve[:, 1] ** 2 == pytest.approx(np.full(201, arc.radius**2))
    assert curve[[0, -1], 1] == pytest.approx([0, 0], abs=1e-12)
    assert full_geodesic([0.0, 1.0], [0.0, 2.0])[[0, -1]].tolist() == [[0.0, 0.01], [0.0, 2.0]]


def test_wasserstein_of_a_scaled_and_shifted_variable():
    assert wasserstein(normal_quantile(0.0, 1.0), normal_quantile(2.0, 1.5)) == pytest.approx(np.sqrt(4.25), rel=1e-9)
    # U(0, 1) against U(0, 2): integral of u^2
    assert wasserstein(lambda u: u, lambda u: 2 * u) == pytest.approx(np.sqrt(1 / 3), rel=1e-9)
    assert normal_quantile(0.3, 1.7)(0.9) == pytest.approx(norm.ppf(0.9, 0.3, 1.7), rel=1e-12)
