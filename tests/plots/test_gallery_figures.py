"""What the figures of chapter 05 draw, as data."""

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pytest

from ngtools.plots.gallery import ellipse_panels, information_panels


def test_information_panels_draw_their_curves_on_the_axes_asked_for():
    x = np.array([0.1, 1.0, 10.0])
    axs = information_panels([("a", x, {"one": 1 / x, "two": x}), ("b", x, {"three": x**2})], [True, False])
    assert [ax.get_xscale() for ax in axs] == ["log", "linear"]
    assert [ax.get_yscale() for ax in axs] == ["log", "log"]
    assert [line.get_label() for line in axs[0].get_lines()] == ["one", "two"]
    assert axs[0].get_lines()[0].get_ydata() == pytest.approx(1 / x)
    assert (axs[0].get_xlabel(), axs[1].get_xlabel(), axs[0].get_ylabel()) == ("a", "b", "Fisher information")


def test_ellipse_panels_draw_closed_curves_with_equal_units():
    curve = np.array([[0.0, 1.0], [1.0, 2.0], [0.0, 1.0]])
    axs = ellipse_panels([{"one": curve, "two": 2 * curve}, {"three": curve}])
    assert np.stack(axs[0].get_lines()[1].get_data(), axis=1) == pytest.approx(2 * curve)
    assert axs[0].get_aspect() == 1.0
    assert (axs[0].get_ylabel(), axs[1].get_xlabel()) == ("scale", "location")
