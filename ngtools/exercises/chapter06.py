"""Exercises of chapter 06: the natural gradient step."""

from __future__ import annotations

import numpy as np

from ngtools import descent
from ngtools.exercises.checker import Exercise, Mistake

F, G, C = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -1.0]), 0.02


def spend_a_budget() -> np.ndarray:
    """The step that gains most at a model divergence of c nats."""
    natural = descent.natural_gradient(F, G)
    return np.sqrt(2 * C / (G @ natural)) * natural


def budget_without_the_half() -> np.ndarray:
    natural = descent.natural_gradient(F, G)
    return np.sqrt(C / (G @ natural)) * natural


def budget_scaled_by_the_natural_length() -> np.ndarray:
    natural = descent.natural_gradient(F, G)
    return np.sqrt(2 * C / (natural @ natural)) * natural


def budget_along_the_gradient() -> np.ndarray:
    return np.sqrt(2 * C / (G @ F @ G)) * G


def budget_with_f_instead_of_its_inverse() -> np.ndarray:
    wrong = F @ G
    return np.sqrt(2 * C / (G @ wrong)) * wrong


def budget_on_the_diagonal() -> np.ndarray:
    wrong = G / np.diag(F)
    return np.sqrt(2 * C / (G @ wrong)) * wrong


def divergence_of_a_step(alpha: float) -> float:
    """The quadratic model of the divergence that a step of learning rate alpha spends."""
    return 0.5 * alpha**2 * float(G @ descent.natural_gradient(F, G))


def divergence_without_the_half(alpha: float) -> float:
    return 2 * divergence_of_a_step(alpha)


def divergence_linear_in_alpha(alpha: float) -> float:
    return 0.5 * alpha * float(G @ descent.natural_gradient(F, G))


def divergence_of_the_gradient_step(alpha: float) -> float:
    return 0.5 * alpha**2 * float(G @ F @ G)


EXERCISES = (
    Exercise(
        "spend_a_budget",
        "value",
        spend_a_budget,
        (
            Mistake(
                "missing ½",
                budget_without_the_half,
                "the budget is on ½ΔᵀFΔ, so the factor is sqrt(2c / gᵀF⁻¹g). Your step spends half the budget.",
            ),
            Mistake(
                "Euclidean length",
                budget_scaled_by_the_natural_length,
                "you gave the step Euclidean length sqrt(2c). The budget measures it with F.",
            ),
            Mistake(
                "gradient direction",
                budget_along_the_gradient,
                "your step spends the budget along the gradient. Another direction gains more for the same price.",
            ),
            Mistake(
                "F in place of its inverse",
                budget_with_f_instead_of_its_inverse,
                "the condition is g = nu F Delta. Solve it for Delta: F must be inverted.",
            ),
            Mistake(
                "diagonal only",
                budget_on_the_diagonal,
                "you divided by the diagonal of F. The off-diagonal entries are not zero.",
            ),
        ),
        "It spends 0.02 nats in the model, and its predicted gain is sqrt(2c gᵀF⁻¹g).",
    ),
    Exercise(
        "divergence_of_a_step",
        "function",
        divergence_of_a_step,
        (
            Mistake("missing ½", divergence_without_the_half, "the quadratic model of the divergence carries a ½."),
            Mistake(
                "linear in the learning rate",
                divergence_linear_in_alpha,
                "the divergence is quadratic in the step, so alpha enters squared.",
            ),
            Mistake(
                "divergence of the gradient step",
                divergence_of_the_gradient_step,
                "that is what the plain gradient step spends, with F. The natural step leaves F⁻¹.",
            ),
        ),
        "It falls with the square of the slope along a run, which is why a fixed rate slows down by itself.",
        inputs=((0.1,), (0.7,)),
    ),
)
