"""The order of what the quadratic form leaves of the divergence, at random points of curved families."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import families

SIZES = np.array([0.02, 0.01, 0.005])
GAMMA = families.get("gamma")
POINT = st.tuples(st.floats(0.8, 4), st.floats(0.5, 3)).map(np.array)
# directions away from those in which the cubic coefficient changes sign
DIRECTION = st.tuples(st.floats(0.3, 1), st.floats(0.3, 1)).map(np.array)


def slope(remainder):
    return np.polyfit(np.log(SIZES), np.log(np.abs([remainder(s) for s in SIZES])), 1)[0]


def quadratic(family, theta, d):
    return d @ family.fisher(theta) @ d / 2


@given(POINT, DIRECTION)
@settings(max_examples=30, deadline=None)
def test_averaging_over_signs_and_the_midpoint_gain_an_order(theta, d):
    d = d * [1, -1] * theta  # shape up, rate down
    kl, q = GAMMA.kl, quadratic(GAMMA, theta, d)
    averaged = slope(lambda s: (kl(theta, theta + s * d) + kl(theta, theta - s * d)) / 2 - s**2 * q)
    assert averaged == pytest.approx(4, abs=0.2)
    middle = slope(
        lambda s: (kl(theta - s * d / 2, theta + s * d / 2) + kl(theta + s * d / 2, theta - s * d / 2)) / 2 - s**2 * q
    )
    assert middle == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("theta", [[2.1, 1.3], [0.9, 2.5], [4.0, 0.6]])
def test_the_remainder_is_cubic_and_symmetrising_does_not_help(theta):
    theta, d = np.array(theta), np.array([0.7, 0.4]) * theta
    kl, q = GAMMA.kl, quadratic(GAMMA, theta, d)
    assert slope(lambda s: kl(theta, theta + s * d) - s**2 * q) == pytest.approx(3, abs=0.1)
    both = slope(lambda s: (kl(theta, theta + s * d) + kl(theta + s * d, theta)) / 2 - s**2 * q)
    assert both == pytest.approx(3, abs=0.1)


def test_the_mean_of_a_normal_has_no_remainder():
    family = families.get("normal")
    theta, d = np.array([0.3, 1.2]), np.array([1.0, 0.0])
    for s in SIZES:
        assert family.kl(theta, theta + s * d) == pytest.approx(s**2 * quadratic(family, theta, d), abs=1e-15)


def test_the_laplace_location_has_an_odd_power_on_both_sides():
    family = families.get("laplace")
    theta, d = np.array([0.3, 1.0]), np.array([1.0, 0.0])

    def remainder(s):
        return family.kl(theta, theta + s * d) - s**2 / 2

    # |d|^3 / 6
    assert remainder(0.02) == pytest.approx(np.exp(-0.02) + 0.02 - 1 - 0.0002, rel=1e-6)
    assert slope(remainder) == pytest.approx(3, abs=0.05)
    assert slope(lambda s: (remainder(s) + remainder(-s)) / 2) == pytest.approx(3, abs=0.05)
