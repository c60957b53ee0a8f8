"""The Fisher-Rao distance: the length of the shortest curve of distributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import quad
from scipy.optimize import minimize, root

from ngtools.engines import NUMPY
from ngtools.families import Family
from ngtools.geometry.compiled import compiled
from ngtools.geometry.free import free_coordinates
from ngtools.geometry.geodesic import LeftDomain, follow
from ngtools.geometry.metric import Metric, metric_of

__all__ = ["Distance", "chord", "distance", "shoot"]


@dataclass(frozen=True)
class Distance:
    """A distance and how it was found.

    ``method`` is "closed form", "arc length" (one parameter: quadrature of sqrt F) or "geodesic
    shooting"; ``residual`` the relative miss of the end point (0 for a closed form).
    """

    value: float
    method: str
    residual: float = 0.0

    def __float__(self) -> float:
        return self.value


def distance(family: Family, theta0: Any, theta1: Any, chart: str | None = None, shooting: bool = False) -> Distance:
    """The Fisher-Rao distance between two distributions of a family, ds^2 = dtheta^T F dtheta (no 1/2).

    Parameters
    ----------
    family, theta0, theta1, chart
        Two points in the coordinates of ``chart``.
    shooting
        Solve the geodesic equation even where a closed form is stated (the independent judge).

    Returns
    -------
    Distance
        ``.value``, ``.method``.  Where shooting is used, the length of the geodesic that was found;
        where geodesics between two points are unique (curvature <= 0) that is the shortest.

    Raises
    ------
    RuntimeError
        Shooting did not converge.

    Examples
    --------
    >>> from ngtools import families
    >>> found = distance(families.get("zero-mean-normal"), [0.8], [2.1])
    >>> round(found.value, 6), found.method
    (1.36483, 'closed form')
    """
    record = family.chart(chart)
    theta0, theta1 = (
        np.asarray(record.check(point, where), dtype=np.float64)
        for point, where in ((theta0, "theta0"), (theta1, "theta1"))
    )
    # a chart with fewer coordinates than the whole is a part of the family, whose curves stay inside it
    whole = len(record.to_home(tuple(theta0), NUMPY))
    part = record.dimension < whole
    if not shooting and record.distance is not None:
        return Distance(float(record.distance(tuple(theta0), tuple(theta1), NUMPY)), "closed form")
    if not shooting and family.formulas.distance is not None and not part:
        ends = (tuple(record.to_home(tuple(point), NUMPY)) for point in (theta0, theta1))
        return Distance(float(family.formulas.distance(next(ends), next(ends), NUMPY)), "closed form")
    # the distance is the same in every chart, and the reference chart has no redundant coordinates
    chart = record.name if part or family.dimension() < whole else family.charts[0]
    start, end = (np.asarray(family.convert(point, to=chart, chart=record.name)) for point in (theta0, theta1))
    metric = metric_of(family, chart)
    if np.array_equal(start, end):
        return Distance(0.0, "closed form")
    if metric.dimension == 1:
        value, error = quad(lambda t: np.sqrt(metric.at(np.array([t]))[0, 0]), start[0], end[0], epsabs=0, epsrel=1e-12)
        return Distance(abs(float(value)), "arc length", float(error / abs(value)))
    free = free_coordinates(family, chart)
    velocity, residual = shoot(free.metric, free.coordinates(start), free.coordinates(end))
    F = free.metric.at(free.coordinates(start))
    return Distance(float(np.sqrt(velocity @ F @ velocity)), "geodesic shooting", residual)


def chord(family: Family, theta0: Any, theta1: Any) -> float:
    """sqrt(Delta^T F(midpoint) Delta) in the reference chart: the distance up to a relative O(|Delta|^2).

    Closed forms through acosh or arccos lose the small distances (below about 1e-8) to rounding; the
    chord keeps their digits.
    """
    theta0, theta1 = np.asarray(theta0, dtype=np.float64), np.asarray(theta1, dtype=np.float64)
    gap = theta1 - theta0
    return float(np.sqrt(gap @ metric_of(family).at((theta0 + theta1) / 2) @ gap))


def shoot(metric: Metric, start: np.ndarray, end: np.ndarray, tolerance: float = 1e-10) -> tuple[np.ndarray, float]:
    """Find the velocity with which the geodesic from ``start`` arrives at ``end`` after unit time.

    Powell's method on the end point, from the straight line in the chart; where that fails, from the
    polygon of least energy between the two points.

    Returns
    -------
    The velocity, and the length of the miss divided by the distance.

    Raises
    ------
    RuntimeError
        Neither start converged.
    """
    for guess in (lambda: end - start, lambda: _relaxed(metric, start, end)):
        found = _arrive(metric, start, end, guess(), tolerance)
        if found is not None:
            return found
    raise RuntimeError(
        f"geodesic shooting from {start.tolist()} to {end.tolist()} did not converge; "
        "the points may be too far apart, or no geodesic joins them inside the domain"
    )


@lru_cache(maxsize=64)
def _energy(function: Callable[..., Any]) -> Callable[..., Any]:
    def energy(inner: Any, start: Any, end: Any) -> Any:
        path = jnp.concatenate([start[None], inner, end[None]])
        gaps = jnp.diff(path, axis=0)
        F = jax.vmap(function)((path[1:] + path[:-1]) / 2)
        return jnp.einsum("si,sij,sj->", gaps, F, gaps) * len(gaps)

    return energy


def _relaxed(metric: Metric, start: np.ndarray, end: np.ndarray, segments: int = 48) -> np.ndarray:
    """The first velocity of the polygon of least energy, which is good to O(1 / segments)."""
    d = len(start)
    energy = _energy(metric.function)
    value, slope = compiled(energy), compiled(energy, "gradient")

    def judged(flat: np.ndarray) -> tuple[float, np.ndarray]:
        inner = flat.reshape(-1, d)
        found, push = float(value(inner, start, end)), slope(inner, start, end)
        if not np.isfinite(found) or not np.isfinite(push).all():
            return 1e300, np.zeros_like(flat)  # the line search steps back
        return found, push.ravel()

    line = start + np.linspace(0, 1, segments + 1)[1:-1, None] * (end - start)
    best = minimize(judged, line.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500, "gtol": 1e-6})
    path = np.concatenate([start[None], best.x.reshape(-1, d), end[None]])
    # a parabola through the first three points
    return segments * (-1.5 * path[0] + 2 * path[1] - 0.5 * path[2])


def _arrive(
    metric: Metric, start: np.ndarray, end: np.ndarray, guess: np.ndarray, tolerance: float
) -> tuple[np.ndarray, float] | None:
    """The velocity and the relative miss; None where Powell's method does not get there from the guess."""
    F = metric.at(end)
    size = np.sqrt((end - start) @ F @ (end - start))
    if size == 0:
        return np.zeros_like(start), 0.0
    try:
        found = root(lambda velocity: follow(metric, start, velocity).end - end, guess, options={"xtol": 1e-13})
    except (LeftDomain, np.linalg.LinAlgError):
        return None
    residual = np.sqrt(found.fun @ F @ found.fun) / size
    return (found.x, float(residual)) if residual < tolerance else None
