"""The gradient of the expected return, exactly: by the theorem, and by differentiating the linear solves."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.rl.mdp.evaluation import chain, check_one_class, evaluate, solve_policy
from ngtools.rl.mdp.model import MDP, check_gamma
from ngtools.rl.mdp.policy import Policy, check_theta, probabilities, scores

__all__ = ["differentiated_return", "estimator_variance", "expected_return", "policy_gradient", "without_discount"]


def policy_gradient(mdp: MDP, policy: Policy, theta: Any, gamma: float | None, per_step: bool = False) -> np.ndarray:
    """grad R by the policy gradient theorem: E_rho,pi[psi Q] / (1 - gamma), shape (d,).

    Parameters
    ----------
    gamma
        Discount, or None for the average reward (then there is no factor 1 / (1 - gamma)).
    per_step
        Return the gradient of the reward per step, (1 - gamma) R, instead: E_rho,pi[psi Q] itself.

    Notes
    -----
    rho is the normalised discounted state distribution.  A baseline that depends on the state only may be
    subtracted from Q: the score has mean zero in every state.
    """
    pi = probabilities(policy, theta)
    found = evaluate(mdp, pi, gamma)
    g = np.einsum("s,sa,sa,sad->d", found.rho, pi, found.Q, scores(policy, theta))
    return g if per_step or gamma is None else g / (1 - gamma)


def expected_return(mdp: MDP, policy: Policy, theta: Any, gamma: float | None) -> float:
    """R(theta): discounted from the start distribution, or the average reward per step."""
    return evaluate(mdp, probabilities(policy, theta), gamma).expected_return


def differentiated_return(mdp: MDP, policy: Policy, theta: Any, gamma: float | None) -> np.ndarray:
    """grad R without the theorem: reverse-mode differentiation through the linear solves, shape (d,)."""
    gamma, theta = check_gamma(gamma), check_theta(policy, theta)
    if gamma is None:
        check_one_class(chain(mdp, probabilities(policy, theta)))
    with jax.enable_x64(True):
        grad = jax.grad(lambda t: solve_policy(mdp, jnp.exp(policy.log_pi(t)), gamma)[3])
        return np.asarray(grad(jnp.asarray(theta)))


def without_discount(mdp: MDP, policy: Policy, theta: Any, gamma: float) -> np.ndarray:
    """What programs follow that discount Q but not the states: E[psi Q_gamma] over the stationary states, (d,).

    It equals grad (average reward) - (1 - gamma) sum_s (grad rho(s)) V_gamma(s), and is in general the gradient
    of no function.
    """
    pi = probabilities(policy, theta)
    if check_gamma(gamma) is None:
        raise ValueError("gamma must be a number in [0, 1): without a discount there is none to drop")
    rho, Q = evaluate(mdp, pi, None).rho, evaluate(mdp, pi, gamma).Q
    return np.asarray(np.einsum("s,sa,sa,sad->d", rho, pi, Q, scores(policy, theta)))


def estimator_variance(mdp: MDP, policy: Policy, theta: Any, gamma: float | None, weight: str = "Q") -> float:
    """The total variance of psi(s, a) times a weight for one draw (s, a) from rho pi: the trace of its covariance.

    Parameters
    ----------
    weight
        ``"Q"`` or ``"advantage"``.  The mean is the per-step gradient with either.
    """
    if weight not in ("Q", "advantage"):
        raise ValueError(f"weight must be 'Q' or 'advantage' (got {weight!r})")
    pi = probabilities(policy, theta)
    found = evaluate(mdp, pi, gamma)
    draws = scores(policy, theta) * getattr(found, weight)[:, :, None]
    mean = np.einsum("s,sa,sad->d", found.rho, pi, draws)
    return float(np.einsum("s,sa,sad,sad->", found.rho, pi, draws, draws) - mean @ mean)
