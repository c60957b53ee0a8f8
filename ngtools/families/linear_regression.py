"""Linear regression with known noise."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families.constants import exact, positive
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.regression import design, of_rows, outer, points, predictor, weights
from ngtools.families.support import Interval


def log_density(y, w, m, row, sigma):
    s = exact(sigma, m)
    return -m.log(s) - m.ratio(1, 2) * m.log(2 * m.pi) - (y - predictor(row, w, m)) ** 2 / (2 * s**2)


def fisher(w, m, row, sigma):
    return outer(row, 1 / exact(sigma, m) ** 2, m)


def kl(w0, w1, m, row, sigma):
    return (predictor(row, w0, m) - predictor(row, w1, m)) ** 2 / (2 * exact(sigma, m) ** 2)


EXAMPLE: dict[str, Any] = {"X": ((1.0, 0.5), (1.0, -1.25), (1.0, 2.0), (1.0, 0.25)), "sigma": 0.75}


def one_row(row, sigma) -> Family:
    known = {"row": row, "sigma": sigma}
    return Family(
        name="linear-regression",
        formulas=Formulas(partial(log_density, **known), partial(fisher, **known), partial(kl, **known)),
        chart_records=weights(len(row)),
        support=Interval(),
        law=Law("normal", map=lambda z, w, m: predictor(row, w, m) + exact(sigma, m) * z),
        constants={"X": (row,), "sigma": sigma},
        points=points(len(row)),
    )


def make(X: Any, sigma: Any = 1.0, allow_collinear: bool = False) -> Family:
    """y_i ~ N(x_i . w, sigma^2), independent, x_i the rows of X; the Fisher matrix is the total XᵀX/sigma^2."""
    matrix, sigma = design(X, allow_collinear), positive(sigma, "sigma")
    rows = tuple(one_row(tuple(row), sigma) for row in matrix.tolist())

    def distance(w0, w1, m):
        # the KL divergence is exactly half the squared distance
        return m.sqrt(2 * sum(kl(w0, w1, m, row, sigma) for row in matrix.tolist()))

    def draw(draws, w):
        return matrix @ draws.engine.vector(w) + draws.normal_vector(len(matrix)) * exact(sigma, draws.engine)

    return of_rows("linear-regression", rows, Interval(), draw, {"X": matrix, "sigma": sigma}, distance)
