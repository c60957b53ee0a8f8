"""Exercises of chapter 09: the gap of a straight step, budgets, curvature."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools import families
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    KL_REVERSED,
    MISSING_HALF,
    UPSIDE_DOWN,
    WRONG_SIGN,
)

SIGMA, G_SIGMA = 3.0, -8 / 27


def _gap(first: float, second: float, half: float = 0.5) -> float:
    """-half h''/h' v^2 with v the natural gradient in sigma."""
    v = SIGMA**2 * G_SIGMA / 2
    return -half * second / first * v**2


def precision_gap() -> float:
    """The alpha^2 coefficient of sigma+ for a natural step in tau = 1/sigma^2,
    less that for a step in sigma."""
    return _gap(first=-2 / SIGMA**3, second=6 / SIGMA**4)


def precision_gap_without_the_half() -> float:
    return _gap(first=-2 / SIGMA**3, second=6 / SIGMA**4, half=1.0)


def precision_gap_with_the_wrong_sign() -> float:
    return -precision_gap()


def precision_gap_of_log_sigma() -> float:
    return _gap(first=1 / SIGMA, second=-1 / SIGMA**2)


def precision_gap_left_in_tau() -> float:
    """The second derivative alone, not divided by h': a change of tau, not of sigma."""
    return _gap(first=1.0, second=6 / SIGMA**4)


def flat_poisson(rate: float) -> float:
    """The coordinate s of the Poisson family with F = 1 everywhere, increasing,
    s(0) = 0."""
    return 2 * np.sqrt(rate)


def flat_poisson_without_the_factor(rate: float) -> float:
    return np.sqrt(rate)


def flat_poisson_logarithm(rate: float) -> float:
    return np.log(rate)


def flat_poisson_not_integrated(rate: float) -> float:
    """The root of F itself."""
    return 1 / np.sqrt(rate)


_U, _TAU = sp.symbols("u tau", positive=True)


def _spent(share: sp.Expr, reverse: bool = False) -> sp.Expr:
    """KL(old || new) in the precision, if the step takes away this share of
    tau; or KL(new || old)."""
    pair = ([_TAU], [_TAU * (1 - share)])
    first, second = pair[::-1] if reverse else pair
    family = families.get("zero-mean-normal")
    return sp.simplify(family.kl(first, second, "precision"))


def precision_cliff() -> sp.Expr:
    """KL(old || new) of a step of budget c that makes tau smaller: F = 1/(2
    tau^2), so Delta = -u tau, u = 2 sqrt(c)."""
    return _spent(_U)


def precision_cliff_reversed() -> sp.Expr:
    return _spent(_U, reverse=True)


def precision_cliff_without_the_half() -> sp.Expr:
    """The budget put on Delta^T F Delta."""
    return _spent(_U / sp.sqrt(2))


def precision_cliff_on_the_other_side() -> sp.Expr:
    return _spent(-_U)


_STRETCH, _S = sp.symbols("k sigma", positive=True)


def _gauss(A: sp.Expr, B: sp.Expr, root_B: sp.Expr) -> sp.Expr:
    """Gauss's formula for the curvature of A dmu^2 + B dsigma^2, if A and B
    depend on sigma only."""
    inner = sp.diff(sp.sqrt(A), _S) / root_B
    return sp.simplify(-sp.diff(inner, _S) / sp.sqrt(A * B))


def stretched_curvature() -> sp.Expr:
    """The curvature of (dmu^2 + k dsigma^2) / sigma^2."""
    B = _STRETCH / _S**2
    return _gauss(1 / _S**2, B, sp.sqrt(B))


def stretched_curvature_of_a_sphere() -> sp.Expr:
    return -stretched_curvature()


def stretched_curvature_with_one_root() -> sp.Expr:
    """The inner factor 1/sqrt(B) with the k forgotten."""
    return _gauss(1 / _S**2, _STRETCH / _S**2, 1 / _S)


def stretched_curvature_not_stretched() -> sp.Expr:
    return stretched_curvature().subs(_STRETCH, 1)


def stretched_curvature_upside_down() -> sp.Expr:
    return 1 / stretched_curvature()


EXERCISES = (
    Exercise(
        "precision_gap",
        "value",
        precision_gap,
        (
            MISSING_HALF.by(precision_gap_without_the_half),
            WRONG_SIGN.by(precision_gap_with_the_wrong_sign, "Going back to sigma subtracts the curvature of h."),
            ANOTHER_CHART.by(precision_gap_of_log_sigma, "It is Carol's gap."),
            Mistake(
                "a change of tau",
                precision_gap_left_in_tau,
                "you did not divide by h': this is how far tau is off, and sigma was asked for.",
            ),
        ),
        "Three times Carol's gap: 1/sigma^2 is bent more than log sigma.",
    ),
    Exercise(
        "flat_poisson",
        "function",
        flat_poisson,
        (
            Mistake(
                "the factor of the root",
                flat_poisson_without_the_factor,
                "constant, but the information about it is 4. The length element is d(rate)/sqrt(rate).",
            ),
            Mistake(
                "logarithm of the rate",
                flat_poisson_logarithm,
                "log(rate) is the natural parameter, and the information about it is the rate itself. Integrate sqrt(F), not F.",
            ),
            Mistake(
                "the speed, not the coordinate",
                flat_poisson_not_integrated,
                "this is sqrt(F), the speed of the coordinate: ds/d(rate). Integrate it.",
            ),
        ),
        "The variance-stabilising root of count data is this coordinate.",
        inputs=((0.25,), (1.0,), (7.0,)),
        hint="Integrate sqrt(F) = rate^(-1/2) from 0.",
    ),
    Exercise(
        "precision_cliff",
        "formula",
        precision_cliff,
        (
            KL_REVERSED.by(precision_cliff_reversed, "It is the cliff of the variance that shrinks."),
            MISSING_HALF.by(precision_cliff_without_the_half, "The budget is on ½ΔᵀFΔ."),
            Mistake(
                "growing for shrinking",
                precision_cliff_on_the_other_side,
                "here the precision grows and the distribution becomes narrower.",
            ),
        ),
        "It has the same cliff at c = 1/4, reached from the other side: only the logarithm blows up.",
    ),
    Exercise(
        "stretched_curvature",
        "formula",
        stretched_curvature,
        (
            WRONG_SIGN.by(stretched_curvature_of_a_sphere, "A positive curvature is that of a sphere."),
            Mistake(
                "a factor used once",
                stretched_curvature_with_one_root,
                "the factor k enters Gauss's formula twice, under each of the two roots that contain B.",
            ),
            Mistake(
                "stretching thought harmless",
                stretched_curvature_not_stretched,
                "that is the curvature for k = 1. Rescaling mu would undo the stretch only with a factor on the whole metric.",
            ),
            UPSIDE_DOWN.by(stretched_curvature_upside_down),
        ),
        "Every location-scale family with an even density has this form up to a factor, so none of them is flat.",
        hint="Put A = 1/sigma^2 and B = k/sigma^2 into the formula of the proof.",
    ),
)
