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
