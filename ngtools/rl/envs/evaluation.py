"""How good a policy is, in Gymnasium's own environment."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from ngtools.rl.envs.protocol import check_counts
from ngtools.rl.envs.vector import import_gymnasium, spaces_of

__all__ = ["evaluate"]


def evaluate(
    env_id: Any, policy: Any, state: Any, episodes: int = 100, seed: int = 0, greedy: bool = True
) -> np.ndarray:
    """Return the undiscounted returns of whole episodes in Gymnasium's own environment, shape (episodes,).

    Parameters
    ----------
    env_id
        An id such as "CartPole-v1", or a function that makes one environment.
    policy
        A ``policies.Policy``.
    state
        What ``train`` returned, or the policy's parameters.
    episodes
        Episode i starts from ``reset(seed=seed + i)``.
    seed
        Also seeds the actions where they are drawn.
    greedy
        Take the most probable action (the mean, for a normal policy); with False actions are drawn.
    """
    gym = import_gymnasium()
    check_counts(episodes=episodes)
    params = getattr(state, "params", state)
    copies = [env_id() if callable(env_id) else gym.make(env_id, disable_env_checker=True) for _ in range(episodes)]
    first, *_ = copies
    _, _, to_observation, to_action = spaces_of(first.observation_space, first.action_space)
    seen = np.stack([np.asarray(copy.reset(seed=seed + i)[0]) for i, copy in enumerate(copies)])
    returns, running, key = np.zeros(episodes), set(range(episodes)), jax.random.key(seed)
    while running:
        key, sub = jax.random.split(key)
        observations = to_observation(seen)
        actions = to_action(np.asarray(_act(policy, greedy, params, observations, sub)))
        for i in sorted(running):
            observation, reward, terminated, truncated, _ = copies[i].step(actions[i])
            seen[i] = observation
            returns[i] += float(reward)
            if terminated or truncated:
                running.discard(i)
                copies[i].close()
    return returns


@partial(jax.jit, static_argnums=(0, 1))
def _act(policy: Any, greedy: bool, params: Any, observations: Any, key: Any) -> Any:
    return policy.greedy(params, observations) if greedy else policy.sample(params, observations, key)
