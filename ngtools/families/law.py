"""How a family makes its observations: a base law, and a map from it.

The declaration serves two ends.  The sampler draws z from the base law and maps it; the symbolic judge
substitutes x = map(z; theta) and looks the moments of z up in tables that SymPy proves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.engines import JAX, NUMPY, Engine

__all__ = ["Draws", "Law", "jax_draws", "numpy_draws"]


def _no_shape(theta: Sequence[Any], m: Engine) -> tuple[Any, ...]:
    return ()


def _same(z: Any, theta: Sequence[Any], m: Engine) -> Any:
    return z


@dataclass(frozen=True)
class Law:
    """A base law with known moments and the map x = map(z; theta), theta in home coordinates.

    Parameters
    ----------
    base
        ``"normal"``: z standard normal.  ``"gamma"``: z of shape a, scale 1.  ``"beta"``: z = (b, 1 - b).
        ``"sign-gamma"``, ``"sign-beta"``: z = (e, w) with a fair sign e independent of w.
        ``"normal-vector"``: z of independent standard normals.  ``"dirichlet"``: z on the simplex.
        ``"finite"``: x itself, on finitely many integers.  ``"counting"``: x itself, on 0, 1, 2, ...,
        through its probability generating function.  ``"log-partition"``: x itself, an exponential family.
        ``"rows"``: independent rows, judged one row at a time.
    shape
        The parameters of the base law.
    map
        Increasing or decreasing in z; normalisation is proved with its derivative.
    details
        What a base law needs beyond this (the generating function, say); read by ``ngtools.symbolic``.
    """

    base: str
    shape: Callable[[Sequence[Any], Engine], tuple[Any, ...]] = _no_shape
    map: Callable[[Any, Sequence[Any], Engine], Any] = _same
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Draws:
    """Random draws of one shape from one source, NumPy or JAX; ``engine`` reads formulas of the draws.

    ``gamma(a)`` has scale 1; ``sign()`` is -1 or 1; ``poisson``, ``binomial``, ``geometric`` (from 1 on)
    are counts; ``choice(p)`` draws an index with probabilities p; ``normal_vector(d)`` appends an axis.
    """

    engine: Engine
    uniform: Callable[[], Any]
    normal: Callable[[], Any]
    normal_vector: Callable[[int], Any]
    gamma: Callable[[Any], Any]
    beta: Callable[[Any, Any], tuple[Any, Any]]
    sign: Callable[[], Any]
    poisson: Callable[[Any], Any]
    binomial: Callable[[int, Any], Any]
    geometric: Callable[[Any], Any]
    choice: Callable[[Any], Any]


def _beta_pair(gamma: Callable[[Any], Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    # two gammas give b and 1 - b, each to full relative precision
    def draw(a: Any, b: Any) -> tuple[Any, Any]:
        left, right = gamma(a), gamma(b)
        return left / (left + right), right / (left + right)

    return draw


def numpy_draws(rng: np.random.Generator, size: tuple[int, ...]) -> Draws:
    """Draws of the given shape from a NumPy generator (which advances)."""

    def gamma(a: Any) -> Any:
        return rng.standard_gamma(a, size)

    return Draws(
        engine=NUMPY,
        uniform=lambda: rng.random(size),
        normal=lambda: rng.standard_normal(size),
        normal_vector=lambda d: rng.standard_normal((*size, d)),
        gamma=gamma,
        beta=_beta_pair(gamma),
        sign=lambda: 2.0 * rng.integers(0, 2, size) - 1.0,
        # one draw an entry of a vector parameter, or ``size`` draws of a scalar one
        poisson=lambda rate: rng.poisson(rate, size + np.shape(rate)),
        binomial=lambda n, p: rng.binomial(n, p, size + np.shape(p)),
        geometric=lambda p: rng.geometric(p, size),
        choice=lambda p: rng.choice(len(p), size, p=np.asarray(p) / np.sum(p)),
    )


def jax_draws(key: jax.Array, size: tuple[int, ...]) -> Draws:
    """Draws of the given shape from a JAX key; each call uses a key of its own."""
    calls = iter(range(1_000_000))

    def fresh() -> jax.Array:
        return jax.random.fold_in(key, next(calls))

    def gamma(a: Any) -> Any:
        return jax.random.gamma(fresh(), a, size)

    def uniform() -> Any:
        return jax.random.uniform(fresh(), size)

    return Draws(
        engine=JAX,
        uniform=uniform,
        normal=lambda: jax.random.normal(fresh(), size),
        normal_vector=lambda d: jax.random.normal(fresh(), (*size, d)),
        gamma=gamma,
        beta=_beta_pair(gamma),
        sign=lambda: jax.random.rademacher(fresh(), size, dtype=jnp.result_type(float)),
        poisson=lambda rate: jax.random.poisson(fresh(), rate, size + jnp.shape(rate)),
        binomial=lambda n, p: jax.random.binomial(fresh(), n, p, size + jnp.shape(p)).astype(int),
        geometric=lambda p: jax.random.geometric(fresh(), p, size),
        choice=lambda p: jax.random.choice(fresh(), len(p), size, p=jnp.asarray(p)),
    )
