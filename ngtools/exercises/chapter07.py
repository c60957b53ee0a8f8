"""Exercises of chapter 07: the three transformation laws."""

from __future__ import annotations

import numpy as np

from ngtools import descent, families, fisher
from ngtools.exercises.checker import Exercise, Mistake


def move_a_metric(F: np.ndarray, J: np.ndarray) -> np.ndarray:
    """F in theta to F in phi, with J = d phi / d theta."""
    inverse = np.linalg.inv(J)
    return inverse.T @ F @ inverse


def pulled_back_instead(F: np.ndarray, J: np.ndarray) -> np.ndarray:
    return J.T @ F @ J


def moved_like_an_inverse(F: np.ndarray, J: np.ndarray) -> np.ndarray:
    return J @ F @ J.T


def moved_with_one_jacobian(F: np.ndarray, J: np.ndarray) -> np.ndarray:
    return np.linalg.inv(J).T @ F


def transposed(F: np.ndarray, J: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(J)
    return inverse @ F @ inverse.T


_MATRICES = (
    (np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([[1.0, 0.5], [0.2, 2.0]])),
    (np.array([[1.0, -0.4], [-0.4, 3.0]]), np.array([[0.3, 1.0], [-1.0, 0.7]])),
)

CHOICES = ("ten times larger", "the same", "ten times smaller", "a hundred times smaller")


def _ratio(numbers_of: str) -> str:
    """Rescale one coordinate by ten, compute, and read off which factor the numbers change by."""
    family = families.get("zero-mean-normal")
    F, g, scale = fisher.stated(family, [3.0])[0, 0], -8 / 27, 10.0
    F_new, g_new = F / scale**2, g / scale
    before = descent.natural_gradient([[F]], [g])[0]
    after = {
        "natural gradient": descent.natural_gradient([[F_new]], [g_new])[0],
        "gradient": before * g_new / g,
        "information": before * F_new / F,
        "distribution": before,
    }[numbers_of]
    return {10.0: CHOICES[0], 1.0: CHOICES[1], 0.1: CHOICES[2], 0.01: CHOICES[3]}[round(after / before, 6)]


def millimetres() -> str:
    """What happens to the numbers of a natural gradient when phi = 10 theta."""
    return _ratio("natural gradient")


EXERCISES = (
    Exercise(
        "move_a_metric",
        "function",
        move_a_metric,
        (
            Mistake(
                "Jacobian in the wrong direction",
                pulled_back_instead,
                "Jᵀ F J carries a matrix from phi to theta. Here F is given in theta, so J must be inverted.",
            ),
            Mistake(
                "metric moved like an inverse metric",
                moved_like_an_inverse,
                "J F Jᵀ is the law of F⁻¹, of a covariance. The metric itself takes inverse Jacobians.",
            ),
            Mistake(
                "one Jacobian instead of two",
                moved_with_one_jacobian,
                "that is what a gradient does. A metric has two indices, and each takes a Jacobian.",
            ),
            Mistake(
                "transpose on the wrong side",
                transposed,
                "both inverses are there, with the transpose on the wrong one: score_phi = J⁻ᵀ score_theta.",
            ),
        ),
        "J⁻ᵀ F J⁻¹, which is geometry.transform_metric.",
        inputs=_MATRICES,
    ),
    Exercise(
        "millimetres",
        "prediction",
        millimetres,
        (
            Mistake(
                "vector moved as a covector",
                lambda: _ratio("gradient"),
                "the gradient shrinks by ten, since f changes less per unit. The natural gradient is a velocity.",
            ),
            Mistake(
                "invariant read as constant numbers",
                lambda: _ratio("distribution"),
                "the arrow is the same; its numbers are not. A velocity in millimetres has larger numbers.",
            ),
            Mistake(
                "information only",
                lambda: _ratio("information"),
                "the information shrinks by a hundred, but the natural gradient divides by it, and the gradient changes too.",
            ),
        ),
        "The information shrinks by a hundred, the gradient by ten; the quotient grows by ten, as a velocity must.",
        choices=CHOICES,
    ),
)
