"""Many settings and many seeds of one method in one compiled program."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.compiling import compiled_quickly
from ngtools.rl.report import Trace
from ngtools.rl.settings import checked_values
from ngtools.rl.training import Method, State, initial, iterate, steps_per_copy

__all__ = ["starts", "sweep"]


def starts(method: Method, env: Any, policy: Any, settings: Any, seeds: Any) -> State:
    """Return the states before the first update, one a seed, joined along a new first axis.

    They are drawn one by one, so that a seed gives the same start in any company.
    """
    seeds = np.asarray(seeds)
    if seeds.ndim != 1 or not len(seeds) or seeds.dtype.kind not in "iu":
        raise ValueError(f"seeds must be whole numbers, at least one (got {seeds!r})")
    drawn = [initial(method, env, policy, jax.random.key(int(seed)), settings) for seed in seeds]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *drawn)


def sweep(
    method: Method, env: Any, policy: Any, settings: Any, knob: str, values: Any, states: State
) -> tuple[State, Trace]:
    """Train from several states at several values of one setting; functional environments only.

    Parameters
    ----------
    method
        ``trpo.METHOD`` and its like.
    settings
        The record of the method; its entry ``knob`` (a floating point number that no shape depends on) is replaced.
    values
        Values of that entry, shape (values,).
    states
        From ``starts``.

    Returns
    -------
    The final states and the traces, leaves of shape (values, seeds, ...).

    Examples
    --------
    >>> from ngtools.rl import critics, envs, policies, reinforce
    >>> env = envs.make("CartPole-v1", num_envs=2)
    >>> policy = policies.linear(env)
    >>> settings = reinforce.Settings(iterations=2, batch=16, critic=critics.none())
    >>> states = starts(reinforce.METHOD, env, policy, settings, seeds=(0, 1, 2))
    >>> _, trace = sweep(reinforce.METHOD, env, policy, settings, "learning_rate", [0.1, 0.2], states)
    >>> trace.kl.shape
    (2, 3, 2)
    """
    found = jnp.asarray(checked_values(settings, knob, values), jnp.result_type(float))
    return _sweep(method, env, policy, settings, knob, found, states)


@partial(compiled_quickly, static=(0, 1, 2, 3, 4))
def _sweep(method: Method, env: Any, policy: Any, settings: Any, knob: str, values: Any, states: State) -> Any:
    steps = steps_per_copy(env, settings)

    def one(value: Any, start: State) -> tuple[State, Trace]:
        # the same entries as the record, one of them traced: six values are one program
        chosen = SimpleNamespace(**vars(settings) | {knob: value})
        return iterate(method, env, policy, chosen, steps, start)

    return jax.lax.map(lambda value: jax.vmap(partial(one, value))(states), values)
