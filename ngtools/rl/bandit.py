"""The softmax bandit: one state, K actions with known mean rewards r, and the two flows on the simplex.

With logits theta the gradient of p . r is p_k (r_k - p . r), and the natural gradient is r up to a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ngtools.checks import number, real_array

__all__ = ["gradient_flow", "multiplicative_weights", "natural_flow", "regret"]


def multiplicative_weights(p: Any, r: Any, alpha: float) -> np.ndarray:
    """p_k exp(alpha r_k), normalised: the natural gradient step of the logits, exact at any alpha, shape (K,).

    Examples
    --------
    >>> multiplicative_weights([0.5, 0.5], [1.0, 0.0], np.log(3)).round(12)
    array([0.75, 0.25])
    """
    p, r = _check(p, r)
    alpha = number(alpha, "alpha")
    with np.errstate(over="ignore"):
        return _weighted(p, alpha * r)


def natural_flow(p: Any, r: Any, times: Any) -> np.ndarray:
    """The natural gradient flow from p at the given times, p_k exp(t r_k) normalised, shape (len(times), K)."""
    p, r = _check(p, r)
    with np.errstate(over="ignore"):
        return np.stack([_weighted(p, t * r) for t in real_array(times, "times", ("n",))])


def gradient_flow(p: Any, r: Any, times: Any) -> np.ndarray:
    """The gradient flow of the logits from p, at increasing times from 0 on, shape (len(times), K)."""
    p, r = _check(p, r)
    times = real_array(times, "times", ("n",))
    if len(times) < 2 or (np.diff(times) <= 0).any() or times[0] < 0:
        raise ValueError("times must be at least two increasing numbers >= 0")

    def field(t: float, logits: np.ndarray) -> np.ndarray:
        now = _weighted(np.ones(len(r)), logits)
        return now * (r - now @ r)

    solution = solve_ivp(field, (0.0, times[-1]), np.log(p), t_eval=times, method="LSODA", rtol=1e-10, atol=1e-12)
    return np.stack([_weighted(np.ones(len(r)), logits) for logits in solution.y.T])


def regret(p: Any, r: Any) -> np.ndarray:
    """max r - p . r, for one policy (K,) or many (..., K)."""
    r, p = real_array(r, "r", ("K",)), real_array(p, "p")
    if p.shape[-1:] != r.shape:
        raise ValueError(f"p and r must have one entry for each action (got shapes {p.shape} and {r.shape})")
    # a long flow ends where probabilities are 0 to rounding
    if (p < 0).any() or (np.abs(p.sum(axis=-1) - 1) > 1e-8).any():
        raise ValueError("p must be probabilities with sum 1 along its last axis")
    return np.asarray(p @ (r.max() - r))


def _weighted(p: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    if not np.isfinite(exponent).all():
        raise ValueError("r times alpha (or times) is beyond float64: take smaller ones")
    weights = p * np.exp(exponent - exponent.max())
    return np.asarray(weights / weights.sum())


def _check(p: Any, r: Any) -> tuple[np.ndarray, np.ndarray]:
    p, r = real_array(p, "p"), real_array(r, "r")
    if p.ndim != 1 or p.shape != r.shape or not len(p):
        raise ValueError(f"p and r must have one entry for each action (got shapes {p.shape} and {r.shape})")
    if not (p > 0).all() or abs(p.sum() - 1) > 1e-8:
        raise ValueError(f"p must be positive probabilities with sum 1 (got {p}, sum {p.sum():g})")
    return p, r
