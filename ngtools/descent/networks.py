"""Two spellings of one network: hidden units tanh, or hidden units sigmoid with other weights.

tanh(s) = 2 sigmoid(2 s) - 1, so each layer of one network is an affine map of the layer of the other: the two are
*charts* of one model.  Both are written for one example and apply their layers through ``dense`` (see ``ngtools.kfac``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, trees

__all__ = ["as_sigmoid", "initial", "sigmoid_network", "tanh_network"]

ROUND = 4096


def initial(key: jax.Array, sizes: Sequence[int], dtype: Any = None) -> dict[str, Any]:
    """Return random weights for layers "0", "1", ...: kernels of variance 1 / inputs, biases 0."""
    params = {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        if trees.is_traced(key):
            kernel: Any = jax.random.normal(jax.random.fold_in(key, i), (inputs, outputs), dtype)
        else:
            # entry k of a draw does not depend on how many are drawn: one compiled program for many shapes
            count = inputs * outputs
            drawn = _normals(key, i, -(-count // ROUND) * ROUND, dtype)
            kernel = np.asarray(drawn)[:count].reshape(inputs, outputs)
        kernel = kernel / jnp.sqrt(inputs).astype(kernel.dtype)
        params[str(i)] = {"kernel": kernel, "bias": jnp.asarray(np.zeros(outputs, kernel.dtype))}
    return params


@partial(jax.jit, static_argnums=(2, 3))
def _normals(key: Any, i: Any, count: int, dtype: Any) -> Any:
    return jax.random.normal(jax.random.fold_in(key, i), (count,), dtype)


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
    first, last = min(params), max(params)
    result = {}
    for name in sorted(params):
        kernel, bias = params[name]["kernel"], params[name]["bias"]
        if name != first:  # its inputs are 2 h - 1 in place of h
            kernel, bias = 2 * kernel, bias - kernel.sum(axis=0)
        if name != last:  # tanh(s) asks for sigmoid(2 s)
            kernel, bias = 2 * kernel, 2 * bias
        result[name] = {"kernel": kernel, "bias": bias}
    return result
