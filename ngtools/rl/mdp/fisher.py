"""Fisher matrices of a policy: one for each state, and three ways to average or extend them.

`policy_fisher` holds the state distribution fixed (Kakade); `trajectory_fisher` is that of the first T actions
and states; `joint_fisher` also counts what the parameters do to the state distribution.  They are three matrices.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array, whole_number
from ngtools.rl.mdp.evaluation import evaluate, solve_policy, state_marginals
from ngtools.rl.mdp.model import MDP, check_gamma, check_probabilities
from ngtools.rl.mdp.policy import Policy, probabilities, scores

__all__ = ["joint_fisher", "path_fisher", "policy_fisher", "state_fishers", "state_score", "trajectory_fisher"]

MOST_PATHS = 200_000


def state_fishers(policy: Policy, theta: Any) -> np.ndarray:
    """F(s) = E_{a ~ pi(.|s)}[psi psi^T] for every state, shape (S, d, d)."""
    psi = scores(policy, theta)
    return np.asarray(np.einsum("sa,sai,saj->sij", probabilities(policy, theta), psi, psi))


def policy_fisher(policy: Policy, theta: Any, rho: Any) -> np.ndarray:
    """sum_s rho(s) F(s), shape (d, d): Kakade's matrix, with the state weights rho held fixed.

    Parameters
    ----------
    rho
        Distribution of states, shape (S,); ``evaluate(...).rho`` for the stationary or the normalised
        discounted one.
    """
    fishers, weights = state_fishers(policy, theta), real_array(rho, "rho")
    if weights.shape != fishers.shape[:1]:
        raise ValueError(f"rho must have shape (S,) = ({len(fishers)},) (got {weights.shape})")
    check_probabilities(weights[None], "rho", ())
    return np.asarray(np.einsum("s,sij->ij", weights, fishers))


def trajectory_fisher(mdp: MDP, policy: Policy, theta: Any, T: int, start: Any = None) -> np.ndarray:
    """The Fisher matrix of the path s_0, a_0, ..., s_{T-1}, a_{T-1}, shape (d, d): sum_t E[F(s_t)].

    The distribution of s_0 is held fixed, and the transitions do not contain theta.  A sum over T steps, not
    a mean.
    """
    marginals = state_marginals(mdp, probabilities(policy, theta), T, start)
    return np.asarray(np.einsum("ts,sij->ij", marginals, state_fishers(policy, theta)))


def path_fisher(mdp: MDP, policy: Policy, theta: Any, T: int, start: Any = None) -> np.ndarray:
    """The same matrix by its definition: E[psi psi^T] over every path, with psi the score of the whole path.

    Raises
    ------
    ValueError
        There are more than 200 000 paths: use `trajectory_fisher`.
    """
    T, pi, psi = whole_number(T, "T"), probabilities(policy, theta), scores(policy, theta)
    if (mdp.states * mdp.actions) ** T > MOST_PATHS:
        raise ValueError(
            f"{mdp.states * mdp.actions}^{T} paths are too many to list (limit {MOST_PATHS}); use trajectory_fisher"
        )
    weight = state_marginals(mdp, pi, T, start)[0]
    where, total = np.arange(mdp.states), np.zeros((mdp.states, policy.d))
    for step in range(T):
        if step:  # rows are paths; each splits into one for every next state
            onwards = np.concatenate(mdp.transition[where])
            weight = (weight[:, None] * onwards).ravel()
            total = np.repeat(total, mdp.states, axis=0)
            where = np.tile(np.arange(mdp.states), len(onwards))
        # and then into one for every action
        weight = (weight[:, None] * pi[where]).ravel()
        total = np.concatenate(total[:, None, :] + psi[where])
    return np.asarray(np.einsum("n,ni,nj->ij", weight, total, total))


def state_score(mdp: MDP, policy: Policy, theta: Any, gamma: float | None) -> np.ndarray:
    """grad_theta log rho_theta(s), shape (S, d), by differentiating the solve for rho."""
    pi = probabilities(policy, theta)
    rho = evaluate(mdp, pi, gamma).rho
    unvisited = np.flatnonzero(rho <= 0)  # rounding may leave less than 0
    if unvisited.size:
        raise ValueError(
            f"states {unvisited.tolist()} are never visited: log rho has no gradient there; begin in them too (the start "
            "of mdp), or let them be reached"
        )
    gamma = check_gamma(gamma)
    with jax.enable_x64(True):
        jacobian = jax.jacfwd(lambda t: solve_policy(mdp, jnp.exp(policy.log_pi(t)), gamma)[0])
        return np.asarray(jacobian(jnp.asarray(theta, float))) / rho[:, None]


def joint_fisher(mdp: MDP, policy: Policy, theta: Any, gamma: float | None) -> np.ndarray:
    """The Fisher matrix of one draw (s, a) from rho_theta(s) pi_theta(a | s), shape (d, d).

    It is Kakade's matrix plus the Fisher matrix of rho_theta itself, which depends on the transitions.
    """
    rho = evaluate(mdp, probabilities(policy, theta), gamma).rho
    of_states = state_score(mdp, policy, theta, gamma)
    return policy_fisher(policy, theta, rho) + np.einsum("s,si,sj->ij", rho, of_states, of_states)
