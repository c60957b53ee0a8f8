"""Products with matrices made of scores at observations: drawn from the model, by a known policy, or data labels."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import whole_number
from ngtools.products.batch import Model, count_of, gauss_newton, head_of, linearised, outputs, pair, weights_of
from ngtools.products.heads import Head
from ngtools.products.operator import Operator, like_of

__all__ = ["empirical_fisher_vector_product", "sampled_fisher_vector_product"]


def sampled_fisher_vector_product(
    model: Model,
    params: Any,
    batch: Any,
    head: Any,
    *,
    key: jax.Array | None = None,
    samples: int = 1,
    observations: Any = None,
    behaviour: Any = None,
    weights: Any = None,
) -> Operator:
    """Return v -> F^ v with F^ the mean of score outer products at observations drawn from the model.

    An unbiased estimate of F; its error falls as 1/sqrt(N samples).

    Parameters
    ----------
    model, params, batch, head, weights
        As in ``fisher_vector_product``.
    key
        A JAX key: ``samples`` observations are drawn from the model for each example.
    observations
        In place of a key: one observation an example that *was drawn* from a known distribution, the actions of a
        policy say.  Then ``behaviour`` is required.
    behaviour
        Their log densities under the distribution that drew them, shape (N,).  Each outer product is weighted by
        p_params / p_behaviour (mean over N, not normalised), which is 1 on-policy.
    """
    head = head_of(head, model, params, batch)
    count = count_of(batch)
    if (key is None) == (observations is None):
        raise ValueError("give either key= (observations are drawn from the model) or observations= with behaviour=")
    if observations is not None:
        if behaviour is None:
            raise ValueError(
                "observations were not drawn here: pass behaviour=, the log densities under which they were drawn, or "
                "key= to sample from the model. Labels from data give another matrix: empirical_fisher_vector_product"
            )
        head.check_labels(observations, count)
        if jnp.shape(behaviour) != (count,):
            raise ValueError(f"behaviour must have shape ({count},) (got {jnp.shape(behaviour)})")
        trees.check_finite(behaviour, "behaviour")
    samples = whole_number(samples, "samples")
    keys = None if key is None else jax.random.split(key, (count, samples))
    shares = weights_of(weights, count)
    residuals = linearised(_linearise_sampled, model, head, params, batch, keys, observations, behaviour, shares)
    return Operator(residuals, _outer_rule, like_of(params), f"sampled Fisher matrix, {head.name}")


def _linearise_sampled(
    model: Model, head: Head, params: Any, inputs: Any, keys: Any, observations: Any, behaviour: Any, weights: Any
) -> Any:
    z, push = jax.linearize(lambda p: outputs(model, p, inputs), params)
    score = jax.grad(head.log_density, argnums=1)
    if observations is None:
        drawn = jax.vmap(jax.vmap(head.sample, (0, None)))(keys, z)
        scores = jax.vmap(jax.vmap(score, (0, None)))(drawn, z)
        return push, scores / jnp.sqrt(jnp.asarray(keys.shape[1], z.dtype)), weights
    ratio = jnp.exp(jax.vmap(head.log_density)(observations, z) - behaviour)
    scores = jax.vmap(score)(observations, z) * jnp.sqrt(ratio)[:, None]
    return push, scores[:, None, :], weights


def empirical_fisher_vector_product(
    model: Model, params: Any, batch: tuple[Any, Any], head: Any, *, weights: Any = None
) -> Operator:
    """Return v -> F_emp v, the mean of score outer products at *data labels*.

    Not the Fisher matrix: the expectation is over the labels of the data, not over the model.  The two agree at the
    true parameter of a well-specified model with many examples, and are not guaranteed to elsewhere.

    Parameters
    ----------
    model, params, head, weights
        As in ``fisher_vector_product``.
    batch
        (inputs, labels).
    """
    inputs, labels = pair(batch)
    head = head_of(head, model, params, inputs)
    count = count_of(inputs)
    head.check_labels(labels, count)
    residuals = linearised(_linearise_empirical, model, head, params, inputs, labels, weights_of(weights, count))
    return Operator(residuals, _outer_rule, like_of(params), f"empirical Fisher matrix, {head.name}")


def _linearise_empirical(model: Model, head: Head, params: Any, inputs: Any, labels: Any, weights: Any) -> Any:
    z, push = jax.linearize(lambda p: outputs(model, p, inputs), params)
    scores = jax.vmap(jax.grad(head.log_density, argnums=1))(labels, z)
    return push, scores[:, None, :], weights


def _outer(scores: Any, u: Any) -> Any:
    # scores (N, samples, outputs): the sum of outer products, applied
    return jnp.einsum("nsk,ns->nk", scores, jnp.einsum("nsk,nk->ns", scores, u))


_outer_rule = partial(gauss_newton, _outer)
