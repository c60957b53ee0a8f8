"""The data that the figures of PPO draw."""

import numpy as np

from ngtools.plots import clipping


def test_a_panel_an_advantage_with_both_objectives():
    r = np.array([0.5, 1.0, 1.5])
    drawn = clipping.clipped_objective(r, {"A = +1": (np.minimum(r, 1.2), r), "A = -1": (-np.maximum(r, 0.8), -r)}, 0.2)
    for ax, sign in zip(drawn, (1, -1)):
        plain, clipped = ax.lines[0].get_ydata(), ax.lines[1].get_ydata()
        np.testing.assert_array_equal(plain, sign * r)
        assert (clipped <= plain).all()
        assert clipped.tolist() != plain.tolist()
    assert [ax.get_title() for ax in drawn] == ["A = +1", "A = -1"]


def test_divergences_with_the_bound_and_both_extremes():
    rates = [0.1, 1.0]
    left, right = clipping.realised(rates, {"1 step": [0.01, 0.1]}, {"1 step": ([0.9, 0.5], [1.1, 2.0])}, 0.2, 0.02)
    assert set(left.lines[0].get_ydata()) == {0.02}
    assert left.lines[1].get_ydata().tolist() == [0.01, 0.1]
    assert [line.get_ydata().tolist() for line in right.lines] == [[0.9, 0.5], [1.1, 2.0]]
    assert (left.get_xscale(), left.get_yscale(), right.get_yscale()) == ("log", "log", "linear")


def test_optima_are_level_lines_with_their_names():
    ax = clipping.penalties({"a": [0.2, 0.4], "b": [0.2, 0.9]}, {"here": 0.5, "there": 0.6})
    assert [set(line.get_ydata()) for line in ax.lines[:2]] == [{0.5}, {0.6}]
    assert [line.get_ydata().tolist() for line in ax.lines[2:]] == [[0.2, 0.4], [0.2, 0.9]]
    assert [text.get_text() for text in ax.texts] == ["here", "there"]
