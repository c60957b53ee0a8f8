"""Wrong answers of chapters 09, 10 and 11 by hand: what each misconception gives."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.integrate import quad

u, k = sp.symbols("u k", positive=True)


def spent(r):
    """The divergence of two zero-mean normals: r is the variance under the mean over the other one."""
    return (r - 1 - sp.log(r)) / 2


def proximal_reversed(sigma, alpha, m):
    """With w = u^2 the derivative of log(w)/2 + m/(2w) + (w/sigma^2 - log w)/(2 alpha) vanishes at the positive root
    of w^2/sigma^2 + (alpha - 1) w - alpha m."""
    return np.sqrt(sigma**2 / 2 * (1 - alpha + np.sqrt((1 - alpha) ** 2 + 4 * alpha * m / sigma**2)))


def dense(J, F_z):
    """The sum over examples, outputs and outputs of F_ij j_i j_j^T: the large matrix that the exercise avoids."""
    total = np.zeros((J.shape[2], J.shape[2]))
    for rows, F in zip(J, F_z):
        for i, left in enumerate(rows):
            for j, right in enumerate(rows):
                total += F[i, j] * np.outer(left, right)
    return total


def identities(J):
    return [np.eye(J.shape[1])] * len(J)


def damped_inverse(R, damping):
    """By the singular vectors of R: 1/(s^2 + lambda) in the span of the rows, 1/lambda outside."""
    _, s, V = np.linalg.svd(R)
    squares = np.concatenate([s**2, np.zeros(len(V) - len(s))])
    return sum(np.outer(row, row) / (square + damping) for row, square in zip(V, squares))


def on_the_rows(R, g):
    """The point of the span of the rows next to g, by least squares."""
    return R.T @ np.linalg.lstsq(R.T, g, rcond=None)[0]


def weight_by_weight(Omega, Gamma, M):
    """The gradient of each weight over its own diagonal entry of the Kronecker product."""
    out = np.empty(M.shape)
    for o in range(M.shape[0]):
        for i in range(M.shape[1]):
            out[o, i] = M[o, i] / (Gamma[o, o] * Omega[i, i])
    return out


def by_columns(matrix, M, solve=False):
    """A matrix, or its inverse, applied to the columns of M one below the other."""
    column = M.T.reshape(-1)
    return (np.linalg.inv(matrix) @ column if solve else matrix @ column).reshape(M.T.shape).T


def mean_over_pairs(gradients, of):
    """The mean of a function of two rows that are drawn independently."""
    return sum(of(one, two) for one in gradients for two in gradients) / len(gradients) ** 2


WRONG = {
    # sigma = 3 and v = 9/2 (-8/27) = -4/3, so v^2 = 16/9; h''/h' = -3/sigma for the precision, -1/sigma for the logarithm
    "precision_gap": {
        "missing ½": 3 / 3 * 16 / 9,
        "wrong sign": -8 / 9,
        "another chart": 1 / 2 * 1 / 3 * 16 / 9,
        "a change of tau": -1 / 2 * 6 / 81 * 16 / 9,
    },
    "flat_poisson": {
        "the factor of the root": lambda rate: np.exp(np.log(rate) / 2),
        "logarithm of the rate": lambda rate: quad(lambda t: 1 / t, 1, rate)[0],
        "the speed, not the coordinate": lambda rate: np.sqrt(rate) / rate,
    },
    # the right answer is spent(1 - u)
    "precision_cliff": {
        "direction reversed": spent(1 / (1 - u)),
        "missing ½": -u / (2 * sp.sqrt(2)) - sp.log(1 - u / sp.sqrt(2)) / 2,  # half the square of the share: u / sqrt 2
        "growing for shrinking": (u - sp.log(1 + u)) / 2,
    },
    # each root of B brings 1/sqrt(k)
    "stretched_curvature": {
        "wrong sign": 1 / k,
        "a factor used once": -1 / sp.sqrt(k),
        "stretching thought harmless": sp.Integer(-1),
        "upside down": -k,
    },
    # the right answer is the root of (sigma^2 + alpha m) / (1 + alpha)
    "proximal_sigma": {
        "direction reversed": proximal_reversed,
        "learning rate for price": lambda sigma, alpha, m: np.sqrt((alpha * sigma**2 + m) / (1 + alpha)),
        "square for its root": lambda sigma, alpha, m: sigma**2 + alpha / (1 + alpha) * (m - sigma**2),
        "models for the things themselves": lambda sigma, alpha, m: sigma * (1 - alpha / 2) + alpha * m / (2 * sigma),
    },
    "cg_steps": {
        "steps by dimension": 1000 + 30 + 3,
        "steps by the bound": 52,  # sqrt(50)/2 log(2e6) = 3.5355 * 14.5087 = 51.3
        "steps by the root of kappa": 7,  # sqrt(50) = 7.07
    },
    "fisher_times": {
        "sum and mean exchanged": lambda J, F_z, v: dense(J, F_z) @ v,
        "output Fisher left out": lambda J, F_z, v: dense(J, identities(J)) @ v / len(J),
        "mean taken too early": lambda J, F_z, v: dense(sum(J)[None], sum(F_z)[None]) @ v / len(J) ** 3,
    },
    # x = (100/101, 5): x^T F x = (100/101)^2 + 1/4, and x^T (F + lambda I) x = g^T x = 100/101 + 1/2
    "budget_spent": {
        "undamped step": 2 / 3.01,  # x = (1, 10): the damping takes 101/100
        "ratio of lengths": np.sqrt(((100 / 101) ** 2 + 1 / 4) / 2),
        "root for its square": np.sqrt(((100 / 101) ** 2 + 1 / 4) / (100 / 101 + 1 / 2)),
    },
    # A = R^T R + lambda I, and R^T (R R^T + lambda I)^-1 R = I - lambda A^-1
    "small_solve": {
        "division by the damping forgotten": lambda R, g, damping: damping * damped_inverse(R, damping) @ g,
        "wrong sign": lambda R, g, damping: 2 * g / damping - damped_inverse(R, damping) @ g,
        "range taken for the whole space": lambda R, g, damping: damped_inverse(R, damping) @ on_the_rows(R, g),
        "damping left out of the small matrix": lambda R, g, damping: (g - on_the_rows(R, g)) / damping,
    },
    # the right answer is 12/48
    "kept_by_one_batch": {
        "two batches for one": -12 / 37,
        "kept for lost": 3 / 4,
        "root for its square": 1 / 2,
    },
    # E[x^2] = 1, E[x^4] = 3, and the mean score is 2 - w = 3/2
    "empirical_information": {
        "empirical and true Fisher exchanged": 1,
        "centred": 7 - 9 / 4,
        "fourth moment of x forgotten": 9 / 4 + 1 / 4,
    },
    "kfac_direction": {
        "product instead of inverse": lambda Omega, Gamma, M: by_columns(np.kron(Omega, Gamma), M),
        "output factor forgotten": lambda Omega, Gamma, M: by_columns(np.kron(Omega, np.eye(len(M))), M, solve=True),
        "diagonal only": weight_by_weight,
    },
    # a = 1 and 2, p (1 - p) = 0.25 and 0.09
    "logistic_kfac": {
        "mean of products for product of means": (0.25 + 4 * 0.09) / 2,
        "first moment of the input": 1.5**2 * 0.17,
        "variance at the mean probability": 2.5 * 0.7 * 0.3,
        "sum and mean exchanged": 5 * 0.17,
    },
    # the right answer is 4/50
    "optimism": {
        "parameters counted": 1 / 50,
        "missing ½": 2 / 50,
        "roles exchanged": 1 / 200,
    },
    "squared_batch_gradient": {
        "square before the mean": lambda gradients, size: np.diagonal(gradients.T @ gradients) / len(gradients),
        "noise left out": lambda gradients, size: mean_over_pairs(gradients, np.multiply),
        "variance for second moment": lambda gradients, size: (
            mean_over_pairs(gradients, lambda one, two: (one - two) ** 2) / (2 * size)
        ),
    },
}
