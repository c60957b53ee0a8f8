"""The answer of every exercise, once more by hand: the programs of the solutions are not their own judges."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy.special import expit

from ngtools.exercises import all_exercises, by_chapter

a, b, g, k, m, mu, s, u, v, eta, sigma = sp.symbols("a b g k m mu s u v eta sigma", positive=True)
beta = sp.Symbol("beta", positive=True)
EULER = float(sp.EulerGamma)


def dora(sigma, alpha, mean_square):
    tau = sigma**-2
    return (tau + alpha * (1 / (2 * tau) - mean_square / 2)) ** -0.5


def pushed_step(J, g):
    """The gradient in the metric J^T J, which the identity matrix of phi is in theta."""
    return np.linalg.inv(J.T @ J) @ g


def steepest_arrow(M, g):
    """A search over all directions of the plane."""
    angles = np.linspace(0, 2 * np.pi, 200_001)
    arrows = np.array([np.cos(angles), np.sin(angles)])
    arrows = arrows / np.sqrt(np.einsum("ik,ij,jk->k", arrows, M, arrows))
    return arrows[:, np.argmax(g @ arrows)]


def monte_carlo_fisher(psi):
    return sum(np.outer(row, row) for row in psi) / len(psi)


def cauchy_scoring(mu, x):
    return mu + 4 * np.mean((x - mu) / (1 + (x - mu) ** 2))


def conjugate_step(k, b, alpha, k0, b0, counts):
    return [k + alpha * (k0 + sum(counts) - k), b + alpha * (b0 + len(counts) - b)]


def information_left(F, i):
    others = np.delete(np.arange(len(F)), i)
    block, column = F[np.ix_(others, others)], F[others, i]
    return F[i, i] - column @ np.linalg.inv(block) @ column


def logistic_fisher(X, w):
    """Minus the Hessian of the log-likelihood, by differences of its gradient; the responses do not matter."""

    def gradient(w):
        return X.T @ (1.0 - expit(X @ w))

    steps = 1e-5 * np.eye(len(w))
    return np.array([(gradient(w - step) - gradient(w + step)) / 2e-5 for step in steps])


def redundant_step(K, F, g):
    """The shortest w with K w = F^-1 g."""
    return K.T @ np.linalg.inv(K @ K.T) @ np.linalg.inv(F) @ g


def proximal_sigma(sigma, alpha, mean_square):
    """The best u of a fine grid of variances, refined once."""
    w = np.linspace(0.05, 12, 400_001)
    gain = -np.log(w) / 2 - mean_square / (2 * w) - (np.log(w) + sigma**2 / w) / (2 * alpha)
    return np.sqrt(w[np.argmax(gain)])


def rate_bound():
    """The adjugate of the matrix trigamma(k), -1/b, k/b^2, over its determinant."""
    shape, rate, n = 2.3, 1.4, 50
    trigamma = float(sp.polygamma(1, shape))
    return np.sqrt(trigamma / (trigamma * shape / rate**2 - 1 / rate**2) / n)


BY_HAND = {
    # chapter 01
    "bob_over_carol": 2500,
    "alice_in_metres": 1000**2,
    "dora": dora,
    "leaving_from_below": "nobody",
    "square_root_limit": 1 / 2,
    "pushed_step": pushed_step,
    "refuting_pair": "log sigma beside mu",
    # chapter 02
    "longitude_step": 6371 * 0.01 / 2,
    "steepest_arrow": steepest_arrow,
    "mercator_metric": sp.cos(beta) ** 2 * sp.eye(2),
    "climb_lost": 1 / 5,
    "multiply_by_the_metric": "orthogonal",
    "carried_update": lambda update, h, back, phi: h(update(back(phi))),
    "two_conformal_charts": "halves",
    # chapter 03
    "rate_bound": rate_bound(),
    "monte_carlo_fisher": monte_carlo_fisher,
    "draws_needed": 2 / 0.05**2,
    "empirical_about_the_mean": s**2 + m**2 - 2 * m * mu + mu**2,
    "scale_correlation": "negative",
    "cauchy_scoring": cauchy_scoring,
    "jeffreys_share": 1 / 2,
    "shrunken_mean": "only the variance",
    # chapter 04
    "kl_widening": np.log(2) - 3 / 8,
    "cubic_exponential": -1 / (3 * b**3),
    "jeffreys_order": "3",
    "further_side": "towards narrower",
    "poisson_distance": lambda r0, r1: 2 * abs(r1**0.5 - r0**0.5),
    "widest_on_the_way": lambda sigma, delta: (sigma**2 + delta**2 / 8) ** 0.5,
    "sign_information": 1 - np.exp(-1) / (2 * np.pi) / (0.8413447460685429 * 0.15865525393145707),
    "power_moment": a * (a - 1) / 2,
    # chapter 05
    "squared_scale": 1 / v**2,
    "mean_with_unknown_shape": "nothing",
    "gumbel_loss": (1 - EULER) ** 2 / ((1 - EULER) ** 2 + np.pi**2 / 6),
    "information_left": information_left,
    "logistic_fisher": logistic_fisher,
    "partner_of_the_rate": sp.digamma(k) - sp.log(b),
    "mixture_near_zero": "m^2",
    # chapter 06
    "spend_a_budget": np.sqrt(0.04 / 1.4) * np.array([4, -3]) / 5,
    "divergence_of_a_step": lambda alpha: 0.7 * alpha**2,
    "price_of_divergence": 35**0.5,
    "efficiency_of_the_gradient": 2 / 4.2**0.5,
    "poisson_natural": m * sp.exp(-eta) - 1,
    "conjugate_step": conjugate_step,
    "fixed_budget": "it jumps to and fro",
    # chapter 07
    "move_a_metric": lambda F, J: np.linalg.inv(J @ np.linalg.inv(F) @ J.T),
    "millimetres": "ten times larger",
    "signal_to_noise": [-9 / 8, 1 / 8],
    "squared_slope": mu**2 / sigma**2 + (mu**2 + 1 - sigma**2) ** 2 / (2 * sigma**4),
    "redundant_step": redundant_step,
    "damped_gap": "like the damping",
    # chapter 08
    "variance_fisher": 1 / 162,
    "precision_step": 0.5 / 3,
    "power_fisher": lambda sigma, k: 2 / (k * sigma**k) ** 2,
    "blind_test": "sigma = 1",
    "exit_rate_of_the_precision": 1 / 3,
    "lands_in_one": "variance",
    "power_gap": (1 - k) * sigma**3 * g**2 / 8,
    # chapter 09
    "precision_gap": 8 / 9,
    "flat_poisson": lambda rate: 2 * rate**0.5,
    "momentum_kind": "exact",
    "average_of_two": "like alpha^3",
    "precision_cliff": -u / 2 - sp.log(1 - u) / 2,
    "proximal_sigma": proximal_sigma,
    "stretched_curvature": -1 / k,
    "newton_kind": "broken",
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_answer_by_hand_is_right(name):
    verdict = all_exercises()[name].judge(BY_HAND[name])
    assert verdict.right is True, verdict.message


def test_every_exercise_of_the_first_nine_chapters_is_answered_by_hand():
    asked = {exercise.name for chapter, exercises in by_chapter().items() if chapter < "10" for exercise in exercises}
    assert asked == set(BY_HAND)
