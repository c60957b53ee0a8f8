"""Exercises of chapter 01: tuned learning rates, and charts of more than one parameter."""

from __future__ import annotations

import numpy as np

from ngtools import descent, families
from ngtools.descent.comparison import pushed_gradient
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    GRADIENT_NOT_TRANSFORMED,
    JACOBIAN_UPSIDE_DOWN,
    NUMBERS_FOR_THE_ARROW,
    ONE_JACOBIAN,
)

MEAN_COUNT = 0.61


def _curvature_of_the_rate() -> float:
    """Minus the second derivative of the mean log-likelihood of counts by the rate, at its maximum."""
    poisson = families.get("poisson")
    f = descent.expected_log_likelihood(poisson, [MEAN_COUNT])
    return -float(descent.chart_setting(poisson, f).hessian(np.array([MEAN_COUNT]))[0, 0])


def _slope_of_the_root() -> float:
    return 0.5 / np.sqrt(MEAN_COUNT)


def square_root_limit() -> float:
    """The learning rate beyond which errors near the maximum grow, in the chart
    sqrt(rate)."""
    H_root = _curvature_of_the_rate() / _slope_of_the_root() ** 2
    return 2 / H_root


def square_root_best() -> float:
    return square_root_limit() / 2


def square_root_limit_of_the_rate() -> float:
    return 2 / _curvature_of_the_rate()


def square_root_limit_with_one_jacobian() -> float:
    return 2 / (_curvature_of_the_rate() / _slope_of_the_root())


def square_root_limit_upside_down() -> float:
    return 2 / (_curvature_of_the_rate() * _slope_of_the_root() ** 2)


def pushed_step(J: np.ndarray, g: np.ndarray) -> np.ndarray:
    """What a gradient step in phi adds to theta, per unit of learning rate, to
    first order; g is the gradient in theta."""
    g_phi = np.linalg.solve(J.T, g)
    return np.linalg.solve(J, g_phi)


