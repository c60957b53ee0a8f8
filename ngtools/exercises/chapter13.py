"""Exercises of chapter 13: trust region policy optimisation."""

from __future__ import annotations

import numpy as np

from ngtools import families
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    EUCLIDEAN_LENGTH,
    KL_REVERSED,
    MISSING_HALF,
    MISSING_ROOT,
    SUM_FOR_MEAN,
    WRONG_SIGN,
)
from ngtools.rl import guarantee, mdp

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


def advantages(rewards, values, next_values, terminated, truncated, gamma, trace):
    """Generalised advantage estimates, backwards: e_t = r + gamma V' - V, A_t = e_t + gamma trace A_{t+1}."""
    found, following = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        future = 0.0 if terminated[t] else next_values[t]
        if terminated[t] or truncated[t]:
            following = 0.0
        following = rewards[t] + gamma * future - values[t] + gamma * trace * following
        found[t] = following
    return found


def advantages_beyond_the_end(rewards, values, next_values, terminated, truncated, gamma, trace):
    nowhere = np.zeros_like(terminated)
    return advantages(rewards, values, next_values, nowhere, terminated | truncated, gamma, trace)


def advantages_ended_by_the_clock(rewards, values, next_values, terminated, truncated, gamma, trace):
    return advantages(rewards, values, next_values, terminated | truncated, truncated, gamma, trace)


def advantages_across_episodes(rewards, values, next_values, terminated, truncated, gamma, trace):
    future = np.where(terminated, 0.0, next_values)
    nowhere = np.zeros_like(terminated)
    return advantages(rewards, values, future, nowhere, nowhere, gamma, trace)


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


BIAS = ("too low", "right", "too high")


def _verdict(found: float, true: float) -> str:
    return BIAS[0] if found < true - 1e-9 else BIAS[2] if found > true + 1e-9 else BIAS[1]


def _values_of_a_cut(bootstrap: float, steps: int = 500, gamma: float = 0.99) -> tuple[float, float]:
    """The estimated and the true value, 100 steps before the cut, of a state whose reward is 1 for ever."""
    rest = 100
    found = (1 - gamma**rest) / (1 - gamma) + gamma**rest * bootstrap
    return found, 1 / (1 - gamma)


def cut_as_an_end() -> str:
    """The critic's target when a truncation counts as a termination."""
    return _verdict(*_values_of_a_cut(bootstrap=0.0))


def cut_continued() -> str:
    return _verdict(*_values_of_a_cut(bootstrap=1 / (1 - 0.99)))


def cut_never_counted() -> str:
    found, true = _values_of_a_cut(bootstrap=1 / (1 - 0.99))
    return _verdict(found + 1.0, true)


def cut_measured() -> str:
    found, true = _values_of_a_cut(bootstrap=0.0)
    return f"A hundred steps before the cut the target is {found:.1f} instead of {true:.0f}."


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


_R = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
_V, _NEXT = np.array([3.0, 2.0, 4.0, 3.0, 2.0]), np.array([2.0, 5.0, 3.0, 6.0, 1.0])
_TERMINATED = np.array([False, True, False, False, False])
_TRUNCATED = np.array([False, False, False, True, False])

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
        "advantages",
        "function",
        advantages,
        (
            Mistake(
                "life after the end",
                advantages_beyond_the_end,
                "after a termination there is no future: its next value counts as 0.",
            ),
            Mistake(
                "the clock taken for an end",
                advantages_ended_by_the_clock,
                "a truncated episode would have gone on: its last step keeps the next value.",
            ),
            Mistake(
                "sum across two episodes",
                advantages_across_episodes,
                "your sum runs on into the next episode. Both kinds of end stop it.",
            ),
        ),
        "Two kinds of end, two rules: only one of them removes the value, both stop the sum.",
        inputs=(
            (_R, _V, _NEXT, _TERMINATED, _TRUNCATED, 0.9, 0.5),
            (_R, _V, _NEXT, _TERMINATED, _TRUNCATED, 0.99, 1.0),
        ),
        hint="Work backwards: what is e_t at each kind of end, and what is handed on to the step before it?",
    ),
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
        "cut_as_an_end",
        "prediction",
        cut_as_an_end,
        (
            Mistake(
                "cut continued",
                cut_continued,
                "that is what bootstrapping from the value at the cut gives. Here its future was set to zero.",
            ),
            Mistake(
                "reward counted twice",
                cut_never_counted,
                "nothing is added by the cut. Ask what is left out.",
            ),
        ),
        "Nothing in the observation says that the clock is about to strike, so no critic can learn to expect it.",
        choices=BIAS,
        measured=cut_measured,
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
