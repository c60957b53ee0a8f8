"""Wrong answers of chapters 12 to 15 by hand: what each misconception gives."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import lambertw

p, gap, theta = sp.symbols("p gap theta")
LEAVE_I, LEAVE_J = 1 / 5, 9 / 10  # Kakade's two states at p_i = .8, p_j = .1


def centred(k):
    """The matrix that subtracts the plain mean of k numbers."""
    return np.eye(k) - np.ones((k, k)) / k


def table(entry):
    """The table of entry(rho(s), pi(s), Q(s), a)."""
    return lambda rho, pi, Q: np.array(
        [[entry(weight, probs, values, a) for a in range(len(probs))] for weight, probs, values in zip(rho, pi, Q)]
    )


def derivative_by_the_logit(weight, probs, values, a):
    """Of weight times the mean of the values, by a complex step."""
    odds = probs.astype(complex)
    odds[a] *= np.exp(1e-30j)
    return weight * (odds @ values / odds.sum()).imag / 1e-30


def joint_entry(slope_of_rho, information):
    """Of a logit in the joint distribution: the states are a coin with odds LEAVE_J to LEAVE_I."""
    at_i = LEAVE_J / (LEAVE_I + LEAVE_J)
    return slope_of_rho**2 / (at_i * (1 - at_i)) + information


def logit_velocity(rate):
    """dp/dt when the logit moves with a rate that is a function of the logit."""
    logistic = 1 / (1 + sp.exp(-theta))
    return (sp.diff(logistic, theta) * rate(gap * logistic)).subs(theta, sp.log(p / (1 - p)))


FULL = np.sqrt(0.4)  # ½ ½ FULL² = 0.1: the step in the variance, from 1


def backtracks(excess):
    """The number of divisions by 1.25 that bring a ratio of excess down to 1."""
    return int(np.ceil(np.log(excess) / np.log(1.25)))


def estimates(keeps_value, stops_sum):
    """Advantages as the solution of A_t - gamma trace A_(t+1) = e_t, unless t stops the sum."""

    def advantages(rewards, values, next_values, terminated, truncated, gamma, trace):
        errors = rewards - values + gamma * np.where(keeps_value(terminated, truncated), next_values, 0.0)
        goes_on = 1.0 - stops_sum(terminated, truncated)
        return np.linalg.solve(np.eye(len(rewards)) - gamma * trace * np.diag(goes_on[:-1], 1), errors)

    return advantages


def always(terminated, truncated):
    return np.ones(len(terminated), bool)


def never(terminated, truncated):
    return np.zeros(len(terminated), bool)


def either(terminated, truncated):
    return terminated | truncated


def neither(terminated, truncated):
    return ~(terminated | truncated)


def not_terminated(terminated, truncated):
    return ~terminated


def more_of_two(ratio, A, epsilon):
    """Which of two products is larger depends on the sign of A only."""
    return A * max(ratio, 1 - epsilon) if A > 0 else A * min(ratio, 1 + epsilon)


def by_odds(odds):
    """Probabilities as reciprocal sums of odds(ref_b, ref_a, r_b - r_a)."""

    def policy(ref, rewards, beta):
        pairs = list(zip(ref, rewards))
        return [1 / sum(odds(q, own, r - here, beta) for q, r in pairs) for own, here in pairs]

    return policy


def priced_policy(ref, rewards, beta):
    """beta ref / (nu - r), with nu the largest root of the polynomial that makes it sum to one."""
    others = [np.poly(np.delete(rewards, a)) for a in range(len(rewards))]
    polynomial = np.polysub(np.poly(rewards), beta * sum(q * other for q, other in zip(ref, others)))
    nu = max(np.roots(polynomial).real)
    return beta * np.array(ref) / (nu - np.array(rewards))


def fall(numbers):
    """How much the logarithm falls from the first to the last."""
    return -np.diff(np.log(numbers)).sum()


WRONG = {
    "tabular_gradient": {
        # the indicator part of the score alone
        "no baseline": table(lambda weight, probs, values, a: weight * probs[a] * values[a]),
        "unweighted mean": table(
            lambda weight, probs, values, a: weight * (np.diag(probs) @ centred(len(probs)) @ values)[a]
        ),
        "rho left out": table(lambda weight, probs, values, a: derivative_by_the_logit(1.0, probs, values, a)),
    },
    "tabular_natural": {
        "weighted mean": table(
            lambda weight, probs, values, a: sum(q * (values[a] - value) for q, value in zip(probs, values))
        ),
        "still weighted by the states": table(
            lambda weight, probs, values, a: weight * (centred(len(values)) @ values)[a]
        ),
        "gradient taken for natural gradient": table(derivative_by_the_logit),
    },
    "bandit_step": {
        # p . r = .9, so the logits gain .5 times (.05, -.27, .22)
        "gradient taken for natural gradient": np.array([5 * np.exp(0.025), 3 * np.exp(-0.135), 2 * np.exp(0.11)])
        / (5 * np.exp(0.025) + 3 * np.exp(-0.135) + 2 * np.exp(0.11)),
        "first order": [0.5 * 1.05, 0.3 * 0.55, 0.2 * 1.55],
        "not normalised": [np.sqrt(np.e) / 2, 3 / 10, np.e / 5],
    },
    "two_arm_flow": {
        "gradient taken for natural gradient": logit_velocity(lambda reward: sp.diff(reward, theta)),
        "metric for its inverse": gap / p + gap / (1 - p),
        "velocity of the logit": gap,
    },
    "weighted_information": {
        "states not weighted": [4 / 25, 9 / 100],
        # rho_i = b / (a + b), a and b the probabilities of leaving i and j; da = -4/25, db = -9/100
        "joint distribution": [
            joint_entry(LEAVE_J * (4 / 25) / 1.21, 36 / 275),
            joint_entry(LEAVE_I * (-9 / 100) / 1.21, 9 / 550),
        ],
        "uniform weights": [2 / 25, 9 / 200],
    },
    "step_scale": {
        # s = (.1, .4), s^T F s = .08, s^T s = .17
        "missing ½": np.sqrt(1 / 8),
        "Euclidean length": np.sqrt(2 / 17),
        "square for its root": 1 / 4,
    },
    "exact_gain": {
        # V = (1/4, 3/4), A(change) = 1/8 = -A(stay) in the first state; it counts 3/2 for the old policy, 30/23 for the new
        "old states for new ones": (3 / 2) * (0.8 - 0.2) / 8,
        # V' = (8/23, 18/23)
        "sum and mean exchanged": (8 / 23 - 1 / 4) / 2,
        "wrong sign": 1 / 4 - 8 / 23,
    },
    "permitted_kl": {
        # C = 1080
        "one horizon for two": 1 / 216,
        "size of the advantage forgotten": 1 / 720,
        "the better constant": 1 / 1080,
    },
    "backtracks_needed": {
        "model trusted": 0,
        # KL(new || old) = ½ (v - 1 - log v) is 0.1 at v e^-v = e^-1.2
        "direction reversed": backtracks(FULL / (1 + lambertw(-np.exp(-1.2)).real)),
        "divergence shrunk like the step": backtracks((FULL / (1 - FULL) + np.log(1 - FULL)) / 2 / 0.1),
    },
    "advantages": {
        "life after the end": estimates(always, either),
        "the clock taken for an end": estimates(neither, either),
        "sum across two episodes": estimates(not_terminated, never),
    },
    "obeyed_divergence": {
        "second order": 2 / 25,
        "missing ½": np.log(25 / 21),
        "one end alone": np.log(5 / 3),
        "direction reversed": 0.3 * np.log(3 / 5) + 0.7 * np.log(7 / 5),
    },
    "clipped_value": {
        "clip without minimum": lambda ratio, A, epsilon: A * sorted((1 - epsilon, ratio, 1 + epsilon))[1],
        "maximum for minimum": more_of_two,
        "one-sided clip": lambda ratio, A, epsilon: A * (ratio + 1 + epsilon - abs(ratio - 1 - epsilon)) / 2,
    },
    "penalised_policy": {
        "reference forgotten": by_odds(lambda q, own, more, beta: np.exp(more / beta)),
        "multiplier upside down": by_odds(lambda q, own, more, beta: q / own * np.exp(more * beta)),
        "direction reversed": priced_policy,
    },
    "reverse_price": {
        # nu² - 3/2 nu + 1/4 = 0
        "root inside": (3 - np.sqrt(5)) / 4,
        # nu² - 2 nu + 1/2 = 0
        "weight forgotten": 1 + np.sqrt(1 / 2),
        # 1/4 over the probability e² / (1 + e²)
        "direction reversed": 5 / 4 + np.exp(-2) / 4,
    },
    "arrow_in_logs": {
        # (.2, -1.8) and diag(1/9, 2) in the logs; (.2, -.6) and diag(1/9, 2/9) before
        "gradient not transformed": [9 / 5, -3 / 10],
        "metric not transformed": [9 / 5, -81 / 10],
        "invariant read as constant numbers": [9 / 5, -27 / 10],
        "metric for its inverse": [1 / 45, -18 / 5],
    },
    "order_of_a_step": {
        "slope for order": lambda alphas, gaps: fall(gaps) / fall(alphas),
        "steps left out": lambda alphas, gaps: fall(gaps) - 1,
        "axes exchanged": lambda alphas, gaps: fall(alphas) / fall(gaps) - 1,
    },
    "break_even_price": {
        # 85 / 60 = 17 / 12
        "upside down": 12 / 17,
        "the surplus alone": 5 / 12,
    },
}

# measured seconds: the clock's, and others after the next run of the study
LEFT_OUT = {("break_even_price", "price paid"), ("break_even_price", "seconds")}
