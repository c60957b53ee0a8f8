"""Exercises of chapter 14: clips, and what Adam does not see."""

from __future__ import annotations

from functools import cache

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import KL_REVERSED, MISSING_HALF
from ngtools.rl import anatomy, clipping, ppo, reinforce, twins

EPSILON = 0.4


def obeyed_divergence() -> float:
    """The largest KL(old || new) of a policy whose ratios all lie in [0.6, 1.4], in nats."""
    return clipping.divergence_if_obeyed(EPSILON)


def obeyed_divergence_second_order() -> float:
    return float(np.square(EPSILON) / 2)


def obeyed_divergence_without_half() -> float:
    return float(-np.log(1 - EPSILON**2))


def obeyed_divergence_at_the_lower_end() -> float:
    return float(-np.log(1 - EPSILON))


def obeyed_divergence_other_direction() -> float:
    ratio = np.array([1 - EPSILON, 1 + EPSILON])
    return float((ratio * np.log(ratio)).mean())


def clipped_value(ratio: float, A: float, epsilon: float) -> float:
    """The smaller of two products with A: of the ratio, and of the clipped ratio."""
    clipped = float(np.clip(ratio, 1 - epsilon, 1 + epsilon))
    return min(ratio * A, clipped * A)


def clipped_value_without_min(ratio: float, A: float, epsilon: float) -> float:
    return float(np.clip(ratio, 1 - epsilon, 1 + epsilon)) * A


def clipped_value_with_max(ratio: float, A: float, epsilon: float) -> float:
    return max(ratio * A, float(np.clip(ratio, 1 - epsilon, 1 + epsilon)) * A)


def clipped_value_above_only(ratio: float, A: float, epsilon: float) -> float:
    return min(ratio, 1 + epsilon) * A


LOUDER = {"it hardly changes": 1.0, "it is about 10 times as large": 10.0, "it is about 100 times as large": 100.0}


@cache
def _louder() -> dict[str, float]:
    """KL of an update with advantages ten times as large over that of the update, by method."""
    found = anatomy.trial(14)
    methods = {
        "Adam": (ppo.METHOD, ppo.Settings(learning_rate=0.01, minibatch=len(found.batch.advantages))),
        "gradient": (reinforce.METHOD, reinforce.Settings(learning_rate=0.3)),
    }
    told = twins.twins(found, methods, 10.0, np.ones(4))
    return {name: twin.kl_advantages / twin.kl for name, twin in told.items()}


def _nearest(factor: float) -> str:
    return min(LOUDER, key=lambda choice: abs(np.log(LOUDER[choice] / factor)))


def louder_rewards() -> str:
    """What happens to the KL of a PPO update when all advantages are ten times as large?"""
    return _nearest(_louder()["Adam"])


def louder_rewards_of_a_gradient_step() -> str:
    return _nearest(_louder()["gradient"])


def louder_rewards_with_kl_linear_in_the_step() -> str:
    return _nearest(np.sqrt(_louder()["gradient"]))


def louder_rewards_told() -> str:
    return f"the KL of the update becomes {_louder()['Adam']:.2f} times what it was"


EXERCISES = (
    Exercise(
        "obeyed_divergence",
        "value",
        obeyed_divergence,
        (
            Mistake(
                "second order",
                obeyed_divergence_second_order,
                "This is the second-order term in epsilon. The theorem is exact: keep the logarithm.",
            ),
            MISSING_HALF.by(obeyed_divergence_without_half, "Each end of the interval has half of the probability."),
            Mistake(
                "one end alone",
                obeyed_divergence_at_the_lower_end,
                "A ratio cannot sit at the lower end everywhere: the new probabilities must sum to one.",
            ),
            KL_REVERSED.by(
                obeyed_divergence_other_direction,
                "The mean of ratio times log ratio, under the old policy, is KL(new || old).",
            ),
        ),
        "The bound needs every action in every state, not only those in the batch.",
        hint="Under the old policy the ratios have mean one. Which two values make the mean of -log largest?",
    ),
    Exercise(
        "clipped_value",
        "function",
        clipped_value,
        (
            Mistake(
                "clip without minimum",
                clipped_value_without_min,
                "Without the minimum a ratio that went the wrong way gets no gradient back. Try a ratio of 0.5 with A = 1.",
            ),
            Mistake(
                "maximum for minimum",
                clipped_value_with_max,
                "The maximum rewards going further than the clip. The objective is the pessimistic one of the two.",
            ),
            Mistake(
                "one-sided clip",
                clipped_value_above_only,
                "Only the upper end is clipped here. A negative advantage pushes the ratio down, past the lower end.",
            ),
        ),
        "Its slope in the ratio is A or 0, and never has the other sign.",
        inputs=((0.5, 1.0, 0.2), (1.5, 1.0, 0.2), (0.5, -1.0, 0.2), (1.5, -1.0, 0.2), (1.1, 2.0, 0.3)),
        hint="Go through four cases: a ratio above and below the interval, an advantage of either sign.",
    ),
    Exercise(
        "louder_rewards",
        "prediction",
        louder_rewards,
        (
            Mistake(
                "Adam as a gradient step",
                louder_rewards_of_a_gradient_step,
                "That is plain gradient ascent: its step is 10 times as long, and KL is quadratic in the step. "
                "Adam divides by the size of the gradient.",
            ),
            Mistake(
                "KL linear in the step",
                louder_rewards_with_kl_linear_in_the_step,
                "KL is quadratic in the step, so no method that follows the gradient's length gives a factor of ten. "
                "And Adam's step does not follow it.",
            ),
        ),
        "TRPO has this property exactly, REINFORCE not at all.",
        choices=tuple(LOUDER),
        measured=louder_rewards_told,
    ),
)
