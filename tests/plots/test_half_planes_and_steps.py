"""Arrows, balls, paths and the figures of the variance example: what they draw, and that it is to scale."""

from __future__ import annotations

import sys

import IPython
import matplotlib as mpl
import matplotlib.pyplot as plt
import matplotlib_inline.backend_inline as inline
import numpy as np
import pytest

from ngtools import families
from ngtools.plots import arrows, balls, covector, paths, style, variance


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_arrows_have_length_one_in_the_metric():
    metric, at = np.array([[4.0, 1.0], [1.0, 2.0]]), (0.5, 1.0)
    given = {"a": np.array([3.0, -1.0]), "b": np.array([0.0, 0.2])}
    panels = arrows.chart_arrows({"first": given, "second": {"a": np.array([1.0, 1.0])}}, at, metric)
    for label, arrow in given.items():
        drawn = line(panels[0], label).get_xydata()
        assert drawn[0].tolist() == [0.5, 1.0]
        move = drawn[1] - drawn[0]
        assert move @ metric @ move == pytest.approx(1)
        assert move[0] * arrow[1] == pytest.approx(move[1] * arrow[0])
        assert move @ arrow > 0
    # later arrows are thinner; each tip carries a dot of its colour
    a, b = line(panels[0], "a"), line(panels[0], "b")
    assert a.get_linewidth() > b.get_linewidth()
    dots = [one for one in panels[0].lines if one.get_marker() == "o"]
    assert [one.get_xydata()[0].tolist() for one in dots[:2]] == [
        a.get_xydata()[1].tolist(),
        b.get_xydata()[1].tolist(),
    ]
    assert [one.get_color() for one in dots] == [a.get_color(), b.get_color(), style.BLACK]
    assert [panel.get_title() for panel in panels] == ["first", "second"]
    assert panels[0].get_ylabel() == "standard deviation"
    (legend,) = panels[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_distances_between_charts_on_a_logarithmic_axis():
    ax = arrows.chart_distances(np.array([0.0, 1.0]), {"gradient": [1e-3, 1.0], "natural": [1e-9, 1e-10]})
    np.testing.assert_array_equal(line(ax, "natural").get_xydata(), [[0, 1e-9], [1, 1e-10]])
    assert [line(ax, name).get_color() for name in ("gradient", "natural")] == [style.GRADIENT, style.NATURAL]
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "flow time")


def test_best_steps_end_on_their_balls():
    angle = np.linspace(0, 2 * np.pi, 9)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    seen = []

    def level(x, y):
        seen.append((x.min(), x.max(), y.min(), y.max()))
        return x + y

    ax = balls.best_steps({"one": circle, "two": 2 * circle}, {"one": circle[1], "two": 2 * circle[3]}, (0, 0), level)
    np.testing.assert_array_equal(line(ax, "two").get_xydata(), 2 * circle)
    arrows_drawn = [(note.xy, note.xyann) for note in ax.texts]
    np.testing.assert_allclose([tip for tip, _ in arrows_drawn], [circle[1], 2 * circle[3]])
    assert all(tuple(tail) == (0, 0) for _, tail in arrows_drawn)
    # levels are drawn where the largest ball lies, with a margin
    assert seen == [pytest.approx((-2.12, 2.12, -2.12, 2.12))]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mean μ", "standard deviation σ")


def test_paths_go_from_the_start_to_the_target():
    path = np.array([[0.0, 1.0], [0.5, 2.0], [1.0, 1.5]])
    panels = paths.half_plane_panels(
        {"gradient": {"σ": path, "σ²": path + 0.1}, "natural": {"σ": path}}, (0, 1), (1, 1.5)
    )
    np.testing.assert_array_equal(line(panels[0], "σ²").get_xydata(), path + 0.1)
    assert [panel.get_title() for panel in panels] == ["gradient", "natural"]
    for panel in panels:
        marked = {
            one.get_marker(): one.get_xydata()[0].tolist() for one in panel.lines if one.get_linestyle() == "None"
        }
        assert marked == {"o": [0, 1], "*": [1, 1.5]}
        assert [text.get_text() for text in panel.texts] == ["start", "target"]
    assert panels[-1].get_legend().get_title().get_text() == "spread written as"


def test_velocities_and_gaps_are_drawn_as_given():
    sigma = np.array([0.5, 1.0, 2.0])
    ax = variance.velocities(sigma, {"σ": 1 / sigma, "σ²": sigma, "log σ": sigma**2}, sigma / 2)
    np.testing.assert_array_equal(line(ax, "gradient, σ²").get_xydata(), np.stack([sigma, sigma], axis=1))
    np.testing.assert_array_equal(line(ax, "natural gradient, every chart").get_ydata(), sigma / 2)
    assert [line(ax, f"gradient, {name}").get_color() for name in ("σ", "σ²", "log σ")] == [
        style.ALICE,
        style.BOB,
        style.CAROL,
    ]
    assert ax.get_xscale() == ax.get_yscale() == "log"

    rates = np.array([0.1, 0.2])
    ax = variance.gaps(rates, {"a": [1.0, 2.0], "b": [0.9, 2.4], "c": [1.3, 1.0]}, rates**2)
    np.testing.assert_allclose(line(ax, "Bob, σ²").get_ydata(), [0.1, 0.4])
    np.testing.assert_allclose(line(ax, "Carol, log σ").get_ydata(), [0.3, 1.0])
    np.testing.assert_array_equal(line(ax, "α² g² σ³ / 8").get_ydata(), rates**2)


def test_densities_after_a_step_integrate_to_one():
    family = families.get("zero-mean-normal")
    panels = variance.step_densities(
        6.0, family, {"gradient": {"Alice": np.array([0.7])}, "natural": {"Bob": np.array([1.0])}}, [0.5], [1.0]
    )
    for panel, label, peak in ((panels[0], "Alice", 0.7), (panels[1], "Bob", 1.0), (panels[0], "start", 0.5)):
        x, y = line(panel, label).get_data()
        assert (x[0], x[-1]) == (-6, 6)
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-6)
        assert y.max() == pytest.approx(1 / (peak * np.sqrt(2 * np.pi)), rel=1e-6)
    assert line(panels[1], "target").get_linestyle() == ":"
    assert panels[0].get_ylabel() == "density"


def test_a_common_legend_names_what_the_first_sheet_shows():
    _, ax = plt.subplots(1, 2)
    ax[0].plot([0, 1], label="one")
    ax[1].plot([0, 1], label="other")
    covector.common_legend(ax, columns=1)
    (legend,) = ax[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one"]


def test_the_style_is_that_of_the_book_and_figures_are_vectors_without_a_date(monkeypatch):
    asked = []
    monkeypatch.setattr(inline, "set_matplotlib_formats", lambda *kinds, **options: asked.append((kinds, options)))
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    style.use_style()
    assert asked == []
    assert [mpl.rcParams[name] for name in ("font.size", "svg.hashsalt", "axes.grid")] == [10.5, "fisher", True]
    monkeypatch.setattr(IPython, "get_ipython", object)
    style.use_style()
    assert asked == [(("svg",), {"metadata": {"Date": None}, "facecolor": "white"})]
    monkeypatch.setitem(sys.modules, "IPython", None)  # not installed
    style.use_style()
    assert len(asked) == 1
