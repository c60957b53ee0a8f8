"""Second derivatives of the Kullback-Leibler divergence at coincidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, bind, expect, nodes_of, outer, probabilities, require_regular


@lru_cache(maxsize=512)
def kl_on_nodes(family: Family, chart: str | None) -> Callable:
    """Return (x, weights, theta0, theta1) -> KL(theta0 || theta1) in nats over nodes made for theta0, compiled."""
    log_density = bind(family, chart)

    @jax.jit
    def divergence(x: Any, weights: Any, theta0: Any, theta1: Any) -> Any:
        many = jax.vmap(log_density, in_axes=(0, None))
        log_p, log_q = many(x, theta0), many(x, theta1)
        p = probabilities(log_p, weights)
        return p @ jnp.where(p > 0, log_p - log_q, 0.0)

    return divergence


@lru_cache(maxsize=512)
def kl_hessian(family: Family, chart: str | None) -> Callable:
    """Return theta -> the Hessian of the stated KL(theta || phi) in phi at theta, shape (d, d), compiled."""
    return jax.jit(lambda theta: jax.hessian(lambda phi: family.kl(theta, phi, chart))(theta))


def by_kl(family: Family, theta: Any, chart: str | None = None, *, check: bool = True) -> np.ndarray:
    """Return the Hessian of phi -> KL(theta || phi) at phi = theta.

    The stated divergence is differentiated automatically where it is a smooth closed form; otherwise an
    integrated (or a kinked) divergence is differenced, with Richardson extrapolation (relative error
    about 1e-8).
    """
    require_regular(family, "by_kl", check)
    theta = as_float64(family, theta, chart)
    if family.rows:
        return np.sum([by_kl(row, theta, chart, check=check) for row in family.rows], axis=0)
    with jax.enable_x64(True):
        if family.formulas.kl is not None and family.formulas.kl_route == "closed form" and family.kl_smooth:
            return np.asarray(kl_hessian(family, chart)(jnp.asarray(theta)))
        if family.formulas.kl is not None and family.formulas.kl_route == "closed form":
            return differenced(lambda phi: float(family.kl(theta, phi, chart)), family, theta, chart)
        nodes = nodes_of(family, theta, chart)
        divergence = kl_on_nodes(family, chart)
        at = (nodes.x, jnp.asarray(nodes.weights), jnp.asarray(theta))
        return differenced(lambda phi: float(divergence(*at, jnp.asarray(phi))), family, theta, chart)


def differenced(
    function: Callable[[np.ndarray], float], family: Family, theta: np.ndarray, chart: str | None
) -> np.ndarray:
    """Hessian of a divergence at its minimum by central second differences, extrapolated over five steps.

    Steps are a fraction of one standard deviation of the score, halved four times.  All powers of the step
    are eliminated, not only the even ones, so that the |delta|^3 of a kinked divergence is removed too.
    """
    d = len(theta)
    unit = 0.06 / np.sqrt(np.diag(expect(family, theta, chart, "step", outer, check=False)))
    for i, parameter in enumerate(family.chart(chart).parameters):
        if parameter.domain in ("positive", "negative"):
            unit[i] = min(unit[i], 0.06 * abs(theta[i]))
        elif parameter.domain == "unit":
            unit[i] = min(unit[i], 0.06 * min(theta[i], 1 - theta[i]))

    def second(direction: np.ndarray) -> float:
        table = []
        for level in range(5):
            h = 0.5**level
            step = h * direction * unit
            table.append((function(theta + step) + function(theta - step) - 2 * function(theta)) / h**2)
        for power in range(1, 5):
            table = [(2**power * fine - coarse) / (2**power - 1) for coarse, fine in pairwise(table)]
        (limit,) = table
        return float(limit)

    eye = np.eye(d)
    H = np.zeros((d, d))
    for i in range(d):
        H[i, i] = second(eye[i])
        for j in range(i):
            H[i, j] = H[j, i] = (second(eye[i] + eye[j]) - second(eye[i] - eye[j])) / 4
    return H / np.outer(unit, unit)
