"""The observed information: the curvature of the log-likelihood at the data, not at its expectation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, batched, bind, minus_hessian
from ngtools.fisher.routes import observations


def observed(family: Family, theta: Any, data: Any, chart: str | None = None) -> np.ndarray:
    """Return the observed information per observation: the mean of -∇² log p_theta(x) over ``data``, shape (d, d).

    Its expectation under p_theta is the Fisher matrix (for a regular family); at given data it may differ from it, and
    away from the maximum of the likelihood it may be indefinite.

    Examples
    --------
    >>> from ngtools import families
    >>> observed(families.get("zero-mean-normal"), [1.0], [2.0, 2.0])  # 3 x^2 / sigma^4 - 1 / sigma^2
    array([[11.]])
    """
    theta = as_float64(family, theta, chart)
    data = observations(data)
    if not data.ndim:
        raise ValueError(f"data must hold at least one observation along its first axis (got shape {data.shape})")
    if not np.asarray(family.support.contains(data)).all():
        raise ValueError(f"data must lie in the support of '{family.name}'")
    with jax.enable_x64(True):
        each = np.asarray(batched(bind(family, chart), minus_hessian)(data, jnp.asarray(theta)))
    return each.mean(axis=0)
