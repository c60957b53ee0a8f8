"""How far given gradients, metrics and natural gradients are from obeying the transformation laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import metric, real_array

__all__ = ["Defects", "law_defects"]


@dataclass(frozen=True)
class Defects:
    """Relative defects of the covector, metric and vector law, and of the squared length gᵀF⁻¹g; 0 is perfect."""

    covector: float
    metric: float
    vector: float
    length: float

    @property
    def largest(self) -> float:
        return max(self.covector, self.metric, self.vector, self.length)


def law_defects(F_theta: Any, g_theta: Any, F_phi: Any, g_phi: Any, J: Any) -> Defects:
    """Compare a Fisher matrix and a gradient computed in two charts, each in its own coordinates.

    Parameters
    ----------
    F_theta, g_theta
        The Fisher matrix, shape (d, d) and positive definite, and the gradient, shape (d,), in theta.
    F_phi, g_phi
        The same in phi.
    J
        d phi / d theta, shape (d, d).

    Returns
    -------
    Defects
        ``covector``: |g_theta - Jᵀ g_phi| over |g_theta|.  ``metric``: the largest entry of
        |F_theta - Jᵀ F_phi J|_ij / sqrt(F_ii F_jj).  ``vector``: the length, in the metric of phi, of
        J F_theta⁻¹ g_theta - F_phi⁻¹ g_phi, over the length of the second.  ``length``: the relative
        difference of gᵀ F⁻¹ g.

    Examples
    --------
    >>> law_defects([[0.5]], [1.0], [[0.125]], [0.5], [[2.0]]).largest
    0.0
    """
    F_theta, F_phi = metric(F_theta, "F_theta"), metric(F_phi, "F_phi")
    d = len(F_theta)
    g_theta, g_phi = real_array(g_theta, "g_theta", (d,)), real_array(g_phi, "g_phi", (len(F_phi),))
    J = real_array(J, "J", (len(F_phi), d))
    if not np.any(g_theta):
        raise ValueError("g_theta must not be zero: the laws of a zero gradient say nothing")
    scale = np.sqrt(np.diag(F_theta))
    natural_theta, natural_phi = np.linalg.solve(F_theta, g_theta), np.linalg.solve(F_phi, g_phi)
    squared_theta, squared_phi = g_theta @ natural_theta, g_phi @ natural_phi
    off = J @ natural_theta - natural_phi
    return Defects(
        covector=float(np.linalg.norm(g_theta - J.T @ g_phi) / np.linalg.norm(g_theta)),
        metric=float(np.max(np.abs(F_theta - J.T @ F_phi @ J) / np.outer(scale, scale))),
        vector=float(np.sqrt(abs(off @ F_phi @ off) / squared_phi)),
        length=float(abs(squared_theta - squared_phi) / squared_phi),
    )
