"""The Wasserstein distance on the line, as a contrast to the Fisher-Rao distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from scipy.integrate import quad

__all__ = ["normal_quantile", "wasserstein"]


def wasserstein(quantile0: Callable[[Any], Any], quantile1: Callable[[Any], Any]) -> float:
    """W2 of two distributions on the line: the root of the integral of (Q0(u) - Q1(u))^2 over u in (0, 1).

    Parameters
    ----------
    quantile0, quantile1
        Inverse distribution functions.

    Notes
    -----
    On the line the monotone map is the optimal transport, so no optimisation is needed.  The quadrature is QUADPACK's,
    whose extrapolation copes with the logarithmic ends of tails like those of the normal.
    """
    square, _ = quad(lambda u: (quantile0(u) - quantile1(u)) ** 2, 0, 1, epsabs=0, epsrel=1e-11)
    return float(np.sqrt(square))


def normal_quantile(mu: float, sigma: float) -> Callable[[Any], Any]:
    """The quantile function of N(mu, sigma^2)."""
    return lambda u: mu + sigma * scipy.special.ndtri(u)
