"""The answers of chapters 12 to 15 once more by hand: the programs of the solutions are not their own judges."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools.exercises import all_exercises, by_chapter

p, gap = sp.symbols("p gap")


def table_gradient(rho, pi, Q):
    """Sum over actions of pi Q times the score, which is an indicator minus pi."""
    S, A = pi.shape
    found = np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            found[s] += rho[s] * pi[s, a] * Q[s, a] * (np.eye(A)[a] - pi[s])
    return found


def table_natural(rho, pi, Q):
    """The pseudo-inverse, block by block."""
    blocks = [np.linalg.pinv(weight * (np.diag(row) - np.outer(row, row))) for weight, row in zip(rho, pi)]
    return np.stack([block @ g for block, g in zip(blocks, table_gradient(rho, pi, Q))])


def gae_as_a_sum(rewards, values, next_values, terminated, truncated, gamma, trace):
    """The definition: discounted residuals up to and including the first end."""
    n, found = len(rewards), []
    residuals = rewards + gamma * np.where(terminated, 0.0, next_values) - values
    for t in range(n):
        total, weight = 0.0, 1.0
        for k in range(t, n):
            total, weight = total + weight * residuals[k], weight * gamma * trace
            if terminated[k] or truncated[k]:
                break
        found.append(total)
    return np.array(found)


def clip_by_cases(ratio, A, epsilon):
    if A > 0:
        return A * min(ratio, 1 + epsilon)
    return A * max(ratio, 1 - epsilon)


def gibbs_by_logarithms(ref, rewards, beta):
    logits = np.log(ref) + np.array(rewards) / beta
    return np.exp(logits - np.log(np.exp(logits).sum()))


def order_of_two(alphas, gaps):
    return np.log(gaps[1] / gaps[0]) / np.log(alphas[1] / alphas[0]) - 1


weights = np.array([0.5, 0.3, 0.2]) * np.exp([0.5, 0.0, 1.0])
rho_first = 0.75 / 1.15  # rho' = .5 + .5 (.2 rho' + .5 (1 - rho'))

BY_HAND = {
    # chapter 12
    "tabular_gradient": table_gradient,
    "tabular_natural": table_natural,
    "bandit_step": weights / weights.sum(),
    "two_arm_flow": p * (1 - p) * gap,
    "weighted_information": [36 / 275, 9 / 550],
    "mild_plateau": "a factor of 200",
    "scaled_rewards": "the step of fixed KL and Newton's",
    # chapter 13
    "step_scale": 1 / 2,
    "exact_gain": rho_first * (0.8 * 0.375 + 0.2 * 0.125 - 0.25) / 0.5,  # V = 1/4, 3/4
    "permitted_kl": 1 / 2160,
    "backtracks_needed": 2,
    "advantages": gae_as_a_sum,
    "cut_as_an_end": "too low",
    "damped_in_other_units": "policies that differ at first order",
    # chapter 14
    "obeyed_divergence": -np.log(0.84) / 2,
    "clipped_value": clip_by_cases,
    "louder_rewards": "it hardly changes",
    "penalised_policy": gibbs_by_logarithms,
    "log_ratio_as_loss": "to the best action, as without a penalty",
    "reverse_price": (3 + 5**0.5) / 4,
    # chapter 15
    "arrow_in_logs": [1.8, -0.9],
    "order_of_a_step": order_of_two,
    "mixed_inputs": "undamped K-FAC",
    "labels_near_the_fit": "too long",
    "break_even_price": 85 / 60,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_answer_by_hand_is_right(name):
    verdict = all_exercises()[name].judge(BY_HAND[name])
    assert verdict.right is True, verdict.message


def test_every_exercise_of_the_last_four_chapters_is_answered_by_hand():
    asked = {one.name for chapter, exercises in by_chapter().items() if chapter >= "12" for one in exercises}
    assert asked == set(BY_HAND)
