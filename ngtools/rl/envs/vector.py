"""Any Gymnasium environment through Gymnasium's vector API, with episodes that end where they should.

The copies are stepped with autoreset *disabled* and reset by mask: the observation that a step returns is then always
the one the action led to, and no transition is invented or lost between episodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.rl.envs.protocol import Box, Discrete, Transition, check_counts

__all__ = ["GymnasiumEnvironment", "gymnasium", "import_gymnasium", "spaces_of"]


@dataclass(frozen=True, eq=False)
class GymnasiumEnvironment:
    """Copies of a Gymnasium environment; the same description as ``Environment``, and ``vector`` to step them.

    ``to_observation`` flattens what the environment shows, ``to_action`` makes what it takes (clipped to its bounds).
    """

    name: str
    observation_size: int
    action_space: Discrete | Box
    num_envs: int
    vector: Any
    to_observation: Any
    to_action: Any

    def __repr__(self) -> str:
        return f"<Gymnasium environment {self.name}: {self.num_envs} copies>"

    def close(self) -> None:
        """Release what the copies hold."""
        self.vector.close()

    def begin(self, seed: int) -> VectorActors:
        """Reset all copies, the i-th one with ``seed + i``."""
        observations, _ = self.vector.reset(seed=seed)
        return VectorActors(self, self.to_observation(observations), np.zeros(self.num_envs))


class VectorActors:
    """Where the copies are: the only object here that changes as it is used."""

    def __init__(self, env: GymnasiumEnvironment, observations: np.ndarray, returns: np.ndarray) -> None:
        self.env, self.observations, self.returns = env, observations, returns

    def advance(self, actions: np.ndarray) -> Transition:
        """Step every copy once; the ended episodes are reset and ``observations`` shows where each copy is now."""
        env = self.env
        seen, rewards, terminated, truncated, _ = env.vector.step(env.to_action(actions))
        following = self.observations = env.to_observation(seen)
        self.returns += rewards
        done = terminated | truncated
        finished = np.where(done, self.returns, np.nan)
        if done.any():
            seen, _ = env.vector.reset(options={"reset_mask": done})
            fresh = env.to_observation(seen)
            self.observations = np.where(done[:, None], fresh, following)
            self.returns[done] = 0
        return Transition(rewards, following, terminated, truncated, finished)


def gymnasium(env_id: Any, num_envs: int = 16, **options: Any) -> GymnasiumEnvironment:
    """Return ``num_envs`` copies of any registered Gymnasium environment with vector or discrete spaces.

    Parameters
    ----------
    env_id
        An id such as "Acrobot-v1", or a function that makes one environment.
    num_envs
        Copies that run side by side.
    options
        Passed on to ``gymnasium.make``.

    Raises
    ------
    ValueError
        A space that is neither a Box nor Discrete.
    """
    gym = import_gymnasium()
    check_counts(num_envs=num_envs)

    def one() -> Any:
        return env_id() if callable(env_id) else gym.make(env_id, disable_env_checker=True, **options)

    mode = gym.vector.AutoresetMode.DISABLED
    vector = gym.vector.SyncVectorEnv([one] * num_envs, autoreset_mode=mode)
    first, *_ = vector.envs
    name = first.spec.id if first.spec else type(first.unwrapped).__name__
    size, space, to_observation, to_action = spaces_of(vector.single_observation_space, vector.single_action_space)
    return GymnasiumEnvironment(name, size, space, num_envs, vector, to_observation, to_action)


def spaces_of(observations: Any, actions: Any) -> tuple[int, Discrete | Box, Any, Any]:
    """Return observation size, action space and the two translations for a pair of Gymnasium spaces.

    A discrete observation becomes one-hot.
    """
    gym = import_gymnasium()
    if isinstance(observations, gym.spaces.Box):
        size = int(np.prod(observations.shape))

        def to_observation(seen: Any) -> np.ndarray:
            return np.asarray(seen).reshape(len(seen), size)

    elif isinstance(observations, gym.spaces.Discrete):
        size = int(observations.n)

        def to_observation(seen: Any) -> np.ndarray:
            return np.eye(size)[np.asarray(seen) - observations.start]

    else:
        raise ValueError(
            f"observations must be a Box or Discrete (got {observations}); use gymnasium's FlattenObservation"
        )
    if isinstance(actions, gym.spaces.Discrete):
        return size, Discrete(int(actions.n)), to_observation, lambda a: np.asarray(a) + actions.start
    if isinstance(actions, gym.spaces.Box):
        low, high = np.ravel(actions.low), np.ravel(actions.high)
        space = Box(len(low), tuple(low.tolist()), tuple(high.tolist()))

        def to_action(a: Any) -> np.ndarray:
            clipped = np.clip(np.asarray(a, dtype=low.dtype), low, high)
            return clipped.reshape(len(clipped), *actions.shape)

        return size, space, to_observation, to_action
    raise ValueError(f"actions must be Discrete or a Box (got {actions})")


def import_gymnasium() -> Any:
    """Return the module, or say how to get it."""
    try:
        import gymnasium as gym
    except ImportError as error:
        raise ImportError("this environment is Gymnasium's own: pip install gymnasium") from error
    return gym
