"""Exercises of chapter 03: the Fisher matrix and its estimates."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools import families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    DIAGONAL_ONLY,
    EMPIRICAL_FOR_TRUE,
    MISSING_ROOT,
    NUISANCE_KNOWN,
    SIGMA_FOR_VARIANCE,
    SUM_FOR_MEAN,
)

K, B, N = 2.3, 1.4, 50

SCORES = (
    np.array([[1.0, 2.0], [-3.0, 0.5], [2.0, -1.0], [0.5, 4.0]]),
    np.array([[0.2, -1.0, 0.3], [1.5, 0.4, -2.0]]),
)


def rate_bound() -> float:
    """The smallest standard deviation of an unbiased estimator of a gamma's
    rate; the shape is unknown too."""
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
    """The Monte-Carlo Fisher matrix from scores psi of shape (N, d), one row a
    draw of the model."""
    return psi.T @ psi / len(psi)


def outer_product_of_the_mean(psi: np.ndarray) -> np.ndarray:
    return np.outer(psi.mean(axis=0), psi.mean(axis=0))


def sum_of_outer_products(psi: np.ndarray) -> np.ndarray:
    return psi.T @ psi


def squares_only(psi: np.ndarray) -> np.ndarray:
    return np.diag((psi**2).mean(axis=0))


def sample_covariance(psi: np.ndarray) -> np.ndarray:
    return np.cov(psi.T)


ERROR = 0.05


def draws_needed() -> float:
    """How many draws of the model give the entry of a normal mean with a
    standard error of 5 per cent of it."""
    normal = families.get("normal")
    variance = fisher.sampling_variance(normal, [0.0, 1.0])[0, 0]
    F = fisher.stated(normal, [0.0, 1.0])[0, 0]
    return float(variance / F**2 / ERROR**2)


def draws_for_the_deviation() -> float:
    normal = families.get("normal")
    relative = fisher.sampling_variance(normal, [0.0, 1.0])[1, 1] / fisher.stated(normal, [0.0, 1.0])[1, 1] ** 2
    return float(relative / ERROR**2)


def draws_without_the_square_of_the_mean() -> float:
    """E[psi^4] in the place of E[psi^4] - F^2."""
    return draws_needed() + 1 / ERROR**2


def draws_with_the_error_not_squared() -> float:
    return draws_needed() * ERROR


def draws_for_the_mean_itself() -> float:
    """Draws for a standard error of 5 per cent of sigma in the sample mean: n F known, F taken for certain."""
    return float(1 / (fisher.stated(families.get("normal"), [0.0, 1.0])[0, 0] * ERROR**2))


_M, _MU, _S = sp.symbols("m mu s")


def _mean_of_square(deviation: sp.Expr, spread: sp.Expr) -> sp.Expr:
    """E of a square: the square of the mean plus the variance."""
    return deviation**2 + spread


def empirical_about_the_mean() -> sp.Expr:
    """The expected empirical Fisher about mu of the model N(mu, 1), for data
    from N(m, s^2): E (x - mu)^2."""
    return _mean_of_square(_M - _MU, _S**2)


def true_about_the_mean() -> sp.Expr:
    return sp.S(_mean_of_square(sp.S(0), sp.S(1)))


def empirical_with_data_centred() -> sp.Expr:
    return _mean_of_square(sp.S(0), _S**2)


def empirical_with_sigma_for_variance() -> sp.Expr:
    return _mean_of_square(_M - _MU, _S)


def empirical_from_the_mean_score() -> sp.Expr:
    return _mean_of_square(_M - _MU, sp.S(0))


EXERCISES = (
    Exercise(
        "rate_bound",
        "value",
        rate_bound,
        (
            NUISANCE_KNOWN.by(rate_bound_with_known_shape),
            MISSING_ROOT.by(rate_bound_as_a_variance, "It bounds the variance."),
            Mistake(
                "information of one observation",
                rate_bound_of_one_observation,
                "this is the bound for one observation. Information adds up.",
            ),
            ANOTHER_CHART.by(rate_bound_of_the_scale, "It is the bound for the scale 1/b."),
        ),
        "If the shape were known, the bound would be less than half of this.",
        hint="Invert the whole matrix n F, then take the entry of the rate, and the root last.",
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
            SUM_FOR_MEAN.by(sum_of_outer_products, "F is per observation."),
            DIAGONAL_ONLY.by(squares_only),
            Mistake(
                "sample mean subtracted",
                sample_covariance,
                "the sample covariance is unbiased too, but it subtracts a noisy mean that is known to be zero. "
                "The mean outer product subtracts nothing and divides by N.",
            ),
        ),
        "It is positive semi-definite for any scores, and its rank is at most N.",
        inputs=tuple((psi,) for psi in SCORES),
        hint="Each draw gives a matrix psi psi^T of shape (d, d). Average these matrices.",
    ),
    Exercise(
        "draws_needed",
        "value",
        draws_needed,
        (
            ANOTHER_CHART.by(draws_for_the_deviation, "It is the number for the entry of sigma."),
            Mistake(
                "second moment for variance",
                draws_without_the_square_of_the_mean,
                "the variance of psi^2 is E[psi^4] minus the square of its mean; you left the mean in.",
            ),
            Mistake(
                "error not squared",
                draws_with_the_error_not_squared,
                "the error falls like one over the root of N, so half the error takes four times the draws.",
            ),
            Mistake(
                "precision of the parameter",
                draws_for_the_mean_itself,
                "this is how many observations locate the mean to 5 per cent of sigma. Here F itself is estimated.",
            ),
        ),
        "A seventh of what the entry of sigma costs: its score is quadratic in x and has the longer tail.",
        hint="A mean of N terms has their variance over N. The terms here are squares of z/sigma.",
    ),
    Exercise(
        "empirical_about_the_mean",
        "formula",
        empirical_about_the_mean,
        (
            EMPIRICAL_FOR_TRUE.by(true_about_the_mean, "It is the Fisher information of the model."),
            Mistake(
                "data centred first",
                empirical_with_data_centred,
                "that is the spread about the data's own mean. The score measures from mu.",
            ),
            SIGMA_FOR_VARIANCE.by(empirical_with_sigma_for_variance),
            Mistake(
                "square of the mean score",
                empirical_from_the_mean_score,
                "you squared the mean score. The empirical Fisher is the mean of the squares.",
            ),
        ),
        "It is 1, the Fisher information, on a whole circle of wrong models and not only at the right one.",
        hint="The score of mu is x - mu. Square it and take the mean over N(m, s^2).",
    ),
)
