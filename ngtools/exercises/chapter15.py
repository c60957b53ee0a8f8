"""Exercises of chapter 15, which look back: one arrow in two charts, orders, kinds of steps, labels, prices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools import descent, families, products
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    EMPIRICAL_FOR_TRUE,
    GRADIENT_NOT_TRANSFORMED,
    METRIC_FOR_INVERSE,
    METRIC_NOT_TRANSFORMED,
    NUMBERS_FOR_THE_ARROW,
    UPSIDE_DOWN,
)
from ngtools.experiments import load
from ngtools.experiments.takeuchi1976 import regression
from ngtools.geometry.kl_remainder import slope
from ngtools.summary import speeds

HERE, GRADIENT = [1.0, 3.0], np.array([0.2, -0.6])  # in (mu, sigma)


def _in_logs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """J, the gradient and the Fisher matrix in (mu, log sigma)."""
    normal = families.get("normal")
    J = normal.jacobian(HERE, to="mean-log-std")
    there = normal.convert(HERE, to="mean-log-std")
    return J, np.linalg.solve(J.T, GRADIENT), normal.fisher(there, "mean-log-std")


def arrow_in_logs() -> np.ndarray:
    """The natural gradient in (mu, log sigma), from a gradient in (mu, sigma)."""
    J, g, F = _in_logs()
    return np.asarray(np.linalg.solve(F, g))


def arrow_with_the_old_gradient() -> np.ndarray:
    return np.asarray(np.linalg.solve(_in_logs()[2], GRADIENT))


def arrow_with_the_old_metric() -> np.ndarray:
    return np.asarray(np.linalg.solve(families.get("normal").fisher(HERE, "mean-std"), _in_logs()[1]))


def arrow_with_the_old_numbers() -> np.ndarray:
    return descent.natural_gradient(families.get("normal").fisher(HERE, "mean-std"), GRADIENT)


def arrow_multiplied_by_the_metric() -> np.ndarray:
    _, g, F = _in_logs()
    return np.asarray(F @ g)


def order_of_a_step(alphas: Any, gaps: Any) -> float:
    """p, where two charts end a distance of the order alpha^(p + 1) apart."""
    return slope(alphas, gaps) - 1


def order_by_the_slope(alphas: Any, gaps: Any) -> float:
    return slope(alphas, gaps)


def order_without_the_steps(alphas: Any, gaps: Any) -> float:
    return float(np.log(gaps[0] / gaps[-1])) - 1


def order_along_the_gaps(alphas: Any, gaps: Any) -> float:
    return slope(gaps, alphas) - 1


METHODS = {"damped natural gradient": "damped", "diagonal of F": "diagonal", "undamped K-FAC": "k-fac"}


def _exact_in(column: str) -> str:
    """The method of METHODS whose step is exact in a column of the invariance matrix."""
    cells = load("invariance_matrix")["results"]["cells"]
    (name,) = [name for name, row in METHODS.items() if cells[row][column]["kind"] == "exact"]
    return name


def mixed_inputs() -> str:
    """Which method keeps its step when the inputs are mixed and the first layer makes up for it."""
    return _exact_in("layerwise")


def mixed_inputs_as_a_rotation() -> str:
    return _exact_in("orthogonal")


def mixed_inputs_as_a_rescaling() -> str:
    return _exact_in("diagonal")


LENGTHS = ("too short", "about right", "too long")


def _length(w: float, labels: bool, noise: float = 0.1) -> str:
    """A step of size 1 on y ~ N(w x, 1), against the one with F; the data are y = 2 x + noise e."""
    points, weights = products.normal_population(2)
    data = points[:, :1], (2 * points[:, 0] + noise * points[:, 1])[:, None]
    found = products.side_by_side(regression, np.array([w]), data, "unit-normal", weights=weights)
    ratio = float(found.fisher[0, 0] / (found.empirical if labels else found.fisher)[0, 0])
    return LENGTHS[0] if ratio < 0.5 else LENGTHS[2] if ratio > 2 else LENGTHS[1]


def labels_near_the_fit() -> str:
    """The length of a step with the data's labels, at a good fit."""
    return _length(2.0, labels=True)


def labels_far_from_the_fit() -> str:
    return _length(0.0, labels=True)


