"""Steps that weigh the objective itself, not its linearisation, against the KL divergence itself.

max f(u) - KL(theta || u) / alpha   and   max f(u) subject to KL(theta || u) <= c   mention no coordinates,
so their solutions have none to depend on, where the maximiser is unique and found to convergence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from ngtools.descent.setting import Setting
from ngtools.geometry.psd import spectrum

__all__ = ["kl_constrained", "kl_proximal"]

# residuals are Fisher lengths: about the distance still to go, in every chart the same
ACCEPTED, AIMED = 1e-9, 1e-14


def kl_proximal(setting: Setting, theta: np.ndarray, alpha: float, near: np.ndarray | None = None) -> np.ndarray:
    """The maximiser of f(u) - KL(theta || u) / alpha, by Newton's method to convergence.

    Starts from the best of theta, three fractions of the natural step, and ``near``; from there the
    value only rises, so that the search cannot run away from a maximiser that exists.

    Raises
    ------
    RuntimeError
        No start converged (the maximiser may not exist: f may outgrow the divergence).
    """
    natural, residual = setting.natural_gradient(theta), np.inf
    starts = [theta + fraction * alpha * natural for fraction in (1.0, 0.5, 0.1, 0.0)]
    starts = [u for u in (starts if near is None else [near, *starts]) if not setting.outside(u)]
    with np.errstate(all="ignore"):
        values = [_value(setting, theta, alpha, u) for u in starts]
    for index in sorted(range(len(starts)), key=lambda i: -values[i]):
        u, residual = _maximise(setting, theta, alpha, starts[index])
        if residual <= ACCEPTED:
            return u
    raise RuntimeError(
        f"the KL-proximal step from {theta.tolist()} with alpha = {alpha} did not converge (residual {residual:.2g}); "
        "take a smaller alpha"
    )


def _value(setting: Setting, theta: np.ndarray, alpha: float, u: np.ndarray) -> float:
    value = alpha * setting.value(u) - setting.kl(theta, u)
    return value if np.isfinite(value) else -np.inf


def kl_constrained(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """The maximiser of f(u) subject to KL(theta || u) <= c, with c = alpha^2 / 2.

    It is a proximal step whose multiplier makes the divergence equal to c; where the unconstrained
    maximiser lies inside the ball, that maximiser.
    """
    g, natural = setting.gradient(theta), setting.natural_gradient(theta)
    square = float(g @ natural)
    if square <= 1e-24:  # a Fisher length of 1e-12 is rounding: theta is a stationary point
        return theta
    points: dict[float, np.ndarray] = {}

    def radius(log_time: float) -> float:
        # sqrt(2 KL) of the proximal point: nearly proportional to the time
        nearest = min(points, key=lambda known: abs(known - log_time), default=None)
        start = None if nearest is None or abs(nearest - log_time) > 0.5 else points[nearest]
        points[log_time] = u = kl_proximal(setting, theta, float(np.exp(log_time)), start)
        return float(np.log(2 * max(setting.kl(theta, u), 1e-300)) / 2)

    goal, low = float(np.log(alpha)), float(np.log(alpha / np.sqrt(square)))
    gap = radius(low) - goal
    high, stride = low, 0.1
    while gap * (radius(high) - goal) > 0:
        if stride > 4:  # the time is now a thousand times the first guess
            maximum = _maximum(setting, points[high], float(np.exp(high)))
            if setting.kl(theta, maximum) <= alpha**2 / 2:
                return maximum  # it lies inside the ball: no multiplier is needed
        low, high = high, high - np.sign(gap) * stride
        stride *= 1.6
    root = low if low == high else float(brentq(lambda s: radius(s) - goal, low, high, xtol=1e-13, rtol=1e-15))
    return points[root]


def _maximum(setting: Setting, u: np.ndarray, alpha: float) -> np.ndarray:
    """The maximiser of f near u, as the limit of long proximal steps."""
    for _ in range(100):
        speed = setting.gradient(u) @ setting.natural_gradient(u)
        if speed <= 1e-24:  # Fisher length 1e-12
            return u
        u = kl_proximal(setting, u, alpha)
    raise RuntimeError(f"the maximiser of the objective was not found (last point {u.tolist()}): take a smaller alpha")


def _maximise(setting: Setting, theta: np.ndarray, alpha: float, u: np.ndarray) -> tuple[np.ndarray, float]:
    """The maximiser of alpha f(u) - KL(theta || u) near u, and its residual (infinite where the search ran away)."""
    with np.errstate(all="ignore"):
        try:
            u, residual = _newton(setting, theta, alpha, u)
        except (ValueError, np.linalg.LinAlgError):  # overflow: F or its inverse stopped being finite
            return u, np.inf
    return u, residual if np.isfinite(residual) else np.inf


def _newton(setting: Setting, theta: np.ndarray, alpha: float, u: np.ndarray) -> tuple[np.ndarray, float]:
    """Newton's method on alpha f(u) - KL(theta || u), whose Hessian is near -F."""

    def slope(point: np.ndarray) -> tuple[np.ndarray, Any, float]:
        force = alpha * setting.gradient(point) - setting.kl_gradient(theta, point)
        checked = spectrum(setting.fisher(point))
        if checked.singular and not setting.redundant:
            raise np.linalg.LinAlgError("F is singular: the search ran off to the edge of the domain")
        return force, checked, float(np.sqrt(abs(force @ checked.solve(force))))

    force, checked, residual = slope(u)
    for _ in range(60):
        if residual <= AIMED:
            return u, residual
        curvature = setting.kl_hessian(theta, u) - alpha * setting.hessian(u)
        # redundant coordinates: move across the fibres, on which nothing changes
        basis = checked.range / checked.scale[:, None] if not checked.singular else checked.range
        inner = basis.T @ curvature @ basis
        if np.linalg.eigvalsh(inner + inner.T)[0] > 0:
            move = basis @ np.linalg.solve(inner, basis.T @ force)
        else:
            move = checked.solve(force)  # uphill all the same
        scale, here = 1.0, _value(setting, theta, alpha, u)
        for _ in range(50):
            trial = u + scale * move
            # close to the solution the values agree to rounding, and only the slope can judge
            if not setting.outside(trial) and (residual < 1e-5 or _value(setting, theta, alpha, trial) > here):
                break
            scale /= 2
        else:
            return u, residual
        new_force, new_checked, new_residual = slope(trial)
        if residual < 1e-5 and not new_residual < residual:
            return u, residual  # rounding level
        u, force, checked, residual = trial, new_force, new_checked, new_residual
    return u, residual
