"""What a step of each method costs, in CPU seconds of one thread."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.descent.networks import initial
from ngtools.descent.supervised import start
from ngtools.experiments._digits_training import digits_split, one_step
from ngtools.experiments._one_thread import on_one_thread

__all__ = ["seconds", "seconds_on_one_thread"]


def seconds(best: dict[str, Any], split: Any, sizes: list[int], batch: int, rounds: int, steps: int = 10) -> Any:
    """Return CPU seconds a step by method: lower quartile, median, upper quartile over interleaved rounds."""
    X, y = jnp.asarray(split[0]), jnp.asarray(split[1])
    params = initial(jax.random.key(0), sizes, jnp.float32)
    keys = jax.random.split(jax.random.key(1), steps)
    # a compiled stretch of steps, so that what is measured is arithmetic and not the calls from Python
    stretches = {
        name: jax.jit(
            lambda params, state, name=name, chosen=chosen: jax.lax.scan(
                one_step(name, batch, X, y, chosen["rate"], chosen["knob"]), (params, state), keys
            )[0]
        )
        for name, chosen in best.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in best}
    for turn in range(rounds + 1):  # the first round compiles
        for name, stretch in stretches.items():
            began = time.process_time()
            jax.block_until_ready(stretch(params, start(params)))
            if turn:
                taken[name].append((time.process_time() - began) / steps)
    return {name: np.quantile(values, [0.25, 0.5, 0.75]).tolist() for name, values in taken.items()}


def seconds_on_one_thread(best: dict[str, Any], settings: dict[str, Any]) -> Any:
    """Return what ``seconds`` does at the settings of the study, in a process of its own."""
    return on_one_thread(seconds_of_the_study, best, settings)


def seconds_of_the_study(best: dict[str, Any], settings: dict[str, Any]) -> Any:
    """``seconds`` by what JSON can hold."""
    split = digits_split(settings["split_seed"], settings["train"])
    return seconds(best, split, settings["sizes"], settings["batch"], settings["rounds"])
