"""The gathering of the studies: ratios of what is stored, and nothing else."""

import math

import matplotlib.pyplot as plt
import pytest

from ngtools import experiments, summary
from ngtools.plots.summary import speed_ratios


def test_a_run_that_never_arrives_is_the_slowest():
    assert summary.middle([3, 1, 2]) == 2
    assert summary.middle([3, 1, None, None, None]) == math.inf


def test_ratios_are_above_one_where_the_natural_method_needs_less():
    one = summary.Speed("a task", "plain", "natural", "study", (30, 10), (0.5, 1.0))
    assert (one.by_steps, one.by_seconds) == (3, 1.5)
    assert summary.Speed("a task", "plain", "natural", "study", (30, 10)).by_seconds is None


def test_speeds_are_those_of_the_studies():
    found = summary.speeds()
    assert [one.by_steps for one in found] == sorted((one.by_steps for one in found), reverse=True)
    assert {one.study for one in found} <= set(experiments.names())
    named = {(one.task, one.plain): one for one in found}
    states = experiments.load("kakade2001")["results"]["two states"]["0.8, 0.1"]
    assert named["two states", "gradient"].needed == (states["gradient"]["time"], states["natural, damping 0"]["time"])
    costs = experiments.load("kakade2001")["results"]["regulator"]
    middle_level = tuple(costs[method]["1, 1"][1] for method in ("gradient", "natural, exact"))
    assert named["regulator", "gradient"].needed == middle_level
    digits = experiments.load("digits")["results"]
    adam = named["digits", "Adam"]
    assert adam.needed[1] == sorted(digits["curves"]["K-FAC"]["hits"]["0.01"])[10]  # an even number of equal middles
    assert adam.seconds == (digits["seconds"]["Adam"][1], digits["seconds"]["K-FAC"][1])
    linear = experiments.load("cartpole_linear")["results"]["compared"]["rescaled features"]
    best = min(summary.middle(run["success"]) for name, run in linear.items() if name.startswith("vanilla"))
    assert named["cart, rescaled", "gradient"].needed[0] == best


def test_outcomes_count_seeds_and_take_the_largest():
    stored = experiments.load("policies")["results"]
    for one in summary.outcomes():
        run = stored["methods"][one.method]
        assert one.unsolved == run["solved"].count(None) == run["unsolved"]
        assert one.largest_kl == max(run["largest_kl"])
        assert 0 < one.spread <= 1
        assert one.seconds == stored["seconds"]["32"][one.method]


def test_the_picture_has_a_dot_and_where_timed_a_diamond():
    ax = speed_ratios(["a", "b"], [2.0, 0.5], [None, 0.25])
    dots, diamonds = (line for line in ax.lines if line.get_marker() in "oD")
    assert dots.get_xdata().tolist() == [2.0, 0.5]
    assert list(diamonds.get_xdata()) == [0.25]
    assert ax.get_xscale() == "log"
    with pytest.raises(ValueError, match="one ratio a label"):
        speed_ratios(["a"], [1.0, 2.0], [None])
    plt.close("all")
