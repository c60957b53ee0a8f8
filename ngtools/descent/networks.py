"""Two spellings of one network: hidden units tanh, or hidden units sigmoid with other weights.

tanh(s) = 2 sigmoid(2 s) - 1, so each layer of one network is an affine map of the layer of the other: the two are
*charts* of one model.  Both are written for one example and apply their layers through ``dense`` (see ``ngtools.kfac``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, trees

__all__ = ["as_sigmoid", "initial", "normal_kernels", "sigmoid_network", "tanh_network"]

ROUND = 4096


def initial(key: jax.Array, sizes: Sequence[int], dtype: Any = None) -> dict[str, Any]:
    """Return random weights for layers "0", "1", ...: kernels of variance 1 / inputs, biases 0."""
    if len(sizes) < 2:
        raise ValueError(f"sizes must list the inputs, any hidden units and the outputs (got {sizes!r})")
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, np.arange(len(sizes) - 1))
    params = {}
    for i, kernel in enumerate(normal_kernels(keys, sizes, dtype)):
        inputs, outputs = kernel.shape
        kernel = kernel / jnp.sqrt(inputs).astype(kernel.dtype)
        params[str(i)] = {"kernel": kernel, "bias": jnp.asarray(np.zeros(outputs, kernel.dtype))}
    return params


def normal_kernels(keys: Any, sizes: Sequence[int], dtype: Any = None) -> list[Any]:
    """Return a matrix (inputs, outputs) of standard normal entries for every layer, layer i drawn from ``keys[i]``."""
    shapes = list(zip(sizes, sizes[1:]))
    # entry k of a draw does not depend on how many are drawn: one compiled program for all layers of many networks
    most = max(inputs * outputs for inputs, outputs in shapes)
    drawn = _normals(keys, -(-most // ROUND) * ROUND, dtype)
    rows = drawn if trees.is_traced(drawn) else np.asarray(drawn)
    return [row[: math.prod(shape)].reshape(shape) for row, shape in zip(rows, shapes, strict=True)]


@partial(jax.jit, static_argnums=(1, 2))
def _normals(keys: Any, count: int, dtype: Any) -> Any:
    return jax.vmap(lambda key: jax.random.normal(key, (count,), dtype))(keys)


def tanh_network(params: Any, x: Any, dense: Callable[..., Any] = kfac.dense) -> Any:
    """The outputs of a network with tanh hidden units for one example."""
    return _network(params, x, dense, jnp.tanh)


def sigmoid_network(params: Any, x: Any, dense: Callable[..., Any] = kfac.dense) -> Any:
    """The outputs of a network with sigmoid hidden units for one example."""
    return _network(params, x, dense, jax.nn.sigmoid)


def _network(params: Any, x: Any, dense: Callable[..., Any], unit: Callable[[Any], Any]) -> Any:
    *hidden, last = sorted(params, key=int)
    for name in hidden:
        x = unit(dense(params, name, x))
    return dense(params, last, x)


def as_sigmoid(params: Any) -> dict[str, Any]:
    """Return the weights with which ``sigmoid_network`` has the outputs that ``tanh_network`` has with these."""
    names = sorted(params, key=int)
    first, last, result = names[0], names[-1], {}
    for name in names:
        kernel, bias = params[name]["kernel"], params[name]["bias"]
        if name != first:  # its inputs are 2 h - 1 in place of h
            kernel, bias = 2 * kernel, bias - kernel.sum(axis=0)
        if name != last:  # tanh(s) asks for sigmoid(2 s)
            kernel, bias = 2 * kernel, 2 * bias
        result[name] = {"kernel": kernel, "bias": bias}
    return result
