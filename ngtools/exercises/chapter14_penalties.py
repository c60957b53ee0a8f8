"""Exercises of chapter 14: penalties in KL, and what a sampled penalty follows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import KL_REVERSED
from ngtools.rl import penalised_bandit

REF, REWARDS, BETA = (0.5, 0.3, 0.2), (0.0, 0.5, 1.0), 0.5


def penalised_policy(ref: Any, rewards: Any, beta: float) -> Any:
    """The policy that maximises E_pi[r] - beta KL(pi || ref)."""
    weights = np.asarray(ref) * np.exp(np.asarray(rewards) / beta)
    return weights / weights.sum()


def penalised_policy_without_reference(ref: Any, rewards: Any, beta: float) -> Any:
    return penalised_policy(np.ones(len(ref)), rewards, beta)


def penalised_policy_with_beta_upside_down(ref: Any, rewards: Any, beta: float) -> Any:
    return penalised_policy(ref, rewards, 1 / beta)


def penalised_policy_of_the_other_divergence(ref: Any, rewards: Any, beta: float) -> Any:
    return penalised_bandit.reverse_optimum(ref, rewards, beta)


@cache
def _end(name: str, place: str, rewards: tuple[float, ...] = REWARDS) -> np.ndarray:
    return penalised_bandit.ascend(name, place, REF, rewards, BETA, rate=3.0, steps=30)[-1]


def _named(end: np.ndarray) -> str:
    ends = dict(zip(ENDS, (np.array(REF), penalised_bandit.gibbs(REF, REWARDS, BETA), np.eye(3)[np.argmax(REWARDS)])))
    return min(ends, key=lambda choice: float(np.abs(ends[choice] - end).sum()))


def log_ratio_as_loss() -> str:
    """Where does a policy go whose penalty is the sampled log ratio, differentiated?"""
    return _named(_end("k1", "loss"))


def log_ratio_as_loss_with_the_gradient_of_its_mean() -> str:
    return _named(_end("k1", "reward"))


def log_ratio_as_loss_without_rewards() -> str:
    return _named(_end("k2", "loss", (0.0, 0.0, 0.0)))


def log_ratio_as_loss_told() -> str:
    return f"after 30 steps the best action has probability {_end('k1', 'loss')[-1]:.2f}"


ENDS = (
    "to the reference",
    "to ref exp(r / beta), as without sampling",
    "to the best action, as without a penalty",
)


def reverse_price() -> float:
    """nu of the policy beta ref / (nu - r) for two actions, ref = (1/2, 1/2), r = (0, 1), beta = 1/2."""
    pi = penalised_bandit.reverse_optimum([0.5, 0.5], [0.0, 1.0], 0.5)
    return float(1.0 + 0.5 * 0.5 / pi[1])


def reverse_price_other_root() -> float:
    return float(2 * 0.75 - reverse_price())


def reverse_price_without_the_weight() -> float:
    pi = penalised_bandit.reverse_optimum([0.5, 0.5], [0.0, 1.0], 1.0)
    return float(1.0 + 0.5 / pi[1])


def reverse_price_of_the_forward_optimum() -> float:
    pi = penalised_bandit.gibbs([0.5, 0.5], [0.0, 1.0], 0.5)
    return float(1.0 + 0.5 * 0.5 / pi[1])


EXERCISES = (
    Exercise(
        "penalised_policy",
        "function",
        penalised_policy,
        (
            Mistake(
                "reference forgotten",
                penalised_policy_without_reference,
                "With large beta the answer must return to the reference; this one becomes uniform.",
            ),
            Mistake(
                "multiplier upside down",
                penalised_policy_with_beta_upside_down,
                "Check the limits: a heavier penalty must keep the policy nearer to the reference.",
            ),
            KL_REVERSED.by(penalised_policy_of_the_other_divergence, "The penalty here is KL(pi || ref)."),
        ),
        "With ref the old policy it is the step of REPS and MPO, and multiplicative weights in chapter 12.",
        inputs=(((0.5, 0.3, 0.2), (0.0, 0.5, 1.0), 0.5), ((0.7, 0.2, 0.1), (1.0, -1.0, 2.0), 2.0)),
        hint="Set the derivative of the objective by each pi(a) equal to one multiplier, and solve for pi(a).",
    ),
    Exercise(
        "log_ratio_as_loss",
        "prediction",
        log_ratio_as_loss,
        (
            Mistake(
                "value for gradient",
                log_ratio_as_loss_with_the_gradient_of_its_mean,
                "The value of the estimate is unbiased, and this is where it would lead. What matters for a loss is the "
                "mean of its gradient: E[grad log pi].",
            ),
            Mistake(
                "penalty alone",
                log_ratio_as_loss_without_rewards,
                "That would need a pull towards the reference that outweighs the reward. Compute the mean of the "
                "gradient of log pi(a) - log ref(a) first.",
            ),
        ),
        "Put into the reward instead, the same number does its work.",
        choices=ENDS,
        measured=log_ratio_as_loss_told,
    ),
    Exercise(
        "reverse_price",
        "value",
        reverse_price,
        (
            Mistake(
                "root inside",
                reverse_price_other_root,
                "The quadratic has two roots. With this one a probability is negative: nu must exceed every reward.",
            ),
            Mistake(
                "weight forgotten",
                reverse_price_without_the_weight,
                "Here the penalty has weight 1. The price depends on beta.",
            ),
            KL_REVERSED.by(
                reverse_price_of_the_forward_optimum, "The policy ref exp(r / beta) belongs to the other one."
            ),
        ),
        "Give ref a zero and the two directions differ: KL(pi || ref) forbids that action, KL(ref || pi) does not charge for it.",
        hint="Write that the two probabilities sum to one: a quadratic equation in nu.",
    ),
)
