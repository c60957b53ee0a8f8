"""Euler steps: along the gradient, and along the natural gradient."""

from __future__ import annotations

import numpy as np

from ngtools.descent.setting import Setting

__all__ = ["gradient", "natural_euler", "natural_midpoint"]


def gradient(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha g: the gradient read as a vector by the identity matrix of these coordinates."""
    return theta + alpha * setting.gradient(theta)


def natural_euler(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha F^{-1} g: the flow by Euler's method, first order."""
    return theta + alpha * setting.natural_gradient(theta)


def natural_midpoint(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha F^{-1} g at the point half a step ahead: the flow by the midpoint method, second order."""
    ahead = setting.require(theta + alpha / 2 * setting.natural_gradient(theta))
    return theta + alpha * setting.natural_gradient(ahead)
