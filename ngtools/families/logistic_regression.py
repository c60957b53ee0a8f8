"""Logistic regression."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families import bernoulli
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.regression import design, of_rows, outer, points, predictor, weights
from ngtools.families.support import Integers


def log_density(y, w, m, row):
    return bernoulli.log_density(y, (predictor(row, w, m),), m)


def fisher(w, m, row):
    eta = predictor(row, w, m)
    return outer(row, m.sigmoid(eta) * m.sigmoid(-eta), m)


def kl(w0, w1, m, row):
    return bernoulli.kl((predictor(row, w0, m),), (predictor(row, w1, m),), m)


EXAMPLE: dict[str, Any] = {"X": ((1.0, 0.5), (1.0, -1.25), (1.0, 2.0), (1.0, 0.25))}


def one_row(row) -> Family:
    return Family(
        name="logistic-regression",
        formulas=Formulas(partial(log_density, row=row), partial(fisher, row=row), partial(kl, row=row)),
        chart_records=weights(len(row)),
        support=Integers(0, 1),
        law=Law("finite"),
        draw=lambda draws, w: draws.binomial(1, draws.engine.sigmoid(predictor(row, w, draws.engine))),
        constants={"X": (row,)},
        points=points(len(row)),
    )


def make(X: Any, allow_collinear: bool = False) -> Family:
    """y_i ~ Bernoulli with logit x_i . w, independent; the Fisher matrix is the total over the rows of X."""
    matrix = design(X, allow_collinear)
    rows = tuple(one_row(tuple(row)) for row in matrix.tolist())

    def draw(draws, w):
        return draws.binomial(1, draws.engine.sigmoid(matrix @ draws.engine.vector(w)))

    return of_rows("logistic-regression", rows, Integers(0, 1), draw, {"X": matrix})
