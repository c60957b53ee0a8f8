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

    Everything here is read by the symbolic judge with the SymPy engine, and by the sampler with NumPy or
    JAX where the family brings no ``draw`` of its own.  A constant of the family (``n``, ``r``, ``df``) may be
    a SymPy symbol: use it in formulas as it is, without ``float`` or ``int``.

    Parameters
    ----------
    base
        What z is; the table below.
    shape
        The parameters of the base law, as ``shape(theta, m)``.
    map
        Strictly monotone in z (for signs: in e w); normalisation is proved with its derivative.
    details
        What a base law needs beyond this; the table below.

    Notes
    -----
    ==================  ================================  ===========  ========================================
    base                z, as ``map`` receives it         shape        details
    ==================  ================================  ===========  ========================================
    ``normal``          standard normal                   --           --
    ``gamma``           positive, scale 1                 (a,)         --
    ``beta``            the pair (b, 1 - b)               (a, b)       --
    ``sign-gamma``      (e, w): fair sign e, w gamma      (a,)         --
    ``sign-beta``       (e, (w, 1 - w)), w beta           (a, b)       --
    ``normal-vector``   vector of standard normals        --           ``"d"``: its length
    ``dirichlet``       the simplex vector, all K         (a1, ...)    --
    ``finite``          x itself                          --           none if the support is ``Integers`` with
                                                                       two finite ends, else ``"values"``: the
                                                                       sequence of all x
    ``counting``        y = 0, 1, 2, ...                  --           ``"ratio"`` and ``"generating"``, below
    ``log-partition``   x itself                          --           ``"integral"``, below
    ``rows``            ``family.rows``, one at a time    --           --
    ==================  ================================  ===========  ========================================

    ``counting``: ``details["ratio"](theta, m)`` is the pair (A, B) of p(y+1)/p(y) = (A + B y)/(y + 1), and
    ``details["generating"](u, theta, m)`` is G(u) = E u^y.  ``map`` shifts: a geometric x that starts at 1
    has ``map=lambda y, theta, m: y + 1`` and A = B = 1 - p.  A Poisson has A = rate, B = 0 and
    G = exp(rate (u - 1)).  The log density may hold ``loggamma`` of x.

    ``log-partition``: an exponential family with as many statistics as coordinates.  The statistics are
    read off the log density; ``details["integral"]`` names the integral that normalises it:
    ``"inverse-gaussian"`` (x^(-3/2) exp(-a x - b/x) on x > 0) or ``"circle"`` (exp(a cos x + b sin x)).

    ``rows``: each entry of ``family.rows`` is a family of one observation with a law of its own, in the same
    charts; the Fisher matrix of the whole is the sum of theirs.

    ``normal-vector`` and ``dirichlet``: read by SymPy, ``map`` may return any sequence of the entries of x; the
    engine's ``vector`` stacks along the *first* axis, so a batch of draws needs a ``draw`` (or its own stacking).
    """

    base: str
    shape: Callable[[Sequence[Any], Engine], tuple[Any, ...]] = _no_shape
    map: Callable[[Any, Sequence[Any], Engine], Any] = _same
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def drawable(self) -> bool:
        """Whether z can be drawn here; else the family brings its own draw."""
        return self.base in _BASES

    def draw(self, draws: Draws, theta: Sequence[Any]) -> Any:
        """Return draws of x: those of the base law, mapped."""
        m = draws.engine
        return self.map(_BASES[self.base](draws, self.details, *self.shape(theta, m)), theta, m)


@dataclass(frozen=True)
class Draws:
    """Random draws of one shape from one source, NumPy or JAX; ``engine`` reads formulas of the draws.

    ``gamma(a)`` has scale 1; ``sign()`` is -1 or 1; ``poisson``, ``binomial``, ``geometric`` (from 1 on)
    are counts; ``poisson_each(rates)`` takes one rate a draw; ``choice(p)`` draws an index with probabilities p;
    ``normal_vector(d)`` and ``gamma_vector(a)`` append an axis.
    """

    engine: Engine
    uniform: Callable[[], Any]
    normal: Callable[[], Any]
    normal_vector: Callable[[int], Any]
    gamma: Callable[[Any], Any]
    gamma_vector: Callable[[Any], Any]
    beta: Callable[[Any, Any], tuple[Any, Any]]
    sign: Callable[[], Any]
    poisson: Callable[[Any], Any]
    poisson_each: Callable[[Any], Any]
    binomial: Callable[[int, Any], Any]
    geometric: Callable[[Any], Any]
    choice: Callable[[Any], Any]


def _normalised(z: Any) -> Any:
    return z / z.sum(axis=-1, keepdims=True)


# base law -> z, from draws, the details of the law and its shape
_BASES: dict[str, Callable[..., Any]] = {
    "normal": lambda draws, details: draws.normal(),
    "normal-vector": lambda draws, details: draws.normal_vector(details["d"]),
    "gamma": lambda draws, details, a: draws.gamma(a),
    "beta": lambda draws, details, a, b: draws.beta(a, b),
    "sign-gamma": lambda draws, details, a: (draws.sign(), draws.gamma(a)),
    "sign-beta": lambda draws, details, a, b: (draws.sign(), draws.beta(a, b)),
    "dirichlet": lambda draws, details, *a: _normalised(draws.gamma_vector(a)),
}


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
        gamma_vector=lambda a: rng.standard_gamma(a, (*size, len(a))),
        beta=_beta_pair(gamma),
        sign=lambda: 2.0 * rng.integers(0, 2, size) - 1.0,
        # one draw an entry of a vector parameter, or ``size`` draws of a scalar one
        poisson=lambda rate: rng.poisson(rate, size + np.shape(rate)),
        poisson_each=lambda rates: rng.poisson(rates),
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
        gamma_vector=lambda a: jax.random.gamma(fresh(), jnp.asarray(a), (*size, len(a))),
        beta=_beta_pair(gamma),
        sign=lambda: jax.random.rademacher(fresh(), size, dtype=jnp.result_type(float)),
        poisson=lambda rate: jax.random.poisson(fresh(), rate, size + jnp.shape(rate)),
        poisson_each=lambda rates: jax.random.poisson(fresh(), rates),
        binomial=lambda n, p: jax.random.binomial(fresh(), n, p, size + jnp.shape(p)).astype(int),
        geometric=lambda p: jax.random.geometric(fresh(), p, size),
        choice=lambda p: jax.random.choice(fresh(), len(p), size, p=jnp.asarray(p)),
    )
