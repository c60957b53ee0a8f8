"""The mirror step: Euler's method in one pinned chart."""

from __future__ import annotations

import numpy as np

from ngtools.descent.euler import natural_euler
from ngtools.descent.setting import NoSuchStep, Setting

__all__ = ["mirror"]


def mirror(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """eta + alpha grad_m f in natural parameters eta, m the expectation parameters; then back.

    F(eta)^{-1} grad_eta f = grad_m f, so the mirror step is the natural Euler step of the natural chart,
    whatever chart it is called in.  A family without a natural chart is pinned to its reference chart.
    """
    if setting.pin is None:
        raise NoSuchStep(f"setting '{setting.name}' names no chart to pin the mirror step to")
    pinned = setting.pin.setting
    return setting.pin.back(pinned.require(natural_euler(pinned, setting.pin.to(theta), alpha)))
