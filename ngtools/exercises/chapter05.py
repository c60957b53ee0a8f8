"""Exercises of chapter 05: closed forms, derived and carried between charts."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools import families, fisher, symbolic
from ngtools.exercises.checker import Exercise, Mistake

SCALE, SQUARE = sp.Symbol("s", positive=True), sp.Symbol("v", positive=True)


def squared_scale() -> sp.Expr:
    """The information of a Rayleigh distribution about v = s^2, from its density in v."""
    x = sp.Symbol("x")
    log_density = sp.log(x) - sp.log(SQUARE) - x**2 / (2 * SQUARE)
    return symbolic.fisher_of(log_density, x, SQUARE, (0, sp.oo))[0, 0]


def _from_scale(jacobian: sp.Expr) -> sp.Expr:
    F = symbolic.fisher(families.get("rayleigh"))[0, 0]
    return (F * jacobian).subs(SCALE, sp.sqrt(SQUARE))


def scale_read_as_its_square() -> sp.Expr:
    return symbolic.fisher(families.get("rayleigh"))[0, 0].subs(SCALE, SQUARE)


def value_only() -> sp.Expr:
    return _from_scale(sp.S.One)


def one_jacobian() -> sp.Expr:
    return _from_scale(1 / (2 * SCALE))


def jacobian_the_wrong_way() -> sp.Expr:
    return _from_scale((2 * SCALE) ** 2)


CHOICES = ("nothing", "less than half", "more than half")


def _lost(chart: str, index: int) -> str:
    """The share of the information on one coordinate that is lost because the other is unknown, in words."""
    family = families.get("gamma")
    F = fisher.stated(family, family.convert([2.3, 1.4], to=chart), chart)
    share = 1 - 1 / (F[index, index] * np.linalg.inv(F)[index, index])
    return CHOICES[0] if share < 1e-12 else CHOICES[1 + (share > 0.5)]


def mean_with_unknown_shape() -> str:
    """What a gamma's mean loses when its shape is unknown."""
    return _lost("shape-mean", 1)


EXERCISES = (
    Exercise(
        "squared_scale",
        "formula",
        squared_scale,
        (
            Mistake(
                "scale read as its square",
                scale_read_as_its_square,
                "this is 4/s² with v written for s. The letter changed and the chart did not.",
            ),
            Mistake(
                "value carried without a Jacobian",
                value_only,
                "this is the information about s, at s = √v. The information about v is another number.",
            ),
            Mistake(
                "one Jacobian instead of two",
                one_jacobian,
                "a gradient takes one factor dv/ds = 2s; the information is a metric and takes two.",
            ),
            Mistake(
                "Jacobian in the wrong direction",
                jacobian_the_wrong_way,
                "v moves 2s times as fast as s, so that one unit of v is less of a change: divide by (2s)².",
            ),
        ),
        "v is a scale parameter too, of x², and a positive scale parameter has information C/v²: here C = 1.",
        hint="Differentiate the log density in v, or divide 4/s² by (dv/ds)² and write it in v.",
    ),
    Exercise(
        "mean_with_unknown_shape",
        "prediction",
        mean_with_unknown_shape,
        (
            Mistake(
                "mean read as a rate",
                lambda: _lost("shape-rate", 1),
                "that is the rate, whose score goes with that of the shape. Look up the row shape-mean.",
            ),
        ),
        "Mean and shape are orthogonal: F is diagonal in this chart, and the other coordinate costs nothing.",
        choices=CHOICES,
        hint="Compare 1/[F⁻¹]_22 with F_22 in the chart shape-mean.",
    ),
)
