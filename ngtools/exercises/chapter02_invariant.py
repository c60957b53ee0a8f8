"""Exercises of chapter 02: what an invariant method is, tried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ngtools.engines import Engine
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.geometry import globe, sphere, transform_gradient, transform_metric
from ngtools.geometry.kl_remainder import slope
from ngtools.geometry.sphere_ascent import climb, walk_step

Map = Callable[[Any], Any]  # of one coordinate

_A = np.array([[1.0, 0.3], [0.3, 0.5]])
CHOICES = ("none but the trivial", "orthogonal", "affine", "all")


def _commutes(arrow: Callable[..., np.ndarray], J: np.ndarray) -> bool:
    """Whether an arrow made of metric and derivatives, computed after a linear
    map, is the translated one."""
    M, g = _A, np.array([0.7, -0.4])
    there = arrow(transform_metric(M, J), transform_gradient(g, J))
    return bool(np.allclose(there, J @ arrow(M, g)))


def _largest_group(arrow: Callable[..., np.ndarray], bent: bool = False) -> str:
    """The largest of the groups of maps under which theta + alpha arrow is invariant, one map of each tried."""
    maps = {"orthogonal": np.array([[0.6, -0.8], [0.8, 0.6]]), "affine": np.array([[2.0, 1.0], [0.0, 0.5]])}
    answer = CHOICES[0]
    for name, J in maps.items():
        if _commutes(arrow, J):
            answer = name
    return CHOICES[3] if bent and answer == "affine" else answer


def multiply_by_the_metric() -> str:
    """The group for theta + alpha M g."""
    return _largest_group(lambda M, g: M @ g)


def multiply_by_the_inverse() -> str:
    return _largest_group(lambda M, g: np.linalg.solve(M, g))


def arrow_for_finite_step() -> str:
    """The inverse of the metric again, and agreement of the arrows taken for agreement of the steps under any map."""
    return _largest_group(lambda M, g: np.linalg.solve(M, g), bent=True)


def rotation_read_as_any_shear() -> str:
    """The metric replaced by a fixed matrix, the same on every sheet: not even a turned sheet agrees."""
    return _largest_group(lambda M, g: _A @ g)


def carried_update(update: Map, h: Map, back: Map, phi: float) -> float:
    """What an invariant method does in phi = h(theta), if its update in theta
    is given."""
    return h(update(back(phi)))


def carried_the_wrong_way(update: Map, h: Map, back: Map, phi: float) -> float:
    return back(update(h(phi)))


def same_formula(update: Map, h: Map, back: Map, phi: float) -> float:
    return update(phi)


def not_translated_back(update: Map, h: Map, back: Map, phi: float) -> float:
    return update(back(phi))


def carried_to_first_order(update: Map, h: Map, back: Map, phi: float) -> float:
    """The step moved as an arrow, with a difference quotient for the Jacobian."""
    theta = back(phi)
    J = (h(theta + 1e-6) - h(theta - 1e-6)) / 2e-6
    return phi + J * (update(theta) - theta)


GAPS = ("stays as it is", "halves", "falls to a quarter", "is zero")
_SIZES = (0.02, 0.01, 0.005)


def _mercator_embed(theta: Any, m: Engine) -> tuple[Any, Any, Any]:
    """The point with longitude ell and Mercator's y; cos(beta) = 1/cosh(y), sin(beta) = tanh(y)."""
    ell, y = theta
    cosh = (m.exp(y) + m.exp(-y)) / 2
    return m.cos(ell) / cosh, m.sin(ell) / cosh, (m.exp(y) - m.exp(-y)) / 2 / cosh


def _mercator_locate(place: Any, m: Engine) -> tuple[Any, Any]:
    x, y, z = place
    across = m.sqrt(x**2 + y**2)
    return 2 * m.arcsin(y / m.sqrt(2 * across * (across + x))), m.log((1 + z) / (1 - z)) / 2


MERCATOR = sphere.SphereChart(
    "mercator", ("longitude", "y"), sphere.STEREOGRAPHIC.symbols, _mercator_embed, _mercator_locate
)


