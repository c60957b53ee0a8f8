"""The data that the figures of chapter 11 draw."""

import numpy as np

from ngtools.plots import approximations as figures


def test_empirical_curves_and_the_exact_line():
    w = np.linspace(0, 1, 3)
    ax = figures.empirical_curves(w, {"noise 1": w + 1, "noise 2": w + 2}, exact=1.0)
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [(w + 1).tolist(), (w + 2).tolist()]
    assert set(ax.lines[2].get_ydata()) == {1.0}


def test_fields_draw_unit_arrows_and_paths():
    grid = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    arrow = np.stack([3 * np.ones((2, 2)), 4 * np.ones((2, 2))])
    path = np.array([[0.0, 0], [1, 1]])
    panel, _ = figures.fields(grid, {"a": arrow, "b": arrow}, {"a": [path], "b": []}, [1.0, 1.0])
    quiver = panel.collections[0]
    np.testing.assert_allclose(np.hypot(quiver.U, quiver.V), 1)
    assert panel.lines[0].get_xydata().tolist() == path.tolist()


def test_matrices_draw_sizes_of_entries():
    matrix = np.array([[1.0, -0.5], [0.0, 2.0]])
    panels = figures.matrices({name: matrix for name in "abcd"}, [1])
    np.testing.assert_allclose(panels[0, 0].images[0].get_array(), [[1, 0.5], [2e-4, 2]])
    assert [panel.get_title() for panel in panels.flat] == list("abcd")


def test_block_norms_are_relative_to_the_diagonal_blocks():
    left, _ = figures.block_norms({"F": [[4.0, 1.0], [1.0, 1.0]], "inverse": np.eye(2)})
    assert [text.get_text() for text in left.texts] == ["1.00", "0.50", "0.50", "1.00"]


def test_second_moments_and_digits():
    ax = figures.second_moments([1, 10], {"start": [1.0, 0.1], "end": [0.5, 0.05]})
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [[1.0, 0.1], [0.5, 0.05]]
    panels = figures.digit_images(np.arange(256).reshape(4, 64), [7, 8, 9, 0])
    assert [panel.get_title() for panel in panels.flat] == ["7", "8", "9", "0"]


def test_training_scales_steps_to_milliseconds():
    curve = {"mean": [0.0, -1.0, -2.0], "low": [0.0, -1.1, -2.1], "high": [0.0, -0.9, -1.9]}
    by_steps, by_time = figures.training({"Adam": curve, "K-FAC": curve}, 5, {"Adam": 1e-3, "K-FAC": 4e-3}, 10, 30.0)
    assert by_steps.lines[0].get_xdata().tolist() == [0, 5, 10]
    assert by_time.lines[1].get_xdata().tolist() == [0, 20, 40]
    assert by_time.get_xlim() == (0, 30)
    assert by_steps.get_xlim() == (0, 10)
