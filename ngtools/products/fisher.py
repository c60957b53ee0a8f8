"""Products with the Fisher matrix, by two routes: Gauss-Newton form and the Hessian of the KL divergence.

With z = model(params, x) the outputs of one example, J = dz/dparams and F_z the Fisher matrix of the outputs, the
Fisher matrix is F = mean over the batch of J^T F_z J.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import jax

from ngtools.products.batch import Model, along, count_of, gauss_newton, head_of, linearised, mean, outputs, weights_of
from ngtools.products.folding import folded
from ngtools.products.heads import Head
from ngtools.products.operator import Operator, like_of

__all__ = ["fisher_vector_product", "kl_hessian_vector_product"]


def fisher_vector_product(model: Model, params: Any, batch: Any, head: Any, *, weights: Any = None) -> Operator:
    """Return v -> F v, F the Fisher matrix of the model, in Gauss-Newton form.

    F v = mean over the examples of J^T F_z (J v): one forward derivative, the Fisher product of the outputs, one
    reverse derivative.  The model is linearised once, here; each product costs about as much as one gradient.

    Parameters
    ----------
    model
        ``model(params, x)`` -> outputs of *one* example (logits, ...): an array or a pytree of arrays.  Define it
        once: a new function is compiled anew.
    params
        Any pytree of floating point arrays; its dtype is kept.
    batch
        The inputs: a pytree with a leading axis of length N.  No labels: F is an expectation under the model's own
        distribution, not over data labels (that is ``empirical_fisher_vector_product``).
    head
        What the outputs parameterise: "categorical", "bernoulli", "poisson", "normal", "unit-normal", or
        (family record, chart).
    weights
        Non-negative, shape (N,); normalised to sum to 1.  Equal by default (the mean over the batch).

    Returns
    -------
    Operator
        A function of v and a pytree.

    Notes
    -----
    F has rank at most N times the rank of F_z, however many parameters there are.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> model = lambda params, x: params["w"] * x
    >>> F = fisher_vector_product(model, {"w": jnp.ones(1)}, jnp.array([1.0, 2.0]), "unit-normal")
    >>> F({"w": jnp.ones(1)})["w"].tolist()  # the mean of x^2
    [2.5]

    References
    ----------
    Schraudolph (2002), Fast curvature matrix-vector products; Martens (2020), section 9.
    """
    head = head_of(head, model, params, batch)
    shares = weights_of(weights, count_of(batch))
    residuals = linearised(_linearise, model, head, params, batch, shares)
    return Operator(residuals, _rule(head), like_of(params), f"Fisher matrix, {head.name}")


def _linearise(model: Model, head: Head, params: Any, inputs: Any, weights: Any) -> Any:
    z, push = jax.linearize(lambda p: outputs(model, p, inputs), params)
    return folded(push, params), jax.vmap(head.state)(z), weights


@cache
def _rule(head: Head) -> Any:
    # one function object a head, so that compiled code is found again
    return partial(gauss_newton, jax.vmap(head.multiply))


def kl_hessian_vector_product(model: Model, params: Any, batch: Any, head: Any, *, weights: Any = None) -> Operator:
    """Return v -> F v as the Hessian of the mean KL(stop_gradient(old) || new) at new = old.

    The identity TRPO implementations use; the derivative of the gradient along v (forward over reverse).  The
    same matrix as ``fisher_vector_product``, at about one and a half times the cost.

    Parameters
    ----------
    model, params, batch, head, weights
        As in ``fisher_vector_product``; KL in nats, mean over the batch.
    """
    head = head_of(head, model, params, batch)
    shares = weights_of(weights, count_of(batch))
    push = linearised(_linearise_kl, model, head, params, batch, shares)
    return Operator(push, along, like_of(params), f"KL Hessian, {head.name}")


def _linearise_kl(model: Model, head: Head, params: Any, inputs: Any, weights: Any) -> Any:
    old = jax.lax.stop_gradient(outputs(model, params, inputs))

    def divergence(p: Any) -> Any:
        return mean(jax.vmap(head.kl)(old, outputs(model, p, inputs)), weights)

    return jax.linearize(jax.grad(divergence), params)[1]
