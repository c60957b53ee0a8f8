"""What all products share: the model over a batch, its linearisation, the weights of the examples."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.products.heads import Head, resolve

__all__ = [
    "along",
    "averaged",
    "count_of",
    "gauss_newton",
    "head_of",
    "linearised",
    "mean",
    "outputs",
    "pair",
    "weights_of",
]

Model = Callable[[Any, Any], Any]


def outputs(model: Model, params: Any, inputs: Any) -> jax.Array:
    """Return the outputs of the model for every example, each as one vector; shape (N, outputs)."""
    return jax.vmap(lambda x: trees.flatten(model(params, x))[0])(inputs)


def count_of(inputs: Any) -> int:
    """Return the number N of examples: the common length of the leading axes."""
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(inputs)]
    counts = {shape[0] for shape in shapes if shape}
    if len(counts) != 1 or not all(shapes):
        raise ValueError(f"every leaf of the batch needs one leading axis of the same length (got shapes {shapes})")
    (count,) = counts
    if not count:
        raise ValueError("the batch is empty: a mean over 0 examples is not defined")
    return count


def head_of(head: Any, model: Model, params: Any, inputs: Any) -> Head:
    """Return the head record that fits the model's outputs; check parameters and batch on the way."""
    trees.check_floating(params, "params")
    trees.check_finite(params, "params")
    trees.check_finite(inputs, "batch")
    count_of(inputs)
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf)[1:], jnp.result_type(leaf)), inputs)
    try:
        shapes = jax.eval_shape(lambda p, x: trees.flatten(model(p, x))[0], params, one)
    except (TypeError, ValueError) as error:
        advice = (
            ". If the batch is (inputs, labels), pass the inputs alone: this matrix is an expectation under the model, not "
            "over labels"
        )
        raise TypeError(
            "model(params, x) fails on the shapes of params and of one example x of the batch: "
            f"{error}{advice if isinstance(inputs, tuple) else ''}"
        ) from error
    return resolve(head, shapes.size)


def weights_of(weights: Any, count: int) -> Any:
    """Return weights that sum to 1, or None for equal ones."""
    if weights is None:
        return None
    if np.shape(weights) != (count,):
        raise ValueError(f"weights must have shape ({count},), one an example (got {np.shape(weights)})")
    if not trees.is_traced(weights):
        values = trees.local(weights)
        # of weights spread over several processes, all of this one's may be 0
        if not (np.isfinite(values).all() and values.min() >= 0 and (values.any() or len(values) < count)):
            raise ValueError(f"weights must be >= 0 and not all 0 (got values from {values.min()} to {values.max()})")
    weights = jnp.asarray(weights)
    return weights / jnp.sum(weights)


def mean(values: jax.Array, weights: Any) -> jax.Array:
    """Return the mean over the first axis, weighted if weights (summing to 1) are given."""
    return jnp.mean(values, axis=0) if weights is None else jnp.tensordot(weights.astype(values.dtype), values, axes=1)


def averaged(values: jax.Array, weights: Any) -> jax.Array:
    """Return each row times its share in the mean."""
    if weights is None:
        return values / len(values)
    return weights.astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1)) * values


def pair(batch: Any) -> tuple[Any, Any]:
    """Return (inputs, labels); raise on anything else."""
    if not (isinstance(batch, tuple) and len(batch) == 2):
        raise ValueError("batch must be a pair (inputs, labels): this matrix depends on the labels")
    return batch


def linearised(linearise: Callable[..., Any], model: Model, what: Any, *arguments: Any) -> Any:
    """Return ``linearise(model, what, *arguments)``, compiled; the first two are static."""
    try:
        hash((model, what))
    except TypeError:  # a model that holds arrays of its own: nothing to look a compiled version up by
        return linearise(model, what, *arguments)
    return _compiled(linearise)(model, what, *arguments)


@cache
def _compiled(linearise: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(linearise, static_argnums=(0, 1))


def gauss_newton(multiply: Callable[[Any, Any], Any], residuals: Any, v: Any) -> Any:
    """Return the mean of J^T C J v, given the linearised model, the state of C and the weights."""
    push, state, weights = residuals
    pull = jax.linear_transpose(push, v)
    (product,) = pull(averaged(multiply(state, push(v)), weights))
    return product


def along(push: Callable[[Any], Any], v: Any) -> Any:
    """Return the derivative along v of what was linearised."""
    return push(v)
