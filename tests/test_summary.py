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


def hits(*curves):
    return {name: {"hits": {"0.01": values}} for name, values in curves}


def successes(**runs):
    return {name.replace("_", " "): {"success": values} for name, values in runs.items()}


# small studies, made up so that each number is met once
STUDIES = {
    "kakade2001": {
        "two states": {"0.8, 0.1": {"gradient": {"time": 44.0}, "natural, damping 0": {"time": 4.0}}},
        "regulator": {"gradient": {"1, 1": [1, 70, 2]}, "natural, exact": {"1, 1": [3, 10, 4]}},
    },
    "amari1998": {"plateau": {"vanilla 1": 150, "vanilla 3": 180, "natural 0.1": 60, "natural 0.5": 50}},
    "digits": {
        "curves": hits(("SGD", [80, 90, None]), ("Adam", [20, 60, 62]), ("K-FAC", [16, 15, 14])),
        "seconds": {"SGD": [1, 2, 5], "Adam": [2, 3, 7], "K-FAC": [4, 8, 16]},
    },
    "cartpole_linear": {
        "compared": {
            "weights": successes(vanilla_1=[None, None, 1], vanilla_50=[22, 26, 24], NPG=[1, 1, 1], TRPO=[12, 11, 13]),
            "rescaled features": successes(vanilla_1=[2, 3, 4], vanilla_50=[5, 5, 5], NPG=[1, 1, 1], TRPO=[30, 2, 15]),
        }
    },
    "policies": {
        "seconds": {"32": {"REINFORCE": 0.5, "PPO": 3.0, "TRPO": 2.0}},
        "tuning": {"REINFORCE": {"area": [30, 40, 20]}, "PPO": {"area": [7, 8]}, "TRPO": {"area": [9]}},
        "methods": {
            "REINFORCE": {
                "solved": [None, 100, 104, None, 120],
                "area": {"iqm": 33.0},
                "largest_kl": [0.5, 3.0, 1.0],
                "largest_ratio": [2.0, 9.0],
            },
            "PPO": {"solved": [6, 4, 5], "area": {"iqm": 44.0}, "largest_kl": [0.2, 0.1], "largest_ratio": [1.5, 1.2]},
            "TRPO": {"solved": [7, 8, 30], "area": {"iqm": 55.0}, "largest_kl": [0.01], "largest_ratio": [4.0]},
        },
    },
}


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(summary, "load", lambda name: {"results": STUDIES[name]})


def test_speeds_of_small_studies_by_hand(made_up):
    """Medians over the runs, the quickest setting of each method, the middle quartile of the seconds."""
    found = [(one.task, one.plain, one.natural, one.study, one.needed, one.seconds) for one in summary.speeds()]
    assert found == [
        ("cart, network", "REINFORCE", "TRPO", "policies", (120, 8), (0.5, 2.0)),
        ("two states", "gradient", "natural", "kakade2001", (44, 4), None),
        ("regulator", "gradient", "natural", "kakade2001", (70, 10), None),
        ("digits", "SGD", "K-FAC", "digits", (90, 15), (2, 8)),
        ("digits", "Adam", "K-FAC", "digits", (60, 15), (3, 8)),
        ("two hidden units", "gradient", "natural", "amari1998", (150, 50), None),
        ("cart, 4 weights", "gradient", "TRPO", "cartpole_linear", (24, 12), None),
        ("cart, network", "PPO", "TRPO", "policies", (5, 8), (3.0, 2.0)),
        ("cart, rescaled", "gradient", "TRPO", "cartpole_linear", (3, 15), None),
    ]


def test_outcomes_of_a_small_study_by_hand(made_up):
    assert summary.outcomes() == [
        summary.Outcome("REINFORCE", 33.0, 2, 5, 3.0, 9.0, 0.5, 0.5),
        summary.Outcome("PPO", 44.0, 0, 3, 0.2, 1.5, 7 / 8, 3.0),
        summary.Outcome("TRPO", 55.0, 0, 3, 0.01, 4.0, 1.0, 2.0),
    ]
