"""The K-FAC step: the layers' Kronecker products in place of the Fisher matrix."""

from __future__ import annotations

import numpy as np

from ngtools.descent.setting import Setting

__all__ = ["kfac"]


def kfac(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha K^{-1} g, K one block Omega (x) Gamma_out for each layer of these coordinates; undamped.

    Raises
    ------
    NoSuchStep
        The coordinates are not the weights of layers.
    """
    return theta + alpha * np.linalg.solve(setting.matrix("K-FAC", theta), setting.gradient(theta))
