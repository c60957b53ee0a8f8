"""Tabular policies: a function from theta to logits, a softmax on top, and scores by differentiation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array, whole_number

__all__ = ["Policy", "log_linear", "probabilities", "scores", "tabular"]


@dataclass(frozen=True, eq=False)
class Policy:
    """pi_theta(a | s) = softmax over a of logits(theta)[s, a].

    Parameters
    ----------
    name
        A word for tables.
    logits
        A ``jax.numpy`` function of theta (d,) with values (S, A).
    d
        The number of parameters.
    """

    name: str
    logits: Callable[[Any], Any]
    d: int

    def log_pi(self, theta: Any) -> Any:
        """log pi_theta(a | s), shape (S, A), in ``jax.numpy``; checks nothing."""
        return jax.nn.log_softmax(self.logits(theta), axis=1)


def log_linear(features: Any) -> Policy:
    """The policy with logits theta . xi(s, a), for features xi of shape (S, A, d)."""
    xi = real_array(features, "features", ("S", "A", "d"))
    return Policy("log-linear", lambda theta: jnp.asarray(xi) @ theta, xi.shape[2])


def tabular(states: int, actions: int) -> Policy:
    """The policy with a logit for every state and action; theta has S A entries, state by state."""
    states, actions = whole_number(states, "states"), whole_number(actions, "actions")
    return Policy("tabular", lambda theta: theta.reshape(states, actions), states * actions)


def probabilities(policy: Policy, theta: Any) -> np.ndarray:
    """pi_theta(a | s), shape (S, A), in float64.

    Raises
    ------
    ValueError
        theta has another shape or holds nan, or a probability is 0: the natural gradient is undefined there.
    """
    theta = check_theta(policy, theta)
    with jax.enable_x64(True):
        log_pi = np.asarray(policy.log_pi(jnp.asarray(theta)))
    pi = np.exp(log_pi)
    if not (pi > 0).all():
        s, a = _first(~(pi > 0))
        if np.isnan(log_pi[s, a]):
            raise ValueError(f"the logits of state {s} contain nan or inf; theta is {theta}")
        raise ValueError(
            f"policy is saturated: log-prob of action {a} in state {s} is {log_pi[s, a]:.4g}, so its probability is 0 "
            "in float64 and the natural gradient undefined in that direction; take smaller steps or bound the logits"
        )
    return pi


def scores(policy: Policy, theta: Any) -> np.ndarray:
    """The score psi(s, a) = grad_theta log pi_theta(a | s), shape (S, A, d), by automatic differentiation."""
    probabilities(policy, theta)
    with jax.enable_x64(True):
        return np.asarray(jax.jacfwd(policy.log_pi)(jnp.asarray(theta, float)))


def check_theta(policy: Policy, theta: Any) -> np.ndarray:
    """Return theta in float64; raise unless it has shape (d,) and is finite."""
    if np.shape(theta) != (policy.d,):
        raise ValueError(f"theta must have shape ({policy.d},) for this {policy.name} policy (got {np.shape(theta)})")
    return real_array(theta, "theta")


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])
