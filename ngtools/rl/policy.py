"""A policy: a model of the observation, and a head (a family record) that makes a distribution of its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.products import Head, Operator, fisher_vector_product
from ngtools.rl.envs.protocol import Box, Discrete

__all__ = ["Policy"]


@dataclass(frozen=True, eq=False)
class Policy:
    """pi_theta(a | s): the distribution ``head`` with the outputs of ``model(params, observation)`` as parameters.

    The methods take N observations at once, shape (N, observation size), and return N of whatever they return.  Shapes and
    dtypes are checked always, values (nan, infinity, actions that there are not) where they are concrete.

    Parameters
    ----------
    name
        What it is, in words.
    model
        ``model(params, observation)`` -> outputs of one observation: logits, or means and log standard deviations.
    head
        The distribution of one action given the outputs; the family of chapter 3.
    start
        ``start(key)`` -> parameters.
    mode
        ``mode(outputs)`` -> the greedy action.
    action_space
        ``Discrete`` or ``Box``.
    """

    name: str
    model: Callable[[Any, Any], Any]
    head: Head
    start: Callable[[Any], Any]
    mode: Callable[[Any], Any]
    action_space: Discrete | Box

    def __repr__(self) -> str:
        return f"<policy: {self.name}, {self.head.name} head>"

    def init(self, key: Any) -> Any:
        """Return parameters drawn from ``key``, in the default precision (that of ``jax_enable_x64``)."""
        return self.start(key)

    def outputs(self, params: Any, observations: Any) -> jax.Array:
        """Return the outputs of the model, shape (N, head.size)."""
        return self._outputs(params, observations)

    def _outputs(self, params: Any, observations: Any, name: str = "params") -> jax.Array:
        states = _states(params, observations, name)
        try:
            found = jax.vmap(self.model, (None, 0))(params, states)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise ValueError(
                f"the model of {self!r} fails on these {name} and observations, shape {np.shape(observations)}: {error}"
            ) from error
        if found.shape != (len(states), self.head.size):
            raise ValueError(
                f"the model of {self!r} must return {self.head.size} outputs of one observation; with these {name} and "
                f"observations, shape {np.shape(observations)}, it returns shape {found.shape[1:]}"
            )
        return found

    def log_prob(self, params: Any, observations: Any, actions: Any) -> jax.Array:
        """Return log pi(a | s) in nats, shape (N,)."""
        outputs = self.outputs(params, observations)
        return jax.vmap(self.head.log_density)(_actions(self.action_space, actions, len(outputs)), outputs)

    def kl(self, old: Any, new: Any, observations: Any) -> jax.Array:
        """Return KL(pi_old(. | s) || pi_new(. | s)) in nats, shape (N,)."""
        before, after = self._outputs(old, observations, "old"), self._outputs(new, observations, "new")
        return jax.vmap(self.head.kl)(before, after)

    def fisher(self, params: Any, observations: Any, weights: Any = None) -> Operator:
        """Return v -> F v, F the mean over the states of the Fisher matrix of pi(. | s).

        The states are held fixed, and the expectation over actions is exact: no action is drawn.
        """
        states = _states(params, observations, "params")
        return fisher_vector_product(self.model, params, states, self.head, weights=weights)

    def sensitivity(self, params: Any, observations: Any) -> jax.Array:
        """Return the trace of the Fisher matrix of the outputs, shape (N,); 0 where the policy is deterministic."""
        basis = jnp.eye(self.head.size, dtype=jnp.result_type(*jax.tree.leaves(params)))

        def trace(z: Any) -> Any:
            return jnp.trace(jax.vmap(partial(self.head.multiply, self.head.state(z)))(basis))

        return jax.vmap(trace)(self.outputs(params, observations))

    def sample(self, params: Any, observations: Any, key: Any) -> jax.Array:
        """Draw one action for each observation."""
        outputs = self.outputs(params, observations)
        return jax.vmap(self._draw)(jax.random.split(key, len(outputs)), outputs)

    def greedy(self, params: Any, observations: Any) -> jax.Array:
        """Return the most probable action (of a normal policy: the mean) for each observation."""
        return jax.vmap(self.mode)(self.outputs(params, observations))

    def _draw(self, key: Any, z: Any) -> Any:
        action = self.head.sample(key, z)
        if isinstance(self.action_space, Discrete):
            return action.astype(int)
        return jnp.reshape(action, (self.action_space.size,)).astype(z.dtype)


def _states(params: Any, observations: Any, name: str) -> jax.Array:
    """Return observations in the precision of the parameters, both of them checked."""
    trees.check_floating(params, name)
    trees.check_finite(params, name)
    trees.numbers(observations, "observations", (jnp.floating, jnp.integer, jnp.bool_))
    if not np.ndim(observations):
        raise ValueError("observations must have a leading axis, shape (N, observation size) (got one number)")
    return jnp.asarray(observations).astype(jnp.result_type(*jax.tree.leaves(params)))


def _actions(space: Discrete | Box, actions: Any, count: int) -> jax.Array:
    actions = trees.numbers(actions, "actions")
    shape = (count,) if isinstance(space, Discrete) else (count, space.size)
    if np.shape(actions) != shape:
        raise ValueError(f"actions must have shape {shape}, one for each observation (got {np.shape(actions)})")
    if isinstance(space, Discrete):
        if not jnp.issubdtype(actions.dtype, jnp.integer):
            raise TypeError(f"actions must be whole numbers (got dtype {actions.dtype})")
        if not trees.is_traced(actions) and count:
            values = trees.local(actions)  # NumPy: inside a jit jax.numpy would trace even what is concrete
            least, most = int(values.min()), int(values.max())
            if least < 0 or most >= space.n:
                raise ValueError(
                    f"actions must lie in 0, ..., {space.n - 1} (got values from {least} to {most}); an index beyond would be "
                    "read as the last"
                )
    return jnp.asarray(actions)
