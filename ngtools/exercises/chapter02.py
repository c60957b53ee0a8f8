"""Exercises of chapter 02: arrows, lines and the metric between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    EUCLIDEAN_LENGTH,
    JACOBIAN_UPSIDE_DOWN,
    LEFT_OVER_FOR_LOST,
    METRIC_FOR_INVERSE,
    METRIC_NOT_TRANSFORMED,
    MISSING_ROOT,
    ONE_JACOBIAN,
    PLAIN_GRADIENT,
    ROOT_TAKEN,
)
from ngtools.geometry import norm, sphere
from ngtools.geometry.globe import EARTH_RADIUS
from ngtools.geometry.steepest import steepest

LATITUDE, STEP = np.radians(60.0), 0.01


def longitude_step() -> float:
    """The way, in km, along which the longitude grows by 0.01 at 60 degrees
    north."""
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
    """The arrow of length one in M along which a function with derivatives g
    climbs most."""
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


def _mercator(move_with: Any) -> sp.Matrix:
    """The metric in (ell, y), with the entry of beta moved by what
    ``move_with`` makes of d beta / d y."""
    beta, ell = sphere.LATITUDE_LONGITUDE.symbols
    M = sphere.metric(sphere.LATITUDE_LONGITUDE, (beta, ell))
    dbeta_dy = sp.cos(beta)  # one over dy/dbeta = 1/cos(beta)
    return sp.diag(M[1, 1], M[0, 0] * move_with(dbeta_dy))


def mercator_metric() -> sp.Matrix:
    """The metric of the sphere in Mercator's chart (ell, y), y = log tan(pi/4 +
    beta/2), written with beta."""
    return _mercator(lambda slope: slope**2)


def mercator_metric_not_moved() -> sp.Matrix:
    return _mercator(lambda slope: slope**0)


def mercator_metric_with_one_jacobian() -> sp.Matrix:
    return _mercator(lambda slope: slope)


def mercator_metric_the_wrong_way() -> sp.Matrix:
    return _mercator(lambda slope: slope**-2)


def mercator_metric_of_lengths() -> sp.Matrix:
    """The lengths of the unit arrows, not their squares."""
    return mercator_metric().applyfunc(sp.sqrt)


M_HILL, G_HILL = np.diag([1.0, 0.25]), np.array([1.0, 1.0])


def _climb(v: np.ndarray) -> float:
    """What the height gains along v, for each unit of way on the ground."""
    return float(G_HILL @ v / norm(M_HILL, v))


def climb_lost() -> float:
    """The share of the best climb per unit of way that is lost by walking along
    g itself."""
    return 1 - _climb(G_HILL) / _climb(np.linalg.solve(M_HILL, G_HILL))


def climb_kept() -> float:
    return _climb(G_HILL) / _climb(np.linalg.solve(M_HILL, G_HILL))


def climb_lost_on_paper() -> float:
    """Her way measured with the identity, the best one with the metric."""
    return 1 - float(np.linalg.norm(G_HILL)) / _climb(np.linalg.solve(M_HILL, G_HILL))


def climb_lost_in_squares() -> float:
    return 1 - climb_kept() ** 2


EXERCISES = (
    Exercise(
        "longitude_step",
        "value",
        longitude_step,
        (
            EUCLIDEAN_LENGTH.by(longitude_step_on_paper, "It is the way on the equator."),
            MISSING_ROOT.by(longitude_step_without_the_root, "The entry cos^2(beta) is the square of a length."),
            Mistake(
                "degrees read as radians",
                longitude_step_in_degrees,
                "the order was 0.01 radians, not 0.01 degrees.",
            ),
        ),
        "On the equator the same order is worth twice as much.",
        hint="A small arrow v has the squared length v^T M v on the unit sphere. Take the root, then the radius.",
    ),
    Exercise(
        "steepest_arrow",
        "function",
        steepest_arrow,
        (
            PLAIN_GRADIENT.by(
                steepest_arrow_on_paper, "It is steepest for a walker who takes the sheet for the ground."
            ),
            EUCLIDEAN_LENGTH.by(steepest_arrow_of_paper_length, "The direction is right."),
            Mistake(
                "length not one",
                steepest_arrow_not_scaled,
                "this is the gradient in the metric. Divide it by its length in M.",
            ),
            METRIC_FOR_INVERSE.by(steepest_arrow_with_the_metric_itself),
        ),
        "It solves M v = g and scales: no chart is mentioned.",
        inputs=(
            (np.array([[1.0, 0.0], [0.0, 0.25]]), np.array([0.7, 0.3])),
            (np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([-1.0, 0.4])),
        ),
        hint="Two things must hold: M v is a positive multiple of g, and v^T M v is one.",
    ),
    Exercise(
        "mercator_metric",
        "formula",
        mercator_metric,
        (
            METRIC_NOT_TRANSFORMED.by(mercator_metric_not_moved, "The entry of y is that of the latitude here."),
            ONE_JACOBIAN.by(mercator_metric_with_one_jacobian),
            JACOBIAN_UPSIDE_DOWN.by(
                mercator_metric_the_wrong_way,
                "Near the poles one unit of y is a short way on the ground, not a long one.",
            ),
            ROOT_TAKEN.by(mercator_metric_of_lengths, "These are lengths; a metric holds their squares."),
        ),
        "A number times the identity: the chart is conformal, which is why sailors use it.",
        hint="dy/dbeta = 1/cos(beta). Write dbeta in terms of dy, and put it into dbeta^2 + cos^2(beta) dell^2.",
    ),
    Exercise(
        "climb_lost",
        "value",
        climb_lost,
        (
            LEFT_OVER_FOR_LOST.by(climb_kept),
            EUCLIDEAN_LENGTH.by(
                climb_lost_on_paper, "You measured her way on the sheet and the best one on the ground."
            ),
            Mistake(
                "squares compared",
                climb_lost_in_squares,
                "you compared the squares of two climbs. A climb is the height gained for each unit of way.",
            ),
        ),
        "The better the chart, the smaller the loss: in a conformal one it is zero.",
        hint="A climb per unit of way is g^T v over the length of v in M. Compare hers with the best one.",
    ),
)