def samples_near_the_fit() -> str:
    return _length(2.0, labels=False)


def break_even_price() -> float:
    """How many Adam steps a K-FAC step may cost on the digits, by the steps needed."""
    (found,) = [one for one in speeds() if (one.task, one.plain) == ("digits", "Adam")]
    return found.by_steps


def break_even_upside_down() -> float:
    return float(1 / break_even_price())


def price_that_was_paid() -> float:
    seconds = load("digits")["results"]["seconds"]  # quartiles
    return float(seconds["K-FAC"][1] / seconds["Adam"][1])


def price_beyond_one_step() -> float:
    return float(break_even_price() - 1)


def ratio_of_seconds() -> float:
    return float(break_even_price() / price_that_was_paid())


_ALPHAS = np.array([0.1, 0.05, 0.0125])

EXERCISES = (
    Exercise(
        "arrow_in_logs",
        "value",
        arrow_in_logs,
        (
            GRADIENT_NOT_TRANSFORMED.by(arrow_with_the_old_gradient, "By log sigma it is sigma times as large."),
            METRIC_NOT_TRANSFORMED.by(arrow_with_the_old_metric),
            NUMBERS_FOR_THE_ARROW.by(arrow_with_the_old_numbers, "These are the numbers in the mean and sigma."),
            METRIC_FOR_INVERSE.by(arrow_multiplied_by_the_metric),
        ),
        "Divided by sigma, which is the law of arrows, the numbers of the old chart give the same.",
        hint="Two ways lead there: move g and F and solve, or solve first and move the arrow.",
    ),
    Exercise(
        "order_of_a_step",
        "function",
        order_of_a_step,
        (
            Mistake(
                "slope for order",
                order_by_the_slope,
                "that is the slope of the gap of one step. The order is that of the path, which has 1/alpha steps.",
            ),
            Mistake(
                "steps left out",
                order_without_the_steps,
                "divide by the logarithm of the ratio of the learning rates: they need not differ by a factor e.",
            ),
            Mistake(
                "axes exchanged", order_along_the_gaps, "the gap is a function of alpha, and not alpha of the gap."
            ),
        ),
        "Order 0 is what the matrix calls broken, and rounding at every alpha is what it calls exact.",
        inputs=tuple((_ALPHAS, 0.3 * _ALPHAS**power) for power in (1, 2, 3)),
        hint="Take logarithms of both: the gap becomes a straight line. Which line has order 0?",
    ),
    Exercise(
        "mixed_inputs",
        "prediction",
        mixed_inputs,
        (
            Mistake(
                "mixing taken for a rotation",
                mixed_inputs_as_a_rotation,
                "it keeps its step under rotations, since they leave the identity matrix alone. This matrix is none.",
            ),
            Mistake(
                "mixing taken for a rescaling",
                mixed_inputs_as_a_rescaling,
                "it keeps its step when each parameter is rescaled by itself. Mixing brings off-diagonal entries.",
            ),
        ),
        "Its first factor is the second moment of the inputs, and it changes with them.",
        choices=tuple(METHODS),
    ),
    Exercise(
        "labels_near_the_fit",
        "prediction",
        labels_near_the_fit,
        (
            Mistake(
                "far for near",
                labels_far_from_the_fit,
                "far from the fit it is, where the residuals are larger than the model expects. Here they are smaller.",
            ),
            EMPIRICAL_FOR_TRUE.by(samples_near_the_fit, "With the model's labels you would be right."),
        ),
        "By a factor of a hundred here, and by any factor on a model that interpolates.",
        choices=LENGTHS,
    ),
    Exercise(
        "break_even_price",
        "value",
        break_even_price,
        (
            UPSIDE_DOWN.by(break_even_upside_down),
            Mistake(
                "price paid",
                price_that_was_paid,
                "that is what a step did cost. The question is what it may cost.",
            ),
            Mistake(
                "the surplus alone",
                price_beyond_one_step,
                "that is what it may cost beyond the price of one Adam step.",
            ),
            Mistake("seconds", ratio_of_seconds, "that column has the measured price in it already."),
        ),
        "It did cost about three times that, which is how the seconds turned the order round.",
        tolerance=5e-3,
        hint="Equal seconds: steps times price on the one side, steps on the other.",
    ),
)
