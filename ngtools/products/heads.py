"""Heads: what the outputs of a model are the parameters of.

A head is a family record and a chart.  Named heads are short for the usual ones:

    "categorical"    K logits                                  categorical, chart logits
    "bernoulli"      m logits, independent                     bernoulli, chart logit
    "poisson"        m log rates, independent                  poisson, chart log-rate
    "normal"         m means, then m log standard deviations   normal, chart mean-log-std
    "unit-normal"    m means, standard deviation 1             normal, standard deviation fixed

Any other family is given as ``(family, chart)``.  A model with a multiple of the chart's dimension as outputs
makes independent observations: first all first coordinates, then all second ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import families, trees
from ngtools.families import Chart, Family
from ngtools.families.support import Simplex, Vector

__all__ = ["Head", "resolve"]

_NAMED = {
    "bernoulli": ("bernoulli", "logit"),
    "poisson": ("poisson", "log-rate"),
    "normal": ("normal", "mean-log-std"),
    "unit-normal": ("normal", "mean-of-unit-std"),
}


@dataclass(frozen=True, eq=False)
class Head:
    """The distribution of one observation y given the output vector z (length ``size``) of a model.

    ``log_density(y, z)`` and ``kl(z0, z1)`` are scalars in nats.  The Fisher matrix of the outputs, F_z, appears
    as ``state(z)`` with ``multiply(state, u)`` = F_z u, and as ``root(z)`` = B, shape (size, r), B B^T = F_z.
    ``sample(key, z)`` draws y.  All are written for one example and are batched by ``vmap``.
    """

    name: str
    size: int
    log_density: Callable[[Any, Any], Any]
    kl: Callable[[Any, Any], Any]
    state: Callable[[Any], Any]
    multiply: Callable[[Any, Any], Any]
    root: Callable[[Any], Any]
    sample: Callable[[Any, Any], Any]
    outcomes: int | None = None

    def __repr__(self) -> str:
        return f"<head {self.name} of {self.size} outputs>"

    def check_labels(self, labels: Any, count: int) -> None:
        """Raise unless the labels are ``count`` observations of this head (values: concrete ones only)."""
        for leaf in jax.tree.leaves(labels):
            if np.shape(leaf)[:1] != (count,):
                raise ValueError(f"labels must be {count} observations, one an example (got shape {np.shape(leaf)})")
        if self.outcomes is None:
            return
        if not jnp.issubdtype(jnp.result_type(labels), jnp.integer):
            raise TypeError(f"labels of a categorical head must be integers (got {jnp.result_type(labels)})")
        if np.shape(labels)[1:]:
            raise ValueError(f"labels must have shape ({count},), not one-hot (got shape {np.shape(labels)})")
        if not trees.is_traced(labels):
            values = trees.local(labels)
            if values.min() < 0 or values.max() >= self.outcomes:
                bad = int(values[(values < 0) | (values >= self.outcomes)][0])
                raise ValueError(f"labels must lie in 0, ..., {self.outcomes - 1} (got {bad})")


def resolve(head: Any, size: int) -> Head:
    """Return the head record for a model with ``size`` outputs.

    Parameters
    ----------
    head
        A name, a ``Family`` (reference chart), a pair (``Family``, chart), or a ``Head``.
    size
        Number of outputs of the model for one example.
    """
    if isinstance(head, Head):
        if head.size != size:
            raise ValueError(f"head {head!r} does not fit a model with {size} outputs")
        return head
    if isinstance(head, Family):
        head = (head, head.charts[0])
    if isinstance(head, tuple) and len(head) == 2 and isinstance(head[0], Family):
        return _of_family(head[0], head[1], size)
    if head == "categorical":
        return _categorical(size)
    if isinstance(head, str) and head in _NAMED:
        return _named(head, size)
    raise ValueError(f"head must be one of {['categorical', *_NAMED]}, or a pair (family, chart) (got {head!r})")


@cache
def _categorical(size: int) -> Head:
    # The record of the family, chart "logits", in array form: its formulas go through the logits one by one,
    # K^2 operations to trace.  The tests hold the two together to rounding.
    if size < 2:
        raise ValueError(f"a categorical head needs at least 2 logits (the model has {size} output); use 'bernoulli'")

    def log_density(y: Any, z: Any) -> Any:
        return jax.nn.log_softmax(z)[y]

    def kl(z0: Any, z1: Any) -> Any:
        log_p = jax.nn.log_softmax(z0)
        return jnp.sum(jnp.exp(log_p) * (log_p - jax.nn.log_softmax(z1)))

    def root(z: Any) -> Any:
        # (diag(p) - p p^T) = B B^T with B = diag(sqrt p) - p sqrt(p)^T
        p = jax.nn.softmax(z)
        return jnp.diag(jnp.sqrt(p)) - jnp.outer(p, jnp.sqrt(p))

    return Head(
        name="categorical",
        size=size,
        log_density=log_density,
        kl=kl,
        state=jax.nn.softmax,
        multiply=lambda p, u: p * (u - jnp.vdot(p, u)),
        root=root,
        sample=jax.random.categorical,
        outcomes=size,
    )


@cache
def _named(name: str, size: int) -> Head:
    family, chart = _NAMED[name]
    record = families.get(family)
    if chart not in record.charts:  # a line in the family: the standard deviation is held at 1
        mean = record.chart("mean-std").parameters[:1]
        line = Chart(chart, mean, to_home=lambda phi, m: (*phi, 1))
        record = dataclasses.replace(record, chart_records=(line,))
    head = _of_family(record, chart, size)
    return dataclasses.replace(head, name=name)


@cache
def _of_family(family: Family, chart: str, size: int) -> Head:
    dimension = family.dimension(chart)
    copies = size // dimension
    if not copies or size % dimension:
        raise ValueError(
            f"the head '{family.name}', chart '{chart}', has {dimension} coordinates; the model has {size} outputs, "
            "which is no multiple of that"
        )

    def parts(z: Any) -> Any:
        return z.reshape(dimension, copies).T

    def log_density(y: Any, z: Any) -> Any:
        if copies == 1:
            y = y if isinstance(family.support, (Simplex, Vector)) else jnp.reshape(y, ())
            return family.log_density(y, z, chart).astype(z.dtype)
        return jax.vmap(lambda a, b: family.log_density(a, b, chart))(jnp.asarray(y), parts(z)).sum().astype(z.dtype)

    def kl(z0: Any, z1: Any) -> Any:
        return jax.vmap(lambda a, b: family.kl(a, b, chart))(parts(z0), parts(z1)).sum().astype(z0.dtype)

    def state(z: Any) -> Any:
        # under 64 bits a record may answer in them; the model's precision is kept
        return jax.vmap(lambda theta: family.fisher(theta, chart))(parts(z)).astype(z.dtype)

    def multiply(F: Any, u: Any) -> Any:
        return jnp.einsum("cij,cj->ci", F, parts(u)).T.reshape(size)

    def root(z: Any) -> Any:
        spectrum, V = jnp.linalg.eigh(state(z))
        blocks = V * jnp.sqrt(jnp.maximum(spectrum, 0))[:, None, :]
        # entry (coordinate i, copy c; column j, copy k)
        return jnp.einsum("cij,ck->icjk", blocks, jnp.eye(copies, dtype=z.dtype)).reshape(size, size)

    def sample(key: Any, z: Any) -> Any:
        if copies == 1:
            return family.sample(z, (), key, chart)
        keys = jax.random.split(key, copies)
        return jax.vmap(lambda k, theta: family.sample(theta, (), k, chart))(keys, parts(z))

    return Head(f"{family.name}, {chart}", size, log_density, kl, state, multiply, root, sample)
