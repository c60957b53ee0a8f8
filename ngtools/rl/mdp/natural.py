"""The natural policy gradient, exactly, and the linear value function it is the weight vector of."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import number, real_array
from ngtools.descent import natural_gradient
from ngtools.rl.mdp.evaluation import check_policy, evaluate
from ngtools.rl.mdp.fisher import policy_fisher
from ngtools.rl.mdp.gradient import policy_gradient
from ngtools.rl.mdp.model import MDP
from ngtools.rl.mdp.policy import Policy, check_theta, probabilities, scores

__all__ = ["compatible_weights", "far_along", "greedy", "natural_policy_gradient", "soft_step"]


def natural_policy_gradient(
    mdp: MDP, policy: Policy, theta: Any, gamma: float | None, singular: str = "raise"
) -> np.ndarray:
    """F^{-1} times the gradient of the reward per step, F over the same state distribution, shape (d,).

    The gradient of R itself is 1 / (1 - gamma) times as long, and so is its natural gradient.

    Parameters
    ----------
    singular
        As in `descent.natural_gradient`; a tabular softmax needs ``"minimum-norm"``.
    """
    rho = evaluate(mdp, probabilities(policy, theta), gamma).rho
    g = policy_gradient(mdp, policy, theta, gamma, per_step=True)
    return np.asarray(natural_gradient(policy_fisher(policy, theta, rho), g, singular=singular))


def compatible_weights(mdp: MDP, policy: Policy, theta: Any, gamma: float | None, target: str = "Q") -> np.ndarray:
    """The weights w that minimise E_rho,pi (psi . w - Q)^2, of least norm, by least squares, shape (d,).

    Parameters
    ----------
    target
        ``"Q"`` or ``"advantage"``; the weights are the same.
    """
    if target not in ("Q", "advantage"):
        raise ValueError(f"target must be 'Q' or 'advantage' (got {target!r})")
    pi, psi = probabilities(policy, theta), scores(policy, theta)
    found = evaluate(mdp, pi, gamma)
    root = np.sqrt(found.rho[:, None] * pi)
    design = np.concatenate(root[:, :, None] * psi)
    return np.asarray(np.linalg.lstsq(design, (root * getattr(found, target)).ravel(), rcond=1e-12)[0])


def greedy(values: Any) -> np.ndarray:
    """The best action in each state, shape (S,), of values (S, A); the first one among equals."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"values must be real numbers (got dtype {array.dtype})")
    if array.ndim != 2:
        raise ValueError(f"values must have shape (S, A) (got {array.shape})")
    if np.isnan(array).any():
        raise ValueError("values contain nan")
    return np.asarray(array.argmax(axis=1))


def far_along(policy: Policy, theta: Any, direction: Any, length: float = 1e6) -> np.ndarray:
    """pi at theta + length * direction, shape (S, A): the limit of a long step.  Probabilities may round to 0."""
    theta, direction = check_theta(policy, theta), real_array(direction, "direction", (policy.d,))
    length = number(length, "length", above=0)
    with jax.enable_x64(True):
        return np.exp(np.asarray(policy.log_pi(jnp.asarray(theta + length * direction))))


def soft_step(mdp: MDP, pi: Any, gamma: float | None, alpha: float) -> np.ndarray:
    """One step of soft policy iteration: pi'(a|s) proportional to pi(a|s) exp(alpha A(s, a)), shape (S, A).

    It is the natural gradient step of a tabular softmax policy with learning rate alpha (per-step
    gradient), and multiplicative weights in every state.
    """
    alpha, pi = number(alpha, "alpha", above=0), check_policy(mdp, pi)
    exponent = alpha * evaluate(mdp, pi, gamma).advantage
    weights = pi * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
