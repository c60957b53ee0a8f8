"""Many runs of a method on CartPole at once, and fresh episodes of the policies that they end with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.rl import critics, envs, npg, policies, ppo, reinforce, trpo
from ngtools.rl.rollout import episodes
from ngtools.rl.sweep import starts, sweep

__all__ = ["GRID", "play", "settings_of", "train"]

# method: module, the number that sets the length of a step, six values of it
GRID: dict[str, tuple[Any, str, list[float]]] = {
    "REINFORCE": (reinforce, "learning_rate", [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]),
    "NPG": (npg, "delta", [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]),
    "TRPO": (trpo, "delta", [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]),
    "PPO": (ppo, "learning_rate", [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03]),
}


def train(
    name: str, values: Any, seeds: Any, settings: dict[str, Any], iterations: int
) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the final states and the traces, leaves of shape (values, seeds, ...)."""
    module, knob, _ = GRID[name]
    env = envs.make(settings["env"], num_envs=settings["num_envs"])
    policy = policies.mlp(env, settings["hidden"])
    base = settings_of(module, settings, iterations)
    states, trace = sweep(
        module.METHOD, env, policy, base, knob, values, starts(module.METHOD, env, policy, base, seeds)
    )
    return states, {name: np.asarray(value) for name, value in vars(trace).items()}


def settings_of(module: Any, settings: dict[str, Any], iterations: int) -> Any:
    """Return a method's own record of settings for those of the study; what the study does not name is at its default."""
    shared = {name: settings[name] for name in ("batch", "gamma", "lam")}
    return module.Settings(iterations=iterations, critic=critics.mlp(settings["hidden"]), **shared)


def play(policy: Any, params: Any, settings: dict[str, Any], greedy: bool) -> np.ndarray:
    """Return the mean return of fresh episodes for a stack of parameters, shape (seeds,)."""
    env = envs.make(settings["env"], num_envs=settings["episodes"])
    found = _play(env, _Greedy(policy) if greedy else policy, params, jax.random.key(10**6))
    return np.asarray(jnp.nanmean(found, axis=(1, 2)))


@dataclass(frozen=True)
class _Greedy:
    """The policy, without its dice."""

    policy: Any

    def sample(self, params: Any, observations: Any, key: Any) -> Any:
        return self.policy.greedy(params, observations)


@partial(jax.jit, static_argnums=(0, 1))
def _play(env: Any, policy: Any, params: Any, key: Any) -> Any:
    keys = jax.random.split(key, len(jax.tree.leaves(params)[0]))
    return jax.vmap(lambda p, k: episodes(env, policy, p, k).episode_returns)(params, keys)
