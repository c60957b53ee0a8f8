"""A tanh network of any depth to try products on, and its Fisher matrix the expensive way."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.products.batch import Model, head_of, mean, outputs, pair
from ngtools.products.rows import fisher_rows

__all__ = ["explicit_fisher", "flat_rows", "log_likelihood_gradient", "mean_kl", "network", "problem", "tangent"]


def network(params: Any, x: Any) -> Any:
    """Return the outputs of one example: tanh layers named "0", "1", ..., the last one linear."""
    *hidden, last = sorted(params, key=int)
    for name in hidden:
        x = jnp.tanh(x @ params[name]["kernel"] + params[name]["bias"])
    return x @ params[last]["kernel"] + params[last]["bias"]


def problem(rng: np.random.Generator, sizes: tuple[int, ...], N: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return random parameters, N standard normal inputs and N random labels; 64-bit NumPy arrays.

    Examples
    --------
    >>> params, X, y = problem(np.random.default_rng(0), (3, 6, 4), 5)
    >>> sum(leaf.size for leaf in jax.tree.leaves(params)), X.shape, y.shape
    (52, (5, 3), (5,))
    """
    params = {
        str(i): {"kernel": rng.standard_normal((a, b)) / np.sqrt(a), "bias": 0.1 * rng.standard_normal(b)}
        for i, (a, b) in enumerate(zip(sizes, sizes[1:]))
    }
    return params, rng.standard_normal((N, sizes[0])), rng.integers(0, sizes[-1], N)


def explicit_fisher(model: Model, params: Any, inputs: Any, head: Any) -> np.ndarray:
    """Return the Fisher matrix entry by entry, shape (d, d), computed in 64 bits.

    R^T R with R the rows of ``fisher_rows``: N times outputs reverse derivatives, then (rows) d^2 multiply-adds.
    Rows and columns are in the order of ``trees.flatten``.
    """
    with jax.enable_x64(True):
        params, inputs = jax.tree.map(jnp.asarray, trees.double((params, inputs)))
        R = flat_rows(fisher_rows(model, params, inputs, head))
        return np.asarray(R.T @ R)


def log_likelihood_gradient(model: Model, params: Any, batch: tuple[Any, Any], head: Any) -> Any:
    """Return the gradient of the mean log likelihood of labels, a pytree like the parameters.

    Parameters
    ----------
    batch
        (inputs, labels).
    """
    inputs, labels = pair(batch)
    record = head_of(head, model, params, inputs)

    def objective(p: Any) -> Any:
        return mean(jax.vmap(record.log_density)(labels, outputs(model, p, inputs)), None)

    return jax.grad(objective)(params)


def mean_kl(model: Model, old: Any, new: Any, inputs: Any, head: Any) -> jax.Array:
    """Return the mean over the inputs of KL(model at old || model at new), in nats."""
    record = head_of(head, model, old, inputs)
    return mean(jax.vmap(record.kl)(outputs(model, old, inputs), outputs(model, new, inputs)), None)


def tangent(rng: np.random.Generator, params: Any) -> Any:
    """Return a standard normal vector as a pytree like the parameters, in their dtypes."""
    return jax.tree.map(lambda leaf: rng.standard_normal(np.shape(leaf)).astype(leaf.dtype), params)


@jax.jit
def flat_rows(rows: Any) -> jax.Array:
    """Return what ``fisher_rows`` makes as one matrix, a row of it a vector in the order of ``trees.flatten``."""
    return jax.vmap(lambda row: trees.flatten(row)[0])(rows)
