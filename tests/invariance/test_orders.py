"""Defects by hand: natural Euler in the standard deviation and in the variance of a zero-mean normal."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools import descent, families, invariance
from ngtools.invariance import orders

ZERO = families.get("zero-mean-normal")
F = descent.expected_log_likelihood(ZERO, [1.0])


def by_hand(alpha, repeat=1):
    """The target is 1: sigma moves by alpha (1 / sigma - sigma) / 2 and v by alpha (1 - v); d = |log ratio of v| / sqrt 2."""
    sigma, v = 3.0, 9.0
    for _ in range(repeat):
        sigma, v = sigma + alpha * (1 / sigma - sigma) / 2, v + alpha * (1 - v)
    return abs(np.log(sigma**2 / v)) / np.sqrt(2)


@pytest.mark.parametrize("given", [{}, {"repeat": 1}, {"repeat": 3}])
def test_the_defect_of_one_step_and_of_three(given):
    in_std, in_variance = (descent.chart_setting(ZERO, F, chart) for chart in ("std", "variance"))
    starts = in_std, np.array([3.0]), in_variance, np.array([9.0])
    steps, repeat = (0.2, 0.1, 0.05), given.get("repeat", 1)
    expected = [by_hand(alpha, repeat) for alpha in steps]
    found = invariance.defect("natural-euler", ZERO, "std", "variance", [3.0], F, 0.1, **given)
    assert found == pytest.approx(expected[1], rel=1e-9)
    assert invariance.gap("natural-euler", *starts, 0.1, **given) == pytest.approx(expected[1], rel=1e-9)
    for order in (
        invariance.order("natural-euler", ZERO, "std", "variance", [3.0], F, steps, **given),
        invariance.measure("natural-euler", *starts, steps, **given),
    ):
        assert order.defects == pytest.approx(expected, rel=1e-9)
        assert order.steps == steps
        assert order.kind == "order 1"


def test_what_a_gap_is_asked_for():
    setting = descent.chart_setting(ZERO, F, "std")
    one, two = np.array([3.0]), np.array([3.0, 1.0])
    for alpha in (0.0, -0.1):
        with pytest.raises(ValueError, match=r"alpha \(the step\) must be > 0"):
            invariance.gap("gradient", setting, one, setting, one, alpha)
    with pytest.raises(ValueError, match="repeat must be at least 1"):
        invariance.gap("gradient", setting, one, setting, one, 0.1, 0)
    for name, thetas in (("theta_a", (two, one)), ("theta_b", (one, two))):
        with pytest.raises(ValueError, match=rf"{name} must have shape \(1,\)"):
            invariance.gap("gradient", setting, thetas[0], setting, thetas[1], 0.1)
    assert invariance.gap("gradient", setting, one, setting, one, 0.1) == 0


def test_starts_are_one_distribution_to_nine_digits():
    setting, start = descent.chart_setting(ZERO, F, "std"), np.array([3.0])
    assert invariance.gap("gradient", setting, start, setting, start * (1 + 3e-10), 0.1) < 1e-8
    with pytest.raises(ValueError, match=r"must be one distribution \(got \[3.0\] and \[3.00000003"):
        invariance.gap("gradient", setting, start, setting, start * (1 + 1e-8), 0.1)
    # of means about 0 the last digits are rounding
    normal = families.get("normal")
    here = descent.chart_setting(normal, descent.expected_log_likelihood(normal, [0.4, 0.7]))
    assert invariance.gap("gradient", here, np.array([0.0, 1.0]), here, np.array([3e-13, 1.0]), 0.1) < 1e-11
    with pytest.raises(ValueError, match="must be one distribution"):
        invariance.gap("gradient", here, np.array([0.0, 1.0]), here, np.array([3e-12, 1.0]), 0.1)


@pytest.mark.parametrize(
    ("defects", "kind"),
    [
        (lambda a: 1e-11 * (a / 0.005) ** 2, "exact"),  # the smallest is ROUNDING itself
        (lambda a: 1.01e-11 * (a / 0.005) ** 2, "order 1"),
        (lambda a: 4e-12 / a, "exact"),  # a power law downwards is none
        (lambda a: 1e-3 / a, "broken"),
        (lambda a: 2e-10 * np.array([1.0, 0.5, 1.6, 0.1]), "exact"),  # a slope of 0.9 with an error of 0.5
    ],
)
def test_what_counts_as_a_power_law(defects, kind, monkeypatch):
    steps = np.array([0.04, 0.02, 0.01, 0.005])
    measured = defects(steps)
    monkeypatch.setattr(orders, "gap", lambda *given: dict(zip(steps, measured))[given[5]])
    assert orders.measure("gradient", None, None, None, None).kind == kind


def test_the_largest_of_exact_defects_is_shown():
    shown = repr(invariance.Order(np.nan, np.nan, np.nan, "exact", (0.2, 0.1, 0.05), (1e-12, 3e-11, 2e-12)))
    assert shown == "<exact, largest defect 3.0e-11>"
