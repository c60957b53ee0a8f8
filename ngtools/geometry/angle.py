"""Lengths and angles of tangent vectors in a metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import real_array

__all__ = ["angle", "norm"]


def norm(F: Any, v: Any) -> float:
    """The length sqrt(v^T F v) of a tangent vector."""
    v = real_array(v, "v", ("d",))
    square = float(v @ real_array(F, "F", (len(v), len(v))) @ v)
    if square < 0:
        raise ValueError(f"F gives v a negative square (v^T F v = {square:.3g}): a metric is positive semidefinite")
    return float(np.sqrt(square))


def angle(F: Any, u: Any, v: Any) -> float:
    """The angle between two tangent vectors in the metric F, in degrees.

    Unlike the angle seen on paper it is the same in every chart.

    Examples
    --------
    >>> angle([[1.0, 0.0], [0.0, 4.0]], [1.0, 0.0], [2.0, 1.0])
    45.0
    """
    u = real_array(u, "u", ("d",))
    F, v = real_array(F, "F", (len(u), len(u))), real_array(v, "v", u.shape)
    a, b = norm(F, u), norm(F, v)
    if 0 in (a, b):
        raise ValueError("angle needs two vectors of positive length in the metric (one of them is zero)")
    cosine = u @ F @ v / (a * b)
    # the sine through the rejection keeps its digits where the cosine rounds to 1
    rejection = v / b - cosine * u / a
    return float(np.degrees(np.arctan2(norm(F, rejection), cosine)))
