"""Fisher information after processing: what a channel, or a rounding, leaves of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families.chart import check_vector
from ngtools.families.family import Family
from ngtools.families.support import Integers
from ngtools.fisher.expectation import as_float64, bind

__all__ = ["binned", "normal_location_cdf", "through_channel"]


def through_channel(family: Family, theta: Any, W: Any, chart: str | None = None) -> np.ndarray:
    """The Fisher matrix of Y, where X follows the family and P(Y = j | X = i) = W[i, j].

    Parameters
    ----------
    family
        One on a finite set {a, ..., b}.
    theta, chart
        The point, in the coordinates of ``chart``.
    W
        Row-stochastic, shape (number of outcomes, number of values of Y); it may not depend on theta.

    Returns
    -------
    Shape (d, d), float64: sum over j of grad q_j grad q_j^T / q_j, with q = p W.

    Examples
    --------
    >>> from ngtools import families
    >>> noisy = [[0.9, 0.1], [0.1, 0.9]]
    >>> through_channel(families.get("bernoulli"), [0.5], noisy).round(6)
    array([[2.56]])
    """
    support = family.support
    if not isinstance(support, Integers) or not np.isfinite(support.upper):
        raise ValueError(f"a channel matrix needs finitely many outcomes; '{family.name}' has another support")
    outcomes = np.arange(support.lower, support.upper + 1)
    W = np.asarray(W, dtype=np.float64)
    if W.ndim != 2 or len(W) != len(outcomes):
        raise ValueError(f"W must have one row for each of the {len(outcomes)} outcomes (got shape {W.shape})")
    if W.min() < 0 or np.abs(W.sum(axis=1) - 1).max() > 1e-8:
        raise ValueError(f"every row of W must be a probability vector (row sums {W.sum(axis=1).round(6).tolist()})")

    with jax.enable_x64(True):
        p, dp = _outcomes(family, chart)(jnp.asarray(as_float64(family, theta, chart)), jnp.asarray(outcomes))
    return _information(np.asarray(p) @ W, W.T @ np.asarray(dp))


def binned(cdf: Callable[[Any, Any], Any], theta: Any, cuts: Any) -> np.ndarray:
    """The Fisher matrix of the cell that X falls into, when the line is cut at the given points.

    Parameters
    ----------
    cdf
        ``cdf(x, theta)``, written in ``jax.numpy``.
    theta
        The point, shape (d,).
    cuts
        Increasing, shape (k - 1,) for k cells; one cut at 0 keeps the sign of X.

    Returns
    -------
    Shape (d, d), float64: sum over cells of grad q grad q^T / q.

    Examples
    --------
    >>> binned(normal_location_cdf, [0.0], [0.0]).round(4)  # the sign of N(0, 1): 2/pi
    array([[0.6366]])
    """
    theta, cuts = np.asarray(check_vector(theta, "theta"), np.float64), np.asarray(cuts, dtype=np.float64)
    if cuts.ndim != 1 or not len(cuts) or (np.diff(cuts) <= 0).any():
        raise ValueError(f"cuts must be an increasing list of numbers (got {cuts.tolist()})")

    with jax.enable_x64(True):
        q, dq = _cells(cdf)(jnp.asarray(theta), jnp.asarray(cuts))
    return _information(np.asarray(q), np.asarray(dq))


def normal_location_cdf(x: Any, theta: Any) -> Any:
    """P(X <= x) for X from N(theta, 1), for ``binned``."""
    (mean,) = theta
    return jax.scipy.stats.norm.cdf(x - mean)


def _information(q: np.ndarray, dq: np.ndarray) -> np.ndarray:
    kept = q > 0  # a value that never occurs carries no information
    return (dq[kept] / q[kept, None]).T @ dq[kept]


# compiled once for a family, or a distribution function
@lru_cache(maxsize=128)
def _outcomes(family: Family, chart: str | None) -> Callable[..., Any]:
    log_density = bind(family, chart)
    return _with_derivative(lambda t, x: jnp.exp(jax.vmap(log_density, in_axes=(0, None))(x, t)))


@lru_cache(maxsize=128)
def _cells(cdf: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    below = jax.vmap(cdf, in_axes=(0, None))
    return _with_derivative(lambda t, cuts: jnp.diff(below(cuts, t), prepend=0.0, append=1.0))


def _with_derivative(probabilities: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(lambda *given: (probabilities(*given), jax.jacfwd(probabilities)(*given)))
