"""Exercises of chapter 11: which matrix is it, and what K-FAC does with it."""

from __future__ import annotations

import jax
import numpy as np

from ngtools import products
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import DIAGONAL_ONLY, EMPIRICAL_FOR_TRUE

SLOPE, TRUE_SLOPE, NOISE = 0.5, 2.0, 0.5


def _regression(w, x):
    return w * x


def _population(noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points, weights = products.normal_population(2)
    x, e = points.T
    return x[:, None], (TRUE_SLOPE * x + noise * e)[:, None], weights


def empirical_information() -> float:
    """The empirical Fisher information at w = 0.5, truth w = 2, noise 0.5, model noise 1."""
    x, y, weights = _population(NOISE)
    w = np.array([SLOPE])
    with jax.enable_x64(True):
        op = products.empirical_fisher_vector_product(
            _regression, w, (x, y), "unit-normal", weights=weights
        )  # fmt: skip
        return float(products.dense(op, w)[0, 0])


def exact_information() -> float:
    x, _, weights = _population(NOISE)
    w = np.array([SLOPE])
    with jax.enable_x64(True):
        op = products.fisher_vector_product(_regression, w, x, "unit-normal", weights=weights)
        return float(products.dense(op, w)[0, 0])


def centred_information() -> float:
    x, y, weights = _population(NOISE)
    gradient = weights @ (x * (SLOPE * x - y))[:, 0]
    return empirical_information() - float(gradient) ** 2


def information_without_fourth_moment() -> float:
    return float(np.square(TRUE_SLOPE - SLOPE) + np.square(NOISE))


def kfac_direction(Omega: np.ndarray, Gamma: np.ndarray, M: np.ndarray) -> np.ndarray:
    """The step (Omega (x) Gamma)^-1 vec(M) as a matrix like M, of shape (outputs, inputs)."""
    return np.linalg.solve(Gamma, M) @ np.linalg.inv(Omega)


def multiplied_instead(Omega: np.ndarray, Gamma: np.ndarray, M: np.ndarray) -> np.ndarray:
    return Gamma @ M @ Omega


def one_factor_only(Omega: np.ndarray, Gamma: np.ndarray, M: np.ndarray) -> np.ndarray:
    return M @ np.linalg.inv(Omega)


def elementwise(Omega: np.ndarray, Gamma: np.ndarray, M: np.ndarray) -> np.ndarray:
    return M / np.outer(np.diag(Gamma), np.diag(Omega))


_FACTORS = (
    (
        np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.5]]),
        np.array([[1.0, -0.4], [-0.4, 0.5]]),
        np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]]),
    ),
    (
        np.array([[1.0, 0.2, 0.1], [0.2, 3.0, 0.0], [0.1, 0.0, 0.5]]),
        np.array([[2.0, 0.7], [0.7, 1.0]]),
        np.array([[0.0, 1.0, 1.0], [-2.0, 0.3, 0.4]]),
    ),
)

EXERCISES = (
    Exercise(
        "empirical_information",
        "value",
        empirical_information,
        (
            EMPIRICAL_FOR_TRUE.by(exact_information, "Square the scores at the labels."),
            Mistake(
                "centred",
                centred_information,
                "you subtracted the squared mean score. The empirical Fisher matrix is a second moment, not a covariance.",
            ),
            Mistake(
                "fourth moment of x forgotten",
                information_without_fourth_moment,
                "x enters the residual and the score: the term with (2 - w)^2 carries E[x^4] = 3.",
            ),
        ),
        "3 (2 - w)^2 + s^2: seven times the Fisher information, and none of it is about the model.",
    ),
    Exercise(
        "kfac_direction",
        "function",
        kfac_direction,
        (
            Mistake(
                "product instead of inverse", multiplied_instead, "you applied the matrix. The step needs its inverse."
            ),
            Mistake("output factor forgotten", one_factor_only, "this divides by Omega alone. Gamma acts on the left."),
            DIAGONAL_ONLY.by(elementwise, "With them it is a diagonal method, and not K-FAC."),
        ),
        "Two small solves, one from each side, in place of one with as many rows as the layer has weights.",
        inputs=_FACTORS,
    ),
)
