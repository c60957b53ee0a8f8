"""The curvature of the Fisher metric."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array
from ngtools.families import Family
from ngtools.geometry.christoffel import symbols
from ngtools.geometry.compiled import compiled
from ngtools.geometry.metric import metric_of

__all__ = ["curvature"]


@lru_cache(maxsize=64)
def _sectional(function: Callable[..., Any]) -> Callable[..., Any]:
    gamma = symbols(function)

    def value(theta: Any, u: Any, v: Any) -> Any:
        G, F = gamma(theta), function(theta)
        dG = jax.jacfwd(gamma)(theta)  # [l, j, k, i] = d_i Gamma^l_jk
        product = jnp.einsum("lim,mjk->lkij", G, G)
        first = jnp.einsum("ljki->lkij", dG)
        half = first + product
        R = half - jnp.swapaxes(half, 2, 3)  # R^l_kij
        turned = jnp.einsum("lkij,i,j,k->l", R, u, v, v)
        return u @ F @ turned / ((u @ F @ u) * (v @ F @ v) - (u @ F @ v) ** 2)

    return value


def curvature(family: Family, theta: Any, chart: str | None = None, plane: Any = None) -> float:
    """Gaussian curvature (two parameters), or the sectional curvature of a plane (more).

    The same number in every chart.  Zero everywhere would be needed for a chart with constant F.

    Parameters
    ----------
    family, theta, chart
        The metric and the point.
    plane
        Two independent tangent vectors, shape (2, d); needed when d > 2.

    Examples
    --------
    >>> from ngtools import families
    >>> round(curvature(families.get("normal"), [0.3, 1.2]), 6)
    -0.5
    """
    metric = metric_of(family, chart)
    theta = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    d = metric.dimension
    if d == 1:
        raise ValueError(f"'{family.name}' has one parameter: a curve has no intrinsic curvature")
    if plane is None and d > 2:
        raise ValueError(f"'{family.name}' has {d} parameters: name a plane, two tangent vectors of shape ({d},)")
    u, v = np.eye(2) if plane is None else real_array(plane, "plane", (2, d))
    return float(compiled(_sectional(metric.function))(theta, u, v))
