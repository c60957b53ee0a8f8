"""Outer products of scores at actions: an estimate of the Fisher matrix, if the actions are the policy's own."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.compiling import compiled_once
from ngtools.products.batch import count_of, head_of, outputs
from ngtools.products.fisher import fisher_vector_product
from ngtools.products.observed import empirical_fisher_vector_product, sampled_fisher_vector_product
from ngtools.products.operator import dense

__all__ = ["policy_estimates"]

NAMES = ("actions of the policy", "actions of a uniform behaviour", "the same, weighted", "labels of a data set")


def policy_estimates(model: Any, params: Any, states: Any, labels: Any, key: jax.Array) -> dict[str, float]:
    """Return the relative error (Frobenius norm) of four means of score outer products, one action a state.

    Parameters
    ----------
    model, params, states
        A softmax policy: logits of one state, its parameters, and N states.
    labels
        Shape (N,), integers: a label of a data set for each state.
    key
        Draws actions: the policy's, and those of a uniform behaviour.

    Returns
    -------
    Errors against the exact F over the same states, for actions drawn by the policy, actions of the uniform behaviour
    taken as they are, the same weighted by p / behaviour, and the labels.
    """
    head_of("categorical", model, params, states).check_labels(labels, count_of(states))
    with jax.enable_x64(True):
        params = trees.double(params)
        F, found = _estimates(model, params, np.asarray(states, np.float64), np.asarray(labels), key)
        # compiled code returns a dictionary in the order of the alphabet
        return {name: float(np.linalg.norm(found[name] - F) / np.linalg.norm(F)) for name in NAMES}


@partial(compiled_once, static=(0,))
def _estimates(model: Any, params: Any, states: Any, labels: Any, key: Any) -> Any:
    logits = outputs(model, params, states)
    one, two = jax.random.split(key)
    own = jax.random.categorical(one, logits)
    uniform = jax.random.randint(two, own.shape, 0, logits.shape[1])
    log_uniform = jnp.full(len(own), -jnp.log(logits.shape[1]))

    def taken(actions: Any) -> Any:
        return empirical_fisher_vector_product(model, params, (states, actions), "categorical")

    weighted = sampled_fisher_vector_product(
        model, params, states, "categorical", observations=uniform, behaviour=log_uniform
    )
    found = dict(zip(NAMES, (taken(own), taken(uniform), weighted, taken(labels))))
    F = dense(fisher_vector_product(model, params, states, "categorical"), params)
    return F, {name: dense(op, params) for name, op in found.items()}
