"""Three estimates of KL(pi || ref) from draws of pi, and what differentiating each of them gives.

With x drawn from pi = p_theta and the log ratio l = log pi(x) - log ref(x),

    k1 = l,    k2 = l^2 / 2,    k3 = exp(-l) - 1 + l.

k1 and k3 are unbiased for KL(pi || ref); k2 is not (it agrees to second order where pi is near ref).  A good value
is not a good loss.  Differentiated on their own samples (the draws held fixed, as automatic differentiation does),

    E[grad k1] = 0,    E[grad k2] = grad KL(pi || ref),    E[grad k3] = grad KL(ref || pi).

Placed in the reward instead, where an estimate k is a number that multiplies the score psi, k1 is the right one:
E[psi k1] = grad KL(pi || ref).  Everything is in nats; gradients are in the coordinates of ``chart``.

References
----------
Schulman (2020), Approximating KL divergence, joschu.net/blog/kl-approx.html, for the names and the values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.checks import real_array
from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, bind, nodes_of, require_regular, score

__all__ = [
    "ESTIMATORS",
    "PLACES",
    "estimates",
    "expected_gradient",
    "expected_value",
    "k1",
    "k2",
    "k3",
    "sample_gradients",
]


def k1(log_ratio: Any) -> Any:
    """The log ratio itself: unbiased, and of either sign."""
    return _finite(log_ratio)


def k2(log_ratio: Any) -> Any:
    """Half the squared log ratio: never negative, and biased."""
    return _finite(log_ratio) ** 2 / 2


def k3(log_ratio: Any) -> Any:
    """exp(-l) - 1 + l: unbiased (E[ref / pi] = 1) and never negative."""
    log_ratio = _finite(log_ratio)
    return jnp.expm1(-log_ratio) + log_ratio


def _finite(log_ratio: Any) -> Any:
    """Return concrete log ratios checked, in their own precision where they have one; traced ones as they are."""
    if trees.is_traced(log_ratio):
        return log_ratio
    checked = real_array(log_ratio, "log_ratio")
    return checked if isinstance(log_ratio, (list, tuple)) else log_ratio


ESTIMATORS: dict[str, Callable[[Any], Any]] = {"k1": k1, "k2": k2, "k3": k3}
PLACES = ("loss", "reward")


def estimates(name: str, family: Family, theta: Any, ref: Any, x: Any, chart: str | None = None) -> np.ndarray:
    """Return the estimate for each observation along the first axis of ``x`` (drawn from p_theta), shape (n,)."""
    theta, ref = _points(name, family, theta, ref, chart)
    x = _drawn(family, x)
    with jax.enable_x64(True):
        return np.asarray(_values(family, chart, name)(jnp.asarray(x), theta, ref))


def sample_gradients(
    name: str, family: Family, theta: Any, ref: Any, x: Any, chart: str | None = None, *, place: str = "loss"
) -> np.ndarray:
    """Return the gradient in theta that each observation contributes, shape (n, d); a mean over draws estimates
    ``expected_gradient``.
    """
    theta, ref = _points(name, family, theta, ref, chart, place)
    x = _drawn(family, x)
    with jax.enable_x64(True):
        return np.asarray(_gradients(family, chart, name, place)(jnp.asarray(x), theta, ref))


def expected_value(name: str, family: Family, theta: Any, ref: Any, chart: str | None = None) -> float:
    """Return E of the estimate under p_theta, by summation or quadrature; KL(p_theta || p_ref) for k1 and k3.

    Examples
    --------
    >>> from ngtools import families
    >>> coin = families.get("bernoulli")
    >>> [round(expected_value(name, coin, [0.7], [0.4], "probability"), 4) for name in ESTIMATORS]
    [0.1838, 0.1817, 0.1838]
    """
    theta, ref = _points(name, family, theta, ref, chart)
    nodes, p = _nodes(family, theta, chart)
    with jax.enable_x64(True):
        return float(p @ np.asarray(_values(family, chart, name)(nodes, theta, ref)))


def expected_gradient(
    name: str, family: Family, theta: Any, ref: Any, chart: str | None = None, *, place: str = "loss"
) -> np.ndarray:
    """Return the mean gradient that an estimate gives, shape (d,), by summation or quadrature.

    Parameters
    ----------
    name
        "k1", "k2" or "k3".
    family, theta, ref, chart
        pi = p_theta and ref = p_ref, both in the coordinates of ``chart``.
    place
        "loss": E[grad_theta k], the draws held fixed.  "reward": E[psi k], the estimate taken as a number.
        Their sum is the gradient of E[k].

    Raises
    ------
    ValueError
        For another name or place, or coordinates outside the chart.
    """
    theta, ref = _points(name, family, theta, ref, chart, place)
    nodes, p = _nodes(family, theta, chart)
    with jax.enable_x64(True):
        return p @ np.asarray(_gradients(family, chart, name, place)(nodes, theta, ref))


def _points(
    name: str, family: Family, theta: Any, ref: Any, chart: str | None, place: str = "loss"
) -> tuple[np.ndarray, np.ndarray]:
    if name not in ESTIMATORS:
        raise ValueError(f"name must be one of {', '.join(ESTIMATORS)} (got {name!r})")
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)} (got {place!r})")
    require_regular(family, "mean_score")
    return as_float64(family, theta, chart), np.asarray(family.chart(chart).check(ref, "ref"), np.float64)


def _drawn(family: Family, x: Any) -> np.ndarray:
    real_array(x, "x")
    x = np.asarray(x)
    inside = np.asarray(family.support.contains(x))
    if not (inside.ndim and inside.size and inside.all()):
        raise ValueError(f"x must hold data from the support of '{family.name}' along its first axis")
    return x


def _nodes(family: Family, theta: np.ndarray, chart: str | None) -> tuple[Any, np.ndarray]:
    nodes = nodes_of(family, theta, chart)
    with jax.enable_x64(True):
        log_p = np.asarray(jax.vmap(bind(family, chart), in_axes=(0, None))(nodes.x, jnp.asarray(theta)))
    p = np.exp(log_p) * nodes.weights
    kept = p > 0  # a node without probability may have an infinite log ratio
    return jax.tree.map(lambda x: np.asarray(x)[kept], nodes.x), p[kept]


@lru_cache(maxsize=128)
def _values(family: Family, chart: str | None, name: str) -> Callable:
    log_density = bind(family, chart)

    def value(x: Any, theta: Any, ref: Any) -> Any:
        return ESTIMATORS[name](log_density(x, theta) - log_density(x, ref))

    return jax.jit(jax.vmap(value, in_axes=(0, None, None)))


@lru_cache(maxsize=128)
def _gradients(family: Family, chart: str | None, name: str, place: str) -> Callable:
    log_density = bind(family, chart)

    def in_loss(x: Any, theta: Any, ref: Any) -> Any:
        return jax.grad(lambda t: ESTIMATORS[name](log_density(x, t) - log_density(x, ref)))(theta)

    def in_reward(x: Any, theta: Any, ref: Any) -> Any:
        return score(log_density, x, theta) * ESTIMATORS[name](log_density(x, theta) - log_density(x, ref))

    return jax.jit(jax.vmap({"loss": in_loss, "reward": in_reward}[place], in_axes=(0, None, None)))
