"""Exercises of chapter 12: gradients of tabular policies, three Fisher matrices, a plateau, Newton."""

from __future__ import annotations

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import PLAIN_GRADIENT
from ngtools.experiments import load
from ngtools.experiments.kakade2001 import closed_forms, two_state
from ngtools.rl import mdp

PLACE = np.array([np.log(0.8 / 0.2), np.log(0.1 / 0.9)])  # logits of the published start


def tabular_gradient(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """The per-step gradient in the logits of a tabular softmax, shape (S, A)."""
    V = (pi * Q).sum(axis=1, keepdims=True)
    return rho[:, None] * pi * (Q - V)


def gradient_without_baseline(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return rho[:, None] * pi * Q


def gradient_with_plain_mean(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return rho[:, None] * pi * (Q - Q.mean(axis=1, keepdims=True))


def gradient_without_states(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return pi * (Q - (pi * Q).sum(axis=1, keepdims=True))


def tabular_natural(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """The minimum-norm natural gradient in the logits, shape (S, A): neither rho nor pi is left in it."""
    return Q - Q.mean(axis=1, keepdims=True)


def natural_with_weighted_mean(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return Q - (pi * Q).sum(axis=1, keepdims=True)


def natural_with_state_weights(rho: np.ndarray, pi: np.ndarray, Q: np.ndarray) -> np.ndarray:
    return rho[:, None] * tabular_natural(rho, pi, Q)


def weighted_information() -> np.ndarray:
    """The diagonal of Kakade's matrix at the published start, average reward."""
    process, policy = two_state()
    rho = mdp.stationary_distribution(process, mdp.probabilities(policy, PLACE))
    return np.diag(mdp.policy_fisher(policy, PLACE, rho))


def unweighted_information() -> np.ndarray:
    _, policy = two_state()
    return np.diag(mdp.state_fishers(policy, PLACE).sum(axis=0))


def joint_information() -> np.ndarray:
    process, policy = two_state()
    return np.diag(mdp.joint_fisher(process, policy, PLACE, None))


def uniformly_weighted_information() -> np.ndarray:
    return unweighted_information() / 2


FACTORS = ("a factor of 2", "a factor of 200", "a factor of 1 000 000")


def _nearest(ratio: float) -> str:
    sizes = [float(word.removeprefix("a factor of ").replace(" ", "")) for word in FACTORS]
    return FACTORS[int(np.argmin(np.abs(np.log(sizes) - np.log(ratio))))]


def _flow_ratio(start: str) -> float:
    flows = load("kakade2001")["results"]["two states"][start]
    return float(flows["gradient"]["time"] / flows["natural, damping 0"]["time"])


def mild_plateau() -> str:
    """How much longer the gradient flow takes from (.8, .2), to the nearest choice."""
    return _nearest(_flow_ratio("0.8, 0.2"))


def published_plateau() -> str:
    return _nearest(_flow_ratio("0.8, 0.1"))


def speeds_at_the_start() -> str:
    found = closed_forms(np.log([0.8 / 0.2, 0.2 / 0.8]))
    g = found["fisher"] * found["natural"]
    return _nearest(float(g @ found["natural"] / (g @ g)))


def _kept(reward_in_fisher: bool = False, budget: bool = True) -> str:
    """Which steps stay when all rewards grow by 10, in words."""
    process, policy = two_state()
    steps = []
    for scale in (1, 10):
        world = mdp.MDP(process.transition, scale * process.reward, process.start)
        g = mdp.policy_gradient(world, policy, PLACE, 0.9)
        rho = mdp.evaluate(world, mdp.probabilities(policy, PLACE), 0.9).rho
        F = mdp.policy_fisher(policy, PLACE, rho) * (scale if reward_in_fisher else 1)
        natural = np.linalg.solve(F, g)
        newton = np.linalg.solve(mdp.return_hessian(world, policy, PLACE, 0.9), g)
        fixed = natural / np.sqrt(natural @ mdp.policy_fisher(policy, PLACE, rho) @ natural) if budget else natural
        steps.append((natural, fixed, newton))
    same = [bool(np.allclose(a, b)) for a, b in zip(*steps)]
    if same[0]:
        return KEPT[0]
    return KEPT[2] if same[1] and same[2] else KEPT[1]


def scaled_rewards() -> str:
    """What multiplying all rewards by 10 leaves as it was, computed for Kakade's two states with a discount."""
    return _kept()


def scaled_rewards_with_rewards_in_fisher() -> str:
    return _kept(reward_in_fisher=True)


def scaled_rewards_without_a_budget() -> str:
    return _kept(budget=False)


KEPT = ("all three", "Newton's step only", "the step of fixed KL and Newton's")
_TABLES = (
    (
        np.array([0.2, 0.8]),
        np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]),
        np.array([[1.0, 3.0, -2.0], [0.5, 0.0, 4.0]]),
    ),
    (np.array([0.6, 0.4]), np.array([[0.1, 0.9], [0.55, 0.45]]), np.array([[2.0, -1.0], [0.3, 0.7]])),
)

EXERCISES = (
    Exercise(
        "tabular_gradient",
        "function",
        tabular_gradient,
        (
            Mistake(
                "no baseline",
                gradient_without_baseline,
                "the score of a softmax is an indicator minus pi: summed against Q, the second part subtracts V(s).",
            ),
            Mistake(
                "unweighted mean",
                gradient_with_plain_mean,
                "V(s) is the mean of Q under the policy, not the plain mean over the actions.",
            ),
            Mistake("rho left out", gradient_without_states, "each state counts with its probability rho(s)."),
        ),
        "A state that is not visited and an action that is not taken have no gradient, whatever their advantage.",
        inputs=_TABLES,
        hint="Differentiate log pi(a|s) by every logit of the state, multiply by Q, and average over actions and states.",
    ),
    Exercise(
        "tabular_natural",
        "function",
        tabular_natural,
        (
            Mistake(
                "weighted mean",
                natural_with_weighted_mean,
                "this is A itself. It gives the same policy, and it is not of least norm: subtract the plain mean.",
            ),
            Mistake(
                "still weighted by the states",
                natural_with_state_weights,
                "rho(s) stands in the gradient and in F, and cancels.",
            ),
            PLAIN_GRADIENT.by(tabular_gradient, "Multiply by F^+."),
        ),
        "Compare the arguments with the answer: the natural gradient does not ask how often a state is visited.",
        inputs=_TABLES,
        hint="In one state: which vector, orthogonal to the vector of ones, does rho (diag pi - pi pi^T) turn into the gradient?",
    ),
    Exercise(
        "weighted_information",
        "value",
        weighted_information,
        (
            Mistake(
                "states not weighted",
                unweighted_information,
                "these are F(i) and F(j). Weight them with the stationary distribution.",
            ),
            Mistake(
                "joint distribution",
                joint_information,
                "this counts what the logits do to the stationary distribution too; Kakade's matrix holds it fixed.",
            ),
            Mistake("uniform weights", uniformly_weighted_information, "the two states are not visited equally often."),
        ),
        "The second entry is small because j is rarely visited, and dividing by it undoes that.",
        hint="In its state a logit has the information p (1 - p). How often is each of the two states visited?",
    ),
    Exercise(
        "mild_plateau",
        "prediction",
        mild_plateau,
        (
            Mistake(
                "the speed at the start",
                speeds_at_the_start,
                "at the start the speeds differ by about that much. Then the gradient forgets state j, and slows down.",
            ),
            Mistake(
                "the published start",
                published_plateau,
                "that is the start with p_j = .1. The length of the plateau grows like exp(2 / p_j).",
            ),
        ),
        "From one tenth to two tenths: four powers of ten. A published factor is a factor at a published start.",
        choices=FACTORS,
    ),
    Exercise(
        "scaled_rewards",
        "prediction",
        scaled_rewards,
        (
            Mistake(
                "F contains rewards",
                scaled_rewards_with_rewards_in_fisher,
                "F contains no reward, so F^-1 g grows with g.",
            ),
            Mistake(
                "a budget depends on units",
                scaled_rewards_without_a_budget,
                "a step of fixed KL divides by sqrt(g . F^-1 g), which grows by the same factor.",
            ),
        ),
        "A budget in nats buys what a matrix of second derivatives of the return buys: units of reward cancel.",
        choices=KEPT,
    ),
)
