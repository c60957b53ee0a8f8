"""Wrong answers of chapters 07 and 08 by hand: what each misconception gives."""

from __future__ import annotations

import numpy as np
import sympy as sp

mu, sigma, k, g = sp.symbols("mu sigma k g", positive=True)


def adjugate_inverse(J):
    (a, b), (c, d) = J
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)


def pulled_back(F, J):
    """Entry by entry: the columns of J, measured by F."""
    columns = [J[:, 0], J[:, 1]]
    return [[sum(F[i, j] * p[i] * q[j] for i in (0, 1) for j in (0, 1)) for q in columns] for p in columns]


def metric_law_for_a_covariance(F, J):
    """The law of a metric, given to the inverse of F: what comes back is moved as a covariance."""
    B = adjugate_inverse(J)
    return adjugate_inverse(B.T @ adjugate_inverse(F) @ B)


def one_factor(F, J):
    """Each column of F moved like a gradient, the rows left as they are."""
    (a, b), (c, d) = J
    determinant = a * d - b * c
    return [
        [(d * F[0, 0] - c * F[1, 0]) / determinant, (d * F[0, 1] - c * F[1, 1]) / determinant],
        [(a * F[1, 0] - b * F[0, 0]) / determinant, (a * F[1, 1] - b * F[0, 1]) / determinant],
    ]


def rows_of_the_inverse(F, J):
    """B F B^T with B = J^-1: the rows of B measured by F, where its columns should be."""
    rows = adjugate_inverse(J)
    return [[sum(F[i, j] * p[i] * q[j] for i in (0, 1) for j in (0, 1)) for q in rows] for p in rows]


def arrow_pulled_back(K, F, g):
    """F^-1 g by eigenvectors, then seen by each column of K."""
    values, vectors = np.linalg.eigh(F)
    arrow = sum(u * (u @ g) / value for value, u in zip(values, vectors.T))
    return [float(column @ arrow) for column in K.T]


def gradient_pulled_back(K, F, g):
    return sum(slope * row for slope, row in zip(g, K))


def shortest_with_the_gradient(K, F, g):
    """With the metric K^T K of full rows the answer w has K w = g: the shortest one is K^T (K K^T)^-1 g."""
    return K.T @ np.linalg.solve(K @ K.T, g)


def damped_below(K, F, g):
    """(K^T F K + d)^-1 K^T = K^T (F K K^T + d)^-1, so the damping is added in theta."""
    return K.T @ np.linalg.solve(F @ K @ K.T + 0.1 * np.eye(len(F)), g)


def multiplied_by_the_metric(K, F, g):
    """The metric is a sum of products of rows of K; each is applied to the gradient."""
    w, n = gradient_pulled_back(K, F, g), range(len(F))
    return sum(F[i, j] * K[i] * (K[j] @ w) for i in n for j in n)


def information_about_sigma(sigma):
    """The mean squared score of N(0, sigma^2), (z^2 - 1) / sigma squared, by quadrature over a standard normal z."""
    z, weights = np.polynomial.hermite_e.hermegauss(6)
    return weights @ ((z**2 - 1) / sigma) ** 2 / np.sqrt(2 * np.pi)


# f = -log sigma - (mu^2 + 1) / (2 sigma^2): its derivatives are -mu / sigma^2 and EXCESS / sigma^3
EXCESS = mu**2 + 1 - sigma**2

WRONG = {
    "move_a_metric": {
        "Jacobian in the wrong direction": pulled_back,
        "metric moved like its inverse": metric_law_for_a_covariance,
        "one Jacobian instead of two": one_factor,
        "transpose on the wrong side": rows_of_the_inverse,
    },
    # the arrow is (-2, 1/4); J has the rows (1/2, -1/2) and (0, 1/2)
    "signal_to_noise": {
        "vector moved as a covector": [-4, -7 / 2],  # x/2 = -2 and -x/2 + y/2 = 1/4
        "Jacobian in the wrong direction": [-7 / 2, 1 / 2],  # y/2 = 1/4 and x/2 - y/2 = -2
        "invariant read as constant numbers": [-2, 1 / 4],
        "each coordinate by itself": [-1, 1 / 8],
    },
    # the information is 1/sigma^2 about mu and 2/sigma^2 about sigma
    "squared_slope": {
        "Euclidean length": mu**2 / sigma**4 + EXCESS**2 / sigma**6,
        "metric for its inverse": mu**2 / sigma**6 + 2 * EXCESS**2 / sigma**8,
        "numbers of the natural gradient squared": mu**2 + EXCESS**2 / (4 * sigma**2),
        "one information for both": mu**2 / sigma**2 + EXCESS**2 / sigma**4,
    },
    "redundant_step": {
        "vector moved as a covector": arrow_pulled_back,
        "gradient taken for natural gradient": gradient_pulled_back,
        "the metric of the distributions forgotten": shortest_with_the_gradient,
        "damped and not projected": damped_below,
        "metric for its inverse": multiplied_by_the_metric,
    },
    "variance_fisher": {
        "another chart": 2 / 9,
        "sigma read as variance": 1 / 18,  # 1/(2 v^2) at v = 3
        "one Jacobian instead of two": 1 / 27,  # 2/9 over 2 sigma = 6
    },
    # tau = 1/9, J = -2/27, the information about tau is 81/2, the natural gradient in sigma -9/4
    "precision_step": {
        "gradient not transformed": -1 / 81,
        "another chart": -9 / 4,
        "vector moved as a covector": 243 / 8,
    },
    "power_fisher": {
        "one Jacobian instead of two": lambda sigma, k: 2 / (k * sigma ** (k + 1)),
        "Jacobian in the wrong direction": lambda sigma, k: 2 * k**2 * sigma ** (2 * k - 4),
        "a letter exchanged for a chart": lambda sigma, k: information_about_sigma(sigma**k),
        "another chart": lambda sigma, k: information_about_sigma(sigma),
    },
    # sigma = 1/2 and g = 6: tau = 4, J = -16, the information about tau is 1/32
    "exit_rate_of_the_precision": {
        "gradient taken for natural gradient": 32 / 3,  # 4 over 6/16
        "another chart": 2 / 3,  # 1/2 over 6 sigma^2 / 2 = 3/4
        "gradient not transformed": 1 / 48,  # 4 over 32 times 6
    },
    # sigma (1 + alpha k v / sigma)^(1/k) has (1 - k) v^2 / (2 sigma) at alpha^2; v = sigma^2 g / 2
    "power_gap": {
        "missing ½": (1 - k) * sigma**3 * g**2 / 4,
        "wrong sign": (k - 1) * sigma**3 * g**2 / 8,
        "a change of phi": k * (1 - k) * sigma ** (k + 2) * g**2 / 8,
        "plain for natural vector": (1 - k) * g**2 / (2 * sigma),
    },
}
