"""Exercises of chapter 07: the three transformation laws, used and broken."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools import descent, families, fisher, geometry, symbolic
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ARROW_AS_LINES,
    EUCLIDEAN_LENGTH,
    JACOBIAN_UPSIDE_DOWN,
    METRIC_FOR_INVERSE,
    NUMBERS_FOR_THE_ARROW,
    ONE_JACOBIAN,
)


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


def millimetres_as_a_gradient() -> str:
    return _ratio("gradient")


def millimetres_unchanged() -> str:
    return _ratio("distribution")


def millimetres_as_information() -> str:
    return _ratio("information")


def _signal_to_noise_jacobian() -> np.ndarray:
    """d (mu/sigma, log sigma) / d (mu, sigma) at (2, 2)."""
    mu, sigma = sp.symbols("mu sigma", positive=True)
    J = sp.Matrix([mu / sigma, sp.log(sigma)]).jacobian([mu, sigma]).subs({mu: 2, sigma: 2})
    return np.array(J.tolist(), dtype=np.float64)


def _natural_in_mean_and_std() -> np.ndarray:
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.0, 1.0])
    return descent.chart_setting(normal, f).natural_gradient(np.array([2.0, 2.0]))


def signal_to_noise() -> np.ndarray:
    """The natural gradient at (2, 2) in the chart (mu/sigma, log sigma), for
    data from N(0, 1)."""
    v, J = _natural_in_mean_and_std(), _signal_to_noise_jacobian()
    return geometry.transform_vector(v, J)


def signal_to_noise_as_a_covector() -> np.ndarray:
    return np.linalg.solve(_signal_to_noise_jacobian().T, _natural_in_mean_and_std())


def signal_to_noise_upside_down() -> np.ndarray:
    return np.linalg.solve(_signal_to_noise_jacobian(), _natural_in_mean_and_std())


def signal_to_noise_unchanged() -> np.ndarray:
    return 1.0 * _natural_in_mean_and_std()


def signal_to_noise_on_the_diagonal() -> np.ndarray:
    """Each number multiplied by the derivative of its own coordinate only."""
    return np.diag(_signal_to_noise_jacobian()) * _natural_in_mean_and_std()


def _gradient_and_information() -> tuple[sp.Matrix, sp.Matrix]:
    """Gradient and information in (mu, sigma) of the expected log-likelihood of N(0, 1) data."""
    mu, sigma = sp.symbols("mu sigma", positive=True)
    f = -sp.log(sigma) - (mu**2 + 1) / (2 * sigma**2)
    F = symbolic.fisher(families.get("normal"))
    return sp.Matrix([f]).jacobian([mu, sigma]).T, F.subs({s: sp.Symbol(s.name, positive=True) for s in F.free_symbols})


def squared_slope() -> sp.Expr:
    """g^T F^-1 g as a formula in mu and sigma."""
    g, F = _gradient_and_information()
    return sp.simplify((g.T * F.inv() * g)[0])


def squared_slope_on_paper() -> sp.Expr:
    g, _ = _gradient_and_information()
    return (g.T * g)[0]


def squared_slope_with_the_metric() -> sp.Expr:
    g, F = _gradient_and_information()
    return (g.T * F * g)[0]


def squared_length_of_the_numbers() -> sp.Expr:
    """The Euclidean length of the natural gradient."""
    g, F = _gradient_and_information()
    v = F.inv() * g
    return (v.T * v)[0]


def squared_slope_without_the_two() -> sp.Expr:
    """The information about sigma taken as 1/sigma^2, like that about mu."""
    g, F = _gradient_and_information()
    return (g.T * g)[0] / F[0, 0]


EXERCISES = (
    Exercise(
        "move_a_metric",
        "function",
        move_a_metric,
        (
            JACOBIAN_UPSIDE_DOWN.by(pulled_back_instead, "Here F is given in theta and J leads to phi."),
            Mistake(
                "metric moved like its inverse",
                moved_like_an_inverse,
                "J F Jᵀ is the law of F⁻¹, of a covariance. A metric has its indices on the other side.",
            ),
            ONE_JACOBIAN.by(moved_with_one_jacobian),
            Mistake(
                "transpose on the wrong side",
                transposed,
                "both inverses are there, with the transpose on the wrong one: which of them meets the score?",
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
            ARROW_AS_LINES.by(millimetres_as_a_gradient, "A gradient shrinks, since f changes less per unit."),
            NUMBERS_FOR_THE_ARROW.by(millimetres_unchanged),
            Mistake(
                "information only",
                millimetres_as_information,
                "so does the information, but the natural gradient divides by it, and the gradient changes too.",
            ),
        ),
        "The information shrinks by a hundred, the gradient by ten; the quotient grows by ten, as a velocity must.",
        choices=CHOICES,
    ),
    Exercise(
        "signal_to_noise",
        "value",
        signal_to_noise,
        (
            ARROW_AS_LINES.by(signal_to_noise_as_a_covector),
            JACOBIAN_UPSIDE_DOWN.by(signal_to_noise_upside_down),
            NUMBERS_FOR_THE_ARROW.by(signal_to_noise_unchanged, "These are its numbers in the old chart."),
            Mistake(
                "each coordinate by itself",
                signal_to_noise_on_the_diagonal,
                "the first new coordinate depends on both old ones, so J has an entry beside its diagonal.",
            ),
        ),
        "Nothing about F was needed: an arrow known in one chart is known in all.",
    ),
    Exercise(
        "squared_slope",
        "formula",
        squared_slope,
        (
            EUCLIDEAN_LENGTH.by(squared_slope_on_paper),
            METRIC_FOR_INVERSE.by(squared_slope_with_the_metric),
            Mistake(
                "numbers of the natural gradient squared",
                squared_length_of_the_numbers,
                "this is the Euclidean length of the natural gradient. Its length in the Fisher metric has F in between.",
            ),
            Mistake(
                "one information for both",
                squared_slope_without_the_two,
                "you divided both derivatives by the information about the mean. Sigma has its own.",
            ),
        ),
        "Compute it in any other chart of this family: you will find this function, written in other letters.",
        hint="F is diagonal, with the information about mu and about sigma; divide each squared derivative by its own.",
    ),
)
