"""Expectations of statistics of a log density: differentiate by JAX, integrate by quadrature or summation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.engines import JAX, NUMPY
from ngtools.families.family import Family
from ngtools.families.support import Interval, Vector
from ngtools.quadrature import Rule, rule

# total probability found by a rule; its defect bounds the relative error of what follows
_MASS_TOLERANCE = 1e-8

LogDensity = Callable[[Any, Any], Any]


def require_regular(family: Family, route: str, check: bool = True) -> None:
    """Raise ValueError where the family says that a route's identity fails; with ``check=False`` nothing is asked."""
    reason = family.irregular.get("all") or family.irregular.get(route)
    if reason and check:
        raise ValueError(f"{family.name}: {reason} (check=False computes the formula all the same)")


def as_float64(family: Family, theta: Any, chart: str | None) -> np.ndarray:
    """Return theta as a checked point of the chart, shape (d,)."""
    return np.asarray(family.chart(chart).check(theta), np.float64)


def score(log_density: LogDensity, x: Any, theta: Any) -> Any:
    """psi = grad_theta log p(x), shape (d,): a statistic of one observation, as those below."""
    return jax.grad(lambda t: log_density(x, t))(theta)


def outer(log_density: LogDensity, x: Any, theta: Any) -> Any:
    """psi psiᵀ, shape (d, d)."""
    psi = score(log_density, x, theta)
    return jnp.outer(psi, psi)


def score_and_outer(log_density: LogDensity, x: Any, theta: Any) -> Any:
    """The pair of both, from one derivative."""
    psi = score(log_density, x, theta)
    return psi, jnp.outer(psi, psi)


def minus_hessian(log_density: LogDensity, x: Any, theta: Any) -> Any:
    """-∇² log p(x) in theta, shape (d, d)."""
    return -jax.hessian(lambda t: log_density(x, t))(theta)


# compiled once for a family and chart: later points cost next to nothing
@lru_cache(maxsize=512)
def bind(family: Family, chart: str | None) -> LogDensity:
    """Return (x, theta) -> log p_theta(x) of one observation in the support, traceable; nothing is checked.

    The same function for the same family and chart, so that what is compiled from it is found again.
    """
    record = family.chart(chart)

    def log_density(x: Any, theta: Any) -> Any:
        return family.formulas.log_density(x, tuple(record.to_home(tuple(theta), JAX)), JAX)

    return log_density


@lru_cache(maxsize=512)
def batched(log_density: LogDensity, statistic: Callable) -> Callable:
    """Return (x, theta) -> the statistic of every observation along the first axis of x, compiled."""
    return jax.jit(jax.vmap(lambda x, theta: statistic(log_density, x, theta), in_axes=(0, None)))


def probabilities(log_density: Any, weights: Any) -> Any:
    """Return what each node counts for, its weight times its density; 0 where that is below 1e-299.

    There a score may overflow, and 0 times infinity is no number.
    """
    return jnp.where((weights > 0) & (log_density > -690), jnp.exp(log_density) * weights, 0.0)


@lru_cache(maxsize=512)
def summed(log_density: LogDensity, statistic: Callable) -> Callable:
    """Return (x, weights, theta) -> (total probability, E[statistic]) over the nodes x of a quadrature, compiled.

    ``statistic(log_density, x, theta)`` is an array, or a pytree of arrays, for one observation.
    """

    @jax.jit
    def total(x: Any, weights: Any, theta: Any) -> Any:
        p = probabilities(jax.vmap(log_density, in_axes=(0, None))(x, theta), weights)
        values = jax.vmap(lambda one: statistic(log_density, one, theta))(x)

        def mean(value: Any) -> Any:
            # far nodes carry no probability, and their scores may overflow
            kept = jnp.where(p.reshape(-1, *[1] * (value.ndim - 1)) > 0, value, 0.0)
            return jnp.tensordot(p, kept, axes=(0, 0))

        return p.sum(), jax.tree.map(mean, values)

    return total


def nodes_of(family: Family, theta: np.ndarray, chart: str | None) -> Rule:
    """Return nodes and weights for integrals, or sums, against the density at theta."""
    home = tuple(family.chart(chart).to_home(tuple(theta), NUMPY))
    if isinstance(family.support, Vector):
        return _lattice(family, home)
    pairs = family.support == Interval(0.0, 1.0)
    return rule(lambda x: family.formulas.log_density(x, home, NUMPY), family.support, pairs=pairs)


def _lattice(family: Family, home: tuple[Any, ...]) -> Rule:
    """The image of a square lattice under the affine map of the base law (trapezoidal rule, error e^-79)."""
    d = family.support.size  # type: ignore[union-attr]
    if family.law.base != "normal-vector" or d > 3:
        raise NotImplementedError(f"no quadrature for vector observations of '{family.name}'; use fisher.by_sampling")
    axis = np.arange(-10.0, 10.01, 0.5)
    z = np.column_stack([side.ravel() for side in np.meshgrid(*[axis] * d, indexing="ij")])
    x, origin, *tips = (
        np.stack(family.law.map(point, home, NUMPY), axis=-1) for point in (z.T, np.zeros(d), *np.eye(d))
    )
    columns = np.column_stack(tips) - origin[:, None]
    return Rule(x, np.full(len(x), 0.5**d * abs(np.linalg.det(columns))))


def expect(family: Family, theta: Any, chart: str | None, route: str, statistic: Callable, check: bool) -> np.ndarray:
    """Return E[statistic] under p_theta; over the rows of a regression the sum of theirs.

    Parameters
    ----------
    route
        The name under which ``family.irregular`` may hold a reason against it.
    statistic
        As in ``summed``.
    check
        Whether that reason, or a density that does not integrate to 1, is an error.
    """
    require_regular(family, route, check)
    theta = as_float64(family, theta, chart)
    if family.rows:
        return np.sum([expect(row, theta, chart, route, statistic, check) for row in family.rows], axis=0)
    nodes = nodes_of(family, theta, chart)
    with jax.enable_x64(True):
        mass, value = summed(bind(family, chart), statistic)(nodes.x, nodes.weights, theta)
    if check and not abs(float(mass) - 1) < _MASS_TOLERANCE:
        raise ArithmeticError(
            f"the density of '{family.name}' integrates to {float(mass):.10g} at {theta.tolist()}: beyond what the "
            "quadrature resolves; use fisher.by_sampling"
        )
    return np.asarray(value)
