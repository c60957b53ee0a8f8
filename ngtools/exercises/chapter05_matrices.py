"""Exercises of chapter 05: what the entries of a Fisher matrix are worth, and matrices of many observations."""

from __future__ import annotations

import numpy as np

from ngtools import families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    DIAGONAL_ONLY,
    LEFT_OVER_FOR_LOST,
    NUISANCE_KNOWN,
    ROOT_TAKEN,
    SUM_FOR_MEAN,
    UPSIDE_DOWN,
)


def _gumbel() -> np.ndarray:
    return fisher.stated(families.get("gumbel"), [0.0, 1.0])


def gumbel_loss() -> float:
    """The share of the information about a Gumbel location that is lost because
    its scale is unknown."""
    F = _gumbel()
    return float(1 - 1 / (F[0, 0] * np.linalg.inv(F)[0, 0]))


def gumbel_kept() -> float:
    F = _gumbel()
    return float(1 / (F[0, 0] * np.linalg.inv(F)[0, 0]))


def gumbel_correlation() -> float:
    return float(np.sqrt(gumbel_loss()))


def gumbel_loss_of_precision() -> float:
    """The loss counted in standard deviations of an efficient estimate."""
    return float(1 - np.sqrt(gumbel_kept()))


def gumbel_entry() -> float:
    """The off-diagonal entry itself, as a share of F_11."""
    F = _gumbel()
    return float(abs(F[0, 1]) / F[0, 0])


def information_left(F: np.ndarray, i: int) -> float:
    """The information about coordinate i when all the others are unknown."""
    return 1 / np.linalg.inv(F)[i, i]


def information_with_the_others_known(F: np.ndarray, i: int) -> float:
    return F[i, i]


def variance_bound(F: np.ndarray, i: int) -> float:
    return np.linalg.inv(F)[i, i]


def others_subtracted_one_by_one(F: np.ndarray, i: int) -> float:
    """F_ii less what each other coordinate would cost if it alone were unknown."""
    return F[i, i] - sum(F[i, j] ** 2 / F[j, j] for j in range(len(F)) if j != i)


def coupling_forgotten_to_square(F: np.ndarray, i: int) -> float:
    others = [j for j in range(len(F)) if j != i]
    return F[i, i] - float(np.abs(np.linalg.solve(F[np.ix_(others, others)], F[others, i])).sum())


_MATRICES = (
    np.array([[2.0, 0.6, 0.3], [0.6, 1.0, 0.4], [0.3, 0.4, 1.5]]),
    np.array([[1.0, -0.3, 0.2, 0.1], [-0.3, 2.0, 0.5, 0.0], [0.2, 0.5, 1.2, -0.4], [0.1, 0.0, -0.4, 0.9]]),
)


def _chances(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(X @ w)))


def logistic_fisher(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The Fisher matrix of all responses of a logistic regression with features
    X, one row an observation."""
    p = _chances(X, w)
    return X.T @ ((p * (1 - p))[:, None] * X)


def logistic_fisher_of_one_row(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return logistic_fisher(X, w) / len(X)


def linear_fisher(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return X.T @ X


def fisher_with_the_mean_response(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    """p in the place of p (1 - p): the variance of counts."""
    return X.T @ (_chances(X, w)[:, None] * X)


def fisher_with_the_deviation(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    p = _chances(X, w)
    return X.T @ (np.sqrt(p * (1 - p))[:, None] * X)


def logistic_diagonal(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.diag(np.diag(logistic_fisher(X, w)))


_X = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0], [1.0, 0.1]])

EXERCISES = (
    Exercise(
        "gumbel_loss",
        "value",
        gumbel_loss,
        (
            LEFT_OVER_FOR_LOST.by(gumbel_kept),
            ROOT_TAKEN.by(gumbel_correlation, "It is the correlation of the two scores, up to sign."),
            Mistake(
                "counted in standard deviations",
                gumbel_loss_of_precision,
                "this is by how much an efficient estimate loses in standard deviation. Information is counted in variances.",
            ),
            Mistake(
                "an entry for a loss",
                gumbel_entry,
                "this is F_12 over F_11. The loss is quadratic in F_12, and F_22 has a say.",
            ),
        ),
        "A tenth: the one skewed family of the figure pays it, and the even ones pay nothing.",
        hint="Compare what is left of F_11, the Schur complement, with F_11 itself.",
    ),
    Exercise(
        "information_left",
        "function",
        information_left,
        (
            NUISANCE_KNOWN.by(information_with_the_others_known),
            UPSIDE_DOWN.by(variance_bound, "It bounds a variance; the information is what it is the inverse of."),
            Mistake(
                "losses added one by one",
                others_subtracted_one_by_one,
                "you charged for each other coordinate as if it alone were unknown. They know of each other too: use "
                "the inverse of their whole block.",
            ),
            Mistake(
                "loss not quadratic",
                coupling_forgotten_to_square,
                "the coupling enters twice in the Schur complement, on either side of the inverse.",
            ),
        ),
        "It is never larger than F_ii, and equal to it if row i has no other entry.",
        inputs=((_MATRICES[0], 0), (_MATRICES[0], 2), (_MATRICES[1], 1)),
        hint="It is made of one entry of an inverse. Of which matrix?",
    ),
    Exercise(
        "logistic_fisher",
        "function",
        logistic_fisher,
        (
            SUM_FOR_MEAN.by(logistic_fisher_of_one_row, "One observation is the vector of all responses here."),
            Mistake(
                "information without weights",
                linear_fisher,
                "this is linear regression with unit noise. A response near certainty says little: weigh the rows.",
            ),
            Mistake(
                "mean for variance of a response",
                fisher_with_the_mean_response,
                "you weighed by the mean of a response, which is the variance of a count. A coin has another variance.",
            ),
            ROOT_TAKEN.by(fisher_with_the_deviation, "The rows are weighed by a standard deviation."),
            DIAGONAL_ONLY.by(logistic_diagonal),
        ),
        "The responses do not occur in it, so it is also minus the Hessian, whatever they are.",
        inputs=((_X, np.array([0.3, -0.7])), (_X[:3], np.array([-1.0, 0.4])), (_X[:1], np.array([0.0, 1.0]))),
        hint="It is a sum over the rows of v x x^T, with v the variance of a response.",
    ),
)