def _ends(alpha: float, way: str) -> list[np.ndarray]:
    """Where one step from Oslo towards Tokyo ends in the two conformal charts,
    as points of the sphere."""
    start, target = globe.named("Oslo"), globe.named("Tokyo")
    charts = (sphere.STEREOGRAPHIC, MERCATOR)
    if way == "walked":
        starts = [sphere.locate(c, start) for c in charts]
        ends = [walk_step(c, at, target, alpha) for c, at in zip(charts, starts)]
        return [sphere.point(c, end) for c, end in zip(charts, ends)]
    use_metric = way == "metric"
    return [climb(c, start, target, alpha, 1, use_metric)[:, 1] for c in charts]


def _gaps(way: str) -> list[float]:
    return [float(sphere.distance(*_ends(alpha, way))) for alpha in _SIZES]


def _in_words(gaps: list[float]) -> str:
    if max(gaps) < 1e-9:
        return GAPS[3]
    return GAPS[round(slope(_SIZES, gaps))]


def two_conformal_charts() -> str:
    """How the gap between two conformal charts changes when the step size is
    halved; plain gradient, no metric."""
    return _in_words(_gaps("identity"))


def gap_with_the_metric() -> str:
    return _in_words(_gaps("metric"))


def gap_walked() -> str:
    return _in_words(_gaps("walked"))


def angle_between_the_charts() -> str:
    """The angle between the two steps instead of the distance between their ends: it is nearly constant."""
    start, angles = globe.named("Oslo"), []
    for alpha in _SIZES:
        one, two = (sphere.bearing(start, end - start) for end in _ends(alpha, "identity"))
        angles.append(1.0 + abs(one - two))
    return GAPS[round(slope(_SIZES, angles))]


def gaps_measured() -> str:
    numbers = ", ".join(f"{gap:.3g}" for gap in _gaps("identity"))
    return f"At the step sizes {', '.join(map(str, _SIZES))} the gaps are {numbers}."


EXERCISES = (
    Exercise(
        "multiply_by_the_metric",
        "prediction",
        multiply_by_the_metric,
        (
            Mistake(
                "the law of the inverse metric",
                multiply_by_the_inverse,
                "that holds for the inverse of the metric. M g does not follow the law of an arrow: try J = 2 I.",
            ),
            Mistake(
                "a metric cures everything",
                arrow_for_finite_step,
                "even the right arrow runs straight on its sheet, so maps that bend are out; and M g is not the right arrow.",
            ),
            Mistake(
                "rotations forgotten",
                rotation_read_as_any_shear,
                "the metric turns with the sheet. Where the inverse of J is its transpose, which law does M g follow?",
            ),
        ),
        "Where J^T J = I, lines and arrows follow the same law, and no mistake between them shows.",
        choices=CHOICES,
    ),
    Exercise(
        "carried_update",
        "function",
        carried_update,
        (
            Mistake(
                "translated in the wrong direction",
                carried_the_wrong_way,
                "h takes theta to phi. The update wants a theta, and you gave it h(phi).",
            ),
            Mistake(
                "same formula for same method",
                same_formula,
                "one formula used in two charts moves the point in two ways. The definition speaks of points.",
            ),
            Mistake(
                "result left in the old chart",
                not_translated_back,
                "the new point is right, and you report its theta. The answer is asked for in phi.",
            ),
            Mistake(
                "step moved as an arrow",
                carried_to_first_order,
                "moving the step with J is right to first order. An invariant method is exact.",
            ),
        ),
        "Translate, step, translate back: any method can be made invariant by pinning one chart.",
        inputs=(
            (lambda theta: 0.7 * theta + 0.3, np.log, np.exp, 0.4),
            (lambda theta: theta - 0.2 * (theta - 1), np.square, np.sqrt, 4.0),
            (lambda theta: theta + 0.5, np.exp, np.log, 1.5),
        ),
        hint="The known update wants a theta, and the answer is a phi.",
    ),
    Exercise(
        "two_conformal_charts",
        "prediction",
        two_conformal_charts,
        (
            Mistake(
                "direction for arrow",
                gap_with_the_metric,
                "that is the gap with the metric, where the arrows agree in direction and in length.",
            ),
            Mistake(
                "direction for destination",
                gap_walked,
                "both step along the great circle. Do they step equally far?",
            ),
            Mistake(
                "angle for gap",
                angle_between_the_charts,
                "the angle between the two steps hardly depends on the step size. The gap is a distance between ends.",
            ),
        ),
        "One direction, two lengths: each sheet has its own factor.",
        choices=GAPS,
        measured=gaps_measured,
    ),
)
