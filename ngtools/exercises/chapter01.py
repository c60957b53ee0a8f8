"""Exercises of chapter 01: the problem with regular gradients."""

from __future__ import annotations

import numpy as np

from ngtools import descent, families
from ngtools.exercises.checker import Exercise, Mistake

SIGMA = 0.2


def bob_over_carol() -> float:
    """How many times farther Bob moves sigma than Carol, to first order, at sigma = 0.2 with one learning rate."""
    family = families.get("zero-mean-normal")
    bob = family.jacobian([SIGMA], to="variance")[0, 0]
    carol = family.jacobian([SIGMA], to="log-std")[0, 0]
    return (1 / bob**2) / (1 / carol**2)


def bob_over_carol_with_one_factor() -> float:
    family = families.get("zero-mean-normal")
    return float(family.jacobian([SIGMA], to="log-std")[0, 0] / family.jacobian([SIGMA], to="variance")[0, 0])


def bob_over_carol_upside_down() -> float:
    return 1 / bob_over_carol()


def alice_in_metres() -> float:
    """The factor on Alice's learning rate when she writes m/s for km/s and wants the same distributions."""
    family, unit = families.get("zero-mean-normal"), 1000.0
    slope = descent.chart_setting(family, descent.expected_log_likelihood(family, [80.0])).gradient(np.array([90.0]))
    in_metres = descent.expected_log_likelihood(family, [80.0 * unit])
    slope_in_metres = descent.chart_setting(family, in_metres).gradient(np.array([90.0 * unit]))
    return float(unit * slope[0] / slope_in_metres[0])


def alice_in_metres_step_only() -> float:
    return 1000.0


def alice_in_metres_unchanged() -> float:
    return 1.0


def alice_in_metres_upside_down() -> float:
    return 1 / alice_in_metres()


def dora(sigma: float, alpha: float, mean_square: float) -> float:
    """The standard deviation after one gradient step in the precision tau = 1/sigma^2."""
    tau = 1 / sigma**2
    slope = (1 / tau - mean_square) / 2
    return 1 / np.sqrt(tau + alpha * slope)


def dora_with_alices_gradient(sigma: float, alpha: float, mean_square: float) -> float:
    slope = -1 / sigma + mean_square / sigma**3
    return 1 / np.sqrt(1 / sigma**2 + alpha * slope)


def dora_who_descends(sigma: float, alpha: float, mean_square: float) -> float:
    return dora(sigma, -alpha, mean_square)


def dora_who_forgets_the_root(sigma: float, alpha: float, mean_square: float) -> float:
    return dora(sigma, alpha, mean_square) ** 2


EXERCISES = (
    Exercise(
        "bob_over_carol",
        "value",
        bob_over_carol,
        (
            Mistake(
                "one factor instead of two",
                bob_over_carol_with_one_factor,
                "the chart enters twice: once when the derivative is taken, once when the step is read as a change of sigma.",
            ),
            Mistake(
                "upside down",
                bob_over_carol_upside_down,
                "this is Carol over Bob.",
            ),
        ),
        "The ratio is 1/(4 sigma^4): at sigma = 2 it would be Carol who leaps.",
    ),
    Exercise(
        "alice_in_metres",
        "value",
        alice_in_metres,
        (
            Mistake(
                "only the step counted",
                alice_in_metres_step_only,
                "the step must grow by 1000, and the derivative shrinks by 1000 as well.",
            ),
            Mistake(
                "a learning rate has no unit",
                alice_in_metres_unchanged,
                "sigma is 1000 times larger and the slope 1000 times smaller; with the same rate she would crawl.",
            ),
            Mistake(
                "upside down",
                alice_in_metres_upside_down,
                "this takes her from metres to kilometres.",
            ),
        ),
        "Her learning rate carries the square of the unit of sigma; Carol's carries none.",
    ),
    Exercise(
        "dora",
        "function",
        dora,
        (
            Mistake(
                "derivative in another chart",
                dora_with_alices_gradient,
                "you added the derivative by sigma to tau. Dora needs the derivative by tau.",
            ),
            Mistake(
                "descent",
                dora_who_descends,
                "f is a mean log-likelihood: it is to be increased.",
            ),
            Mistake(
                "variance returned",
                dora_who_forgets_the_root,
                "1/tau is the variance. The question asks for sigma.",
            ),
        ),
        "A fourth chart and a fourth answer.",
        inputs=((2.0, 0.05, 1.0), (0.8, 0.1, 1.3), (1.5, 0.2, 0.7)),
    ),
)
