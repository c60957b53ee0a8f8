"""WRONG: labels of a data set where draws of the model belong; the result is the empirical Fisher matrix."""

from __future__ import annotations

from typing import Any

from ngtools import products

__all__ = ["sampled_fisher_vector_product"]

_right = products.sampled_fisher_vector_product


def sampled_fisher_vector_product(
    model: Any, params: Any, batch: Any, head: Any, *, observations: Any = None, behaviour: Any = None, **rest: Any
) -> Any:
    """``products.sampled_fisher_vector_product`` that does not ask where its observations come from."""
    if observations is not None and behaviour is None:
        # wrong: nobody knows the density that drew these
        return products.empirical_fisher_vector_product(model, params, (batch, observations), head)
    return _right(model, params, batch, head, observations=observations, behaviour=behaviour, **rest)
