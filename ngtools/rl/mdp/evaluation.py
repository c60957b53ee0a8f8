"""What a fixed policy is worth in a tabular MDP, by linear solves: nothing is sampled, nothing iterated.

Two criteria, told apart by gamma.

gamma in [0, 1): R = E sum_t gamma^t r_t from the start distribution, and the *normalised* discounted state
distribution rho(s) = (1 - gamma) sum_t gamma^t P(s_t = s), which sums to one.

gamma = None: R is the average reward per step, rho the stationary distribution, and values are
differential (sums of r - R, with E_rho V = 0).

In both, the reward per step is E_rho,pi r = ``per_step``, and R = per_step / (1 - gamma) or per_step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.csgraph import connected_components

from ngtools.checks import real_array, whole_number
from ngtools.rl.mdp.model import MDP, check_gamma, check_probabilities

__all__ = [
    "Evaluation",
    "check_policy",
    "evaluate",
    "optimal_values",
    "solve_policy",
    "state_marginals",
    "stationary_distribution",
]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Exact facts about one policy.

    ``rho`` (S,) is the state distribution, ``V`` (S,), ``Q`` and ``advantage`` = Q - V (S, A);
    ``expected_return`` is R and ``per_step`` the mean reward under rho.
    """

    rho: np.ndarray
    V: np.ndarray
    Q: np.ndarray
    advantage: np.ndarray
    expected_return: float
    per_step: float


def check_policy(mdp: MDP, pi: Any, name: str = "pi") -> np.ndarray:
    """Return pi as an array (S, A) of probabilities; raise where it is none."""
    if np.shape(pi) != (mdp.states, mdp.actions):
        raise ValueError(
            f"{name} must have shape (S, A) = {(mdp.states, mdp.actions)}, a row of action probabilities for each "
            f"state (got {np.shape(pi)})"
        )
    array = real_array(pi, name)
    check_probabilities(array, "policy row" if name == "pi" else f"{name} row", ("s",))
    return array


def evaluate(mdp: MDP, pi: Any, gamma: float | None) -> Evaluation:
    """Evaluate a policy.

    Parameters
    ----------
    pi
        Action probabilities pi(a | s), shape (S, A).
    gamma
        Discount in [0, 1), or None for the average reward.

    Raises
    ------
    ValueError
        Shapes or sums are wrong, gamma is 1 or more, or (average reward) the stationary distribution is
        not unique.

    Examples
    --------
    >>> stay_or_go = MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[1, 0], [2, 0]], [1, 0])
    >>> evaluate(stay_or_go, [[1, 0], [1, 0]], 0.5).V
    array([2., 4.])
    """
    gamma, pi = check_gamma(gamma), check_policy(mdp, pi)
    if gamma is None:
        check_one_class(chain(mdp, pi))
    with jax.enable_x64(True):
        found = _solve(*map(jnp.asarray, (mdp.transition, mdp.reward, mdp.start, pi)), gamma)
        rho, V, Q, expected, per_step = (np.asarray(value) for value in found)
    return Evaluation(rho, V, Q, Q - V[:, None], float(expected), float(per_step))


def solve_policy(mdp: MDP, pi: Any, gamma: float | None) -> tuple[Any, ...]:
    """(rho, V, Q, R, per_step) in ``jax.numpy``, differentiable in pi; checks nothing.  Use x64."""
    return _solve(*map(jnp.asarray, (mdp.transition, mdp.reward, mdp.start)), pi, gamma)


@jax.jit
def _solve(P: Any, r: Any, start: Any, pi: Any, gamma: Any) -> tuple[Any, ...]:
    P_pi, r_pi = jnp.einsum("sa,sat->st", pi, P), jnp.sum(pi * r, axis=1)
    eye, one = jnp.eye(len(r)), jnp.ones(len(r))
    if gamma is None:
        # rho (I - P + 1 1^T) = 1^T, because rho P = rho and rho sums to one
        rho = jnp.linalg.solve((eye - P_pi + jnp.outer(one, one)).T, one)
        per_step = rho @ r_pi
        # adding 1 rho^T picks, among the solutions of (I - P) V = r - R, the one with rho V = 0
        V = jnp.linalg.solve(eye - P_pi + jnp.outer(one, rho), r_pi - per_step)
        return rho, V, r - per_step + P @ V, per_step, per_step
    V = jnp.linalg.solve(eye - gamma * P_pi, r_pi)
    rho = (1 - gamma) * jnp.linalg.solve((eye - gamma * P_pi).T, start)
    return rho, V, r + gamma * P @ V, start @ V, rho @ r_pi


def chain(mdp: MDP, pi: Any) -> np.ndarray:
    """The Markov chain of states under a policy, P_pi(s' | s), shape (S, S)."""
    return np.asarray(np.einsum("sa,sat->st", check_policy(mdp, pi), mdp.transition))


def check_one_class(P: np.ndarray) -> None:
    """Raise unless the chain has one closed class of states, and so one stationary distribution."""
    _, label = connected_components(P, directed=True, connection="strong")
    closed = []
    for index in range(label.max() + 1):
        inside = label == index
        if not P[np.ix_(inside, ~inside)].any():
            closed.append(np.flatnonzero(inside).tolist())
    if len(closed) > 1:
        classes = ", ".join("{" + ", ".join(map(str, members)) + "}" for members in sorted(closed))
        raise ValueError(
            f"stationary distribution is not unique: the policy never leaves any of the classes {classes}. "
            "Use a policy that leaves them, or a discount gamma and a start distribution"
        )


def stationary_distribution(mdp: MDP, pi: Any) -> np.ndarray:
    """The distribution rho with rho P_pi = rho, shape (S,); raises where there are several."""
    return evaluate(mdp, pi, None).rho


def state_marginals(mdp: MDP, pi: Any, T: int, start: Any = None) -> np.ndarray:
    """P(s_t = s) for t = 0, ..., T - 1, shape (T, S), from ``start`` (that of the MDP by default)."""
    T = whole_number(T, "T")
    P, now = chain(mdp, pi), mdp.start if start is None else real_array(start, "start", (mdp.states,))
    check_probabilities(now[None], "start", ())
    rows = [now]
    for _ in range(T - 1):
        rows.append(rows[-1] @ P)
    return np.stack(rows)


def optimal_values(mdp: MDP, gamma: float) -> np.ndarray:
    """V* of the discounted problem, by policy iteration (exact after finitely many greedy steps), shape (S,)."""
    if check_gamma(gamma) is None:
        raise ValueError("gamma must be a number in [0, 1): policy iteration is for the discounted criterion here")
    best, action = None, np.zeros(mdp.states, int)
    while best is None or (best != action).any():
        best = action
        found = evaluate(mdp, np.eye(mdp.actions)[best], gamma)
        # keep the old action among equals: rounding must not make two policies alternate
        keep = found.Q[np.arange(mdp.states), best] >= found.Q.max(axis=1) - 1e-12 * (1 + np.abs(found.Q).max())
        action = np.where(keep, best, found.Q.argmax(axis=1))
    return found.V
