"""The one-dimensional linear regulator with a Gaussian policy: costs, gradients and Fisher matrices in closed form.

x' = growth x + u + e, e ~ N(0, noise variance), and u ~ N(k x, v): gain k and *variance* v.  A step costs
state_cost x^2 + action_cost u^2.  Where x has the second moment q, the next one has (growth + k)^2 q + v + noise, so
everything follows from a recursion of second moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ngtools.checks import number, whole_number

__all__ = ["Regulator", "Value", "average_cost", "best_gain", "episode_cost", "policy_fisher"]


@dataclass(frozen=True)
class Regulator:
    """The system and its cost for each step.

    Raises
    ------
    ValueError
        The noise is not positive, or a cost is negative.
    """

    growth: float = 0.7
    noise: float = 1.0
    state_cost: float = 1.0
    action_cost: float = 0.0

    def __post_init__(self) -> None:
        number(self.growth, "growth")
        number(self.noise, "noise (a variance)", above=0)
        number(self.state_cost, "state_cost", least=0)
        number(self.action_cost, "action_cost", least=0)


@dataclass(frozen=True)
class Value:
    """A cost, its gradient by (k, v), and ``second_moment``: E[x^2] over the states in which the policy acts."""

    cost: float
    gradient: np.ndarray
    second_moment: float


def episode_cost(system: Regulator, k: float, v: float, T: int) -> Value:
    """The expected cost of T steps from x_0 = 0: the sum over t of state_cost x_{t+1}^2 + action_cost u_t^2."""
    k, v, T = number(k, "k"), _variance(v), whole_number(T, "T")
    m, q, q_k, q_v = system.growth + k, 0.0, 0.0, 0.0
    square = m * m  # a product overflows to infinity, a power raises
    cost, by_k, by_v, total = 0.0, 0.0, 0.0, 0.0
    for _ in range(T):
        total += q
        cost += system.action_cost * (k * k * q + v)
        by_k += system.action_cost * (2 * k * q + k * k * q_k)
        by_v += system.action_cost * (k * k * q_v + 1)
        q, q_k, q_v = square * q + v + system.noise, square * q_k + 2 * m * q, square * q_v + 1
        cost, by_k, by_v = cost + system.state_cost * q, by_k + system.state_cost * q_k, by_v + system.state_cost * q_v
    if not np.isfinite([cost, by_k, by_v, total]).all():
        raise ValueError(f"the cost of T = {T} steps overflows: |growth + k| = {abs(m):.4g} is too far above 1")
    return Value(cost, np.array([by_k, by_v]), total / T)


def average_cost(system: Regulator, k: float, v: float) -> Value:
    """The average cost of a step in the long run.

    Raises
    ------
    ValueError
        The closed loop is unstable, \\|growth + k\\| >= 1: the cost is infinite.
    """
    k, v = number(k, "k"), _variance(v)
    m = system.growth + k
    if not abs(m) < 1:
        raise ValueError(f"closed loop is unstable: |growth + k| = {abs(m):.4g} must be < 1; start with another gain k")
    q = (v + system.noise) / (1 - m**2)
    q_k, q_v = 2 * m * q / (1 - m**2), 1 / (1 - m**2)
    price = system.state_cost + system.action_cost * k * k
    return Value(
        price * q + system.action_cost * v,
        np.array([price * q_k + 2 * system.action_cost * k * q, price * q_v + system.action_cost]),
        q,
    )


def best_gain(system: Regulator) -> float:
    """The gain of least average cost, from the Riccati equation; it does not depend on the noise or on v."""
    a, c, r = system.growth, system.state_cost, system.action_cost
    if not c:
        raise ValueError("state_cost must be > 0: without it every stabilising gain is as good")
    # P = c + a^2 P - a^2 P^2 / (r + P), as a quadratic in P
    b = r - r * a**2 - c
    P = (-b + np.sqrt(b**2 + 4 * c * r)) / 2
    return float(-a * P / (r + P))


def policy_fisher(k: float, v: float, second_moment: float) -> np.ndarray:
    """The Fisher matrix of u ~ N(k x, v) in (k, v), averaged over states with E[x^2] = second_moment."""
    number(k, "k")
    v, second_moment = _variance(v), number(second_moment, "second_moment", least=0)
    return np.diag([second_moment / v, 1 / (2 * v**2)])


def _variance(v: float) -> float:
    return number(v, "v (the variance of an action)", above=0)
