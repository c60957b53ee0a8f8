"""Nodes and weights for expectations under a density that is known only by its logarithm.

Every support is carried to the real line (logarithm, logit), the mode and the width on either side are
read off the log density, and each side is integrated by the trapezoidal rule after the double
exponential substitution v = mode ± width · exp(π/2 · sinh t).  Counts are summed over the window that
carries all but e^-60 of the largest term.  The error is near rounding for densities that are smooth on
either side of their mode; the caller checks that the weights sum to one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special as sps

from ngtools.families.support import Circle, Integers, Interval, Simplex, Support, Vector

__all__ = ["Rule", "integrate", "rule"]

_HALF = 801  # nodes on either side of the mode
_REACH = 6.0  # |t| <= 6 lets exp(π/2 sinh t) span 1e±137
_SINH = 241  # nodes in each direction of a simplex
_LOGS = 700.0  # logarithms and logits are scanned that far: exp(±700) are floats
_STICKS = 300.0  # logits of a simplex, where up to two of them add
_CIRCLE = 4096  # resolves concentrations up to about 1e6
_TERMS = 2**21  # the longest sum


@dataclass(frozen=True)
class Rule:
    """Nodes x (an array, a pair (x, 1 - x) on the unit interval, or vectors in the last axis) and weights."""

    x: Any
    weights: np.ndarray


def integrate(values: np.ndarray, nodes: Rule) -> np.ndarray:
    """Sum of weights times values; values of shape (nodes, ...)."""
    return np.tensordot(nodes.weights, values, axes=(0, 0))


def rule(log_density: Callable[[Any], np.ndarray], support: Support, *, pairs: bool = False) -> Rule:
    """Return nodes and weights for integrals against exp(log_density) over the support.

    Parameters
    ----------
    log_density
        Vectorised NumPy function of x; may be -inf, need not be normalised.
    support
        Where x lives.
    pairs
        On the unit interval, give nodes as (x, 1 - x), both to full relative precision.
    """
    if isinstance(support, Integers):
        return _sum(log_density, support)
    if isinstance(support, Circle):
        angles = -np.pi + 2 * np.pi * np.arange(_CIRCLE) / _CIRCLE
        return Rule(angles, np.full(_CIRCLE, 2 * np.pi / _CIRCLE))
    if isinstance(support, Simplex):
        return _simplex(log_density, support.K)
    if isinstance(support, Vector):
        raise NotImplementedError("support: no nodes are made for vectors of observations; use fisher.by_sampling")
    return _line(log_density, support, pairs)


# -- one real dimension ---------------------------------------------------------------------------


def _line(log_density: Callable[[Any], np.ndarray], support: Interval, pairs: bool) -> Rule:
    from_line, log_slope, grid = _to_line(support, pairs)

    def height(v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = log_density(from_line(v)) + log_slope(v)
        # +inf is a singular end that rounding has reached; it carries no measurable probability
        return np.where(np.isfinite(found), found, -np.inf)

    mode, left, right = _shape(height, grid)
    t = np.linspace(-_REACH, _REACH, _HALF)
    reach = np.exp(0.5 * np.pi * np.sinh(t))
    jacobian = reach * 0.5 * np.pi * np.cosh(t) * (t[1] - t[0])
    v = np.concatenate([mode - left * reach, mode + right * reach])
    weights = np.concatenate([left * jacobian, right * jacobian])
    low, high = grid.min(), grid.max()
    weights = np.where((v >= low) & (v <= high), weights, 0.0)
    v = np.clip(v, low, high)
    return Rule(from_line(v), weights * np.exp(log_slope(v)))


def _to_line(support: Interval, pairs: bool) -> tuple[Callable, Callable, np.ndarray]:
    a, b = support.lower, support.upper
    if math.isfinite(a) and math.isfinite(b):
        if pairs:

            def from_line(v: np.ndarray) -> Any:
                return sps.expit(v), sps.expit(-v)
        else:

            def from_line(v: np.ndarray) -> Any:
                return np.where(v < 0, a + (b - a) * sps.expit(v), b - (b - a) * sps.expit(-v))

        return from_line, lambda v: math.log(b - a) - np.logaddexp(0, v) - np.logaddexp(0, -v), _grid(_LOGS)
    if math.isfinite(a):
        return lambda v: a + np.exp(v), lambda v: v, _grid(_LOGS)
    if math.isfinite(b):
        return lambda v: b - np.exp(v), lambda v: v, _grid(_LOGS)
    return lambda v: v, lambda v: np.zeros_like(v), _grid(1e150)


def _grid(reach: float) -> np.ndarray:
    side = np.append(np.sinh(np.linspace(0.0, math.asinh(min(reach, 1e18)), 2001)), reach)
    return np.concatenate([-side[:0:-1], side])


def _around(points: np.ndarray, index: int) -> tuple[Any, Any]:
    """The points before and after one; at an end, the point itself."""
    return points[max(index - 1, 0)], points[min(index + 1, len(points) - 1)]


def _shape(height: Callable[[np.ndarray], np.ndarray], grid: np.ndarray) -> tuple[float, float, float]:
    """Mode of a log density on the line, and the distances to either side at which it has lost one unit."""
    values = height(grid)
    top = int(np.argmax(values))
    if not np.isfinite(values[top]):
        raise ValueError("the log density is not finite anywhere on a wide scan of its support")
    low, high = _around(grid, top)
    for _ in range(12):
        fine = np.linspace(low, high, 65)
        low, high = _around(fine, int(np.argmax(height(fine))))
    fine = np.linspace(low, high, 65)
    mode = float(fine[int(np.argmax(height(fine)))])
    peak = height(np.array([mode])).item()
    distances = np.geomspace(1e-18, 1e18, 1441)

    def fall(sign: float) -> float:
        far = height(np.clip(mode + sign * distances, grid.min(), grid.max()))
        lost = np.flatnonzero(far <= peak - 1.0)
        return float(distances[lost[0]]) if lost.size else 1.0

    return mode, fall(-1.0), fall(1.0)


# -- sums -----------------------------------------------------------------------------------------


def _sum(log_density: Callable[[Any], np.ndarray], support: Integers) -> Rule:
    low, high = support.lower, support.upper
    if not math.isfinite(low):
        raise NotImplementedError("sums start from a finite integer")
    if high - low < 4096:
        x = np.arange(int(low), int(high) + 1)
        return Rule(x, np.ones(len(x)))

    def height(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = np.where(x <= high, log_density(np.minimum(x, high)), -np.inf)
        return np.where(np.isnan(found), -np.inf, found)

    def at(x: float) -> float:
        return height(np.array([x])).item()

    grid = np.unique(np.concatenate([np.arange(2048), np.geomspace(2048, 1e15, 4000).astype(np.int64)]))
    top = int(np.argmax(height(low + grid)))
    start, stop = _around(grid, top)
    while stop - start > 2000:
        fine = np.unique(np.linspace(start, stop, 2001).astype(np.int64))
        start, stop = _around(fine, int(np.argmax(height(low + fine))))
    fine = np.arange(start, stop)  # the largest term lies between the two, and may be the first
    mode = int(fine[int(np.argmax(height(low + fine)))])
    floor = at(low + mode) - 60.0
    right = 1
    while right <= _TERMS and at(low + mode + right) > floor:
        right *= 2
    left = 1
    while left < mode and at(low + mode - left) > floor:
        left *= 2
    first = max(mode - left, 0)
    count = 2 ** math.ceil(math.log2(mode + right - first + 1))  # powers of two: few compilations
    if count > _TERMS:
        raise ValueError(f"the sum needs more than {_TERMS} terms; use fisher.by_sampling")
    x = int(low) + np.arange(first, first + count)
    weights = np.where(x <= high, 1.0, 0.0)
    return Rule(np.minimum(x, high).astype(np.int64), weights)


# -- the simplex ----------------------------------------------------------------------------------


def _simplex(log_density: Callable[[Any], np.ndarray], K: int) -> Rule:
    if K != 3:
        raise NotImplementedError(f"quadrature on the simplex is written for K = 3 (got {K}); use fisher.by_sampling")

    def from_plane(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        (u, w), (u_rest, w_rest) = sps.expit(v.T), sps.expit(-v.T)
        x = np.stack([u, u_rest * w, u_rest * w_rest], axis=1)
        return x, np.log(u) + 2 * np.log(u_rest) + np.log(w) + np.log(w_rest)

    def height(v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            x, slope = from_plane(v)
            found = log_density(x) + slope
        return np.where(np.isnan(found), -np.inf, found)

    centre, widths = np.zeros(2), np.ones((2, 2))
    grid = _grid(_STICKS)
    for _ in range(6):  # coordinate ascent: the two sticks of a Dirichlet are independent
        for axis in range(2):

            def along(v: np.ndarray, axis: int = axis) -> np.ndarray:
                points = np.broadcast_to(centre, (len(v), 2)).copy()
                points[:, axis] = v
                return height(points)

            centre[axis], *widths[axis] = _shape(along, grid)
    t = np.linspace(-_REACH, _REACH, _SINH)
    spread = np.maximum(widths[:, :1], widths[:, 1:])
    v = np.clip(centre[:, None] + spread * np.sinh(t), -_STICKS, _STICKS)
    weights = spread * np.cosh(t) * (t[1] - t[0])
    plane = np.column_stack([side.ravel() for side in np.meshgrid(*v, indexing="ij")])
    x, slope = from_plane(plane)
    return Rule(x, np.outer(*weights).ravel() * np.exp(slope))