def pushed_step_not_read_back(J: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.linalg.solve(J.T, g)


def pushed_step_with_the_old_gradient(J: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.linalg.solve(J, g)


def pushed_step_in_the_other_order(J: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.linalg.solve(J.T, np.linalg.solve(J, g))


def pushed_step_upside_down(J: np.ndarray, g: np.ndarray) -> np.ndarray:
    return J @ J.T @ g


PAIRS = ("sigma and sigma^2", "km/s and m/s", "a rotation", "log sigma beside mu")


def _jacobians() -> dict[str, np.ndarray]:
    """The change of chart of each pair at (mu, sigma) = (2, 2); the first pair has one parameter."""
    normal, here = families.get("normal"), [2.0, 2.0]
    variance = families.get("zero-mean-normal").jacobian([2.0], to="variance")
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    return dict(zip(PAIRS, (variance, 1000.0 * np.eye(2), rotation, normal.jacobian(here, to="mean-log-std"))))


def _angle(u: np.ndarray, v: np.ndarray) -> float:
    cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _gradient_of(J: np.ndarray) -> np.ndarray:
    """The gradient by (mu, sigma), or by sigma alone, of the expected log-likelihood of N(0, 1) data at (2, 2)."""
    normal = families.get("normal")
    both = pushed_gradient(normal, [2.0, 2.0], descent.expected_log_likelihood(normal, [0.0, 1.0]), "mean-std")
    return np.asarray(both)[-len(J) :]


def _turns() -> dict[str, float]:
    """For each pair the angle between the two steps, read in one chart."""
    turns = {}
    for name, J in _jacobians().items():
        g = _gradient_of(J)
        turns[name] = _angle(pushed_step(J, g), g)
    return turns


def _largest(scores: dict[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def refuting_pair() -> str:
    """The pair whose flows visit different distributions: no factor turns one
    step into the other."""
    return _largest(_turns())


def refuting_pair_by_speed() -> str:
    lengths = {}
    for name, J in _jacobians().items():
        ratio = np.linalg.norm(pushed_step(J, _gradient_of(J))) / np.linalg.norm(_gradient_of(J))
        lengths[name] = float(abs(np.log(ratio)))
    return _largest(lengths)


def refuting_pair_on_two_sheets() -> str:
    """The angle between the two lists of numbers, each in its own chart."""
    return _largest(
        {n: _angle(np.linalg.solve(J.T, _gradient_of(J)), _gradient_of(J)) for n, J in _jacobians().items()}
    )


def refuting_pair_by_exits() -> str:
    """The pair whose second chart a long step leaves: the one with a positive coordinate and a gradient towards 0."""
    family, exits = families.get("zero-mean-normal"), {}
    f = descent.expected_log_likelihood(family, [1.0])
    for name, chart in zip((PAIRS[0], PAIRS[3]), ("variance", "log-std")):
        start = family.convert([2.0], to=chart)
        exits[name] = float(len(descent.run("gradient", family, start, f, 60.0, 1, chart).exits))
    return _largest(exits)


def turns_measured() -> str:
    return "Angles between the steps: " + ", ".join(f"{name} {turn:.0f}°" for name, turn in _turns().items()) + "."


EXERCISES = (
    Exercise(
        "square_root_limit",
        "value",
        square_root_limit,
        (
            Mistake(
                "the best for the limit",
                square_root_best,
                "this learning rate removes the error to first order. The question is when the error begins to grow.",
            ),
            ANOTHER_CHART.by(square_root_limit_of_the_rate, "It is the limit for the rate itself."),
            ONE_JACOBIAN.by(
                square_root_limit_with_one_jacobian, "A second derivative at a maximum moves like a metric."
            ),
            JACOBIAN_UPSIDE_DOWN.by(
                square_root_limit_upside_down, "In the theorem J is the derivative of the new chart by the old one."
            ),
        ),
        "The mean count cancels: in this chart the learning rate needs to know nothing about the answer.",
        hint="Move H to the chart of the root: divide it by a squared Jacobian. The limit is twice 1/H.",
    ),
    Exercise(
        "pushed_step",
        "function",
        pushed_step,
        (
            Mistake(
                "the step not read back",
                pushed_step_not_read_back,
                "this is the gradient in phi. Read as a change of theta it takes one more factor.",
            ),
            GRADIENT_NOT_TRANSFORMED.by(pushed_step_with_the_old_gradient, "You added the gradient by theta to phi."),
            Mistake(
                "the two factors in the other order",
                pushed_step_in_the_other_order,
                "differentiating comes first, reading back second; matrices do not commute.",
            ),
            JACOBIAN_UPSIDE_DOWN.by(pushed_step_upside_down),
        ),
        "For an orthogonal J it returns g: the only changes of chart that a gradient step does not notice.",
        inputs=(
            (np.array([[1.0, 0.5], [0.0, 2.0]]), np.array([1.0, -1.0])),
            (np.array([[0.3, 1.0], [-1.0, 0.7]]), np.array([0.4, 2.0])),
        ),
        hint="Two linear systems: one turns g into the gradient in phi, one reads the step in theta.",
    ),
    Exercise(
        "refuting_pair",
        "prediction",
        refuting_pair,
        (
            Mistake(
                "speed for direction",
                refuting_pair_by_speed,
                "here one learner is a million times as fast, and one factor on the learning rate repairs it.",
            ),
            NUMBERS_FOR_THE_ARROW.by(
                refuting_pair_on_two_sheets,
                "The two lists of numbers differ; turn one sheet and they are the same arrow.",
            ),
            Mistake(
                "a long step for a path",
                refuting_pair_by_exits,
                "a long step leaves one of these charts. With short steps and one parameter there is one way up.",
            ),
        ),
        "A difference in direction is the one that no learning rate mends.",
        choices=PAIRS,
        measured=turns_measured,
    ),
)
