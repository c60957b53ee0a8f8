"""The Hessian of the expected return: what Newton's method needs, and a Fisher matrix does not contain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import number, real_array
from ngtools.descent.natural import budget_step, natural_gradient
from ngtools.rl.mdp.evaluation import evaluate, solve_policy
from ngtools.rl.mdp.fisher import policy_fisher
from ngtools.rl.mdp.gradient import policy_gradient
from ngtools.rl.mdp.model import MDP, check_gamma
from ngtools.rl.mdp.policy import Policy, check_theta, probabilities

__all__ = ["ascent_steps", "asymmetry", "differentiated_hessian", "return_hessian"]


def return_hessian(mdp: MDP, policy: Policy, theta: Any, gamma: float) -> np.ndarray:
    """The Hessian of the discounted R: sum_s,a rho (pi'' Q + pi' Q'^T + Q' pi'^T) / (1 - gamma), shape (d, d).

    Primes are derivatives by theta.  Differentiating the Bellman equation twice gives it, as differentiating
    once gives the policy gradient theorem; rho is not differentiated.
    """
    pi = probabilities(policy, theta)
    if check_gamma(gamma) is None:
        raise ValueError("gamma must be a number in [0, 1): the formula is that of the discounted return")
    found = evaluate(mdp, pi, gamma)
    with jax.enable_x64(True):
        place = jnp.asarray(theta, float)
        first = np.asarray(jax.jacfwd(lambda t: jnp.exp(policy.log_pi(t)))(place))
        second = np.asarray(jax.jacfwd(jax.jacrev(lambda t: jnp.exp(policy.log_pi(t))))(place))
    # V' solves the differentiated Bellman equation; Q' = gamma P V'
    chain = np.einsum("sa,sat->st", pi, mdp.transition)
    V_first = np.linalg.solve(np.eye(mdp.states) - gamma * chain, np.einsum("sad,sa->sd", first, found.Q))
    Q_first = gamma * mdp.transition @ V_first
    cross = np.einsum("s,sai,saj->ij", found.rho, first, Q_first)
    total = np.einsum("s,saij,sa->ij", found.rho, second, found.Q) + cross + cross.T
    return np.asarray(total / (1 - gamma))


def differentiated_hessian(mdp: MDP, policy: Policy, theta: Any, gamma: float | None) -> np.ndarray:
    """The same matrix without the formula: the linear solves differentiated twice."""
    gamma, theta = check_gamma(gamma), check_theta(policy, theta)
    evaluate(mdp, probabilities(policy, theta), gamma)  # for its checks
    with jax.enable_x64(True):
        hessian = jax.hessian(lambda t: solve_policy(mdp, jnp.exp(policy.log_pi(t)), gamma)[3])
        return np.asarray(hessian(jnp.asarray(theta)))


def asymmetry(field: Callable[[np.ndarray], np.ndarray], theta: Any, step: float = 1e-5) -> float:
    """How far a vector field is from being a gradient: max \\|J - J^T\\| / max \\|J\\|, J its Jacobian at theta.

    A gradient field has the symmetric Jacobian of second derivatives.  J is taken by central differences,
    good to about 1e-9 relative, so values below 1e-7 mean zero.
    """
    theta, step = real_array(theta, "theta", ("d",)), number(step, "step", above=0)
    # J^T times 2 step: the ratio does not see either
    J = np.array([field(theta + h) - field(theta - h) for h in step * np.eye(len(theta))])
    return float(np.abs(J - J.T).max() / np.abs(J).max())


def ascent_steps(mdp: MDP, policy: Policy, theta: Any, gamma: float, c: float = 0.01) -> dict[str, np.ndarray]:
    """Four steps for maximising the discounted R, by name, each of shape (d,).

    ``gradient`` g; ``natural`` F^-1 g; ``KL budget`` the natural direction with 1/2 step^T F step = c;
    ``Newton`` -H^-1 g, which goes to the stationary point of the quadratic model, be it a maximum or not.
    """
    c, g = number(c, "c", above=0), policy_gradient(mdp, policy, theta, gamma)
    F = policy_fisher(policy, theta, evaluate(mdp, probabilities(policy, theta), gamma).rho)
    newton = -np.linalg.solve(return_hessian(mdp, policy, theta, gamma), g)
    return {"gradient": g, "natural": natural_gradient(F, g), "KL budget": budget_step(F, g, c), "Newton": newton}
