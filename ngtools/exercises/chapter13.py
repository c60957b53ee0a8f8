"""Exercises of chapter 13: the length of the step, its backtracks, and damping in other units."""

from __future__ import annotations

import numpy as np

from ngtools import families
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    EUCLIDEAN_LENGTH,
    KL_REVERSED,
    MISSING_HALF,
    MISSING_ROOT,
)

F_DIAGONAL, GRADIENT, RADIUS = (4.0, 0.25), (0.4, 0.1), 0.01


def step_scale() -> float:
    """beta = sqrt(2 delta / s^T F s) with F s = g."""
    F, g = np.diag(F_DIAGONAL), np.asarray(GRADIENT)
    s = np.linalg.solve(F, g)
    return float(np.sqrt(2 * RADIUS / (s @ F @ s)))


def step_scale_without_two() -> float:
    return float(step_scale() / np.sqrt(2))


def step_scale_euclidean() -> float:
    s = np.linalg.solve(np.diag(F_DIAGONAL), np.asarray(GRADIENT))
    return float(np.sqrt(2 * RADIUS / (s @ s)))


def step_scale_squared() -> float:
    return step_scale() ** 2


BUDGET, SHRINK = 0.1, 0.8


def _variance_kl(power: int, reverse: bool = False) -> float:
    """KL between N(0, 1) and N(0, v), v at SHRINK^power of the full step of BUDGET that shrinks the variance."""
    family, one = families.get("zero-mean-normal"), [1.0]
    F = float(np.squeeze(family.fisher(one, chart="variance")))
    new = [1.0 - SHRINK**power * np.sqrt(2 * BUDGET / F)]
    first, second = (new, one) if reverse else (one, new)
    return float(family.kl(first, second, chart="variance"))


def backtracks_needed() -> int:
    """The first power of SHRINK at which the measured KL(old || new) is within the budget."""
    return next(j for j in range(50) if _variance_kl(j) <= BUDGET)


def backtracks_by_the_model() -> int:
    return next(j for j in range(50) if SHRINK ** (2 * j) * BUDGET <= BUDGET)


def backtracks_reversed() -> int:
    return next(j for j in range(50) if _variance_kl(j, reverse=True) <= BUDGET)


def backtracks_as_if_linear() -> int:
    return next(j for j in range(50) if SHRINK**j * _variance_kl(0) <= BUDGET)


SAME = ("the same policies", "policies that differ at second order of the step", "policies that differ at first order")


def _after_rescaling(damping: float) -> str:
    """Which of SAME an update does under theta = S phi: solve in both charts and compare the steps in theta."""
    F, g, S = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -0.5]), np.diag([1.0, 10.0])
    eye = np.eye(2)
    one = np.linalg.solve(F + damping * eye, g)
    two = S @ np.linalg.solve(S.T @ F @ S + damping * eye, S.T @ g)
    return SAME[0] if np.allclose(one, two) else SAME[2]


def damped_in_other_units() -> str:
    """The damped direction is another vector, whatever the length of the step."""
    return _after_rescaling(damping=0.1)


def undamped_in_other_units() -> str:
    return _after_rescaling(damping=0.0)


def damped_as_if_curved() -> str:
    """What an undamped step loses under a curved map, theta = sinh phi: the slope of the gap, measured."""
    ends = [(0.5 + a, np.sinh(np.arcsinh(0.5) + a / np.sqrt(1 + 0.5**2))) for a in (1e-2, 1e-3)]
    gaps = [abs(one - two) for one, two in ends]
    return SAME[-round(np.log10(gaps[0] / gaps[1])) + 3]


EXERCISES = (
    Exercise(
        "step_scale",
        "value",
        step_scale,
        (
            MISSING_HALF.by(step_scale_without_two, "The model of the divergence is ½ Δᵀ F Δ."),
            EUCLIDEAN_LENGTH.by(step_scale_euclidean),
            MISSING_ROOT.by(step_scale_squared, "The model is quadratic in beta."),
        ),
        "Then ½ β² sᵀF s is the radius exactly, whatever g is.",
        hint="First s^T F s, which is g^T F^-1 g; then the length at which the model of the divergence is delta.",
    ),
    Exercise(
        "backtracks_needed",
        "value",
        backtracks_needed,
        (
            Mistake(
                "model trusted",
                backtracks_by_the_model,
                "by the quadratic model the full step meets the budget. Measure the divergence itself.",
            ),
            KL_REVERSED.by(backtracks_reversed, "TRPO measures KL(old || new)."),
            Mistake(
                "divergence shrunk like the step",
                backtracks_as_if_linear,
                "a step of 0.8 of the length has much less than 0.8 of the divergence.",
            ),
        ),
        "The full step spends several times its budget, and few backtracks mend it.",
        hint="Take the variance after each backtrack, put it into KL(old || new), and compare with the budget.",
    ),
    Exercise(
        "damped_in_other_units",
        "prediction",
        damped_in_other_units,
        (
            Mistake(
                "damping forgotten",
                undamped_in_other_units,
                "so it is without damping, CG run to convergence. λI is no tensor.",
            ),
            Mistake(
                "damped taken for curved",
                damped_as_if_curved,
                "a curved map costs that. Here the map is linear and the matrix is at fault, so the direction itself is another.",
            ),
        ),
        "A default of known implementations is λ = 0.1; of the CartPole matrix above most eigenvalues are smaller than that.",
        choices=SAME,
    ),
)
