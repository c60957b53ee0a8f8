"""Exercises of chapter 13: what the lemma and the bound say."""

from __future__ import annotations

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    SUM_FOR_MEAN,
    WRONG_SIGN,
)
from ngtools.rl import guarantee, mdp

# two states: action 0 stays, action 1 changes; staying in the second state pays
PROCESS = mdp.MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[0, 0], [1, 0]], [1, 0])
OLD, NEW, GAMMA = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.2, 0.8], [0.5, 0.5]]), 0.5


def exact_gain() -> float:
    """R(new) - R(old), by the lemma."""
    return guarantee.compare(PROCESS, OLD, NEW, GAMMA).lemma


def gain_with_the_old_states() -> float:
    return guarantee.compare(PROCESS, OLD, NEW, GAMMA).predicted


def gain_per_step() -> float:
    return (1 - GAMMA) * exact_gain()


def gain_of_going_back() -> float:
    return guarantee.compare(PROCESS, NEW, OLD, GAMMA).lemma


PROMISED, LARGEST, DISCOUNT = 0.5, 3.0, 0.9


def permitted_kl() -> float:
    """The max KL at which 4 epsilon gamma / (1 - gamma)^2 max KL eats up the promised gain."""
    return PROMISED / guarantee.penalty(LARGEST, DISCOUNT)


def permitted_kl_with_one_horizon() -> float:
    return PROMISED / (guarantee.penalty(LARGEST, DISCOUNT) * (1 - DISCOUNT))


def permitted_kl_without_largest() -> float:
    return PROMISED / guarantee.penalty(1.0, DISCOUNT)


def permitted_kl_with_half() -> float:
    return PROMISED / (guarantee.penalty(LARGEST, DISCOUNT) / 2)


EXERCISES = (
    Exercise(
        "exact_gain",
        "value",
        exact_gain,
        (
            Mistake(
                "old states for new ones",
                gain_with_the_old_states,
                "this is what the surrogate predicts. The lemma weighs the states of the *new* policy.",
            ),
            SUM_FOR_MEAN.by(gain_per_step, "This is the gain a step; the return adds up over 1/(1 − γ) of them."),
            WRONG_SIGN.by(gain_of_going_back, "It is the gain of going from the new policy to the old one."),
        ),
        "The surrogate promises more: the new policy spends less time in the state in which it is better.",
        hint="Advantages are the old policy's, the weights of the states the new one's; the return adds up over steps.",
    ),
    Exercise(
        "permitted_kl",
        "value",
        permitted_kl,
        (
            Mistake(
                "one horizon for two",
                permitted_kl_with_one_horizon,
                "the penalty carries the *square* of 1/(1 − γ).",
            ),
            Mistake(
                "size of the advantage forgotten",
                permitted_kl_without_largest,
                "the penalty is proportional to the largest advantage, which is not 1 here.",
            ),
            Mistake(
                "the better constant",
                permitted_kl_with_half,
                "half of C is enough, as the proof shows, but the question is about the bound with C itself.",
            ),
        ),
        "Compare with a radius of 0.01, averaged and not maximal.",
        hint="Write the lower bound, the promise minus C times the divergence, and ask where it vanishes.",
    ),
)
