"""WRONG: both arguments of the divergence move, so it is zero, and so are its gradient and its Hessian."""

from __future__ import annotations

from typing import Any

import jax

from ngtools.products.batch import Model, along, count_of, head_of, mean, outputs, weights_of
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
    """``products.kl_hessian_vector_product`` without its ``stop_gradient``."""
    record = head_of(head, model, params, batch)
    shares = weights_of(weights, count_of(batch))

    def divergence(p: Any) -> Any:
        new = outputs(model, p, batch)
        old = new  # wrong: the old outputs must not follow p
        return mean(jax.vmap(record.kl)(old, new), shares)

    push = jax.linearize(jax.grad(divergence), params)[1]
    return Operator(push, along, like_of(params), "Hessian of zero")
