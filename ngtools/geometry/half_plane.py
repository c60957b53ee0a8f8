"""The normal family as a hyperbolic half plane: its geodesics in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import real_array

__all__ = ["HalfEllipse", "full_geodesic", "half_ellipse", "normal_geodesic"]


@dataclass(frozen=True)
class HalfEllipse:
    """The geodesic (mu - centre)^2 + 2 sigma^2 = radius^2 of the normal family; infinite radius: a vertical line."""

    centre: float
    radius: float


def half_ellipse(theta0: Any, theta1: Any) -> HalfEllipse:
    """The geodesic through two normal distributions, given as (mu, sigma).

    Examples
    --------
    >>> half_ellipse([0.0, 1.0], [2.0, 1.0])
    HalfEllipse(centre=1.0, radius=1.7320508075688772)
    """
    (mu0, s0), (mu1, s1) = _points(theta0, theta1)
    if mu0 == mu1:
        return HalfEllipse(float(mu0), float("inf"))
    centre = (mu0 + mu1) / 2 + (s1**2 - s0**2) / (mu1 - mu0)
    return HalfEllipse(float(centre), float(np.sqrt((mu0 - centre) ** 2 + 2 * s0**2)))


def normal_geodesic(theta0: Any, theta1: Any, points: int = 101) -> np.ndarray:
    """Points (mu, sigma) from theta0 to theta1 along the geodesic, equally spaced in length.

    On the half-ellipse mu = c + R tanh t, sigma = R / (sqrt(2) cosh t), ds = sqrt(2) dt.
    Shape (points, 2).
    """
    (mu0, s0), (mu1, s1) = _points(theta0, theta1)
    arc = half_ellipse(theta0, theta1)
    if np.isinf(arc.radius):
        return np.column_stack([np.full(points, mu0), np.geomspace(s0, s1, points)])
    # sinh t = (mu - c) / (sqrt(2) sigma) at both ends
    t0 = np.arcsinh((mu0 - arc.centre) / (np.sqrt(2) * s0))
    t1 = np.arcsinh((mu1 - arc.centre) / (np.sqrt(2) * s1))
    t = np.linspace(t0, t1, points)
    mu = arc.centre + arc.radius * np.tanh(t)
    return np.column_stack([mu, arc.radius / (np.sqrt(2) * np.cosh(t))])


def full_geodesic(theta0: Any, theta1: Any, points: int = 201) -> np.ndarray:
    """Points of the whole geodesic through two normal distributions: the half-ellipse from end to end.

    A vertical line is returned from a hundredth of the smaller sigma to the larger one.  Shape (points, 2).
    """
    (mu0, s0), (_, s1) = _points(theta0, theta1)
    arc = half_ellipse(theta0, theta1)
    if np.isinf(arc.radius):
        return np.column_stack([np.full(points, mu0), np.geomspace(min(s0, s1) / 100, max(s0, s1), points)])
    angle = np.linspace(np.pi, 0, points)
    return np.column_stack([arc.centre + arc.radius * np.cos(angle), arc.radius / np.sqrt(2) * np.sin(angle)])


def _points(theta0: Any, theta1: Any) -> tuple[np.ndarray, np.ndarray]:
    first, second = real_array(theta0, "theta0"), real_array(theta1, "theta1")
    for name, theta in (("theta0", first), ("theta1", second)):
        if theta.shape != (2,) or not theta[1] > 0:
            raise ValueError(f"{name} must be (mu, sigma) with sigma > 0 (got {theta.tolist()})")
    if np.array_equal(first, second):
        raise ValueError("theta0 and theta1 must differ: no single geodesic passes through one point")
    return first, second
