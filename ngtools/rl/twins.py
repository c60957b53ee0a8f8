"""One update told twice: with advantages in another unit, and with features in another unit. Is it the same update?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import number, real_array
from ngtools.rl import policies
from ngtools.rl.anatomy import Trial

__all__ = ["Twins", "twins"]


@dataclass(frozen=True)
class Twins:
    """KL(old || new) of an update in nats; of its twins; and how far the twins' policies are from the first one.

    ``apart`` is max |log pi - log pi'| over the batch's states and both actions, for (advantages, features).
    """

    kl: float
    kl_advantages: float
    kl_features: float
    apart: tuple[float, float]


def twins(found: Trial, methods: Mapping[str, tuple[Any, Any]], factor: float, units: Any) -> dict[str, Twins]:
    """Run an update of each method on a trial, and twice more.

    Parameters
    ----------
    found
        From ``anatomy.trial``: a linear policy and its batch.
    methods
        Name -> (method, settings).
    factor
        What all advantages are multiplied by in the first twin.
    units
        What the entries of the observation are multiplied by in the second, shape (4,); the weights are divided by them,
        so that it starts from the same policy.

    Returns
    -------
    Name -> `Twins`.
    """
    factor, units = number(factor, "factor", above=0), real_array(units, "units", found.batch.observations.shape[1:])
    if (units == 0).any():
        raise ValueError(f"units must not be 0 (got {units.tolist()})")

    def scaled(params: Any, by: Any) -> Any:
        return {**params, "kernel": params["kernel"] * by[:, None]}

    with jax.enable_x64(True):
        to, back = (partial(scaled, by=jnp.asarray(by)) for by in (1 / units, units))
        louder = replace(found.batch, advantages=factor * found.batch.advantages)
        other = policies.in_chart(found.policy, to, back, "other units")
        there = replace(found.state, params=to(found.state.params))
        runs = (
            (found.policy, found.state, found.batch),
            (found.policy, found.state, louder),
            (other, there, found.batch),
        )
        return {name: _told(runs, *entry) for name, entry in methods.items()}


def _told(runs: Any, method: Any, settings: Any) -> Twins:
    kl, logs = [], []
    for policy, state, batch in runs:
        memory = () if method.optimizer is None else method.optimizer(settings).init(state.params)
        kl_one, log = _updated(policy, method, settings, replace(state, optimizer=memory), batch)
        kl.append(float(kl_one))
        logs.append(np.asarray(log))
    first, second = (float(np.abs(log - logs[0]).max()) for log in logs[1:])
    return Twins(kl[0], kl[1], kl[2], (first, second))


@partial(jax.jit, static_argnums=(0, 1, 2))
def _updated(policy: Any, method: Any, settings: Any, state: Any, batch: Any) -> Any:
    new, report = method.update(policy, state, batch, settings)
    both = [policy.log_prob(new.params, batch.observations, jnp.full(len(batch.actions), a)) for a in (0, 1)]
    return report.kl, jnp.stack(both)
