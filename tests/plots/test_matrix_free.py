"""What the figures of chapter 10 draw is what they were given."""

from __future__ import annotations

import numpy as np

from ngtools.plots import matrix_free


def lines(ax):
    return {one.get_label(): one.get_xydata() for one in ax.lines}


def test_errors_by_step():
    drawn = lines(matrix_free.errors_by_step([1.0, 0.5], [1.0, 1.2], [2.0, 1.0]))
    np.testing.assert_array_equal(drawn["energy error"], [[0, 1], [1, 0.5]])
    np.testing.assert_array_equal(drawn["residual (Euclidean)"], [[0, 1], [1, 1.2]])
    np.testing.assert_array_equal(drawn["Chebyshev bound of the energy error"], [[0, 2], [1, 1]])


def test_steps_by_condition():
    ax = matrix_free.steps_by_condition([3.0, 10.0], {"even": [5, 9], "clustered": [4, 4]}, [8.0, 30.0])
    drawn = lines(ax)
    np.testing.assert_array_equal(drawn["even"], [[3, 5], [10, 9]])
    np.testing.assert_array_equal(drawn["bound ½ √κ log(2/ε)"], [[3, 8], [10, 30]])
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_by_damping():
    left, right = matrix_free.by_damping({"0": [1.0, 0.5]}, {"0": [1.0, 0.7]})
    np.testing.assert_array_equal(lines(left)["0"][:, 1], [1.0, 0.7])
    np.testing.assert_array_equal(lines(right)["0"][:, 1], [1.0, 0.5])
    assert (left.get_title(), right.get_title()) == ("residual", "energy error")


def test_damped_steps():
    drawn = lines(matrix_free.damped_steps([0.1, 1.0], {"length": [0.9, 0.2]}))
    np.testing.assert_array_equal(drawn["length"], [[0.1, 0.9], [1.0, 0.2]])


def test_chart_gap_leaves_out_the_start():
    drawn = lines(matrix_free.chart_gap({"one": [1.0, 0.5], "two": [1.0, 0.6]}, [0.0, 0.3]))
    np.testing.assert_array_equal(drawn["error, two"], [[0, 1], [1, 0.6]])
    np.testing.assert_array_equal(drawn["distance between the two"], [[1, 0.3]])


def test_costs_draw_the_medians_and_name_the_exponents():
    seconds = {"form": [[1.0, 2.0, 3.0], [4.0, 8.0, 9.0]]}
    ax = matrix_free.costs([100, 200], seconds, {"form": 2.0})
    np.testing.assert_array_equal(lines(ax)["form: d^2.0"], [[100, 2], [200, 8]])
    assert len(ax.collections) == 1
