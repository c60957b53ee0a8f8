"""f-divergences between two members of a family, by quadrature: all share the quadratic term."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, bind, nodes_of, probabilities

__all__ = ["GENERATORS", "f_divergence"]

# f(u) with f(1) = f'(1) = 0 and f''(1) = 1, as a function of r = log u: the digits survive where u is near 1.
# Adding a multiple of u - 1 to f changes no divergence, because E_p[q/p - 1] = 0.
GENERATORS: dict[str, Callable[[Any], Any]] = {
    "KL(p||q)": lambda r: jnp.expm1(r) - r,
    "KL(q||p)": lambda r: jnp.exp(r) * r - jnp.expm1(r),
    "squared Hellinger (x 4)": lambda r: 2 * jnp.expm1(r / 2) ** 2,
    "chi-squared (x 1/2)": lambda r: jnp.expm1(r) ** 2 / 2,
    "Jensen-Shannon (x 4)": lambda r: _jensen_shannon(r),
}


def _jensen_shannon(r: Any) -> Any:
    # 2 u log u - 2 (1 + u) log((1 + u)/2), with h = log((1 + u)/2)
    h = jnp.log1p(jnp.expm1(r) / 2)
    return 2 * (jnp.exp(r) * (r - h) - h)


def f_divergence(family: Family, theta0: Any, theta1: Any, name: str, chart: str | None = None) -> float:
    """D_f(p || q) = E_p[f(q/p)] with p at ``theta0`` and q at ``theta1``, scaled so that f''(1) = 1.

    Parameters
    ----------
    family, theta0, theta1, chart
        The two distributions, in the coordinates of ``chart``; close enough that the quadrature nodes made
        for the first serve the second.
    name
        A key of ``GENERATORS``.

    Examples
    --------
    >>> from ngtools import families
    >>> coin = families.get("bernoulli")
    >>> round(f_divergence(coin, [0.3], [0.55], "KL(p||q)"), 6), round(float(coin.kl([0.3], [0.55])), 6)
    (0.127442, 0.127442)
    """
    if name not in GENERATORS:
        raise ValueError(f"no f-divergence {name!r}; known: {', '.join(GENERATORS)}")
    theta0, theta1 = as_float64(family, theta0, chart), as_float64(family, theta1, chart)
    nodes = nodes_of(family, theta0, chart)
    with jax.enable_x64(True):
        return float(_on_nodes(family, chart, name)(nodes.x, jnp.asarray(nodes.weights), theta0, theta1))


@lru_cache(maxsize=256)
def _on_nodes(family: Family, chart: str | None, name: str) -> Callable[..., Any]:
    log_density, f = bind(family, chart), GENERATORS[name]

    @jax.jit
    def divergence(x: Any, weights: Any, theta0: Any, theta1: Any) -> Any:
        many = jax.vmap(log_density, in_axes=(0, None))
        log_p, log_q = many(x, theta0), many(x, theta1)
        p = probabilities(log_p, weights)
        return p @ jnp.where(p > 0, f(log_q - log_p), 0.0)

    return divergence
