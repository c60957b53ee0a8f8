"""The data that the figures of divergences, coarsening and the half plane draw."""

import numpy as np

from ngtools.plots.coarsening import kept
from ngtools.plots.divergence import balls, parabola, remainders
from ngtools.plots.half_plane import half_plane


def test_parabola_draws_three_labelled_curves():
    x = np.linspace(-1, 1, 5)
    ax = parabola(x, x**2, 2 * x**2, 3 * x**2, xlabel="step")
    assert [line.get_ydata().tolist() for line in ax.lines] == [(k * x**2).tolist() for k in (1, 2, 3)]
    assert ax.get_xlabel() == "step"
    assert len({line.get_linestyle() for line in ax.lines}) == 3


def test_remainders_are_absolute_and_carry_their_slopes():
    s = np.array([0.1, 0.2])
    ax = remainders(s, {"old-new": -(s**3), "x": s**4}, {"old-new": 3.0, "x": 4.0})
    assert ax.lines[0].get_ydata().tolist() == (s**3).tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["KL(old || new): 3.00", "x: 4.00"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_balls_draws_level_set_and_ellipse_of_each_radius_in_each_panel():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 0]])
    left, right = balls({"old-new": {0.1: (square, 2 * square)}, "new-old": {0.1: (3 * square, 2 * square)}}, [0, 0])
    assert left.lines[0].get_xydata().tolist() == square.tolist()
    assert left.lines[1].get_xydata().tolist() == (2 * square).tolist()
    assert right.lines[0].get_xydata().tolist() == (3 * square).tolist()
    assert (left.get_title(), right.get_title()) == ("KL(old || new) = c", "KL(new || old) = c")


def test_half_plane_draws_the_first_geodesic_thick_and_marks_points():
    one, two = np.array([[0.0, 1], [1, 1.2]]), np.array([[0.0, 1], [0, 2]])
    ax = half_plane([one, two], straight=one, marks={"p": [0.0, 1.0]})
    assert ax.lines[0].get_xydata().tolist() == one.tolist()
    assert ax.lines[0].get_linewidth() > ax.lines[1].get_linewidth()
    assert ax.lines[2].get_linestyle() == "--"
    assert [text.get_text() for text in ax.texts] == ["p"]


def test_kept_draws_each_curve():
    ax = kept([0.0, 1.0], {"two": [0.6, 0.5], "three": [0.6, 0.8]}, xlabel="cut")
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [[0.6, 0.5], [0.6, 0.8]]
