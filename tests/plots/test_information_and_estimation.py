"""What the figures of chapter 03 draw, as data."""

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pytest

from ngtools.plots import estimation, information


def line_data(ax):
    return [np.stack(line.get_data()) for line in ax.get_lines()]


def test_nudged_pairs_draw_both_densities_in_each_panel():
    x = np.linspace(-1, 1, 5)
    axs = information.nudged_pairs(x, [(x**2, x**2 + 1), (x, x + 2)], ["left", "right"])
    assert [ax.get_title() for ax in axs] == ["left", "right"]
    assert axs[1].get_ylabel() == ""
    assert line_data(axs[1])[1][1] == pytest.approx(x + 2)


def test_score_histogram_marks_mean_and_deviation():
    ax = information.score_histogram(np.linspace(-1, 3, 500), 0.1, 0.7)
    assert [line[0][0] for line in line_data(ax)] == pytest.approx([0.1, -0.6, 0.8])
    assert sum(patch.get_height() * patch.get_width() for patch in ax.patches) == pytest.approx(1)


def test_errors_are_drawn_on_logarithmic_axes():
    ax = information.error_against_size([10, 100], [0.3, 0.1], [0.31, 0.098])
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert line_data(ax)[1][1] == pytest.approx([0.3, 0.1])


def test_eigenvalue_rows_put_the_first_label_on_top():
    ax = information.eigenvalue_rows(["a", "b"], [[2.0, 1.0], [3.0, 30.0]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert list(ax.get_yticks()) == [1, 0]
    assert line_data(ax)[0] == pytest.approx(np.array([[1, 2], [1, 1]]))


def test_estimator_cloud_draws_points_ellipses_and_interval():
    points, curve = np.ones((2500, 2)), np.array([[0.0, 0.5], [2.0, 1.0], [0.0, 0.5]])
    ax = estimation.estimator_cloud(points, [1, 2], curve, curve + 1, 0.5, ("k", "b"))
    assert len(ax.collections[0].get_offsets()) == 2500
    assert ax.collections[0].get_rasterized()
    assert line_data(ax)[2] == pytest.approx(np.array([[0.5, 1.5], [2, 2]]))
    assert line_data(ax)[3] == pytest.approx(np.array([[0, 2], [0.5, 0.5]]))  # the shadow
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("k", "b")


def test_scaled_variances_and_rates_draw_what_they_get():
    ax = estimation.scaled_variances([1, 2], [("one", [0.4, 0.5])], 0.5, ([1], [0.41], [0.01]))
    assert line_data(ax)[0][1] == pytest.approx([0.5, 0.5])
    assert line_data(ax)[1][1] == pytest.approx([0.4, 0.5])
    assert ax.containers[0].lines[0].get_data()[1] == pytest.approx([0.41])
    ax = estimation.variance_rates([1, 10], [("exact", [1, 0.01])], [1.1, 0.011])
    assert line_data(ax)[1][1] == pytest.approx([1.1, 0.011])


def test_iteration_errors_count_steps_from_zero():
    ax = estimation.iteration_errors([("scoring", [1, 0.1, 0.01]), ("Newton", [1, 0.01])])
    assert line_data(ax)[0][0] == pytest.approx([0, 1, 2])
    assert ax.get_yscale() == "log"
