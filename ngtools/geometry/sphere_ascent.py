"""Gradient ascent on the sphere, in a chart: with the metric of the sphere, or with the identity in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.geometry.sphere import SphereChart, distance, frame, locate, point, walk

__all__ = ["arrival", "climb", "step", "walk_step"]


def step(chart: SphereChart, theta: Any, target: Any, alpha: float, use_metric: bool) -> np.ndarray:
    """One step of length alpha times the gradient of <p, target>, added to the coordinates theta.

    With ``use_metric`` the gradient is M^{-1} g; without, it is g, as if the sheet of paper were the ground.
    """
    E = frame(chart, theta)
    g = E.T @ np.asarray(target)
    return np.asarray(theta) + alpha * (np.linalg.solve(E.T @ E, g) if use_metric else g)


def walk_step(chart: SphereChart, theta: Any, target: Any, alpha: float) -> np.ndarray:
    """The same step with the metric, walked straight on the ground instead of straight on the sheet."""
    E = frame(chart, theta)
    arrow = E @ np.linalg.solve(E.T @ E, E.T @ np.asarray(target))
    return np.asarray(locate(chart, walk(point(chart, theta), alpha * arrow)))


def climb(chart: SphereChart, start: Any, target: Any, alpha: float, steps: int, use_metric: bool) -> np.ndarray:
    """The points (3, steps + 1) that gradient ascent of <p, target> visits from the point ``start``.

    Every step is computed in the coordinates of the chart.

    Raises
    ------
    ValueError
        A coordinate stops being finite, or alpha is not positive.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be > 0 (got {alpha!r})")
    theta = np.asarray(locate(chart, start), dtype=np.float64)
    path = [theta]
    for number in range(steps):
        theta = step(chart, theta, target, alpha, use_metric)
        if not np.isfinite(theta).all():
            raise ValueError(
                f"step {number + 1} left the {chart.name} chart (coordinates {theta}); take a smaller alpha"
            )
        path.append(theta)
    return np.asarray(point(chart, np.stack(path, axis=1)))


def arrival(path: np.ndarray, target: Any, within: float) -> int | None:
    """The number of steps after which a path (3, steps + 1) stays within a distance of the target; None if it never does."""
    far = [number for number, place in enumerate(path.T) if not distance(place, target) <= within]
    if not far:
        return 0
    return None if far[-1] == path.shape[1] - 1 else far[-1] + 1
