"""What an update of a policy costs, in CPU seconds."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import jax
import numpy as np

from ngtools.experiments._policies_training import GRID, settings_of
from ngtools.rl import advantages, envs, policies
from ngtools.rl.rollout import collect

__all__ = ["seconds"]


def seconds(settings: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return CPU seconds of one update of the policy by width and method: medians over interleaved rounds."""
    found: dict[str, dict[str, float]] = {}
    for width in settings["widths"]:
        env = envs.make(settings["env"], num_envs=settings["num_envs"])
        policy = policies.mlp(env, (width, width))
        calls = {}
        for name, (module, _, _) in GRID.items():
            base = settings_of(module, settings, 1)
            state = module.initial(env, policy, jax.random.key(0), base)
            _, rollout = collect(env, policy, state.params, state.actors, state.key, base.batch // env.num_envs)
            batch = advantages.batch(rollout, partial(base.critic.values, state.critic), gamma=base.gamma, lam=base.lam)
            update = jax.jit(partial(module.update, policy, settings=base))
            calls[name] = partial(update, state, batch)
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for turn in range(settings["rounds"] + 1):  # the first round compiles
            for name, call in calls.items():
                began = time.process_time()
                jax.block_until_ready(call())
                if turn:
                    taken[name].append(time.process_time() - began)
        found[str(width)] = {name: float(f"{np.median(values):.3g}") for name, values in taken.items()}
    return found
