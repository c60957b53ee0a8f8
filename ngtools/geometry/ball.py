"""Small balls around a distribution: the exact KL ball, and the ellipse that approximates it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.checks import number, real_array, whole_number
from ngtools.families import Family
from ngtools.geometry.compiled import compiled
from ngtools.geometry.psd import spectrum

__all__ = ["ellipse", "kl_ball"]


def ellipse(F: Any, theta: Any, c: float, points: int = 200) -> np.ndarray:
    """Points of the ellipse {theta + Delta : 1/2 Delta^T F Delta = c}, shape (points, 2), closed.

    The quadratic model of the KL ball of radius c (nats).
    """
    c, points = number(c, "c", above=0), whole_number(points, "points", least=2)
    theta = real_array(theta, "theta", ("d",))
    return theta + np.sqrt(2 * c) * _frame(F, theta, points)


def kl_ball(
    family: Family,
    theta: Any,
    c: float,
    chart: str | None = None,
    direction: str = "old-new",
    points: int = 200,
) -> np.ndarray:
    """Points of the boundary of the exact KL ball around theta, for a family of two parameters.

    On each ray from theta (equally spaced in the Fisher metric) the first crossing of the level is
    found by marching and bisection, to rounding.

    Parameters
    ----------
    family, theta, chart
        The centre, in the coordinates of ``chart``.
    c
        Radius in nats, > 0.
    direction
        ``"old-new"``: {theta' : KL(theta || theta') = c};  ``"new-old"``: {theta' : KL(theta' || theta) = c}.
    points
        Number of rays; the first point is repeated at the end, so that a line through the rows closes.

    Returns
    -------
    Shape (points, 2).

    Raises
    ------
    ValueError
        c <= 0, the family does not have two parameters, or the level is not reached on some ray.
    """
    c, points = number(c, "c", above=0), whole_number(points, "points", least=2)
    if direction not in ("old-new", "new-old"):
        raise ValueError(f"direction must be 'old-new' (KL(theta || theta')) or 'new-old' (got {direction!r})")
    record = family.chart(chart)
    theta = np.asarray(record.check(theta), dtype=np.float64)
    rays = _frame(family.fisher(theta, chart=record.name), theta, points)
    kl = compiled(_kl_along(family, record.name, direction), batch=True, argument=1)

    def below(radii: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            # outside the domain the formula is nan: that is beyond the ball
            return kl(theta, theta + radii[:, None] * rays) < c

    inner, step = np.zeros(points), np.full(points, 0.05 * np.sqrt(2 * c))
    running = np.ones(points, dtype=bool)
    for _ in range(600):
        running &= below(inner + step)
        if not running.any():
            break
        inner = np.where(running, inner + step, inner)
        step = np.where(running, step * 1.05, step)
    else:
        stuck = int(np.flatnonzero(running)[0])
        raise ValueError(
            f"the KL level c = {c} is not reached from theta = {theta.tolist()} in the direction {rays[stuck].round(4).tolist()}: "
            "the divergence is bounded there; take a smaller c"
        )
    outer = inner + step
    for _ in range(70):
        middle = (inner + outer) / 2
        good = below(middle)
        inner, outer = np.where(good, middle, inner), np.where(good, outer, middle)
    boundary = theta + inner[:, None] * rays
    reached = kl(theta, boundary)
    if not np.allclose(reached, c, rtol=1e-6):
        bad = boundary[int(np.argmax(np.abs(reached - c)))]
        raise ValueError(
            f"the KL ball of radius {c} meets the edge of the domain near {bad.round(4).tolist()}; take a smaller c"
        )
    return boundary


@lru_cache(maxsize=128)
def _kl_along(family: Family, chart: str, direction: str) -> Callable[..., Any]:
    if direction == "old-new":
        return lambda old, new: family.kl(old, new, chart=chart)
    return lambda old, new: family.kl(new, old, chart=chart)


def _frame(F: Any, theta: np.ndarray, points: int) -> np.ndarray:
    if theta.shape != (2,):
        raise ValueError(f"a ball is drawn for two parameters (theta has shape {theta.shape})")
    checked = spectrum(F)
    if checked.singular:
        raise ValueError(f"F is singular, {checked.describe()}: the ball is unbounded in that direction")
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    circle[-1] = circle[0]
    # L^{-T} maps the unit circle to the unit ellipse of F = L L^T
    return np.linalg.solve(np.linalg.cholesky(checked.matrix).T, circle.T).T
