"""Exercises of chapter 02: what invariance means."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.geometry import norm, sphere, transform_gradient, transform_metric
from ngtools.geometry.globe import EARTH_RADIUS
from ngtools.geometry.steepest import steepest

LATITUDE, STEP = np.radians(60.0), 0.01


def longitude_step() -> float:
    """The way, in km, along which the longitude grows by 0.01 at 60 degrees north."""
    M = sphere.metric(sphere.LATITUDE_LONGITUDE, [LATITUDE, 0.0])
    return EARTH_RADIUS * norm(M, [0.0, STEP])


def longitude_step_on_paper() -> float:
    return EARTH_RADIUS * norm(np.eye(2), [0.0, STEP])


def longitude_step_without_the_root() -> float:
    M = sphere.metric(sphere.LATITUDE_LONGITUDE, [LATITUDE, 0.0])
    return EARTH_RADIUS * M[1, 1] * STEP


def longitude_step_in_degrees() -> float:
    M = sphere.metric(sphere.LATITUDE_LONGITUDE, [LATITUDE, 0.0])
    return EARTH_RADIUS * norm(M, [0.0, np.radians(STEP)])


def steepest_arrow(M: Any, g: Any) -> np.ndarray:
    """The arrow of length one in M along which a function with derivatives g climbs most."""
    v = np.linalg.solve(M, g)
    return v / np.sqrt(v @ M @ v)


def steepest_arrow_on_paper(M: Any, g: Any) -> np.ndarray:
    return steepest(np.eye(len(g)), g)


def steepest_arrow_of_paper_length(M: Any, g: Any) -> np.ndarray:
    v = np.linalg.solve(M, g)
    return v / np.linalg.norm(v)


def steepest_arrow_not_scaled(M: Any, g: Any) -> np.ndarray:
    return np.linalg.solve(M, g)


def steepest_arrow_with_the_metric_itself(M: Any, g: Any) -> np.ndarray:
    v = np.asarray(M) @ g
    return v / np.sqrt(v @ M @ v)


def multiply_by_the_metric() -> str:
    """The largest of three groups of maps under which theta + alpha M g is invariant, found by trying one of each."""
    M, g = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([0.7, -0.4])
    maps = {"orthogonal": np.array([[0.6, -0.8], [0.8, 0.6]]), "affine": np.array([[2.0, 1.0], [0.0, 0.5]])}
    answer = "none but the trivial"
    for name, J in maps.items():
        computed_there = transform_metric(M, J) @ transform_gradient(g, J)
        if np.allclose(computed_there, J @ (M @ g)):
            answer = name
    return answer


CHOICES = ("none but the trivial", "orthogonal", "affine", "all")

EXERCISES = (
    Exercise(
        "longitude_step",
        "value",
        longitude_step,
        (
            Mistake(
                "sheet taken for the ground",
                longitude_step_on_paper,
                "this is the way on the equator. At 60 degrees north the metric of longitude is cos^2(60 degrees), not 1.",
            ),
            Mistake(
                "length is the root of the metric",
                longitude_step_without_the_root,
                "v^T M v is a squared length. Take its root.",
            ),
            Mistake(
                "degrees read as radians",
                longitude_step_in_degrees,
                "the order was 0.01 radians, not 0.01 degrees.",
            ),
        ),
        "On the equator the same order is worth twice as much.",
    ),
    Exercise(
        "steepest_arrow",
        "function",
        steepest_arrow,
        (
            Mistake(
                "identity for the metric",
                steepest_arrow_on_paper,
                "this is steepest for a walker who takes the sheet for the ground. Use M.",
            ),
            Mistake(
                "length on paper",
                steepest_arrow_of_paper_length,
                "the direction is right. The length must be one in M: divide by sqrt(v^T M v).",
            ),
            Mistake(
                "length not one",
                steepest_arrow_not_scaled,
                "this is the gradient in the metric. Divide it by its length in M.",
            ),
            Mistake(
                "metric for its inverse",
                steepest_arrow_with_the_metric_itself,
                "M turns arrows into lines. To turn lines into an arrow, use its inverse.",
            ),
        ),
        "It solves M v = g and scales: no chart is mentioned.",
        inputs=(
            (np.array([[1.0, 0.0], [0.0, 0.25]]), np.array([0.7, 0.3])),
            (np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([-1.0, 0.4])),
        ),
    ),
    Exercise(
        "multiply_by_the_metric",
        "prediction",
        multiply_by_the_metric,
        (
            Mistake(
                "metric for its inverse",
                lambda: "affine",
                "that holds for the inverse of the metric. M g does not follow the law of an arrow: try J = 2 I.",
            ),
            Mistake(
                "a metric cures everything",
                lambda: "all",
                "even the right arrow runs straight on its sheet, so maps that bend are out; and M g is not the right arrow.",
            ),
            Mistake(
                "rotations forgotten",
                lambda: "none but the trivial",
                "for a turned sheet the inverse of J is its transpose, and then M g does follow the law of an arrow.",
            ),
        ),
        "Where J^T J = I, lines and arrows follow the same law, and no mistake between them shows.",
        choices=CHOICES,
    ),
)
