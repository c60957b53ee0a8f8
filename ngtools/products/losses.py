"""Products with the two matrices of a loss: its Hessian and the generalised Gauss-Newton matrix."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax

from ngtools import trees
from ngtools.products.batch import Model, along, averaged, count_of, head_of, linearised, mean, pair, weights_of
from ngtools.products.heads import Head
from ngtools.products.operator import Operator, like_of

__all__ = ["ggn_vector_product", "hessian_vector_product"]


def ggn_vector_product(
    model: Model, params: Any, batch: tuple[Any, Any], loss: Any, *, weights: Any = None
) -> Operator:
    """Return v -> G v, the generalised Gauss-Newton matrix: the mean of J^T H J, H the Hessian of the loss in z.

    The Fisher matrix where the loss is -log p(y | z) and z are natural parameters (softmax logits, say): then H
    does not depend on y.

    Parameters
    ----------
    model, params, weights
        As in ``fisher_vector_product``.
    batch
        (inputs, targets).
    loss
        ``loss(outputs, target)`` of one example, or a head (the loss is then -log p in nats).
    """
    return _of_loss(_linearise_ggn, model, params, batch, loss, weights, _ggn_rule, "generalised Gauss-Newton matrix")


def hessian_vector_product(
    model: Model, params: Any, batch: tuple[Any, Any], loss: Any, *, weights: Any = None
) -> Operator:
    """Return v -> H v, the Hessian of the mean loss over the batch: symmetric, in general indefinite.

    Parameters
    ----------
    model, params, batch, loss, weights
        As in ``ggn_vector_product``.
    """
    return _of_loss(_linearise_hessian, model, params, batch, loss, weights, along, "Hessian of the mean loss")


def _of_loss(
    linearise: Any, model: Model, params: Any, batch: Any, loss: Any, weights: Any, rule: Any, name: str
) -> Operator:
    inputs, targets = pair(batch)
    count = count_of(inputs)
    if not callable(loss):
        head = head_of(loss, model, params, inputs)
        head.check_labels(targets, count)
        loss = _negative_log_likelihood(head)
    trees.check_floating(params, "params")
    if count_of(targets) != count:
        raise ValueError(f"inputs have {count} examples, targets {count_of(targets)}")
    residuals = linearised(linearise, model, loss, params, inputs, targets, weights_of(weights, count))
    return Operator(residuals, rule, like_of(params), name)


def _linearise_ggn(model: Model, loss: Any, params: Any, inputs: Any, targets: Any, weights: Any) -> Any:
    z, push = jax.linearize(lambda p: jax.vmap(model, (None, 0))(p, inputs), params)
    # examples do not mix: the derivative of the summed gradient is the block diagonal of Hessians
    curvature = jax.linearize(jax.grad(lambda z: jax.vmap(loss)(z, targets).sum()), z)[1]
    return push, curvature, weights


def _ggn_rule(residuals: Any, v: Any) -> Any:
    push, curvature, weights = residuals
    pull = jax.linear_transpose(push, v)
    (product,) = pull(jax.tree.map(lambda leaf: averaged(leaf, weights), curvature(push(v))))
    return product


def _linearise_hessian(model: Model, loss: Any, params: Any, inputs: Any, targets: Any, weights: Any) -> Any:
    def total(p: Any) -> Any:
        return mean(jax.vmap(lambda x, y: loss(model(p, x), y))(inputs, targets), weights)

    return jax.linearize(jax.grad(total), params)[1]


@cache
def _negative_log_likelihood(head: Head) -> Any:
    return lambda z, y: -head.log_density(y, trees.flatten(z)[0])
