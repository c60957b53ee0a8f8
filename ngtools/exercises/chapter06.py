"""Exercises of chapter 06: the natural gradient step, its length and its price."""

from __future__ import annotations

import numpy as np

from ngtools import descent
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    DIAGONAL_ONLY,
    EUCLIDEAN_LENGTH,
    METRIC_FOR_INVERSE,
    MISSING_HALF,
    MISSING_ROOT,
    PLAIN_GRADIENT,
    UPSIDE_DOWN,
)

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
    """The quadratic model of the divergence that a step of learning rate alpha
    spends."""
    return 0.5 * alpha**2 * float(G @ descent.natural_gradient(F, G))


def divergence_without_the_half(alpha: float) -> float:
    return 2 * divergence_of_a_step(alpha)


def divergence_linear_in_alpha(alpha: float) -> float:
    return 0.5 * alpha * float(G @ descent.natural_gradient(F, G))


def divergence_of_the_gradient_step(alpha: float) -> float:
    return 0.5 * alpha**2 * float(G @ F @ G)


def price_of_divergence() -> float:
    """The gain per nat that a slightly larger budget would buy, in the linear
    model: the multiplier."""
    return float(np.sqrt(G @ descent.natural_gradient(F, G) / (2 * C)))


def price_without_the_half() -> float:
    return float(np.sqrt(G @ descent.natural_gradient(F, G) / C))


def average_price() -> float:
    """The whole gain divided by the whole budget."""
    return float(G @ spend_a_budget() / C)


def learning_rate_for_price() -> float:
    return 1 / price_of_divergence()


def price_squared() -> float:
    return price_of_divergence() ** 2


def efficiency_of_the_gradient() -> float:
    """What the plain gradient direction gains of the best possible, both with
    the whole budget."""
    return float(G @ budget_along_the_gradient() / (G @ spend_a_budget()))


def cosine_on_paper() -> float:
    natural = descent.natural_gradient(F, G)
    return float(G @ natural / np.linalg.norm(G) / np.linalg.norm(natural))


def efficiency_squared() -> float:
    return efficiency_of_the_gradient() ** 2


def efficiency_at_one_learning_rate() -> float:
    """Gains of the two steps with the same factor in front, whatever they spend."""
    return float(G @ G / (G @ descent.natural_gradient(F, G)))


EXERCISES = (
    Exercise(
        "spend_a_budget",
        "value",
        spend_a_budget,
        (
            MISSING_HALF.by(budget_without_the_half, "Your step spends half the budget."),
            EUCLIDEAN_LENGTH.by(budget_scaled_by_the_natural_length),
            PLAIN_GRADIENT.by(budget_along_the_gradient, "Another direction gains more for the same price."),
            METRIC_FOR_INVERSE.by(budget_with_f_instead_of_its_inverse, "Solve g = nu F Delta for Delta."),
            DIAGONAL_ONLY.by(budget_on_the_diagonal),
        ),
        "It spends 0.02 nats in the model, and its predicted gain is sqrt(2c gᵀF⁻¹g).",
        hint="Solve F v = g, then scale v until half of v^T F v is the budget.",
    ),
    Exercise(
        "divergence_of_a_step",
        "function",
        divergence_of_a_step,
        (
            MISSING_HALF.by(divergence_without_the_half),
            Mistake(
                "linear in the learning rate",
                divergence_linear_in_alpha,
                "the divergence is quadratic in the step, so alpha enters squared.",
            ),
            PLAIN_GRADIENT.by(divergence_of_the_gradient_step, "It spends a form with F; the natural step leaves F⁻¹."),
        ),
        "It falls with the square of the slope along a run, which is why a fixed rate slows down by itself.",
        inputs=((0.1,), (0.7,)),
        hint="Put the step alpha F^-1 g into half of Delta^T F Delta.",
    ),
    Exercise(
        "price_of_divergence",
        "value",
        price_of_divergence,
        (
            MISSING_HALF.by(price_without_the_half),
            Mistake(
                "average for marginal",
                average_price,
                "this is the whole gain over the whole budget. The gain grows like the root of the budget, so the next "
                "nat buys less than the average one.",
            ),
            UPSIDE_DOWN.by(learning_rate_for_price, "It is the learning rate of the step."),
            MISSING_ROOT.by(price_squared),
        ),
        "It is one over the learning rate that spends the same budget: pay this price per nat, and this is your step.",
        hint="It is the derivative of the best gain by the budget.",
    ),
    Exercise(
        "efficiency_of_the_gradient",
        "value",
        efficiency_of_the_gradient,
        (
            EUCLIDEAN_LENGTH.by(cosine_on_paper, "This is the cosine on paper of the two directions."),
            MISSING_ROOT.by(efficiency_squared),
            Mistake(
                "equal rates for equal budgets",
                efficiency_at_one_learning_rate,
                "you compared the steps at one learning rate; then they spend different divergences. Scale both to the budget.",
            ),
        ),
        "It is the cosine of their angle in the Fisher metric. In another chart the plain gradient is another arrow.",
        hint="Scale both steps until they spend the same, then divide their gains.",
    ),
)
