"""Wrong answers of chapters 05 and 06 by hand: what each misconception gives."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import digamma, gammaln

b, k, v = sp.symbols("b k v", positive=True)
eta, m = sp.symbols("eta m")

# Gumbel in location and scale, at scale 1: F = [[1, gamma - 1], [gamma - 1, (gamma - 1)^2 + pi^2/6]]
GAP = 1 - float(sp.EulerGamma)
SIXTH = np.pi**2 / 6


def cofactor(F, i, j):
    minor = np.delete(np.delete(F, i, axis=0), j, axis=1)
    return (-1) ** (i + j) * np.linalg.det(minor)


def variance_bound(F, i):
    """By Cramer's rule."""
    return cofactor(F, i, i) / np.linalg.det(F)


def losses_one_by_one(F, i):
    """Every other coordinate alone takes the squared correlation of the two scores off."""
    correlations = [F[i, j] / np.sqrt(F[i, i] * F[j, j]) for j in range(len(F)) if j != i]
    return F[i, i] * (1 - sum(r**2 for r in correlations))


def coupling_once(F, i):
    """The regression of score i on the others has the coefficients -P_ij / P_ii, P the inverse of F."""
    return F[i, i] - sum(abs(cofactor(F, i, j) / cofactor(F, i, i)) for j in range(len(F)) if j != i)


def weighted_rows(weight):
    """The sum of weight(z) x x^T over the rows x, z = w . x."""

    def fisher(X, w):
        total = np.zeros((len(w), len(w)))
        for x in X:
            total += weight(sum(x * w)) * np.outer(x, x)
        return total

    return fisher


# p (1 - p) = 1 / (4 cosh^2(z/2))
all_rows = weighted_rows(lambda z: 1 / (4 * np.cosh(z / 2) ** 2))


def bound(k, b, k_post, b_post):
    """Minus the divergence of Gamma(k, b) from the posterior: the evidence bound, up to a constant."""
    divergence = (k - k_post) * digamma(k) - gammaln(k) + gammaln(k_post)
    divergence += k_post * np.log(b / b_post) + k * (b_post - b) / b
    return -divergence


def step_along_the_gradient(k, b, alpha, k0, b0, counts):
    """By differences of the bound in k and -b; a step up in -b is a step down in b."""
    post, h = (k0 + sum(counts), b0 + len(counts)), 1e-5
    by_shape = (bound(k + h, b, *post) - bound(k - h, b, *post)) / (2 * h)
    by_minus_rate = (bound(k, b - h, *post) - bound(k, b + h, *post)) / (2 * h)
    return [k + alpha * by_shape, b - alpha * by_minus_rate]


def step_without_the_prior(k, b, alpha, k0, b0, counts):
    return [k + alpha * (sum(counts) - k), b + alpha * (len(counts) - b)]


def step_with_the_mean(k, b, alpha, k0, b0, counts):
    """The mean count as if it were one observation."""
    return [k + alpha * (k0 + sum(counts) / len(counts) - k), b + alpha * (b0 + 1 - b)]


def step_on_top(k, b, alpha, k0, b0, counts):
    for x in counts:
        k, b = k + alpha * x, b + alpha
    return [k, b]


WRONG = {
    # F_s = 4/s^2 and s = sqrt(v), ds/dv = 1/(2 sqrt(v)); the right answer is 1/v^2
    "squared_scale": {
        "invariant read as constant numbers": 4 / v**2,
        "metric not transformed": 4 / v,
        "one Jacobian instead of two": 2 / v ** sp.Rational(3, 2),
        "Jacobian in the wrong direction": sp.Integer(16),
    },
    "partner_of_the_rate": {
        "partner of the other coordinate": k / b,
        "logarithm of a mean for mean of a logarithm": sp.log(k) - sp.log(b),
        "another chart": sp.digamma(k) + sp.log(b),
    },
    "gumbel_loss": {
        "kept for lost": 1 / (1 + GAP**2 / SIXTH),
        "root for its square": GAP / np.sqrt(GAP**2 + SIXTH),
        "counted in standard deviations": 1 - 1 / np.sqrt(1 + GAP**2 / SIXTH),
        "an entry for a loss": GAP,
    },
    "information_left": {
        "nuisance parameter treated as known": lambda F, i: np.diag(F)[i],
        "upside down": variance_bound,
        "losses added one by one": losses_one_by_one,
        "loss not quadratic": coupling_once,
    },
    "logistic_fisher": {
        "sum and mean exchanged": lambda X, w: all_rows(X, w) / X.shape[0],
        "information without weights": weighted_rows(lambda z: 1.0),
        # p = (1 + tanh(z/2)) / 2
        "mean for variance of a response": weighted_rows(lambda z: (1 + np.tanh(z / 2)) / 2),
        "root for its square": weighted_rows(lambda z: 1 / (2 * np.cosh(z / 2))),
        "diagonal only": lambda X, w: all_rows(X, w) * np.eye(len(w)),
    },
    # F = [[2, 1], [1, 3]], g = (1, -1), c = 1/50: F^-1 g = (4, -3)/5 of length 1, g.F^-1 g = 7/5, F g = (1, -2), g.F g = 3
    "spend_a_budget": {
        "missing ½": [4 / 5 / np.sqrt(70), -3 / 5 / np.sqrt(70)],
        "Euclidean length": [0.16, -0.12],
        "gradient taken for natural gradient": [1 / (5 * np.sqrt(3)), -1 / (5 * np.sqrt(3))],
        "metric for its inverse": [1 / (5 * np.sqrt(3)), -2 / (5 * np.sqrt(3))],
        # (1/2, -1/3), whose slope is 5/6, times sqrt(6/125)
        "diagonal only": [np.sqrt(3 / 250), -np.sqrt(2 / 375)],
    },
    "divergence_of_a_step": {
        "missing ½": lambda alpha: 7 / 5 * alpha**2,
        "linear in the learning rate": lambda alpha: 7 / 10 * alpha,
        "gradient taken for natural gradient": lambda alpha: 3 / 2 * alpha**2,
    },
    # the gain is sqrt(2 c 7/5) = sqrt(35)/25 at c = 1/50, and its derivative by c is sqrt(35)
    "price_of_divergence": {
        "missing ½": np.sqrt(70),
        "average for marginal": 2 * np.sqrt(35),
        "upside down": 1 / np.sqrt(35),
        "square for its root": 35.0,
    },
    "efficiency_of_the_gradient": {
        "Euclidean length": 7 / (5 * np.sqrt(2)),
        "square for its root": 20 / 21,
        "equal rates for equal budgets": 10 / 7,
    },
    "poisson_natural": {
        "gradient taken for natural gradient": m - sp.exp(eta),
        "metric for its inverse": m * sp.exp(eta) - sp.exp(2 * eta),
        "wrong sign": 1 - m * sp.exp(-eta),
        "the whole way": sp.log(m) - eta,
    },
    "conjugate_step": {
        "prior forgotten": step_without_the_prior,
        "sum and mean exchanged": step_with_the_mean,
        "data added on top": step_on_top,
        "gradient taken for natural gradient": step_along_the_gradient,
    },
}
