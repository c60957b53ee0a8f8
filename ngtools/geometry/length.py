"""The Fisher-Rao length of a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import real_array
from ngtools.families import Family
from ngtools.geometry.metric import metric_of

__all__ = ["length"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def length(family: Family, path: Any, chart: str | None = None) -> float:
    """The Fisher-Rao length of a path of straight segments *in the coordinates of the chart*.

    Each segment is integrated by 8-point Gauss quadrature of sqrt(dtheta^T F dtheta), ds^2 without a
    factor 1/2.  A smooth curve sampled at n points is approached like 1/n^2.

    Parameters
    ----------
    family, chart
        The metric.
    path
        Points in order, shape (n, d), n >= 2.

    Examples
    --------
    >>> from ngtools import families
    >>> round(length(families.get("zero-mean-normal"), [[1.0], [2.0]]), 6)  # sqrt(2) log 2
    0.980258
    """
    metric = metric_of(family, chart)
    points = real_array(path, "path")
    if points.ndim != 2 or points.shape[1] != metric.dimension or len(points) < 2:
        raise ValueError(f"path must have shape (n, {metric.dimension}) with n >= 2 (got shape {points.shape})")
    for index, point in enumerate(points):
        family.chart(chart).check(point, f"path[{index}]")
    steps = np.diff(points, axis=0)
    places = points[:-1, None, :] + (_NODES[None, :, None] + 1) / 2 * steps[:, None, :]
    F = metric.batch(places.reshape(-1, metric.dimension)).reshape(*places.shape, metric.dimension)
    speed = np.sqrt(np.einsum("si,sqij,sj->sq", steps, F, steps))
    return float((speed @ _WEIGHTS).sum() / 2)
