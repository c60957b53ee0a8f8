"""What the figures of chapter 13 draw is what they were given."""

from __future__ import annotations

import numpy as np

from ngtools.plots import trust_region


def lines(ax):
    return {one.get_label(): one.get_xydata() for one in ax.lines}


def test_misled():
    left, right = trust_region.misled(
        {"old": [0.9, 0.1], "new": [0.5, 0.5]}, [0.0, 1.0], {"return": [1.0, -1.0], "promised": [1.0, 2.0]}, 0.8
    )
    np.testing.assert_array_equal(lines(left)["new"], [[0, 0.5], [1, 0.5]])
    np.testing.assert_array_equal(lines(right)["return"], [[0, 1], [1, -1]])
    np.testing.assert_array_equal(lines(right)["accepted"][:, 0], [0.8, 0.8])


def test_overshoot():
    ax = trust_region.overshoot([0.01, 0.1], {"batch 1": [1.0, 1.1]})
    np.testing.assert_array_equal(lines(ax)["batch 1"], [[0.01, 1.0], [0.1, 1.1]])
    assert ax.get_xscale() == "log"


def test_training():
    top, middle, bottom = trust_region.training([1000, 2000], [20.0, 30.0], [0.008, 0.009], [0, 2], 0.01, 475)
    np.testing.assert_array_equal(lines(top)["mean return of a batch"], [[1000, 20], [2000, 30]])
    np.testing.assert_array_equal(lines(middle)["measured KL"][:, 1], [0.008, 0.009])
    np.testing.assert_array_equal(lines(middle)["radius δ"][:, 1], [0.01, 0.01])
    np.testing.assert_array_equal(bottom.lines[0].get_ydata(), [0, 2])


def test_returns_have_a_colour_a_method():
    curve = {"iqm": [1.0, 2.0], "low": [0.5, 1.5], "high": [1.5, 2.5]}
    ax = trust_region.returns([1000, 2000], {"TRPO": curve}, 475)
    np.testing.assert_array_equal(lines(ax)["TRPO"], [[1000, 1], [2000, 2]])
    assert ax.lines[-1].get_color() == trust_region.METHODS["TRPO"][0]
    assert len(ax.collections) == 1


def test_divergences():
    quantiles = {"10": [0.1, 0.1], "50": [0.2, 0.3], "90": [0.4, 0.4], "100": [1.0, 2.0]}
    drawn = trust_region.divergences(
        [1000, 2000], {"NPG": quantiles, "TRPO": quantiles}, {"TRPO": 0.01}, {"TRPO": [0.5, 0.7]}
    )
    assert [ax.get_title() for ax in drawn[:2]] == ["NPG", "TRPO"]
    np.testing.assert_array_equal(drawn[0].lines[0].get_ydata(), [0.2, 0.3])
    assert "60 % of steps shortened" in [text.get_text() for text in drawn[1].texts]


def test_charts():
    left, right = trust_region.charts(
        {"vanilla": {"a": [1.0, 2.0], "b": [1.0, 3.0]}, "TRPO": {"a": [1.0, 4.0], "b": [1.0, 4.0]}}, "step", "R"
    )
    np.testing.assert_array_equal(lines(left)["b"], [[0, 1], [1, 3]])
    np.testing.assert_array_equal(lines(right)["a"], lines(right)["b"])
