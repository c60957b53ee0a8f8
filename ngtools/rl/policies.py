"""Policies: a model of the observation, and a head (a family record) that makes a distribution of its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.checks import real_array
from ngtools.descent.networks import ROUND, tanh_network
from ngtools.families import Family
from ngtools.products import Head, Operator, fisher_vector_product
from ngtools.products.heads import resolve
from ngtools.rl.envs.protocol import Box, Discrete, check_counts

__all__ = ["Policy", "in_chart", "linear", "mlp", "of_model"]


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


def linear(env: Any, *, head: Any = None, scale: Sequence[float] | None = None, bias: bool = True) -> Policy:
    """Return a policy whose outputs are linear in the observation; parameters start at zero.

    Parameters
    ----------
    env
        An environment: its sizes are read.
    head
        "categorical" (discrete actions) and "normal" (vector actions) by default.  Other spellings of the same
        distributions: "bernoulli" for two actions, or (family, chart), (categorical, "minimal-logits") say.
    scale
        Factors by which each entry of the observation is multiplied first: rescaled features.
    bias
        Whether there is a constant term.
    """
    _check_env(env)
    if scale is not None:
        factors, size = real_array(scale, "scale"), env.observation_size
        if factors.shape != (size,) or (factors == 0).any():
            raise ValueError(
                f"scale must be {size} finite factors other than 0, one an entry of an observation (got {scale})"
            )
        scale = tuple(factors.tolist())
    return _linear(env, _key_of(head), scale, bool(bias))


@cache
def _linear(env: Any, head: Any, scale: tuple[float, ...] | None, bias: bool) -> Policy:
    size = env.observation_size

    def features(observation: Any) -> Any:
        return observation if scale is None else observation * jnp.asarray(scale, observation.dtype)

    def model(params: Any, observation: Any) -> Any:
        z = features(observation) @ params["kernel"]
        return z + params["bias"] if bias else z

    def start(key: Any, outputs: int) -> Any:
        zero = jnp.zeros((size, outputs))
        return {"kernel": zero, "bias": jnp.zeros(outputs)} if bias else {"kernel": zero}

    return _policy("linear", env, head, model, start)


def mlp(env: Any, hidden: Sequence[int] = (64, 64), *, head: Any = None) -> Policy:
    """Return a policy whose outputs are a network of the observation with tanh hidden layers.

    Parameters
    ----------
    env
        An environment: its sizes are read.
    hidden
        Units of each hidden layer.
    head
        As in ``linear``.  With the normal head the log standard deviations are parameters of their own that do not
        depend on the state; they start at 0.

    Examples
    --------
    >>> from ngtools.rl import envs
    >>> policy = mlp(envs.make("CartPole-v1"), hidden=(64, 64))
    >>> policy, sum(leaf.size for leaf in jax.tree.leaves(policy.init(jax.random.key(0))))
    (<policy: network of 64, 64 tanh units, categorical head>, 4610)
    """
    _check_env(env)
    if isinstance(hidden, str) or not isinstance(hidden, Sequence):
        raise TypeError(f"hidden must list the units of each hidden layer (got {hidden!r})")
    check_counts(**{f"hidden[{i}]": units for i, units in enumerate(hidden)})
    return _mlp(env, tuple(hidden), _key_of(head))


@cache
def _mlp(env: Any, hidden: tuple[int, ...], head: Any) -> Policy:
    def start(key: Any, outputs: int) -> Any:
        # a small last layer: the first policy is close to uniform (normal: mean close to 0)
        return network_start(key, (env.observation_size, *hidden, outputs), last=0.01)

    return _policy(f"network of {', '.join(map(str, hidden))} tanh units", env, head, tanh_network, start)


def network_start(key: Any, sizes: Sequence[int], last: float = 1.0) -> Any:
    """Return normal kernels of variance 1 / inputs (the last one times ``last`` squared) and zero biases.

    Drawn without a matrix factorisation: orthogonal ones, batched over seeds, can stop jaxlib 0.10 on two cores.
    """
    keys = jax.random.split(key, len(sizes) - 1)
    params = {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        size = (last if i == len(sizes) - 2 else 1.0) / np.sqrt(inputs)
        params[str(i)] = {
            "kernel": float(size) * _normals(keys[i], inputs, outputs),
            "bias": jnp.zeros(outputs),
        }
    return params


def _normals(key: Any, rows: int, columns: int) -> Any:
    if trees.is_traced(key):
        return jax.random.normal(key, (rows, columns))
    # entry k of a draw does not depend on how many are drawn: one compiled program for many shapes
    count = rows * columns
    drawn = np.asarray(jax.random.normal(key, (-(-count // ROUND) * ROUND,)))
    return jnp.asarray(drawn[:count].reshape(rows, columns))


def of_model(env: Any, model: Any, start: Any, *, head: Any = None, name: str = "a model") -> Policy:
    """Return a policy from any model function.

    Parameters
    ----------
    env
        An environment: its action space is read.
    model
        ``model(params, observation)`` -> all outputs of the head for one observation.  Define it once: a new function
        is compiled anew.
    start
        ``start(key)`` -> parameters: any pytree of floating point arrays.
    head
        As in ``linear``; the default normal head expects m means, then m log standard deviations.
    """
    _check_env(env)
    outcome, mode = _resolve_head(env.action_space, _key_of(head))
    return Policy(name, model, outcome, start, mode, env.action_space)


def in_chart(policy: Policy, to: Any, back: Any, name: str = "another chart") -> Policy:
    """Return the same policy class in other coordinates phi = to(theta), theta = back(phi).

    Parameters
    ----------
    to, back
        Inverse of each other, on parameter pytrees; smooth.
    """

    def model(phi: Any, observation: Any) -> Any:
        return policy.model(back(phi), observation)

    return replace(policy, name=f"{policy.name}, {name}", model=model, start=lambda key: to(policy.start(key)))


# -- heads ----------------------------------------------------------------------------------------------


def _policy(name: str, env: Any, head: Any, model: Any, start: Any) -> Policy:
    space = env.action_space
    outcome, mode = _resolve_head(space, head)
    if isinstance(space, Discrete) or head is not None:
        return Policy(name, model, outcome, partial(start, outputs=outcome.size), mode, space)

    # the default normal head: means from the model, log standard deviations beside it
    def with_spread(params: Any, observation: Any) -> Any:
        return jnp.concatenate([model(params["mean"], observation), params["log_std"]])

    def start_with_spread(key: Any) -> Any:
        return {"mean": start(key, outputs=space.size), "log_std": jnp.zeros(space.size)}

    return Policy(name, with_spread, outcome, start_with_spread, mode, space)


def _key_of(head: Any) -> Any:
    return tuple(head) if isinstance(head, list) else head


# -- checks ---------------------------------------------------------------------------------------------


def _check_env(env: Any) -> None:
    if not (hasattr(env, "observation_size") and hasattr(env, "action_space")):
        raise TypeError(f"env must come from envs.make or envs.gymnasium (got {env!r})")


def _states(params: Any, observations: Any, name: str) -> jax.Array:
    """Return observations in the precision of the parameters, both of them checked."""
    trees.check_floating(params, name)
    trees.check_finite(params, name)
    _check_numbers(observations, "observations")
    if np.ndim(observations) == 0:
        raise ValueError("observations must have a leading axis, shape (N, observation size) (got one number)")
    return jnp.asarray(observations).astype(jnp.result_type(*jax.tree.leaves(params)))


def _actions(space: Discrete | Box, actions: Any, count: int) -> jax.Array:
    _check_numbers(actions, "actions")
    shape = (count,) if isinstance(space, Discrete) else (count, space.size)
    if np.shape(actions) != shape:
        raise ValueError(f"actions must have shape {shape}, one for each observation (got {np.shape(actions)})")
    if isinstance(space, Discrete):
        if not jnp.issubdtype(_dtype(actions), jnp.integer):
            raise TypeError(f"actions must be whole numbers (got dtype {_dtype(actions)})")
        if not trees.is_traced(actions) and count:
            values = trees.local(actions)  # NumPy: inside a jit jax.numpy would trace even what is concrete
            least, most = int(values.min()), int(values.max())
            if least < 0 or most >= space.n:
                raise ValueError(
                    f"actions must lie in 0, ..., {space.n - 1} (got values from {least} to {most}); an index beyond would be "
                    "read as the last"
                )
    return jnp.asarray(actions)


def _check_numbers(values: Any, name: str) -> None:
    dtype = _dtype(values)
    if not any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
        raise TypeError(f"{name} must be real numbers (got dtype {dtype})")
    trees.check_finite(values if hasattr(values, "dtype") else np.asarray(values), name)


def _resolve_head(space: Discrete | Box, head: Any) -> tuple[Head, Any]:
    """Return the head record and its greedy action."""
    if isinstance(space, Discrete):
        outcome = resolve(*_discrete(space, head))

        def most_probable(z: Any) -> Any:
            return jnp.argmax(jnp.stack([outcome.log_density(jnp.asarray(a), z) for a in range(space.n)]))

        return outcome, most_probable
    head = "normal" if head is None else head
    if head == "normal":
        return resolve("normal", 2 * space.size), lambda z: z[: space.size]
    if head == "unit-normal":
        return resolve("unit-normal", space.size), lambda z: z
    if isinstance(head, tuple) and head[0].name == "normal":
        chart = head[0].chart(head[1])

        def mean(z: Any) -> Any:
            from ngtools.engines import JAX

            return JAX.vector(chart.to_home(tuple(z.reshape(2, space.size)), JAX)[:1])[0]

        return resolve(head, 2 * space.size), mean
    raise ValueError(f"a policy over vectors needs the head 'normal', 'unit-normal' or (normal, chart) (got {head!r})")


def _discrete(space: Discrete, head: Any) -> tuple[Any, int]:
    if head is None or head == "categorical":
        return "categorical", space.n
    if head == "bernoulli":
        if space.n != 2:
            raise ValueError(f"a bernoulli head needs 2 actions (the environment has {space.n}); use 'categorical'")
        return head, 1
    if isinstance(head, tuple) and len(head) == 2 and isinstance(head[0], Family):
        last = getattr(head[0].support, "upper", None)
        if getattr(head[0].support, "lower", None) != 0 or last != space.n - 1:
            raise ValueError(
                f"the head must be a distribution over the actions 0, ..., {space.n - 1} (got '{head[0].name}' on "
                f"{head[0].support})"
            )
        return head, head[0].dimension(head[1])
    raise ValueError(
        f"a policy over {space.n} actions needs the head 'categorical', 'bernoulli' or (family, chart) (got {head!r})"
    )


def _dtype(values: Any) -> Any:
    return values.dtype if hasattr(values, "dtype") else np.asarray(values).dtype
