"""The data that the figures of finite steps draw."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ngtools.plots.finite_steps import budget_cliff, half_plane_lines, learners, parameterizations, spread_against_step
from ngtools.plots.invariance import LOOKS, heat_map


def test_spreads_carry_their_slopes():
    ax = spread_against_step([0.1, 0.2], {"one": [1e-3, 4e-3]}, {"one": 2.0})
    assert list(ax.lines[0].get_ydata()) == [1e-3, 4e-3]
    assert ax.get_legend().get_texts()[0].get_text() == "one: 2.00"
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_learners_are_drawn_over_the_exact_flow():
    left, right = learners({"a": {"x": ([0, 1], [3, 2])}, "b": {"x": ([0, 1], [3, 1])}}, ([0, 2], [3, 1]), target=1)
    assert left.lines[1].get_xydata().tolist() == right.lines[1].get_xydata().tolist() == [[0, 3], [2, 1]]
    assert left.lines[2].get_ydata().tolist() == [3, 2]
    assert right.lines[2].get_ydata().tolist() == [3, 1]


def test_the_cliff_leaves_infinite_values_out():
    ax = budget_cliff(np.array([0.1, 0.25]), {"a": [2.0, np.inf]}, cliff=0.25)
    assert np.isnan(ax.lines[1].get_ydata()[1])
    assert ax.lines[2].get_xdata() == [0.25, 0.25]


def test_lines_flow_and_ends():
    curve = np.array([[0.0, 1.0], [1.0, 2.0]])
    ax = half_plane_lines({"m-line": curve}, 2 * curve, {"start": (0, 1)})
    assert ax.lines[0].get_xydata().tolist() == curve.tolist()
    assert ax.lines[1].get_xydata().tolist() == (2 * curve).tolist()
    assert ax.texts[0].get_text() == "start"


def test_a_panel_for_each_method():
    drawn = parameterizations({"a": {"x": [1, 2]}, "b": {"x": [3, 4]}}, exact=[0, 0])
    assert [list(ax.lines[1].get_ydata()) for ax in drawn] == [[1, 2], [3, 4]]


def test_the_heat_map_says_in_words_what_its_colours_say():
    ax = heat_map(
        {"m": ["exact", "order 1", "not defined"], "n": ["broken", "order 2", "not defined"]}, ["a", "b", "c d"]
    )
    assert [text.get_text() for text in ax.texts] == ["exact", "1", "broken", "2"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c d"]
    assert [bool(patch.get_hatch()) for patch in ax.patches] == [False, False, True] * 2
    # darker is farther from invariance, so that grey paper keeps the order
    grey = [np.dot(plt.matplotlib.colors.to_rgb(fill), [0.3, 0.6, 0.1]) for fill, _, _ in LOOKS.values()]
    assert grey == sorted(grey, reverse=True)
    assert min(np.diff(grey[::-1])) > 0.1
    with pytest.raises(ValueError, match="row 'm' has 1 cells for 2 columns"):
        heat_map({"m": ["exact"]}, ["a", "b"])
