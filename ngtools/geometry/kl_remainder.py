"""What the quadratic form leaves over of a Kullback-Leibler divergence, measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.families import Family
from ngtools.geometry.compiled import compiled

__all__ = ["KINDS", "kl_along", "kl_at", "kl_remainder", "measured_ratio", "slope"]

# each as a combination of KL(theta + i s d || theta + j s d): ((weight, i, j), ...)
KINDS = {
    "old-new": ((1.0, 0.0, 1.0),),
    "new-old": ((1.0, 1.0, 0.0),),
    "symmetrised": ((0.5, 0.0, 1.0), (0.5, 1.0, 0.0)),
    "averaged over signs": ((0.5, 0.0, 1.0), (0.5, 0.0, -1.0)),
    "symmetrised about the midpoint": ((0.5, -0.5, 0.5), (0.5, 0.5, -0.5)),
}


def kl_along(
    family: Family, theta: Any, direction: Any, sizes: Any, kind: str = "old-new", chart: str | None = None
) -> np.ndarray:
    """A divergence along the line theta + s d of a chart, at each size s; nats.

    Parameters
    ----------
    family, theta, chart
        The centre, in the coordinates of ``chart``.
    direction
        d, shape (d,), not normalised.
    sizes
        Values of s, shape (n,).
    kind
        ``"old-new"``  KL(theta || theta + s d);  ``"new-old"``  KL(theta + s d || theta);
        ``"symmetrised"``  the mean of the two (half of Jeffreys' divergence);
        ``"averaged over signs"``  the mean of KL(theta || theta + s d) and KL(theta || theta - s d);
        ``"symmetrised about the midpoint"``  half of Jeffreys' divergence of theta - s d/2 and theta + s d/2.

    Returns
    -------
    Shape (n,).  Every kind is 1/2 s^2 d^T F(theta) d to second order.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))} (got {kind!r})")
    theta, direction, sizes = (np.asarray(value, dtype=np.float64) for value in (theta, direction, sizes))
    record = family.chart(chart)
    record.check(theta)
    steps = sizes[:, None] * direction
    for position in {end for _, i, j in KINDS[kind] for end in (i, j)}:
        for step in steps:
            record.check(theta + position * step, "theta + s d")
    kl = _pairwise(family, record.name)
    return np.sum([w * kl(theta + i * steps, theta + j * steps) for w, i, j in KINDS[kind]], axis=0)


def kl_remainder(
    family: Family, theta: Any, direction: Any, sizes: Any, kind: str = "old-new", chart: str | None = None
) -> np.ndarray:
    """``kl_along`` minus 1/2 s^2 d^T F(theta) d at each size s, shape (n,)."""
    sizes, direction = np.asarray(sizes, dtype=np.float64), np.asarray(direction, dtype=np.float64)
    F = np.asarray(family.fisher(np.asarray(theta, dtype=np.float64), chart))
    return kl_along(family, theta, direction, sizes, kind, chart) - sizes**2 * (direction @ F @ direction) / 2


def measured_ratio(family: Family, theta: Any, direction: Any, chart: str | None = None, size: float = 1e-3) -> float:
    """The remainder of KL(new || old) over that of KL(old || new) for a small step, measured.

    Odd parts are compared, (r(size) - r(-size))/2, so that the error is O(size^2).
    """
    sizes = np.array([size, -size])
    new_old, old_new = (kl_remainder(family, theta, direction, sizes, kind, chart) for kind in ("new-old", "old-new"))
    return float((new_old[0] - new_old[1]) / (old_new[0] - old_new[1]))


def kl_at(family: Family, theta: Any, points: Any, direction: str = "old-new", chart: str | None = None) -> np.ndarray:
    """KL(theta || point) for each row of ``points`` (or KL(point || theta) for ``"new-old"``), shape (n,)."""
    if direction not in ("old-new", "new-old"):
        raise ValueError(f"direction must be 'old-new' or 'new-old' (got {direction!r})")
    points = np.asarray(points, dtype=np.float64)
    centre = np.broadcast_to(np.asarray(theta, dtype=np.float64), points.shape)
    kl = _pairwise(family, family.chart(chart).name)
    return kl(centre, points) if direction == "old-new" else kl(points, centre)


def slope(sizes: Any, errors: Any) -> float:
    """The slope of log |error| against log size, by least squares: the measured order.

    Examples
    --------
    >>> round(slope([0.1, 0.2, 0.4], [0.001, 0.008, 0.064]), 6)
    3.0
    """
    sizes, errors = np.asarray(sizes, dtype=np.float64), np.abs(np.asarray(errors, dtype=np.float64))
    if not (np.isfinite(errors) & (errors > 0)).all():
        raise ValueError("errors must be finite and not 0: an exact identity has no order")
    x, y = np.log(sizes), np.log(errors)
    x = x - x.mean()
    return float(x @ y / (x @ x))


@lru_cache(maxsize=128)
def _program(family: Family, chart: str) -> Callable[..., Any]:
    return compiled(lambda pair: family.kl(pair[0], pair[1], chart), batch=True)


def _pairwise(family: Family, chart: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    program = _program(family, chart)
    return lambda first, second: program(np.stack([first, second], axis=1))
