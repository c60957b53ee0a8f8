"""The Hessian of the loss, averaged over the labels that the model itself would give."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.compiling import compiled_once
from ngtools.products.batch import count_of, head_of, outputs
from ngtools.products.losses import hessian_vector_product
from ngtools.products.operator import dense

__all__ = ["expected_hessian"]


def expected_hessian(model: Any, params: Any, inputs: Any) -> np.ndarray:
    """Return the mean over the inputs of E[-Hessian of log p(y | x)], y drawn from the model; shape (d, d), 64 bits.

    A categorical head: every label of every input is taken once, weighted by its probability, so that the expectation
    is exact.  It is the Fisher matrix by its second identity, through derivatives of second order of the whole model.

    Parameters
    ----------
    model, params, inputs
        As in ``fisher_vector_product``; the outputs are logits.
    """
    head_of("categorical", model, params, inputs)
    with jax.enable_x64(True):
        params = trees.double(params)
        return np.asarray(_matrix(model, params, np.asarray(inputs, np.float64)))


@partial(compiled_once, static=(0,))
def _matrix(model: Any, params: Any, X: Any) -> Any:
    classes = head_of("categorical", model, params, X).size
    p = jax.nn.softmax(outputs(model, params, X))
    every = jnp.repeat(X, classes, axis=0), jnp.tile(jnp.arange(classes), count_of(X))
    return dense(hessian_vector_product(model, params, every, "categorical", weights=p.reshape(-1)), params)
