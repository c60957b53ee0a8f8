"""CartPole: a pole on a cart, pushed left or right; the dynamics of Gymnasium's ``CartPole-v1``, as pure functions.

The equations of motion of Barto, Sutton and Anderson (1983) as corrected by Florian (2007), one explicit Euler step of
0.02 s an action.  Reward 1 a step; the episode terminates when the cart leaves 2.4 m or the pole 12 degrees.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from ngtools.rl.envs.protocol import Discrete, Environment

__all__ = ["cartpole"]

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
FARTHEST, STEEPEST = 2.4, 12 * 2 * math.pi / 360


def reset(key: Any) -> Any:
    """Position, velocity, angle and angular velocity, each uniform in (-0.05, 0.05)."""
    return jax.random.uniform(key, (4,), minval=-0.05, maxval=0.05)


def step(state: Any, action: Any) -> tuple[Any, Any, Any]:
    """Push left (0) or right (1) for 0.02 seconds."""
    x, velocity, angle, spin = state
    force = jnp.where(action == 1, FORCE, -FORCE)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    push = (force + POLE * HALF_LENGTH * spin**2 * sin) / (CART + POLE)
    spin_up = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE * cos**2 / (CART + POLE)))
    speed_up = push - POLE * HALF_LENGTH * spin_up * cos / (CART + POLE)
    x, angle = x + SECONDS * velocity, angle + SECONDS * spin
    velocity, spin = velocity + SECONDS * speed_up, spin + SECONDS * spin_up
    terminated = (jnp.abs(x) > FARTHEST) | (jnp.abs(angle) > STEEPEST)
    return jnp.stack([x, velocity, angle, spin]), jnp.ones_like(x), terminated


@cache
def cartpole(num_envs: int, horizon: int = 500) -> Environment:
    """Return the environment; the observation is the state."""
    return Environment("CartPole-v1", 4, Discrete(2), horizon, num_envs, reset, step, lambda state: state)
