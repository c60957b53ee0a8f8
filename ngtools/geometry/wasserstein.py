"""The Wasserstein distance on the line, as a contrast to the Fisher-Rao distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

__all__ = ["normal_quantile", "wasserstein"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def wasserstein(quantile0: Callable[[Any], Any], quantile1: Callable[[Any], Any]) -> float:
    """W2 of two distributions on the line: the root of the integral of (Q0(u) - Q1(u))^2 over u in (0, 1).

    Parameters
    ----------
    quantile0, quantile1
        Inverse distribution functions of NumPy arrays.

    Notes
    -----
    On the line the monotone map is the optimal transport, so no optimisation is needed.  The integral is taken
    in t with u = 1/(1 + exp(-t)), |t| <= 34, by 16 panels of 64-point Gauss quadrature: relative error about
    1e-11 for tails like those of the normal.
    """
    edges = np.linspace(-34.0, 34.0, 17)
    half = (edges[1] - edges[0]) / 2
    t = (edges[:-1, None] + half * (_NODES + 1)).ravel()
    u = 1 / (1 + np.exp(-t))
    weights = np.tile(half * _WEIGHTS, 16) * u * (1 - u)
    return float(np.sqrt(weights @ (quantile0(u) - quantile1(u)) ** 2))


def normal_quantile(mu: float, sigma: float) -> Callable[[Any], Any]:
    """The quantile function of N(mu, sigma^2)."""
    return lambda u: mu + sigma * scipy.special.ndtri(u)
