"""The Fisher matrix by its rows, and its diagonal: what small batches and diagonal methods need."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import whole_number
from ngtools.products.batch import Model, averaged, count_of, head_of, linearised, weights_of
from ngtools.products.heads import Head

__all__ = ["diagonal", "fisher_rows"]


def fisher_rows(
    model: Model, params: Any, batch: Any, head: Any, *, key: jax.Array | None = None, weights: Any = None
) -> Any:
    """Return R with R^T R = F, as a pytree like the parameters with one more leading axis.

    Parameters
    ----------
    model, params, batch, head, weights
        As in ``fisher_vector_product``; the mean over the batch is included in R.
    key
        Without it R is exact and has N times (number of outputs) rows, the columns of B with B B^T = F_z carried
        back to the parameters.  With a JAX key R has N rows, the scores of one observation drawn for each example:
        R^T R is then an unbiased estimate of F, another matrix.

    Notes
    -----
    Memory: rows times parameters.
    """
    head = head_of(head, model, params, batch)
    count = count_of(batch)
    keys = None if key is None else jax.random.split(key, count)
    return linearised(_rows, model, head, params, batch, keys, weights_of(weights, count))


def _rows(model: Model, head: Head, params: Any, inputs: Any, keys: Any, weights: Any) -> Any:
    def one(x: Any, key: Any) -> Any:
        z, pull = jax.vjp(lambda p: trees.flatten(model(p, x))[0], params)
        score = jax.grad(head.log_density, argnums=1)
        columns = head.root(z) if key is None else score(head.sample(key, z), z)[:, None]
        (found,) = jax.vmap(pull, in_axes=1)(columns)
        return found

    count = count_of(inputs)
    shares = jnp.full(count, 1 / count) if weights is None else weights
    rows = jax.tree.map(lambda leaf: averaged(leaf, jnp.sqrt(shares)), jax.vmap(one)(inputs, keys))
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), rows)


def diagonal(model: Model, params: Any, batch: Any, head: Any, *, weights: Any = None, chunk: int | None = None) -> Any:
    """Return the exact diagonal of the Fisher matrix, as a pytree like the parameters.

    The mean over the batch of the squared rows: one reverse derivative for each output and example.

    Parameters
    ----------
    model, params, batch, head, weights
        As in ``fisher_vector_product``.
    chunk
        Examples taken at a time; memory is chunk times outputs times parameters.  All at once by default.
    """
    head = head_of(head, model, params, batch)
    count = count_of(batch)
    shares = weights_of(weights, count)
    shares = jnp.full(count, 1 / count) if shares is None else shares
    chunk = count if chunk is None else whole_number(chunk, "chunk")
    return linearised(_diagonal, model, (head, chunk), params, batch, shares)


def _diagonal(model: Model, what: tuple[Head, int], params: Any, inputs: Any, shares: Any) -> Any:
    head, chunk = what

    def one(x: Any, share: Any) -> Any:
        z, pull = jax.vjp(lambda p: trees.flatten(model(p, x))[0], params)
        (columns,) = jax.vmap(pull, in_axes=1)(head.root(z))
        return jax.tree.map(lambda leaf: share.astype(leaf.dtype) * (leaf**2).sum(axis=0), columns)

    def some(inputs: Any, shares: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf.sum(axis=0), jax.vmap(one)(inputs, shares))

    def add(total: Any, part: Any) -> Any:
        return jax.tree.map(jnp.add, total, some(*part)), None

    full = len(shares) // chunk
    split = jax.tree.map(lambda leaf: leaf[: full * chunk].reshape(full, chunk, *leaf.shape[1:]), (inputs, shares))
    total, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), split)
    if len(shares) % chunk:
        total, _ = add(total, jax.tree.map(lambda leaf: leaf[full * chunk :], (inputs, shares)))
    return total
