"""Pendulum: swing up and hold, with bounded torque; the dynamics of Gymnasium's ``Pendulum-v1``, as pure functions.

A rod of length 1 and mass 1, gravity 10, a step of 0.05 s.  The reward is minus the squared angle (from upright) plus
costs of speed and torque; an episode never terminates and is truncated after 200 steps.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from ngtools.rl.envs.protocol import Box, Environment

__all__ = ["pendulum"]

GRAVITY, SECONDS, FASTEST, STRONGEST = 10.0, 0.05, 8.0, 2.0


def reset(key: Any) -> Any:
    """An angle uniform in (-pi, pi) and an angular velocity uniform in (-1, 1)."""
    return jax.random.uniform(key, (2,), minval=-1.0, maxval=1.0) * jnp.array([math.pi, 1.0])


def step(state: Any, action: Any) -> tuple[Any, Any, Any]:
    """Apply a torque, clipped to [-2, 2], for 0.05 seconds."""
    angle, spin = state
    torque = jnp.clip(jnp.reshape(action, ()), -STRONGEST, STRONGEST).astype(angle.dtype)
    from_upright = (angle + math.pi) % (2 * math.pi) - math.pi
    reward = -(from_upright**2 + 0.1 * spin**2 + 0.001 * torque**2)
    spin = jnp.clip(spin + (1.5 * GRAVITY * jnp.sin(angle) + 3 * torque) * SECONDS, -FASTEST, FASTEST)
    return jnp.stack([angle + spin * SECONDS, spin]), reward, jnp.zeros((), bool)


def observe(state: Any) -> Any:
    """Cosine and sine of the angle, and the angular velocity."""
    angle, spin = state
    return jnp.stack([jnp.cos(angle), jnp.sin(angle), spin])


@cache
def pendulum(num_envs: int, horizon: int = 200) -> Environment:
    """Return the environment."""
    space = Box(1, (-STRONGEST,), (STRONGEST,))
    return Environment("Pendulum-v1", 3, space, horizon, num_envs, reset, step, observe)
