"""Poisson regression with a logarithmic link."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.regression import design, of_rows, outer, points, predictor, weights
from ngtools.families.support import Integers


def log_density(y, w, m, row):
    eta = predictor(row, w, m)
    return y * eta - m.exp(eta) - m.loggamma(y + 1)


def fisher(w, m, row):
    return outer(row, m.exp(predictor(row, w, m)), m)


def kl(w0, w1, m, row):
    eta0, eta1 = predictor(row, w0, m), predictor(row, w1, m)
    return m.exp(eta0) * (eta0 - eta1) - m.exp(eta0) + m.exp(eta1)


EXAMPLE: dict[str, Any] = {"X": ((1.0, 0.5), (1.0, -1.25), (1.0, 2.0), (1.0, 0.25))}


def law(row) -> Law:
    return Law(
        "counting",
        details={
            "ratio": lambda w, m: (m.exp(predictor(row, w, m)), 0),
            "generating": lambda u, w, m: m.exp(m.exp(predictor(row, w, m)) * (u - 1)),
        },
    )


def one_row(row) -> Family:
    return Family(
        name="poisson-regression",
        formulas=Formulas(partial(log_density, row=row), partial(fisher, row=row), partial(kl, row=row)),
        chart_records=weights(len(row)),
        support=Integers(0),
        law=law(row),
        draw=lambda draws, w: draws.poisson(draws.engine.exp(predictor(row, w, draws.engine))),
        constants={"X": (row,)},
        points=points(len(row)),
    )


def make(X: Any, allow_collinear: bool = False) -> Family:
    """y_i ~ Poisson with rate exp(x_i . w), independent; the Fisher matrix is the total over the rows of X."""
    matrix = design(X, allow_collinear)
    rows = tuple(one_row(tuple(row)) for row in matrix.tolist())

    def draw(draws, w):
        return draws.poisson(draws.engine.exp(matrix @ draws.engine.vector(w)))

    return of_rows("poisson-regression", rows, Integers(0), draw, {"X": matrix})
