"""Runs of one method in several charts: when they arrive, and what a gradient is worth in the reference chart."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools import descent, families
from ngtools.descent.comparison import in_charts, outcome, pushed_gradient, settled, steps_needed

FAMILY = families.get("zero-mean-normal")
F = descent.expected_log_likelihood(FAMILY, [1.0])


@pytest.mark.parametrize(
    ("values", "found"),
    [([1.0, 1.0], 0), ([2.0, 1.0, 1.0], 1), ([2.0, 1.0, 2.0, 1.0], 3), ([1.0, 2.0], None), ([2.0, np.nan], None)],
)
def test_settled_counts_to_the_last_excursion(values, found):
    assert settled(values, 1.0, 0.01) == found


def test_settled_refuses_a_zero_target():
    with pytest.raises(ValueError, match="target must not be 0"):
        settled([1.0], 0.0, 0.01)


def test_runs_share_their_start_and_report_their_ends():
    runs = in_charts(
        "gradient", FAMILY, [2.0], F, {"std": 0.5, "variance": 100.0, "log-std": 1e-4}, 20, FAMILY.charts[:3]
    )
    assert all(run.distribution[0, 0] == pytest.approx(2.0) for run in runs.values())
    assert outcome(runs["variance"], 1.0) == "leaves at step 1"
    assert outcome(runs["log-std"], 1.0) == "not in 20"
    arrived = settled(runs["std"].distribution[:, 0], 1.0, 0.01)
    assert outcome(runs["std"], 1.0) == f"{arrived} steps"
    needed = steps_needed("gradient", FAMILY, [2.0], F, [0.5, 1e-4, 100.0], 20, "std", 1.0)
    np.testing.assert_array_equal(needed, [arrived, np.nan, np.nan])


@pytest.mark.parametrize("chart", FAMILY.charts)
def test_pushed_gradient_is_the_limit_of_a_step(chart):
    alpha, here = 1e-6, FAMILY.convert([2.0], to=chart)
    there = FAMILY.convert(descent.step("gradient", FAMILY, here, F, alpha, chart), to="std", chart=chart)
    # what is left out is of order alpha
    assert pushed_gradient(FAMILY, [2.0], F, chart)[0] == pytest.approx((there[0] - 2.0) / alpha, rel=1e-5)


def test_settled_includes_its_bounds_and_divides_by_the_target():
    assert settled([5.0, 2.5], 2.0, 0.25) == 1
    assert settled([1.5], 2.0, 0.25) == 0
    assert settled([-2.5, -2.55], -2.0, 0.3) == 0
    assert settled([2.0, 2.6], -2.0, 0.3) is None
    for target, within in ((0.0, 0.5), (2.0, 0.0), (2.0, np.nan)):
        with pytest.raises(ValueError, match=rf"\(got {target}, {within}\)"):
            settled([1.0], target, within)


def trace(first, second, exits=()):
    """A run of two coordinates; how it came about does not matter here."""
    points = np.column_stack([first, second])
    nothing = np.zeros(len(points) - 1)
    return descent.Trace("made up", "none", np.arange(len(points)), points, points, points[:, 0], nothing, exits)


def test_outcomes_in_words():
    run = trace([5.0, 2.1, 2.021, 2.019, 2.0], [3.0, 3.0, 3.0, 3.0, 3.5])
    assert outcome(run, 2.0) == "3 steps"  # one per cent, unless said otherwise
    assert outcome(run, 2.0, within=0.1) == "1 steps"
    assert outcome(run, 3.0, coordinate=1) == "not in 4"
    assert outcome(run, 3.0, within=0.2, coordinate=1) == "0 steps"
    left = trace([5.0, 2.0], [3.0, 3.0], (descent.Exit(3, "too far"), descent.Exit(5, "and again")))
    assert outcome(left, 2.0) == "leaves at step 4"
    assert repr(left) == "<Trace: made up in none, 1 steps, left the domain at step 3: too far>"


def test_steps_are_needed_up_to_one_per_cent():
    """Natural Euler steps in the expectation parameter v = s^2: v - 1 shrinks by the factor 1 - rate."""
    found = steps_needed("natural-euler", FAMILY, [3.0], F, [0.5, 0.25], 30, "variance", 1.0)
    # 8 (1 - rate)^n <= 1.01^2 - 1
    expected = [np.ceil(np.log(0.0201 / 8) / np.log(1 - rate)) for rate in (0.5, 0.25)]
    np.testing.assert_array_equal(found, expected)
    wider = steps_needed("natural-euler", FAMILY, [3.0], F, [0.5], 30, "variance", 1.0, within=0.5)
    np.testing.assert_array_equal(wider, [3])  # 8 / 2^n <= 1.25


def test_steps_are_counted_in_the_first_coordinate():
    """Natural Euler steps of the mean: 0.8 / 2^n <= 0.003, and the standard deviation is nowhere near 0.3."""
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.3, 1.2])
    found = steps_needed("natural-euler", normal, [-0.5, 0.8], f, [0.5], 20, "mean-std", 0.3)
    np.testing.assert_array_equal(found, [9])
