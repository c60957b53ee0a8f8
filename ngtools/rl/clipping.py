"""What the clip of PPO says, what would follow if it were obeyed, and what an update makes of it.

A policy whose ratios r = pi_new(a|s) / pi_old(a|s) all lie in [1 - epsilon, 1 + epsilon] has

    KL(pi_old || pi_new) = E_old[-log r] <= -1/2 log(1 - epsilon^2)   nats,

since E_old[r] = 1 and -log is convex: on the interval it lies below its chord.  Equality holds where r takes the two
ends with probability 1/2 each.  The objective does not enforce the condition.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import number, real_array
from ngtools.rl import anatomy, ppo
from ngtools.rl.report import Report

__all__ = ["clipped_slopes", "divergence_if_obeyed", "updates", "worst_pair"]


def _clip(clip: Any) -> float:
    value = number(clip, "clip", above=0)
    if value >= 1:
        raise ValueError(
            f"clip must be < 1 (got {clip!r}); a ratio is never negative, so a larger one clips nothing below"
        )
    return value


def divergence_if_obeyed(clip: float) -> float:
    """Return -1/2 log(1 - epsilon^2), the largest KL(old || new) of a policy whose ratios all obey the clip, in nats.

    Examples
    --------
    >>> round(divergence_if_obeyed(0.2), 4)
    0.0204
    """
    return float(-np.log1p(-(_clip(clip) ** 2)) / 2)


def worst_pair(clip: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two distributions (old, new) over two actions that attain ``divergence_if_obeyed``."""
    epsilon = _clip(clip)
    return np.array([0.5, 0.5]), np.array([1 - epsilon, 1 + epsilon]) / 2


def clipped_slopes(ratios: Any, advantages: Any, clip: float) -> tuple[np.ndarray, np.ndarray]:
    """Return ``ppo.clipped`` and its derivative in the ratio, elementwise.

    The derivative is A, or 0 where the ratio has passed the clip on the side that A pushes to; it never has the
    opposite sign: nothing pulls a ratio back.
    """
    epsilon = _clip(clip)
    ratios, advantages = real_array(ratios, "ratios"), real_array(advantages, "advantages")
    if (ratios < 0).any():
        raise ValueError(f"ratios of probabilities must be >= 0 (got {ratios.min():g})")
    if ratios.shape != advantages.shape and advantages.ndim and ratios.ndim:
        raise ValueError(
            f"ratios and advantages must have one shape, or one of them be a number (got {ratios.shape} and {advantages.shape})"
        )
    with jax.enable_x64(True):
        r, A = jnp.broadcast_arrays(jnp.asarray(ratios), jnp.asarray(advantages))
        slope = jax.vmap(jax.grad(ppo.clipped), (0, 0, None))(r.ravel(), A.ravel(), epsilon)
        return np.asarray(ppo.clipped(r, A, epsilon)), np.asarray(slope).reshape(r.shape)


def updates(found: anatomy.Trial, learning_rates: Any, *, clip: float = 0.2, epochs: int = 10) -> Report:
    """Return the reports of PPO updates of a trial by full-batch Adam, one for each learning rate.

    Parameters
    ----------
    found
        From ``anatomy.trial``: a policy, and a batch that it played.
    learning_rates
        Adam's, shape (values,).
    clip, epochs
        As in ``ppo.Settings``; an epoch is one step, since the batch is not divided.
    """
    learning_rates = real_array(learning_rates, "learning_rates", ("n",))
    if (learning_rates <= 0).any():
        raise ValueError(f"learning_rates must be > 0 (got {learning_rates.min():g})")
    settings = ppo.Settings(clip=_clip(clip), epochs=epochs, minibatch=len(found.batch.advantages), max_grad_norm=None)
    with jax.enable_x64(True):
        memory = ppo.optimizer(settings).init(found.state.params)
        ready = replace(found, state=replace(found.state, optimizer=memory))
    return anatomy.at_values(ppo.METHOD, ready, settings, "learning_rate", learning_rates)
