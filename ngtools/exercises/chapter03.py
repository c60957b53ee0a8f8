"""Exercises of chapter 03: the Fisher information matrix."""

from __future__ import annotations

import numpy as np

from ngtools import families, fisher
from ngtools.exercises.checker import Exercise, Mistake

K, B, N = 2.3, 1.4, 50

SCORES = (
    np.array([[1.0, 2.0], [-3.0, 0.5], [2.0, -1.0], [0.5, 4.0]]),
    np.array([[0.2, -1.0, 0.3], [1.5, 0.4, -2.0]]),
)


def rate_bound() -> float:
    """The smallest standard deviation of an unbiased estimator of a gamma's rate; the shape is unknown too."""
    F = fisher.stated(families.get("gamma"), [K, B])
    return float(np.sqrt(np.linalg.inv(N * F)[1, 1]))


def rate_bound_with_known_shape() -> float:
    return float(np.sqrt(1 / (N * fisher.stated(families.get("gamma"), [K, B])[1, 1])))


def rate_bound_as_a_variance() -> float:
    return rate_bound() ** 2


def rate_bound_of_one_observation() -> float:
    return rate_bound() * np.sqrt(N)


def rate_bound_of_the_scale() -> float:
    F = fisher.stated(families.get("gamma"), [K, 1 / B], chart="shape-scale")
    return float(np.sqrt(np.linalg.inv(N * F)[1, 1]))


def monte_carlo_fisher(psi: np.ndarray) -> np.ndarray:
    """The Monte-Carlo Fisher matrix from scores psi of shape (N, d), one row a draw of the model."""
    return psi.T @ psi / len(psi)


def outer_product_of_the_mean(psi: np.ndarray) -> np.ndarray:
    return np.outer(psi.mean(axis=0), psi.mean(axis=0))


def sum_of_outer_products(psi: np.ndarray) -> np.ndarray:
    return psi.T @ psi


def squares_only(psi: np.ndarray) -> np.ndarray:
    return np.diag((psi**2).mean(axis=0))


def sample_covariance(psi: np.ndarray) -> np.ndarray:
    return np.cov(psi.T)


EXERCISES = (
    Exercise(
        "rate_bound",
        "value",
        rate_bound,
        (
            Mistake(
                "nuisance parameter treated as known",
                rate_bound_with_known_shape,
                "this is 1/sqrt(n F_22), the bound if the shape were known. With the shape unknown take [F^-1]_22.",
            ),
            Mistake(
                "variance instead of standard deviation",
                rate_bound_as_a_variance,
                "this is the bound on the variance. The question asks for the standard deviation.",
            ),
            Mistake(
                "information of one observation",
                rate_bound_of_one_observation,
                "this is the bound for one observation. Information adds up: use n F.",
            ),
            Mistake(
                "another chart",
                rate_bound_of_the_scale,
                "this is the bound for the scale 1/b. The question asks for the rate: use the chart shape-rate.",
            ),
        ),
        "If the shape were known, the bound would be less than half of this.",
    ),
    Exercise(
        "monte_carlo_fisher",
        "function",
        monte_carlo_fisher,
        (
            Mistake(
                "outer product of the mean",
                outer_product_of_the_mean,
                "you averaged the scores first and then took the outer product; that tends to 0 as N grows, because "
                "the score has mean zero. Take the outer product of each score, then average.",
            ),
            Mistake(
                "sum instead of mean",
                sum_of_outer_products,
                "you summed the outer products. F is per observation: divide by N.",
            ),
            Mistake(
                "diagonal only",
                squares_only,
                "you kept the squares and dropped the products; this is the diagonal approximation.",
            ),
            Mistake(
                "sample mean subtracted",
                sample_covariance,
                "the sample covariance is unbiased too, but it subtracts a noisy mean that is known to be zero. "
                "The mean outer product subtracts nothing and divides by N.",
            ),
        ),
        "It is positive semi-definite for any scores, and its rank is at most N.",
        inputs=tuple((psi,) for psi in SCORES),
    ),
)
