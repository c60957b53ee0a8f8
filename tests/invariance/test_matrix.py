"""The table of orders: which rows, which columns, and what is asked of their names."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools import experiments, invariance
from ngtools.experiments import invariance_matrix

STORED = experiments.load("invariance_matrix")["results"]["cells"]


def test_a_column_without_a_map_does_not_end_the_table():
    table = invariance.matrix(("gradient",), ("another-network", "orthogonal"))
    assert table.kinds() == [["not defined", "exact"]]
    assert dict(table.columns) == {"another-network": "another network", "orthogonal": "orthogonal"}
    assert "tangent spaces differ" in table["gradient", "another-network"].reason


def test_the_maps_that_are_linear_as_the_study_has_stored_them():
    """The coefficients of the gradient and of a diagonal belong to these maps and no others."""
    table = invariance.matrix(("gradient", "diagonal"), ("orthogonal", "affine"))
    for row in table.rows:
        for column in table.columns:
            cell, stored = table[row, column], STORED[row][column]
            assert cell.kind == stored["kind"]
            if "coefficient" in stored:
                assert cell.coefficient == pytest.approx(stored["coefficient"], rel=invariance_matrix.TOLERANCE)


def test_the_name_that_comes_nearest():
    with pytest.raises(ValueError, match="no change of coordinates 'digonal'; did you mean 'diagonal'"):
        invariance.matrix(("gradient",), ("digonal",))
    with pytest.raises(ValueError, match=r"no change of coordinates 'x'; known: orthogonal, diagonal, affine"):
        invariance.matrix(("gradient",), ("x",))


def test_a_column_of_one_s_own():
    stretch = invariance.affine("stretch", "twice", 2 * np.eye(2))
    table = invariance.matrix(("natural-euler",), (stretch,))
    assert table.kinds() == [["exact"]]
    assert dict(table.columns) == {"stretch": "twice"}


def test_a_row_of_another_table_is_taken_once():
    kept, lost = invariance.Order(2.0, 0.01, 0.5, "order 1"), invariance.not_defined("why")
    first = invariance.Matrix(("a", "b"), {"x": "X"}, {("a", "x"): kept, ("b", "x"): lost})
    second = invariance.Matrix(("b", "c"), {"y": "Y"}, {("b", "y"): kept, ("c", "y"): kept})
    both = first.stack(second)
    assert both.rows == ("a", "b", "c")
    assert both.kinds() == [["order 1", "not defined"], ["not defined", "order 1"], ["not defined", "order 1"]]
    assert both["a", "y"].reason == "this row's setting has no such change of coordinates"
    assert both["b", "x"].reason == "why"
