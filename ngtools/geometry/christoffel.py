"""Christoffel symbols of the Fisher metric, by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families import Family
from ngtools.geometry.compiled import compiled
from ngtools.geometry.metric import Metric, metric_of

__all__ = ["acceleration", "christoffel", "motion", "symbols"]


def symbols(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gamma^k_ij as a traceable function of theta, index order [k, i, j], for theta -> F(theta)."""

    def gamma(theta: Any, *constants: Any) -> Any:
        F = function(theta, *constants)
        dF = jax.jacfwd(function)(theta, *constants)  # [i, j, k] = dF_ij / dtheta_k
        first = (jnp.moveaxis(dF, 2, 1) + dF - jnp.moveaxis(dF, 2, 0)) / 2  # [l, i, j], l lowered
        d = F.shape[0]
        return jnp.linalg.solve(F, first.reshape(d, d * d)).reshape(d, d, d)

    return gamma


_symbols = lru_cache(maxsize=256)(symbols)


def christoffel(family: Family, theta: Any, chart: str | None = None) -> np.ndarray:
    """The Christoffel symbols of the Levi-Civita connection at theta.

    Gamma^k_ij = 1/2 F^kl (d_i F_lj + d_j F_li - d_l F_ij), in the coordinates of ``chart``; they are
    not a tensor: a chart in which F is constant has none.

    Returns
    -------
    Shape (d, d, d), index order [k, i, j]; symmetric in i, j.

    Examples
    --------
    >>> from ngtools import families
    >>> christoffel(families.get("zero-mean-normal"), [2.0]).item()  # -1 / sigma
    -0.5
    """
    metric = metric_of(family, chart)
    theta = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    return compiled(_symbols(metric.function))(theta) + 0.0


@lru_cache(maxsize=256)
def _lowered(function: Callable[..., Any]) -> Callable[..., Any]:
    # F, d_v F and the lowered Gamma_l(v, v) = (d_v F) v - 1/2 grad_l (v^T F v), without the d^3 array
    def terms(theta: Any, v: Any, *constants: Any) -> Any:
        F, change = jax.jvp(lambda point: function(point, *constants), (theta,), (v,))
        pull = jax.grad(lambda point: v @ function(point, *constants) @ v)(theta)
        return F, change, change @ v - pull / 2

    return terms


def motion(metric: Metric, theta: Any, v: Any, *constants: Any) -> tuple[np.ndarray, float]:
    """The acceleration -Gamma(v, v) of the geodesic through theta with velocity v, and d log det F / dt along it.

    Where F is singular because coordinates are redundant, the acceleration is the solution of least norm: the
    geodesic of the distributions is determined, its coordinates are not.
    """
    F, change, lowered = compiled(_lowered(metric.function))(theta, v, *constants)
    both = np.column_stack([lowered, change])
    raised = np.linalg.pinv(F, rcond=1e-11, hermitian=True) @ both if metric.redundant else np.linalg.solve(F, both)
    return -raised[:, 0], float(np.trace(raised[:, 1:]))


def acceleration(metric: Metric, theta: Any, v: Any, *constants: Any) -> np.ndarray:
    """The acceleration -Gamma(v, v) of the geodesic through theta with velocity v."""
    return motion(metric, theta, v, *constants)[0]
