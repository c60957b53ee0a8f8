"""WRONG: a sum over the batch in the Fisher-vector product, beside a gradient that is a mean."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ngtools.products.batch import Model, along, head_of, outputs
from ngtools.products.operator import Operator, like_of

__all__ = ["kl_hessian_vector_product"]


def kl_hessian_vector_product(
    model: Model,
    params: Any,
    batch: Any,
    head: Any,
    *,
    weights: Any = None,
) -> Operator:
    """The right one with a sum for the mean, and with the weights forgotten."""
    record = head_of(head, model, params, batch)
    old = jax.lax.stop_gradient(outputs(model, params, batch))

    def divergence(p: Any) -> Any:
        # wrong: N times the mean
        return jnp.sum(jax.vmap(record.kl)(old, outputs(model, p, batch)))

    push = jax.linearize(jax.grad(divergence), params)[1]
    return Operator(push, along, like_of(params), "N times the Fisher matrix")
