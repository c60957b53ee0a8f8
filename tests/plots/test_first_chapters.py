"""What the figures of chapters 01 and 02 draw is what they were given."""

from __future__ import annotations

import numpy as np

from ngtools.geometry import globe, sphere
from ngtools.plots import covector, directions, earth, fitting


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_gaussian_pairs_draw_both_densities_of_each_pair():
    x = np.linspace(-1, 1, 5)
    panels = fitting.gaussian_pairs(x, [(x, 2 * x), (3 * x, 4 * x)], ("a", "b"))
    drawn = [[one.get_ydata() for one in panel.lines] for panel in panels]
    np.testing.assert_array_equal(drawn, [[x, 2 * x], [3 * x, 4 * x]])
    assert [panel.get_title() for panel in panels] == ["a", "b"]
    assert panels[1].get_xlabel() == "x"
    assert panels[0].get_ylabel() == "density"


def test_fitted_runs_mark_the_run_that_left():
    ax = fitting.fitted_runs({"A": np.array([3.0, 2.0]), "B": np.array([3.0, 1.0, 0.5])}, 1.5, "sd", left=["B"])
    np.testing.assert_array_equal(line(ax, "B").get_ydata(), [3.0, 1.0, 0.5])
    crosses = [one.get_xydata()[0].tolist() for one in ax.lines if one.get_marker() == "x"]
    assert crosses == [[2.0, 0.5]]
    assert line(ax, "maximum of the likelihood").get_ydata()[0] == 1.5
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "sd")


def test_densities_say_who_is_missing():
    x = np.linspace(-1, 1, 5)
    ax = fitting.densities_along(x, [0.1, 0.2], {"step 0": {"A": x, "B": x}, "step 1": {"A": 2 * x, "B": None}}, "r")
    assert [len(panel.lines) for panel in ax.flat] == [2, 1]
    assert [text.get_text() for text in ax.flat[1].texts] == ["B: left the domain"]
    assert ax.flat[0].get_xlabel() == "r"


def test_steps_against_rate_crosses_what_never_settles():
    ax = fitting.steps_against_rate({"A": ([0.1, 1.0, 10.0], [8, 3, np.nan])}, 50)
    np.testing.assert_array_equal(line(ax, "A").get_ydata(), [8, 3, np.nan])
    crosses = [one.get_xdata().tolist() for one in ax.lines if one.get_marker() == "x"]
    assert crosses == [[10.0]]
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_directions_have_one_length_on_paper():
    ax = directions.directions({"a": [3.0, 4.0], "b": [0.0, -0.1]}, [1.0, 1.0], 0.5, ("x", "y"))
    np.testing.assert_allclose(line(ax, "a").get_xydata(), [[1.0, 1.0], [1.3, 1.4]])
    np.testing.assert_allclose(line(ax, "b").get_xydata(), [[1.0, 1.0], [1.0, 0.5]])


def test_step_and_paths_draw_paths_to_the_target():
    path = np.array([[0.0, 1.0], [1.0, 2.0]])
    ax = directions.step_and_paths({"a": [1.0, 0.0]}, [0.0, 0.0], {"a": path}, (1.0, 2.0))
    np.testing.assert_array_equal(line(ax[1], "a").get_xydata(), path)
    stars = [one.get_xydata()[0].tolist() for one in ax[1].lines if one.get_marker() == "*"]
    assert stars == [[1.0, 2.0]]


def test_contour_lines_of_a_covector_are_its_level_sets():
    left, _ = covector.two_sheets(sphere.LATITUDE_LONGITUDE, sphere.STEREOGRAPHIC)
    assert (left.get_xlabel(), left.get_ylabel()) == ("change of longitude", "change of latitude")
    g, v = np.array([0.7, 0.3]), np.array([0.1, 0.2])
    covector.covector_and_arrows(left, g, {"v": v}, spacing=0.05, size=0.3, ball=np.eye(2))
    (contours,) = left.collections
    np.testing.assert_allclose(contours.levels / 0.05, np.round(contours.levels / 0.05), atol=1e-9)
    for level, path in zip(contours.levels, contours.get_paths()):
        np.testing.assert_allclose(path.vertices @ g, level, atol=1e-9)
    np.testing.assert_array_equal(line(left, "v").get_xydata()[-1], v)


def test_charts_of_the_earth_draw_every_place_where_the_chart_puts_it():
    sheets = globe.sheet(sphere.LATITUDE_LONGITUDE), globe.sheet(sphere.STEREOGRAPHIC)
    upper, lower = earth.two_charts(*sheets)
    for ax, sheet, order in ((upper, sheets[0], [1, 0]), (lower, sheets[1], [0, 1])):
        dots = [one.get_xydata()[0] for one in ax.lines if one.get_marker() == "o"]
        np.testing.assert_allclose(dots, [place[order] for place in sheet.places.values()])
        assert len(ax.texts) == len(globe.PLACES)
    assert upper.get_xlabel() == "longitude (rad)"


def test_arrows_and_paths_on_the_globe_are_drawn_as_given():
    curve = np.stack([np.linspace(0, 0.5, 9), np.zeros(9)])
    ax = earth.arrows_on_globe(globe.view(45, 20), {"north": curve})
    np.testing.assert_array_equal(line(ax, "north").get_xydata().T, curve)
    ax = earth.paths_on_globe(globe.view(45, 20), {"way": curve}, places=("Oslo",))
    np.testing.assert_array_equal(line(ax, "way").get_xydata().T, curve)
    assert [text.get_text() for text in ax.texts] == ["Oslo"]
