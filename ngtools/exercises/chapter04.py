"""Exercises of chapter 04: the divergence, its direction and its expansion."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from ngtools import families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    KL_REVERSED,
    VARIANCE_FOR_SIGMA,
    WRONG_SIGN,
)
from ngtools.geometry.kl_remainder import kl_remainder, slope


def kl_widening() -> float:
    """KL(N(0, 1) || N(0, 4)) in nats; the family wants standard deviations."""
    return float(families.get("zero-mean-normal").kl([1.0], [2.0]))


def kl_widening_reversed() -> float:
    return float(families.get("zero-mean-normal").kl([2.0], [1.0]))


def kl_widening_variance_read_as_std() -> float:
    return float(families.get("zero-mean-normal").kl([1.0], [4.0]))


def kl_widening_in_bits() -> float:
    return kl_widening() / math.log(2)


def kl_widening_quadratic() -> float:
    return float(fisher.stated(families.get("zero-mean-normal"), [1.0])[0, 0]) / 2


def _power(kind: str, subtract: bool = True) -> str:
    """The power of the step with which a remainder of the Poisson divergence shrinks, measured at rate 2."""
    sizes, poisson = np.array([0.01, 0.02, 0.04, 0.08]), families.get("poisson")
    left = np.asarray(kl_remainder(poisson, [2.0], [1.0], sizes, kind))
    if not subtract:
        left = left + sizes**2 * poisson.fisher([2.0])[0, 0] / 2
    return str(round(slope(sizes, left)))


def jeffreys_order() -> str:
    """The measured power for half of Jeffreys' divergence."""
    return _power("symmetrised")


def jeffreys_order_averaged_over_signs() -> str:
    return _power("averaged over signs")


def jeffreys_order_nothing_subtracted() -> str:
    return _power("symmetrised", subtract=False)


_B, _EPS = sp.symbols("b epsilon", positive=True)


def _cubic(divergence: sp.Expr) -> sp.Expr:
    """The coefficient of epsilon^3."""
    return sp.simplify(sp.diff(divergence, _EPS, 3).subs(_EPS, 0) / 6)


def cubic_exponential() -> sp.Expr:
    """The coefficient of epsilon^3 in KL(b || b + epsilon) between exponential
    distributions with these rates."""
    return _cubic(families.get("exponential").kl([_B], [_B + _EPS]))


def cubic_exponential_reversed() -> sp.Expr:
    return _cubic(families.get("exponential").kl([_B + _EPS], [_B]))


def cubic_exponential_as_a_derivative() -> sp.Expr:
    return 6 * cubic_exponential()


def cubic_exponential_with_the_other_sign() -> sp.Expr:
    return -cubic_exponential()


def cubic_exponential_symmetrised() -> sp.Expr:
    return (cubic_exponential() + cubic_exponential_reversed()) / 2


SIDES = ("towards narrower", "towards wider", "equally far in both")


def _reach(direction: str) -> tuple[float, float]:
    """How far log sigma can go down and up from 0 when the divergence may be
    1/4 nat."""
    family = families.get("zero-mean-normal")

    def spent(omega: float) -> float:
        if direction == "quadratic model":
            return omega**2 * float(family.fisher([0.0], "log-std")[0, 0]) / 2
        pair = ([1.0], [math.exp(omega)])
        return float(family.kl(*pair if direction == "old-new" else pair[::-1]))

    down = brentq(lambda omega: spent(omega) - 0.25, -5.0, -1e-9)
    up = brentq(lambda omega: spent(omega) - 0.25, 1e-9, 5.0)
    return -float(down), float(up)


def _side(direction: str) -> str:
    down, up = _reach(direction)
    return SIDES[2] if abs(down - up) < 1e-9 else SIDES[int(up > down)]


def further_side() -> str:
    """On which side a budget of 1/4 nat of KL(new || old) reaches further from N(0, 1), measured by log sigma."""
    return _side("new-old")


def further_side_reversed() -> str:
    return _side("old-new")


def further_side_in_the_model() -> str:
    return _side("quadratic model")


def reach_measured() -> str:
    down, up = _reach("new-old")
    return f"Log sigma reaches {down:.3f} down and {up:.3f} up."


EXERCISES = (
    Exercise(
        "kl_widening",
        "value",
        kl_widening,
        (
            KL_REVERSED.by(kl_widening_reversed, "Here the first distribution is the narrow one."),
            VARIANCE_FOR_SIGMA.by(kl_widening_variance_read_as_std),
            Mistake("bits", kl_widening_in_bits, "this is in bits. Nats use the natural logarithm."),
            Mistake(
                "quadratic form for the divergence",
                kl_widening_quadratic,
                "this is the quadratic form at a step of 1 in sigma. The step is not small; use the divergence itself.",
            ),
        ),
        "The quadratic form would say 1 nat: the step is far from small, and widening is the cheap direction.",
        hint="The closed form at the head of the chapter takes standard deviations; the means are equal.",
    ),
    Exercise(
        "jeffreys_order",
        "prediction",
        jeffreys_order,
        (
            Mistake(
                "symmetrised means even",
                jeffreys_order_averaged_over_signs,
                "exchanging the arguments is not changing the sign of the step.",
            ),
            Mistake(
                "quadratic term left in",
                jeffreys_order_nothing_subtracted,
                "the quadratic term is subtracted exactly; what is left starts at a higher power.",
            ),
        ),
        "A quarter of the slope of F stays, and 1/rate has a slope.",
        choices=("2", "3", "4"),
    ),
    Exercise(
        "cubic_exponential",
        "formula",
        cubic_exponential,
        (
            KL_REVERSED.by(cubic_exponential_reversed),
            Mistake(
                "derivative for coefficient",
                cubic_exponential_as_a_derivative,
                "this is the third derivative. The coefficient of a cube in Taylor's formula is a sixth of it.",
            ),
            WRONG_SIGN.by(cubic_exponential_with_the_other_sign, "Which of the two steps, up or down, is the dearer?"),
            Mistake(
                "directions averaged",
                cubic_exponential_symmetrised,
                "this is the coefficient of half of Jeffreys' divergence. The question is about one direction.",
            ),
        ),
        "The other direction has twice this coefficient: the rate is, up to sign, a natural parameter.",
        hint="With u = epsilon/b the divergence is u - log(1 + u). Expand it.",
    ),
    Exercise(
        "further_side",
        "prediction",
        further_side,
        (
            KL_REVERSED.by(further_side_reversed, "The budget is on KL(new || old)."),
            Mistake(
                "model for the divergence",
                further_side_in_the_model,
                "the quadratic model says so, in the one chart in which it is the same everywhere. The divergence has "
                "a cubic term.",
            ),
        ),
        "A budget in the other direction is lopsided the other way: constrain one and you get cautious where the "
        "other is bold.",
        choices=SIDES,
        measured=reach_measured,
    ),
)
