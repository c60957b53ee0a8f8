"""Trust-region steps: along the natural gradient until the measured KL divergence meets its budget."""

from __future__ import annotations

import numpy as np

from ngtools.descent.setting import Setting

__all__ = ["full_step", "trust_region", "trust_region_backtracking"]


def full_step(setting: Setting, theta: np.ndarray, delta: float) -> np.ndarray:
    """The step sqrt(2 delta / g^T F^{-1} g) F^{-1} g, which meets the budget in the quadratic model of KL."""
    natural = setting.natural_gradient(theta)
    square = float(setting.gradient(theta) @ natural)
    # a gradient of Fisher length 1e-12 is rounding, and its direction noise
    return np.sqrt(2 * delta / square) * natural if square > 1e-24 else np.zeros_like(theta)


def _measured(setting: Setting, theta: np.ndarray, new: np.ndarray) -> float:
    if setting.outside(new):
        return np.inf
    value = setting.kl(theta, new)
    return value if np.isfinite(value) else np.inf


def trust_region(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """The point on the ray of the natural gradient with KL(theta || new) = delta = alpha^2 / 2, by bisection."""
    delta = alpha**2 / 2
    step = full_step(setting, theta, delta)
    if not step.any():
        return theta
    for high in 2.0 ** np.arange(20):
        if _measured(setting, theta, theta + high * step) > delta:
            break
    else:
        raise RuntimeError(
            f"KL stays below delta = {delta} = alpha^2 / 2 along the natural gradient: take a smaller alpha"
        )
    low = 0.0
    while (middle := (low + high) / 2) not in (low, high):  # until no number lies between
        fits = _measured(setting, theta, theta + middle * step) <= delta
        low, high = (middle, high) if fits else (low, middle)
    return theta + low * step


def trust_region_backtracking(
    setting: Setting, theta: np.ndarray, alpha: float, shrink: float = 0.8, tries: int = 10
) -> np.ndarray:
    """As implementations do: the first of the fractions 1, .8, .8^2, ... that keeps KL(theta || new) <= delta
    and improves the objective; theta itself when none of ``tries`` does.

    A discrete choice: two charts may accept different fractions of what is almost the same step.
    """
    delta, before = alpha**2 / 2, setting.value(theta)
    step = full_step(setting, theta, delta)
    for power in range(tries):
        new = theta + shrink**power * step
        if _measured(setting, theta, new) <= delta and setting.value(new) > before:
            return new
    return theta
