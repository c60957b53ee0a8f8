"""Critics: the value function V(s) that advantages are measured against, fitted to a batch by least squares.

Fitting V is least squares, so its Gauss-Newton matrix is the Fisher matrix of a model with unit-variance normal output:
the products and the conjugate gradients that serve the policy serve the critic too, and a few such steps do what takes a
first-order method hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import number
from ngtools.descent.networks import tanh_network
from ngtools.linear import cg
from ngtools.products import fisher_vector_product
from ngtools.rl.envs.protocol import check_counts
from ngtools.rl.policies import hidden_layers, network_start

__all__ = ["Critic", "mlp", "none", "quadratic"]


@dataclass(frozen=True, eq=False)
class Critic:
    """A value function and how it is fitted.

    ``init(key, observation_size)`` -> parameters; ``value(params, observation)`` -> V of one observation;
    ``fit(params, observations, targets, weights)`` -> parameters, for N observations and targets.
    """

    name: str
    init: Callable[[Any, int], Any]
    value: Callable[[Any, Any], Any]
    fit: Callable[[Any, Any, Any, Any], Any]

    def __repr__(self) -> str:
        return f"<critic: {self.name}>"

    def values(self, params: Any, observations: Any) -> Any:
        """Return V for observations with any number of leading axes."""
        function = self.value
        for _ in range(jnp.ndim(observations) - 1):
            function = jax.vmap(function, (None, 0))
        return function(params, observations)


@cache
def none() -> Critic:
    """Return V = 0: no baseline."""
    return Critic("none", lambda key, size: (), lambda params, x: jnp.zeros((), x.dtype), lambda params, *data: params)


def mlp(hidden: Sequence[int] = (64, 64), *, steps: int = 1, cg_steps: int = 5, damping: float = 0.1) -> Critic:
    """Return a network with tanh hidden layers, fitted by damped Gauss-Newton steps.

    Parameters
    ----------
    hidden
        Units of each hidden layer.
    steps
        Gauss-Newton steps a batch.  One, not solved to the end, is enough: the next batch brings the next, and a closer
        fit would follow the noise of this one.
    cg_steps
        Conjugate-gradient steps in each.
    damping
        Levenberg-Marquardt damping of the first step; later ones divide it by 3 after a step that lowered the loss, and
        multiply it by 3 after one that did not (and was not taken).
    """
    check_counts(steps=steps, cg_steps=cg_steps)
    return _mlp(hidden_layers(hidden), steps, cg_steps, number(damping, "damping", above=0))


@cache
def _mlp(hidden: tuple[int, ...], steps: int, cg_steps: int, damping: float) -> Critic:
    def init(key: Any, size: int) -> Any:
        return {"net": network_start(key, (size, *hidden, 1)), "damping": jnp.asarray(damping, jnp.result_type(float))}

    def value(params: Any, x: Any) -> Any:
        return tanh_network(params["net"], x)[0]

    def fit(params: Any, observations: Any, targets: Any, weights: Any) -> Any:
        # all weights as one vector, so that a step of the solver is a handful of operations and compiles fast
        flat, unflatten = trees.flatten(params["net"])

        def network(p: Any, x: Any) -> Any:
            return tanh_network(unflatten(p), x)

        def loss(p: Any) -> Any:
            error = targets - jax.vmap(network, (None, 0))(p, observations)[:, 0]
            return _mean(error**2, weights) / 2

        def improve(state: Any, _: Any) -> tuple[Any, None]:
            p, strength = state
            before, gradient = jax.value_and_grad(loss)(p)
            G = fisher_vector_product(network, p, observations, "unit-normal", weights=weights)
            new = p - cg(G, gradient, damping=strength, max_steps=cg_steps, tol=1e-3).value
            better = loss(new) < before  # False on nan
            strength = jnp.clip(strength * jnp.where(better, 1 / 3, 3.0), 1e-4, 1e4)
            return (jnp.where(better, new, p), strength.astype(params["damping"].dtype)), None

        start = flat, params["damping"]
        # a loop of one turn costs the compiler a fifth of a second
        (flat, strength), _ = improve(start, None) if steps == 1 else jax.lax.scan(improve, start, length=steps)
        return {"net": unflatten(flat), "damping": strength}

    return Critic(f"network of {', '.join(map(str, hidden))} tanh units, Gauss-Newton", init, value, fit)


def quadratic(ridge: float = 1e-3) -> Critic:
    """Return V quadratic in the observation (all products of two entries), fitted anew to each batch.

    Parameters
    ----------
    ridge
        Weight of the squared coefficients, relative to features of standard deviation 1 on the batch.
    """
    return _quadratic(number(ridge, "ridge", least=0))


@cache
def _quadratic(ridge: float) -> Critic:
    def features(x: Any) -> Any:
        pairs = jnp.outer(x, x)[jnp.triu_indices(len(x))]
        return jnp.concatenate([x, pairs])

    def init(key: Any, size: int) -> Any:
        count = size + size * (size + 1) // 2
        return {"weights": jnp.zeros(count), "centre": jnp.zeros(count), "constant": jnp.zeros(())}

    def value(params: Any, x: Any) -> Any:
        return params["constant"] + (features(x) - params["centre"]) @ params["weights"]

    def fit(params: Any, observations: Any, targets: Any, weights: Any) -> Any:
        Xi = jax.vmap(features)(observations)
        centre, constant = _mean(Xi, weights), _mean(targets, weights)
        Xi, y = Xi - centre, targets - constant
        spread = jnp.sqrt(_mean(Xi**2, weights))
        spread = jnp.where(spread > 0, spread, 1)
        Xi = Xi / spread
        shared = Xi / len(Xi) if weights is None else Xi * weights[:, None]
        C, b = shared.T @ Xi, shared.T @ y
        # conjugate gradients rather than a factorisation: nothing here calls LAPACK, which batched over seeds can stop
        # jaxlib 0.10 on two cores
        found = cg(lambda w: C @ w, b, damping=ridge, max_steps=2 * len(b), tol=1e-5).value
        return {"weights": found / spread, "centre": centre, "constant": constant}

    return Critic("quadratic, least squares", init, value, fit)


def _mean(values: Any, weights: Any) -> Any:
    return jnp.mean(values, axis=0) if weights is None else jnp.tensordot(weights.astype(values.dtype), values, axes=1)
