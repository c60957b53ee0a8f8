"""Exercises of chapter 09: finite steps."""

from __future__ import annotations

import numpy as np

from ngtools import descent, invariance
from ngtools.exercises.checker import Exercise, Mistake

SIGMA, G_SIGMA = 3.0, -8 / 27


def _gap(first: float, second: float, half: float = 0.5) -> float:
    """-half h''/h' v^2 with v the natural gradient in sigma."""
    v = SIGMA**2 * G_SIGMA / 2
    return -half * second / first * v**2


def precision_gap() -> float:
    """The alpha^2 coefficient of sigma+ for a natural step in tau = 1/sigma^2, less that for a step in sigma."""
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
    """The coordinate s of the Poisson family with F = 1 everywhere, increasing, s(0) = 0."""
    return 2 * np.sqrt(rate)


def flat_poisson_without_the_factor(rate: float) -> float:
    return np.sqrt(rate)


def flat_poisson_logarithm(rate: float) -> float:
    return np.log(rate)


def flat_poisson_not_integrated(rate: float) -> float:
    """The root of F itself."""
    return 1 / np.sqrt(rate)


CHOICES = ("exact", "order 1", "order 2", "broken")


def _verdict(name: str, column: str) -> str:
    """Three steps of a method in (mu, sigma) and in a changed coordinate system, and the order of their gap."""
    problem = invariance.normal_problem()
    change = invariance.REPARAMETERIZATIONS[column]
    other = change.apply(problem.setting)
    start = change.encode(problem.theta) if change.encode else problem.theta
    return invariance.measure(descent.method(name), problem.setting, problem.theta, other, start, repeat=3).kind


def momentum_kind() -> str:
    """Momentum on the natural gradient, three steps, under a general affine map."""
    return _verdict("momentum", "affine")


def momentum_beyond_affine() -> str:
    return _verdict("momentum", "smooth")


def momentum_on_the_gradient() -> str:
    return _verdict("gradient", "affine")


def momentum_as_a_midpoint() -> str:
    return _verdict("natural-midpoint", "smooth")


EXERCISES = (
    Exercise(
        "precision_gap",
        "value",
        precision_gap,
        (
            Mistake(
                "the half left out",
                precision_gap_without_the_half,
                "twice too much: the second-order term of Taylor's formula carries a factor 1/2.",
            ),
            Mistake(
                "sign of the correction",
                precision_gap_with_the_wrong_sign,
                "the sign is wrong. The step is straight in tau, and going back to sigma subtracts the curvature of h.",
            ),
            Mistake(
                "another chart",
                precision_gap_of_log_sigma,
                "this is Carol's gap, for log sigma. Differentiate h = sigma^-2 twice.",
            ),
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
        "momentum_kind",
        "prediction",
        momentum_kind,
        (
            Mistake(
                "affine maps treated as curved",
                momentum_beyond_affine,
                "that is what a curved change of coordinates gives. Under an affine map all Jacobians are the same matrix.",
            ),
            Mistake(
                "gradient taken for natural gradient",
                momentum_on_the_gradient,
                "that is the fate of the plain gradient. Each natural gradient here moves with J.",
            ),
            Mistake(
                "memory taken for accuracy",
                momentum_as_a_midpoint,
                "averaging old directions makes no midpoint rule, and under this map nothing is lost at all.",
            ),
        ),
        "A sum of tangent vectors moves with J when J is one matrix for all of them.",
        choices=CHOICES,
    ),
)
