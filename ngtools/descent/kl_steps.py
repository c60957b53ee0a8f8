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


def kl_proximal(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """The maximiser of f(u) - KL(theta || u) / alpha, by Newton's method to convergence.

    Raises
    ------
    RuntimeError
        No start converged (the maximiser may not exist: f may outgrow the divergence).
    """
    for start in _starts(setting, theta, alpha):
        u, residual = _maximise(setting, theta, alpha, start)
        if residual <= ACCEPTED:
            return u
    raise RuntimeError(
        f"the KL-proximal step from {theta.tolist()} with alpha = {alpha} did not converge (residual {residual:.2g}); "
        "take a smaller alpha"
    )


def kl_constrained(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """The maximiser of f(u) subject to KL(theta || u) <= c, with c = alpha^2 / 2.

    It is a proximal step whose multiplier makes the divergence equal to c; where the unconstrained
    maximiser lies inside the ball, that maximiser.
    """
    g, natural = setting.gradient(theta), setting.natural_gradient(theta)
    speed = float(np.sqrt(max(g @ natural, 0.0)))
    if speed == 0:
        return theta
    points: dict[float, np.ndarray] = {}

    def radius(log_time: float) -> float:
        # sqrt(2 KL) of the proximal point: nearly proportional to the time
        nearest = min(points, key=lambda known: abs(known - log_time), default=None)
        start = None if nearest is None or abs(nearest - log_time) > 0.5 else points[nearest]
        points[log_time] = u = _proximal_from(setting, theta, float(np.exp(log_time)), start)
        return float(np.log(2 * max(setting.kl(theta, u), 1e-300)) / 2)

    goal, low = float(np.log(alpha)), float(np.log(alpha / speed))
    gap = radius(low) - goal
    high, stride = low, 0.1
    while gap * (radius(high) - goal) > 0:
        if stride > 4:  # the ball holds the maximiser of f: no multiplier is needed
            return points[high]
        low, high = high, high - np.sign(gap) * stride
        stride *= 1.6
    root = low if low == high else float(brentq(lambda s: radius(s) - goal, low, high, xtol=1e-15, rtol=9e-16))
    return points[root] if root in points else _proximal_from(setting, theta, float(np.exp(root)), points[high])


def _proximal_from(setting: Setting, theta: np.ndarray, alpha: float, start: np.ndarray | None) -> np.ndarray:
    if start is not None:
        u, residual = _maximise(setting, theta, alpha, start)
        if residual <= ACCEPTED:
            return u
    return kl_proximal(setting, theta, alpha)


def _starts(setting: Setting, theta: np.ndarray, alpha: float) -> Any:
    natural = setting.natural_gradient(theta)
    for fraction in (1.0, 0.5, 0.1, 0.0):
        start = theta + fraction * alpha * natural
        if not setting.outside(start):
            yield start


def _maximise(setting: Setting, theta: np.ndarray, alpha: float, u: np.ndarray) -> tuple[np.ndarray, float]:
    """Newton's method on alpha f(u) - KL(theta || u), whose Hessian is near -F; returns u and its residual."""

    def value(point: np.ndarray) -> float:
        return alpha * setting.value(point) - setting.kl(theta, point)

    def slope(point: np.ndarray) -> tuple[np.ndarray, Any, float]:
        force = alpha * setting.gradient(point) - setting.kl_gradient(theta, point)
        checked = spectrum(setting.fisher(point))
        return force, checked, float(np.sqrt(max(force @ checked.solve(force), 0.0)))

    force, checked, residual = slope(u)
    for _ in range(60):
        if residual <= AIMED:
            break
        curvature = setting.kl_hessian(theta, u) - alpha * setting.hessian(u)
        # redundant coordinates: move across the fibres, on which nothing changes
        basis = checked.range / checked.scale[:, None] if not checked.singular else checked.range
        inner = basis.T @ curvature @ basis
        if np.linalg.eigvalsh((inner + inner.T) / 2)[0] > 0:
            move = basis @ np.linalg.solve(inner, basis.T @ force)
        else:
            move = checked.solve(force)  # uphill all the same
        scale, here = 1.0, value(u)
        for _ in range(50):
            trial = u + scale * move
            # close to the solution the values agree to rounding, and only the slope can judge
            if not setting.outside(trial) and (residual < 1e-5 or value(trial) > here):
                break
            scale /= 2
        else:
            break
        new_force, new_checked, new_residual = slope(trial)
        if residual < 1e-5 and not new_residual < residual:
            break  # rounding level
        u, force, checked, residual = trial, new_force, new_checked, new_residual
    return u, residual
