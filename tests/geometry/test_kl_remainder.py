"""Measured remainders and their orders, with numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools import families
from ngtools.geometry.kl_remainder import kl_along, kl_at, kl_remainder, measured_ratio, slope
from ngtools.geometry.kl_series import kl_second_derivatives, kl_series

POISSON, SCALE = families.get("poisson"), families.get("zero-mean-normal")


def test_the_ratio_of_the_cubic_terms():
    # KL(r||r+e) = e - r log(1 + e/r), KL(r+e||r) = (r+e) log(1 + e/r) - e: e^3 terms -1/(3 r^2) and -1/(6 r^2)
    assert measured_ratio(POISSON, [2.0], [1.0], "rate") == pytest.approx(1 / 2, rel=1e-4)
    # in the logarithm of the rate they are the divergences of e^t: 1/6 and 1/3, and the error is of order size^2
    assert measured_ratio(POISSON, [0.5], [1.0], "log-rate") == pytest.approx(2, rel=1e-4)
    assert measured_ratio(POISSON, [2.0], [1.0], "rate", size=0.1) == pytest.approx(1 / 2, rel=1e-2)
    assert abs(measured_ratio(POISSON, [2.0], [1.0], "rate", size=0.1) - 1 / 2) > 1e-5
    series = kl_series(POISSON, "rate")
    assert series.cubic_ratio == pytest.approx(0.5)
    assert [len(part) for part in (series.old_new, series.new_old)] == [4, 4]
    assert len(kl_series(POISSON, "rate", 2).old_new) == 3
    assert kl_series(POISSON, "log-rate").cubic_ratio == 2


def test_charts_of_a_divergence_along_a_line():
    sizes = np.array([-0.3, 0.1, 0.4])
    expected = [SCALE.kl([1.5], [1.5 + s]) for s in sizes]
    assert kl_along(SCALE, [1.5], [1.0], sizes) == pytest.approx(expected, rel=1e-12)
    expected = [SCALE.kl([1.5], [1.5 + s], chart="variance") for s in sizes]
    assert kl_along(SCALE, [1.5], [1.0], sizes, chart="variance") == pytest.approx(expected, rel=1e-12)
    # F = 1/(2 v^2), and twice the direction
    left = kl_remainder(SCALE, [1.5], [2.0], sizes, chart="variance")
    expected = [SCALE.kl([1.5], [1.5 + 2 * s], chart="variance") - s**2 / 1.5**2 for s in sizes]
    assert left == pytest.approx(expected, rel=1e-9)
    assert kl_at(SCALE, [1.5], [[2.0]], chart="variance") == pytest.approx([SCALE.kl([1.5], [2.0], chart="variance")])
    with pytest.raises(ValueError, match=r"theta \+ s d: sigma must be > 0 \(got -0\.5\)"):
        kl_along(SCALE, [1.5], [1.0], [0.1, -2.0], "new-old")
    with pytest.raises(ValueError, match="kind must be one of 'old-new', .* \\(got 'both'\\)"):
        kl_along(SCALE, [1.5], [1.0], sizes, "both")
    with pytest.raises(ValueError, match=r"direction must be 'old-new' or 'new-old' \(got 'symmetrised'\)"):
        kl_at(SCALE, [1.5], [[2.0]], "symmetrised")


def test_slope_by_least_squares():
    assert slope([0.1, 0.2, 0.4], [0.001, 0.008, 0.064]) == pytest.approx(3, rel=1e-12)
    # log sizes 0, 1, 2 and log errors 0, 0, 3: the line through them has the slope 3/2
    assert slope(np.exp([0.0, 1.0, 2.0]), [1.0, -1.0, np.exp(3)]) == pytest.approx(1.5, rel=1e-12)
    for errors in ([1.0, 0.0], [1.0, np.inf], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="errors must be finite and not 0"):
            slope([0.1, 0.2], errors)


def test_second_derivatives_name_their_arguments():
    found = kl_second_derivatives(POISSON)
    (r,) = POISSON.chart().symbols
    assert (found.second[0], found.first[0], found.mixed[0]) == (1 / r, 1 / r, -1 / r)
