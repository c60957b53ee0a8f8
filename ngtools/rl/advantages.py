"""Advantages: how much better an action was than the policy's average, estimated from a rollout and a critic.

Generalised advantage estimation (Schulman et al. 2016): with delta_t = r_t + gamma V(s_{t+1}) - V(s_t),

    A_t = delta_t + gamma lambda A_{t+1}.

Two ends, treated differently.  After a *termination* there is no future: V(s_{t+1}) counts as 0.  After a *truncation*
there would have been one: V(s_{t+1}) stays, taken at the observation before the reset.  The sum stops at either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.rl.rollout import Rollout

__all__ = ["Batch", "batch", "gae"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Batch:
    """What an update of a policy is made from: N steps, in no order.

    Parameters
    ----------
    observations, actions
        s and a, shapes (N, ...).
    advantages
        A, shape (N,); normalised to mean 0 and standard deviation 1 if asked for.
    targets
        A + V before normalisation, shape (N,): what the critic is fitted to.
    spread
        Standard deviation of the advantages before normalisation.
    weights
        None, or shares that sum to 1, shape (N,): 0 for rows that are no step.
    """

    observations: Any
    actions: Any
    advantages: Any
    targets: Any
    spread: Any
    weights: Any = None

    def mean(self, values: Any) -> Any:
        """Return the mean over the steps of N values."""
        return jnp.mean(values) if self.weights is None else jnp.vdot(self.weights.astype(values.dtype), values)


def gae(
    rewards: Any, values: Any, next_values: Any, terminated: Any, truncated: Any, gamma: Any, lam: Any
) -> jax.Array:
    """Return generalised advantage estimates, shape (T, ...), time first.

    Parameters
    ----------
    rewards
        r_t, shape (T, ...).
    values, next_values
        V(s_t), and V(s_{t+1}) at the observation that action t led to (before any reset).
    terminated, truncated
        Where an episode ended, and how.  A rollout that is cut off at its last row needs no mark: the last row uses
        its next value.
    gamma, lam
        Discount and lambda, in [0, 1].

    Raises
    ------
    ValueError
        Shapes differ (nothing is broadcast), or a concrete array contains nan or infinity.
    TypeError
        The marks are not booleans.

    Examples
    --------
    >>> one = jnp.ones(2)
    >>> gae(one, 0 * one, 10 * one, jnp.array([False, True]), jnp.zeros(2, bool), 0.5, 0.0).tolist()
    [6.0, 1.0]
    """
    check_discounts(gamma=gamma, lam=lam)
    _check_rows(rewards, values=values, next_values=next_values, terminated=terminated, truncated=truncated)
    rewards, values, next_values = jnp.asarray(rewards), jnp.asarray(values), jnp.asarray(next_values)
    terminated, truncated = jnp.asarray(terminated), jnp.asarray(truncated)
    delta = rewards + gamma * jnp.where(terminated, 0, next_values) - values
    decay = gamma * lam * jnp.where(terminated | truncated, 0, jnp.ones_like(delta))

    def back(following: Any, row: Any) -> Any:
        delta, decay = row
        advantage = delta + decay * following
        return advantage, advantage

    return jax.lax.scan(back, jnp.zeros_like(delta[0]), (delta, decay), reverse=True)[1]


def batch(rollout: Rollout, value: Any, *, gamma: Any, lam: Any, normalise: bool = True) -> Batch:
    """Return the flattened steps of a rollout with their advantages and critic targets.

    Parameters
    ----------
    value
        ``value(observations)`` -> V, both with the leading axes (T, n).
    normalise
        Subtract the mean of the advantages and divide by their standard deviation.  Constant advantages stay 0.
    """
    values, next_values = value(rollout.observations), value(rollout.next_observations)
    if not (rollout.valid is None or trees.is_traced(rollout.valid) or np.any(rollout.valid)):
        raise ValueError("rollout has no valid step: there is nothing to take a mean over")
    estimates = gae(rollout.rewards, values, next_values, rollout.terminated, rollout.truncated, gamma, lam)
    weights = None if rollout.valid is None else (rollout.valid / jnp.sum(rollout.valid)).ravel()
    rows: Any = jax.tree.map(
        lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (rollout.observations, rollout.actions, estimates, values)
    )
    observations, actions, A, V = rows
    made = Batch(observations, actions, A, A + V, jnp.zeros((), A.dtype), weights)
    centre = made.mean(A)
    spread = jnp.sqrt(made.mean((A - centre) ** 2))
    # A is a difference of values: a spread of ten units of their rounding, or less, is no information
    rounding = 10 * jnp.finfo(A.dtype).eps * jnp.max(jnp.abs(A) + jnp.abs(V))
    constant = spread <= rounding
    if normalise:
        A = (A - centre) / jnp.where(constant, jnp.inf, spread)
    spread = jnp.where(constant, 0, spread)
    return Batch(observations, actions, A, made.targets, spread, weights)


def check_discounts(**values: Any) -> None:
    """Raise ValueError unless each lies in [0, 1]; traced values are not looked at."""
    for name, value in values.items():
        if trees.is_traced(value):
            continue
        if np.ndim(value) or np.asarray(value).dtype.kind not in "fiu" or not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in [0, 1] (got {value!r})")


def _check_rows(rewards: Any, **others: Any) -> None:
    shape = np.shape(rewards)
    if not (shape and shape[0]):
        raise ValueError(f"rewards must have shape (T, ...), time first, with at least one row (got {shape})")
    for name, rows in {"rewards": rewards, **others}.items():
        kinds = (jnp.bool_,) if name in ("terminated", "truncated") else (jnp.floating, jnp.integer)
        trees.numbers(rows, name, kinds)
        if np.shape(rows) != shape:
            raise ValueError(
                f"{name} must have the shape of rewards, {shape} (got {np.shape(rows)}); no broadcasting is done"
            )
