"""Steps along a geodesic: exactly, and with one correcting term."""

from __future__ import annotations

import numpy as np

from ngtools.descent.setting import Setting
from ngtools.geometry.christoffel import acceleration
from ngtools.geometry.geodesic import follow

__all__ = ["exponential_map", "geodesic_correction"]


def exponential_map(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """Follow the geodesic that leaves theta along the natural gradient, for the time alpha.

    The geodesic equation is solved in these coordinates, to rounding.

    Raises
    ------
    LeftDomain
        The geodesic ends before.
    """
    velocity = setting.natural_gradient(theta)
    return follow(setting.geometry, theta, velocity, alpha, constants=(setting.constants,)).end


def geodesic_correction(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha v - alpha^2/2 Gamma(v, v), v the natural gradient: the geodesic to second order.

    Song, Song & Ermon (2018).  It is not the exponential map: the third-order term is left out.
    """
    v = setting.natural_gradient(theta)
    return theta + alpha * v + alpha**2 / 2 * acceleration(setting.geometry, theta, v, setting.constants)
