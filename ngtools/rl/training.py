"""Training: rollout, advantages, one update of the policy, one fit of the critic; the same for every method.

A method is an ``update(policy, state, batch, settings)`` -> (state, report).  Functional environments train inside one
compiled program, which ``vmap`` runs for many seeds; with Gymnasium environments only the rollout is Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.compiling import compiled_quickly
from ngtools.rl import advantages
from ngtools.rl.envs.protocol import Environment, begin
from ngtools.rl.envs.vector import GymnasiumEnvironment
from ngtools.rl.report import Trace, finite_or
from ngtools.rl.rollout import Rollout, collect, collect_gymnasium, episodes

__all__ = ["Method", "State", "initial", "iterate", "learn", "steps_per_copy", "train"]


@dataclass(frozen=True)
class Method:
    """A way to update a policy.

    ``update(policy, state, batch, settings)`` -> (state, report); ``optimizer(settings)`` -> an Optax transformation
    whose state is kept between updates, or None.
    """

    name: str
    update: Callable[[Any, Any, Any, Any], tuple[Any, Any]]
    optimizer: Callable[[Any], Any] | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class State:
    """All that a training run carries on; a pytree, saved and loaded by ``checkpoint``.

    Parameters
    ----------
    params
        theta, the parameters of the policy.
    critic
        Those of the critic.
    optimizer
        The state of an Optax transformation, or ().
    actors
        Where the environments are; () with Gymnasium, whose environments keep it to themselves.
    key
        The key of the next iteration.
    env_steps
        Environment steps taken.
    """

    params: Any
    critic: Any
    optimizer: Any
    actors: Any
    key: Any
    env_steps: Any


def initial(method: Method, env: Any, policy: Any, key: Any, settings: Any) -> State:
    """Return the state before the first update."""
    return _initial(method, env, policy, settings, key)


# one program rather than one for each of its many small operations
@partial(compiled_quickly, static=(0, 1, 2, 3))
def _initial(method: Method, env: Any, policy: Any, settings: Any, key: Any) -> State:
    start, critic, actors, key = jax.random.split(key, 4)
    params = policy.init(start)
    return State(
        params=params,
        critic=settings.critic.init(critic, env.observation_size),
        optimizer=() if method.optimizer is None else method.optimizer(settings).init(params),
        actors=begin(env, actors) if isinstance(env, Environment) else (),
        key=key,
        env_steps=jnp.zeros((), int),
    )


def train(
    method: Method, env: Any, policy: Any, start: Any, settings: Any, progress: bool = False
) -> tuple[State, Trace]:
    """Run ``settings.iterations`` updates from a key, or on from a ``State``; see ``trpo.train``."""
    steps = steps_per_copy(env, settings)
    state = start if isinstance(start, State) else initial(method, env, policy, start, settings)
    if isinstance(env, Environment):
        if progress:
            raise ValueError(
                "progress=True is for Gymnasium environments; a functional one trains in one compiled call"
            )
        return _compiled(method, env, policy, settings, steps, state)
    if trees.is_traced(state):
        raise TypeError(
            "a Gymnasium environment is stepped in Python: call train for one key at a time, outside jit and vmap"
        )
    return _with_gymnasium(method, env, policy, settings, steps, state, progress)


def learn(method: Method, policy: Any, settings: Any, state: State, rollout: Rollout) -> tuple[State, Trace]:
    """Update policy and critic from one rollout; the same for both kinds of environment."""
    critic = settings.critic
    rollout = _in_precision_of(state.params, rollout)
    batch = advantages.batch(
        rollout,
        partial(critic.values, state.critic),
        gamma=settings.gamma,
        lam=settings.lam,
        normalise=settings.normalise,
    )
    taken = rollout.rewards.size if rollout.valid is None else jnp.sum(rollout.valid)
    state, report = method.update(policy, state, batch, settings)
    fitted = critic.fit(state.critic, batch.observations, batch.targets, batch.weights)
    fitted, _ = finite_or(fitted, state.critic)
    ended = ~jnp.isnan(rollout.episode_returns)
    trace = Trace(
        **vars(report),
        env_steps=state.env_steps + taken,
        mean_return=jnp.sum(rollout.episode_returns, where=ended) / jnp.sum(ended),
        episodes=jnp.sum(ended),
        # target - V is the advantage before it is normalised
        explained_variance=1 - batch.spread**2 / _variance(batch, batch.targets),
    )
    return replace(state, critic=fitted, env_steps=trace.env_steps), trace


def iterate(method: Method, env: Any, policy: Any, settings: Any, steps: int, state: State) -> tuple[State, Trace]:
    """Train with a functional environment, ``steps`` steps of each copy an update; a pure function of the state."""

    def iteration(state: State, _: Any) -> tuple[State, Trace]:
        key, sub = jax.random.split(state.key)
        if settings.sampling == "episodes":
            actors, rollout = state.actors, episodes(env, policy, state.params, sub)
        else:
            actors, rollout = collect(env, policy, state.params, state.actors, sub, steps)
        return learn(method, policy, settings, replace(state, actors=actors, key=key), rollout)

    if settings.iterations == 1:  # a loop of one turn costs the compiler a sixth of its time
        state, row = iteration(state, None)
        return state, jax.tree.map(lambda leaf: jnp.expand_dims(leaf, 0), row)
    return jax.lax.scan(iteration, state, length=settings.iterations)


_compiled = compiled_quickly(iterate, (0, 1, 2, 3, 4))


def _with_gymnasium(
    method: Method, env: Any, policy: Any, settings: Any, steps: int, state: State, progress: bool
) -> tuple[State, Trace]:
    key, sub = jax.random.split(state.key)
    actors = env.begin(seed=int(jax.random.randint(sub, (), 0, 2**30)))
    state = replace(state, key=key)
    rows = []
    for _ in _bar(settings.iterations, progress, env.name):
        key, sub = jax.random.split(state.key)
        rollout = collect_gymnasium(policy, state.params, actors, sub, steps)
        state, row = _learn(method, policy, settings, replace(state, key=key), rollout)
        rows.append(row)
    return state, jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows)


_learn = compiled_quickly(learn, (0, 1, 2))


def _bar(count: int, progress: bool, name: str) -> Any:
    if not progress:
        return range(count)
    try:
        from tqdm.auto import trange
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from error
    return trange(count, desc=name, unit="update")


def steps_per_copy(env: Any, settings: Any) -> int:
    """Return how many steps of each copy of an environment make a batch."""
    if not isinstance(env, (Environment, GymnasiumEnvironment)):
        raise TypeError(f"env must come from envs.make or envs.gymnasium (got {env!r})")
    if settings.sampling == "episodes":
        if not isinstance(env, Environment):
            raise ValueError("sampling='episodes' is for functional environments; use sampling='steps' with Gymnasium")
        return env.horizon
    if settings.batch % env.num_envs:
        raise ValueError(
            f"batch must be a multiple of the {env.num_envs} copies of the environment (got {settings.batch}); "
            "change batch= or num_envs="
        )
    return settings.batch // env.num_envs


def _variance(batch: Any, values: Any) -> Any:
    return batch.mean((values - batch.mean(values)) ** 2)


def _in_precision_of(params: Any, rollout: Rollout) -> Rollout:
    dtype = jnp.result_type(*jax.tree.leaves(params))
    return jax.tree.map(lambda x: x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x, rollout)
