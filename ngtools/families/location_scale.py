"""What families of a location and a scale have in common: x = mu + s z with z of a fixed density."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ngtools.engines import Engine

__all__ = ["half_plane", "kl_by_quadrature"]


def half_plane(a: Any, b: Any, point0: Sequence[Any], point1: Sequence[Any], m: Engine) -> Any:
    """Distance between two points (mu, s) in the metric (a dmu^2 + b ds^2) / s^2.

    It is the hyperbolic half plane of curvature -1/b:  d = 2 sqrt(b) arsinh(r), with
    4 s0 s1 r^2 = (a/b) (mu0 - mu1)^2 + (s0 - s1)^2.  This form loses no digits where the points are close.
    """
    (mu0, s0), (mu1, s1) = point0, point1
    square = (a * (mu0 - mu1) ** 2 / b + (s0 - s1) ** 2) / (4 * s0 * s1)
    # arsinh(r) = log1p(r + r^2 / (1 + sqrt(1 + r^2)))
    return 2 * m.sqrt(b) * m.log1p(m.sqrt(square) + square / (1 + m.sqrt(1 + square)))


@cache
def _nodes(tail: float) -> tuple[np.ndarray, ...]:
    """Nodes of three pieces: below the lower location, between the two, above the higher.

    A node lies at ``unit * far + gap * from_low`` from the lower location and at ``unit * far + gap * from_high``
    from the higher one (so that close to a location no digit is lost); its weight is
    ``unit * far_weight + gap * between_weight``.
    """
    # trapezoid in t after y = exp(pi/2 sinh t) on (0, inf) and w = 1/(1 + exp(-pi sinh t)) on (0, 1);
    # exp(36) leaves out a mass of 1e-15 for tails like 1/x^2, and its square does not overflow in 32 bits
    end = np.arcsinh(min(36 / min(tail, 1.0), 300) * 2 / np.pi)
    t = np.linspace(-end, end, 241)
    u, slope = np.pi / 2 * np.sinh(t), (t[1] - t[0]) * np.pi / 2 * np.cosh(t)
    y, w = np.exp(u), 1 / (1 + np.exp(-2 * u))
    zero, one = np.zeros_like(t), np.ones_like(t)
    far, from_low, from_high = ((-y, zero, y), (zero, w, one), (-one, -w[::-1], zero))
    far_weight, between_weight = (slope * y, zero, slope * y), (zero, 2 * slope * w * w[::-1], zero)
    return tuple(np.concatenate(part) for part in (far, from_low, from_high, far_weight, between_weight))


def kl_by_quadrature(
    log_standard: Callable[[Any, Engine], Any],
    theta0: Sequence[Any],
    theta1: Sequence[Any],
    m: Engine,
    tail: float = 1.0,
) -> Any:
    """KL(theta0 || theta1) where no closed form is known, by quadrature with fixed nodes.

    The line is cut at both locations, and the nodes crowd towards the cuts doubly exponentially, so that a
    narrow density is resolved beside a wide one.  ``log_standard(z, m)`` is the log density of z, ``tail`` the
    power of 1/z by which P(|Z| > z) falls (below 1, the nodes reach so far that 32 bits overflow).
    Differentiable and traceable; SymPy cannot read it.
    """
    if m.name == "SYMPY":
        raise NotImplementedError("this Kullback-Leibler divergence is a quadrature; SymPy has no closed form of it")
    far, from_low, from_high, far_weight, between_weight = _nodes(float(tail))
    (mu0, s0), (mu1, s1) = theta0, theta1
    gap, unit = m.abs(mu1 - mu0), m.sqrt(s0 * s1)
    low, high = unit * far + gap * from_low, unit * far + gap * from_high
    z0, z1 = m.where(mu0 <= mu1, low, high) / s0, m.where(mu0 <= mu1, high, low) / s1
    log_p, log_q = log_standard(z0, m) - m.log(s0), log_standard(z1, m) - m.log(s1)
    return (m.exp(log_p) * (log_p - log_q) * (unit * far_weight + gap * between_weight)).sum()
