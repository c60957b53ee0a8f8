"""What the regressions share: a checked design, rows that are families of their own, and sums over them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ngtools.engines import Engine
from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import exact
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers, Interval, Vector

__all__ = ["design", "of_rows", "outer", "points", "predictor", "weights"]


def points(d: int) -> tuple[tuple[float, ...], ...]:
    """Two generic vectors of weights, where the tests look."""
    return tuple(tuple(sign * (0.3 - i) for i in range(d)) for sign in (1.0, -0.5))


def design(X: Any, allow_collinear: bool = False) -> np.ndarray:
    """Return X as a matrix of finite numbers, one row an observation; raise where its columns are dependent."""
    matrix = np.array(X, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"X must be a matrix, one row an observation (got shape {matrix.shape})")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"X contains {matrix[row, column]} at row {row}, column {column}")
    _, sizes, right = np.linalg.svd(matrix)
    # the usual threshold of numerical rank
    rank = int((sizes > sizes[0] * max(matrix.shape) * np.finfo(np.float64).eps).sum())
    if rank < matrix.shape[1] and not allow_collinear:
        null = right[-1] * np.sign(right[-1][np.abs(right[-1]).argmax()])
        raise ValueError(
            f"X has dependent columns: the Fisher matrix is singular, rank {rank} of {matrix.shape[1]}; null direction "
            f"v = {[float(entry) for entry in null.round(4) + 0.0]}; drop a column, or pass allow_collinear=True and "
            "use the minimum-norm step or damping"
        )
    matrix.flags.writeable = False
    return matrix


def predictor(row: Sequence[float], w: Sequence[Any], m: Engine) -> Any:
    """Return the linear predictor, the inner product of a row with the weights."""
    return sum(exact(entry, m) * weight for entry, weight in zip(row, w))


def outer(row: Sequence[float], information: Any, m: Engine) -> Any:
    """Return information times row rowᵀ."""
    entries = [exact(entry, m) for entry in row]
    return m.matrix([[a * b * information for b in entries] for a in entries])


def weights(d: int) -> tuple[Chart, ...]:
    """Return the one chart of a regression."""
    return (Chart("weights", tuple(Parameter(f"w{i}") for i in range(1, d + 1))),)


def of_rows(
    name: str,
    rows: tuple[Family, ...],
    each: Interval | Integers,
    draw: Callable[[Any, Any], Any],
    constants: Mapping[str, Any],
    distance: Callable[..., Any] | None = None,
) -> Family:
    """Return the family of all rows: an observation is the vector y of every row's answer."""

    def log_density(y, w, m):
        return sum(row.formulas.log_density(m.component(y, i), w, m) for i, row in enumerate(rows))

    def fisher(w, m):
        return reduce(operator.add, [row.formulas.fisher(w, m) for row in rows])

    def kl(w0, w1, m):
        return sum(row.formulas.kl(w0, w1, m) for row in rows)  # type: ignore[misc]  # every row states one

    charts = weights(rows[0].dimension())
    return Family(
        name=name,
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=charts,
        support=Vector(len(rows), each),
        law=Law("rows"),
        draw=draw,
        constants=constants,
        rows=rows,
        points=rows[0].points,
    )
