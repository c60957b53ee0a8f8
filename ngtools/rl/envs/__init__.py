"""Environments: two as pure JAX functions, any other through Gymnasium's vector API, and evaluation in Gymnasium."""

from __future__ import annotations

from typing import Any

from ngtools.rl.envs.cartpole import cartpole
from ngtools.rl.envs.evaluation import evaluate
from ngtools.rl.envs.pendulum import pendulum
from ngtools.rl.envs.protocol import Actors, Box, Discrete, Environment, Transition, advance, begin, check_counts
from ngtools.rl.envs.vector import GymnasiumEnvironment, gymnasium

__all__ = [
    "Actors",
    "Box",
    "Discrete",
    "Environment",
    "GymnasiumEnvironment",
    "Transition",
    "advance",
    "begin",
    "evaluate",
    "gymnasium",
    "make",
]

FUNCTIONAL = {"CartPole-v1": cartpole, "Pendulum-v1": pendulum}


def make(name: str, num_envs: int = 16, **options: Any) -> Environment:
    """Return a functional (JAX) environment by the id of its Gymnasium twin.

    Parameters
    ----------
    name
        "CartPole-v1" or "Pendulum-v1"; for any other use ``gymnasium(name)``.
    num_envs
        Copies that run side by side in a rollout.
    options
        ``horizon``: steps after which an episode is truncated (500 and 200).

    Examples
    --------
    >>> make("CartPole-v1")
    <environment CartPole-v1: 16 copies, at most 500 steps an episode>
    """
    if name not in FUNCTIONAL:
        known = ", ".join(FUNCTIONAL)
        raise ValueError(f"no functional environment '{name}' (there are {known}); use envs.gymnasium({name!r})")
    check_counts(num_envs=num_envs, **options)
    # the same call returns the same record, so that compiled code is found again
    return FUNCTIONAL[name](num_envs, **options)
