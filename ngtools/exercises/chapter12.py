"""Exercises of chapter 12: gradients of tabular policies, three Fisher matrices, bandits, a plateau, Newton."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.experiments.kakade2001 import two_state
from ngtools.rl import bandit, mdp

PLACE = np.array([np.log(0.8 / 0.2), np.log(0.1 / 0.9)])  # logits of the published start
P, REWARD, ALPHA = np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.0, 2.0]), 0.5


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


def bandit_step() -> np.ndarray:
    """The policy after one natural step of .5 on a bandit with three actions."""
    return bandit.multiplicative_weights(P, REWARD, ALPHA)


def bandit_gradient_step() -> np.ndarray:
    return bandit.multiplicative_weights(P, P * (REWARD - P @ REWARD), ALPHA)


def bandit_first_order_step() -> np.ndarray:
    return P * (1 + ALPHA * (REWARD - P @ REWARD))


def bandit_without_normalisation() -> np.ndarray:
    return P * np.exp(ALPHA * REWARD)


def two_arm_flow() -> sp.Expr:
    """dp/dt of the natural flow of a bandit with two arms; Delta is the difference of the rewards."""
    p, Delta = sp.symbols("p Delta")
    information, gradient = 1 / (p * (1 - p)), Delta  # both in the coordinate p
    return gradient / information


def two_arm_gradient_flow() -> sp.Expr:
    p, Delta = sp.symbols("p Delta")
    dp_dtheta = p * (1 - p)
    return dp_dtheta * (Delta * dp_dtheta)


def two_arm_flow_of_the_logit() -> sp.Expr:
    return sp.Symbol("Delta")


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


def mild_plateau() -> str:
    """How much longer the gradient flow takes from (.8, .2), to the nearest choice."""
    from ngtools.experiments import load

    flows = load("kakade2001")["results"]["two states"]["0.8, 0.2"]
    ratio = flows["gradient"]["time"] / flows["natural, damping 0"]["time"]
    factors = {"a factor of 2": 2, "a factor of 200": 200, "a factor of 1 000 000": 1e6}
    return min(factors, key=lambda word: abs(np.log(factors[word] / ratio)))


def scaled_rewards() -> str:
    """What multiplying all rewards by 10 changes, from the three steps of the published process."""
    process, policy = two_state()
    larger = mdp.MDP(process.transition, 10 * process.reward, process.start)
    kept = []
    for world in (process, larger):
        g = mdp.policy_gradient(world, policy, PLACE, 0.9)
        F = mdp.policy_fisher(policy, PLACE, mdp.evaluate(world, mdp.probabilities(policy, PLACE), 0.9).rho)
        natural = np.linalg.solve(F, g)
        newton = np.linalg.solve(mdp.return_hessian(world, policy, PLACE, 0.9), g)
        kept.append((natural, natural / np.sqrt(g @ natural), newton))
    same = [bool(np.allclose(a, b)) for a, b in zip(*kept)]
    if same[0]:
        return KEPT[0]
    return KEPT[2] if same[1] and same[2] else KEPT[1]


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
            Mistake("states not weighted", gradient_without_states, "each state counts with its probability rho(s)."),
        ),
        "A state that is not visited and an action that is not taken have no gradient, whatever their advantage.",
        inputs=_TABLES,
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
            Mistake("the gradient itself", tabular_gradient, "that is the gradient. Multiply by F^+."),
        ),
        "Compare the arguments with the answer: the natural gradient does not ask how often a state is visited.",
        inputs=_TABLES,
    ),
    Exercise(
        "bandit_step",
        "value",
        bandit_step,
        (
            Mistake(
                "gradient instead of natural gradient",
                bandit_gradient_step,
                "you added p (r - p . r) to the logits: that is the gradient.",
            ),
            Mistake(
                "first order",
                bandit_first_order_step,
                "that is p (1 + alpha (r - p . r)), the first order of it. The step is taken in the logits, exactly.",
            ),
            Mistake("not normalised", bandit_without_normalisation, "divide by the sum."),
        ),
        "The action with the largest reward gains most, however rarely it was taken.",
    ),
    Exercise(
        "two_arm_flow",
        "formula",
        two_arm_flow,
        (
            Mistake(
                "gradient flow",
                two_arm_gradient_flow,
                "that is the gradient flow of one logit: it is p (1 - p) times slower.",
            ),
            Mistake(
                "velocity of the logit",
                two_arm_flow_of_the_logit,
                "that is the velocity of the logit. Multiply by dp / dtheta = p (1 - p).",
            ),
        ),
        "The logistic equation of population genetics, where Delta is a selection coefficient.",
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
    ),
    Exercise(
        "mild_plateau",
        "prediction",
        mild_plateau,
        (
            Mistake(
                "the plateau is not seen",
                lambda: "a factor of 2",
                "state j is still forgotten for a while: 2 / p_j is 10 here.",
            ),
            Mistake(
                "the published start",
                lambda: "a factor of 1 000 000",
                "that is the start with p_j = .1. The length of the plateau grows like exp(2 / p_j).",
            ),
        ),
        "From one tenth to two tenths: four powers of ten. A published factor is a factor at a published start.",
        choices=("a factor of 2", "a factor of 200", "a factor of 1 000 000"),
    ),
    Exercise(
        "scaled_rewards",
        "prediction",
        scaled_rewards,
        (
            Mistake(
                "F contains rewards",
                lambda: "all three",
                "F contains no reward, so F^-1 g grows with g.",
            ),
            Mistake(
                "a budget depends on units",
                lambda: "Newton's step only",
                "a step of fixed KL divides by sqrt(g . F^-1 g), which grows by the same factor.",
            ),
        ),
        "A budget in nats buys what a matrix of second derivatives of the return buys: units of reward cancel.",
        choices=KEPT,
    ),
)
