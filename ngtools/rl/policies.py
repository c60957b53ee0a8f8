"""Ways to make a policy: linear in the observation, a network, any model function, another chart of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array
from ngtools.descent.networks import normal_kernels, tanh_network
from ngtools.families import Family
from ngtools.families.support import Integers
from ngtools.products import Head
from ngtools.products.heads import resolve
from ngtools.rl.envs.protocol import Box, Discrete, check_counts
from ngtools.rl.policy import Policy

__all__ = ["Policy", "in_chart", "linear", "mlp", "of_model"]


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
    return _mlp(env, hidden_layers(hidden), _key_of(head))


@cache
def _mlp(env: Any, hidden: tuple[int, ...], head: Any) -> Policy:
    def start(key: Any, outputs: int) -> Any:
        # a small last layer: the first policy is close to uniform (normal: mean close to 0)
        return network_start(key, (env.observation_size, *hidden, outputs), last=0.01)

    return _policy(f"network of {', '.join(map(str, hidden))} tanh units", env, head, tanh_network, start)


def hidden_layers(hidden: Any) -> tuple[int, ...]:
    """Return the units of each hidden layer, checked."""
    if isinstance(hidden, str) or not isinstance(hidden, Sequence):
        raise TypeError(f"hidden must list the units of each hidden layer (got {hidden!r})")
    check_counts(**{f"hidden[{i}]": units for i, units in enumerate(hidden)})
    return tuple(hidden)


def network_start(key: Any, sizes: Sequence[int], last: float = 1.0) -> Any:
    """Return normal kernels of variance 1 / inputs (the last one times ``last`` squared) and zero biases.

    Drawn without a matrix factorisation: orthogonal ones, batched over seeds, can stop jaxlib 0.10 on two cores.
    """
    params = {}
    for i, kernel in enumerate(normal_kernels(jax.random.split(key, len(sizes) - 1), sizes)):
        inputs, outputs = kernel.shape
        size = (last if i == len(sizes) - 2 else 1.0) / np.sqrt(inputs)
        params[str(i)] = {"kernel": jnp.asarray(float(size) * kernel), "bias": jnp.zeros(outputs)}
    return params


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

            return jnp.asarray(chart.to_home(tuple(z.reshape(2, space.size)), JAX)[0])

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
        if head[0].support != Integers(0, space.n - 1):
            raise ValueError(
                f"the head must be a distribution over the actions 0, ..., {space.n - 1} (got '{head[0].name}' on "
                f"{head[0].support})"
            )
        return head, head[0].dimension(head[1])
    raise ValueError(
        f"a policy over {space.n} actions needs the head 'categorical', 'bernoulli' or (family, chart) (got {head!r})"
    )
