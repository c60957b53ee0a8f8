"""The data that the figures of policies draw."""

import numpy as np
import pytest

from ngtools.plots import policies


def test_distances_fall_beside_a_line_that_does_not():
    ax = policies.trajectory_limits([1, 2], {"a": [1.0, 0.5], "b": [2.0, 1.0]}, joint=0.3)
    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 0.5], [2.0, 1.0], [0.3, 0.3]]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_probabilities_become_points_of_a_triangle():
    corners = policies.triangle(np.eye(3))
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    assert sides == pytest.approx([1, 1, 1])
    assert corners[:, 1].argmax() == 0
    assert corners[2, 0] > corners[1, 0]


def test_a_panel_for_each_flow_with_dots_at_equal_times():
    curve, dots = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]), np.array([[0.4, 0.4, 0.2]])
    left, right = policies.simplex_flows(
        {"gradient": [curve], "natural": [curve]}, {"gradient": [dots], "natural": [dots]}, ("x", "y", "z")
    )
    for ax in (left, right):
        assert ax.lines[1].get_xydata() == pytest.approx(policies.triangle(curve))
        assert ax.lines[3].get_xydata() == pytest.approx(policies.triangle(dots))
        assert [text.get_text() for text in ax.texts] == ["x", "y", "z"]


def test_regrets_and_their_reference():
    ax = policies.regret_curves([1, 10], {"gradient": [1, 0.1], "natural": [1, 1e-5]}, ("line", [0.5, 0.05]))
    assert [line.get_label() for line in ax.lines] == ["gradient", "natural", "line"]
    assert list(ax.lines[2].get_ydata()) == [0.5, 0.05]


def test_a_plateau_shows_reward_and_probability():
    flow = {"time": [0.1, 10.0], "reward": [1.0, 1.9], "rho_j": [0.1, 0.9]}
    left, right = policies.plateau({"gradient": flow})
    assert list(left.lines[0].get_ydata()) == [1.0, 1.9]
    assert list(right.lines[0].get_ydata()) == [0.1, 0.9]


def test_regulator_costs_by_kind_and_rescaling():
    ax = policies.regulator_costs({"gradient": {"1, 1": ([0.1, 1], [30, 20]), "10, 1": ([0.1, 1], [30, 25])}})
    assert [line.get_label() for line in ax.lines[:2]] == ["gradient, 1, 1", "gradient, 10, 1"]
    assert ax.lines[0].get_color() == ax.lines[1].get_color()
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_paths_in_the_plane_of_gain_and_spread():
    cost, path = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[-0.2, 0.9], [-0.6, 0.1]])
    drawn = policies.gain_plane([-1, 0], [0.1, 1], cost, {"gradient": [path], "natural": [path]}, best=-0.6)
    for ax in drawn:
        assert ax.lines[0].get_xdata() == [-0.6, -0.6]
        assert ax.lines[1].get_xydata().tolist() == path.tolist()
