"""Rollouts: what a policy sees and does in an environment, time-major, episodes running on from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.rl.envs.protocol import Actors, Environment, Transition, advance, begin
from ngtools.rl.envs.vector import VectorActors

__all__ = ["Rollout", "collect", "collect_gymnasium", "episodes"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rollout:
    """T steps of n copies of an environment; every leaf has the leading axes (T, n).

    ``next_observations[t]`` is what action t led to, before any reset: it equals ``observations[t + 1]`` unless an
    episode ended.  ``terminated`` marks ends that belong to the task (the future is worth 0), ``truncated`` ends by the
    time limit (the future is worth V); both may be set on a last step, and then terminated counts.  ``valid`` is None,
    or False on rows after the end of a copy's only episode.
    """

    observations: Any
    actions: Any
    rewards: Any
    next_observations: Any
    terminated: Any
    truncated: Any
    episode_returns: Any
    valid: Any = None


def collect(env: Environment, policy: Any, params: Any, actors: Actors, key: Any, steps: int) -> tuple[Actors, Rollout]:
    """Run every copy of a functional environment for ``steps`` steps; a pure function, to be called inside ``jit``.

    Returns
    -------
    The actors, from which the next rollout goes on, and the rollout.
    """
    draw, restart = jax.random.split(key)
    # all first states a reset may need, drawn in one batch: many small draws inside the loop cost more
    # (over one axis of keys: over two, the compiler takes three times as long)
    fresh = jax.vmap(env.reset)(jax.random.split(restart, steps * env.num_envs))
    fresh = jax.tree.map(lambda leaf: leaf.reshape(steps, env.num_envs, *leaf.shape[1:]), fresh)

    def step(actors: Actors, inputs: Any) -> tuple[Actors, Any]:
        key, fresh = inputs
        observations = jax.vmap(env.observe)(actors.state)
        actions = policy.sample(params, observations, key)
        actors, transition = advance(env, actors, actions, fresh)
        return actors, _row(observations, actions, transition)

    return jax.lax.scan(step, actors, (jax.random.split(draw, steps), fresh))


def episodes(env: Environment, policy: Any, params: Any, key: Any) -> Rollout:
    """Run every copy for one whole episode: T = horizon, ``valid`` is False after a copy's episode has ended."""
    start, key = jax.random.split(key)
    _, rollout = collect(env, policy, params, begin(env, start), key, env.horizon)
    done = (rollout.terminated | rollout.truncated).astype(int)
    ended_before = jnp.cumsum(done, axis=0) - done
    valid = ended_before == 0
    returns = jnp.where(valid, rollout.episode_returns, jnp.nan)
    return Rollout(**{**vars(rollout), "valid": valid, "episode_returns": returns})


def collect_gymnasium(policy: Any, params: Any, actors: VectorActors, key: Any, steps: int) -> Rollout:
    """Run every copy of a Gymnasium environment for ``steps`` steps; ``actors`` moves on."""
    rows = []
    for sub in jax.random.split(key, steps):
        observations = actors.observations
        actions = np.asarray(_act(policy, params, observations, sub))
        rows.append(_row(observations, actions, actors.advance(actions)))
    dtype = jnp.result_type(float)

    def stack(*leaves: Any) -> Any:
        stacked = np.stack(leaves)
        return stacked.astype(dtype) if stacked.dtype.kind == "f" else stacked

    return jax.tree.map(stack, *rows)


@partial(jax.jit, static_argnums=0)
def _act(policy: Any, params: Any, observations: Any, key: Any) -> Any:
    return policy.sample(params, observations, key)


def _row(observations: Any, actions: Any, transition: Transition) -> Rollout:
    return Rollout(observations, actions, **vars(transition))
