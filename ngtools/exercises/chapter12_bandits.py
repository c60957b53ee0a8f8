"""Exercises of chapter 12: bandits."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import METRIC_FOR_INVERSE, PLAIN_GRADIENT
from ngtools.rl import bandit

P, REWARD, ALPHA = np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.0, 2.0]), 0.5


def bandit_step() -> np.ndarray:
    """The policy after one natural step of .5 on a bandit with three actions."""
    return bandit.multiplicative_weights(P, REWARD, ALPHA)


def bandit_gradient_step() -> np.ndarray:
    return bandit.multiplicative_weights(P, P * (REWARD - P @ REWARD), ALPHA)


def bandit_first_order_step() -> np.ndarray:
    drift = REWARD - np.dot(P, REWARD)
    return P * (1 + ALPHA * drift)


def bandit_without_normalisation() -> np.ndarray:
    return P * np.exp(ALPHA * REWARD)


def two_arm_flow() -> sp.Expr:
    """dp/dt of the natural flow of a bandit with two arms; gap is the difference of the rewards."""
    p, gap = sp.symbols("p gap")
    information, gradient = 1 / (p * (1 - p)), gap  # both in the coordinate p
    return gradient / information


def two_arm_gradient_flow() -> sp.Expr:
    p, gap = sp.symbols("p gap")
    dp_dtheta = p * (1 - p)
    return dp_dtheta * (gap * dp_dtheta)


def two_arm_flow_of_the_logit() -> sp.Expr:
    p = sp.Symbol("p")
    return two_arm_flow() / (p * (1 - p))


def two_arm_flow_with_the_metric() -> sp.Expr:
    p, gap = sp.symbols("p gap")
    return gap / (p * (1 - p))


EXERCISES = (
    Exercise(
        "bandit_step",
        "value",
        bandit_step,
        (
            PLAIN_GRADIENT.by(bandit_gradient_step, "It adds p (r - p . r) to the logits."),
            Mistake(
                "first order",
                bandit_first_order_step,
                "that is p (1 + alpha (r - p . r)), the first order of it. The step is taken in the logits, exactly.",
            ),
            Mistake("not normalised", bandit_without_normalisation, "divide by the sum."),
        ),
        "The action with the largest reward gains most, however rarely it was taken.",
        hint="The logits move by alpha times the natural gradient. Add that to log p, and go back to probabilities.",
    ),
    Exercise(
        "two_arm_flow",
        "formula",
        two_arm_flow,
        (
            PLAIN_GRADIENT.by(two_arm_gradient_flow, "It is taken in one logit, and read in p."),
            METRIC_FOR_INVERSE.by(two_arm_flow_with_the_metric),
            Mistake(
                "velocity of the logit",
                two_arm_flow_of_the_logit,
                "that is the velocity of the logit. Multiply by dp / dtheta = p (1 - p).",
            ),
        ),
        "The logistic equation of population genetics, where the gap is a selection coefficient.",
        hint="Write the expected reward and the Fisher information in the coordinate p. The symbols are p and gap.",
    ),
)
