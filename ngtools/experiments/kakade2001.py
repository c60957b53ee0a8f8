"""Kakade 2001, "A natural policy gradient": the two-state problem (Fig. 1B-D) and the linear regulator (Fig. 1A).

Both with exact gradients and as *flows*, solved to flow times of 1e7 by implicit or stiff solvers.

Two states i and j: the action "self" stays, "cross" changes the state; rewards 1 and 2 for staying in i and j, 0 for
crossing (the paper's figure leaves the last open); average reward; pi(self | s) = sigmoid(theta_s).

Regulator: x' = .7 x + u + e, cost x_1^2 + ... + x_20^2 from x_0 = 0, policy proportional to
exp(theta_1 s_1 u^2 + theta_2 s_2 x u) (printed without the u, which cannot be meant), theta_i s_i = -.8 at the start; the
gradient is that of minus the cost over 20, the states' weights are the mean over the 20 states acted in.

The paper adds 1e-3 I to the Fisher matrix "in all simulations"; the study also runs the exact matrix.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from ngtools.rl import mdp
from ngtools.rl.regulator import Regulator, episode_cost, policy_fisher

__all__ = [
    "SETTINGS",
    "TOLERANCE",
    "check",
    "closed_forms",
    "regulator_flow",
    "regulator_forms",
    "run",
    "sample",
    "two_state",
    "two_state_flow",
]

SETTINGS: dict[str, Any] = {
    "starts": [[0.8, 0.1], [0.8, 0.2], [0.8, 0.0867]],
    "target": 1.9,
    "damping": [0.0, 0.001, 0.1],
    "scales": [[1.0, 1.0], [10.0, 1.0], [1.0, 10.0]],
    "costs": [25.0, 22.0, 21.0],
}
# solvers with relative tolerance 1e-9; a plateau multiplies errors by its length in units of theta, about 20
TOLERANCE = 1e-5
HORIZON = 20


def two_state() -> tuple[mdp.MDP, mdp.Policy]:
    """The decision process (states i, j; actions self, cross) and its policy of two logits."""
    stay, leave = [[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    process = mdp.MDP(np.stack([stay, leave], axis=1), [[1.0, 0.0], [2.0, 0.0]], [1.0, 0.0])
    return process, mdp.Policy("two logits", lambda theta: jnp.stack([theta, 0 * theta], axis=1), 2)


def closed_forms(theta: Any) -> dict[str, np.ndarray]:
    """Reward, stationary distribution, Fisher diagonal and natural gradient in the logits theta (2, ...).

    With a = pi(cross | i), b = pi(cross | j), D = (2 p_j - p_i) / (a + b): rho = (b, a) / (a + b),
    F = diag(rho_i p_i a, rho_j p_j b), and the natural gradient is (1 - D, 2 + D).
    """
    theta = np.asarray(theta, float)
    # 1 - p by its own formula: on the plateau p_i is 1 up to 1e-7
    (p_i, p_j), (a, b) = 1 / (1 + np.exp(-theta)), 1 / (1 + np.exp(theta))
    rho = np.stack([b, a]) / (a + b)
    D = (2 * p_j - p_i) / (a + b)
    return {
        "reward": rho[0] * p_i + 2 * rho[1] * p_j,
        "rho": rho,
        "fisher": np.stack([rho[0] * p_i * a, rho[1] * p_j * b]),
        "natural": np.stack([1 - D, 2 + D]),
    }


def two_state_flow(
    start: Any, kind: str, damping: float = 0.0, target: float = 1.9, points: int = 400
) -> dict[str, np.ndarray]:
    """The flow until the average reward reaches ``target``.

    Parameters
    ----------
    start
        pi(self | i) and pi(self | j).
    kind
        ``"gradient"``, or ``"natural"``: (F + damping I)^-1 times the gradient.

    Returns
    -------
    ``time`` (points,), logarithmically spaced from 1e-3 and ending at the target; ``reward``, ``rho_j`` and ``policy``
    (2, points) there; ``least``, the smallest stationary probability of j on the way.
    """
    if kind not in ("gradient", "natural"):
        raise ValueError(f"kind must be 'gradient' or 'natural' (got {kind!r})")
    p = np.asarray(start, float)
    if p.shape != (2,) or not ((p > 0) & (p < 1)).all():
        raise ValueError(f"start must be two probabilities inside (0, 1) (got {start!r})")

    def field(log_time: float, theta: np.ndarray) -> np.ndarray:
        found = closed_forms(theta)
        weight = found["fisher"] if kind == "gradient" else found["fisher"] / (found["fisher"] + damping)
        return np.asarray(np.exp(log_time) * weight * found["natural"])

    def arrived(log_time: float, theta: np.ndarray) -> float:
        return float(closed_forms(theta)["reward"]) - target

    arrived.terminal = True  # type: ignore[attr-defined]
    # time is solved in logarithms: the flow moves by 1e-8 before its beginning
    span = (np.log(1e-8), np.log(1e12))
    logits = np.log(p) - np.log1p(-p)
    solution = solve_ivp(
        field, span, logits, method="Radau", rtol=1e-9, atol=1e-10, events=arrived, dense_output=True
    )  # fmt: skip
    if solution.status != 1:
        raise ValueError(f"the reward {target} is not reached by flow time 1e12; is it below the optimum, 2?")
    times = np.linspace(np.log(1e-3), solution.t[-1], points)
    along = closed_forms(solution.sol(times))
    least = closed_forms(solution.y)["rho"][1].min()
    policy = 1 / (1 + np.exp(-solution.sol(times)))
    return {
        "time": np.exp(times),
        "reward": along["reward"],
        "rho_j": along["rho"][1],
        "policy": policy,
        "least": least,
    }


def regulator_forms(theta: Any, scales: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost of 20 steps, its gradient by theta, and the state-averaged Fisher matrix in theta."""
    scales = np.asarray(scales, float)
    c1, c2 = np.asarray(theta, float) * scales
    k, v = -c2 / (2 * c1), -1 / (2 * c1)
    found = episode_cost(Regulator(), k, v, HORIZON)
    # d (k, v) / d (c1, c2), then d c / d theta = diag(scales)
    J = np.array([[c2 / (2 * c1**2), -1 / (2 * c1)], [1 / (2 * c1**2), 0.0]]) * scales
    return found.cost, J.T @ found.gradient, J.T @ policy_fisher(k, v, found.second_moment) @ J


def regulator_flow(scales: Any, kind: str, damping: float = 0.0, costs: Any = (25.0, 22.0, 21.0)) -> dict[str, Any]:
    """The flow until the cost falls to the last of ``costs``; ``reached`` are the flow times of all of them.

    Returns
    -------
    ``reached`` (costs,); ``time`` and ``cost``, the curve at the solver's own steps.
    """
    if kind not in ("gradient", "natural"):
        raise ValueError(f"kind must be 'gradient' or 'natural' (got {kind!r})")
    scales = np.asarray(scales, float)

    def field(time: float, theta: np.ndarray) -> np.ndarray:
        _, g, F = regulator_forms(theta, scales)
        direction = -g / HORIZON
        return direction if kind == "gradient" else np.linalg.solve(F + damping * np.eye(2), direction)

    events: list[Any] = [lambda t, theta, c=c: regulator_forms(theta, scales)[0] - c for c in costs]
    events[-1].terminal = True
    solution = solve_ivp(
        field, (0.0, 1e5), np.array([-0.8, -0.8]) / scales, method="LSODA", rtol=1e-10, atol=1e-12, events=events
    )  # fmt: skip
    cost = np.array([regulator_forms(theta, scales)[0] for theta in solution.y.T])
    return {"reached": [float(at[0]) for at in solution.t_events], "time": solution.t, "cost": cost}


def _two_states(starts: Any, damping: Any, target: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in starts:
        kinds = {"gradient": ("gradient", 0.0), **{f"natural, damping {d:g}": ("natural", d) for d in damping}}
        runs = {name: two_state_flow(start, kind, d, target) for name, (kind, d) in kinds.items()}
        found["{:g}, {:g}".format(*start)] = {
            name: {"time": float(flow["time"][-1]), "least rho_j": float(flow["least"])} for name, flow in runs.items()
        }
    return found


def _regulators(scales: Any, costs: Any) -> dict[str, Any]:
    kinds = {"gradient": ("gradient", 0.0), "natural, 1e-3 I": ("natural", 1e-3), "natural, exact": ("natural", 0.0)}
    return {
        name: {"{:g}, {:g}".format(*s): regulator_flow(s, kind, d, costs)["reached"] for s in scales}
        for name, (kind, d) in kinds.items()
    }


def run(**settings: Any) -> dict[str, Any]:
    """Flow times to the target reward and to the costs, for every start, damping and rescaling."""
    return {
        "two states": _two_states(settings["starts"], settings["damping"], settings["target"]),
        "regulator": _regulators(settings["scales"], settings["costs"]),
    }


def check(results: dict[str, Any]) -> dict[str, bool]:
    """The claims of the paper, on shapes; the last three are ours."""
    flows, mild = results["two states"]["0.8, 0.1"], results["two states"]["0.8, 0.2"]
    longer = results["two states"]["0.8, 0.0867"]
    reached = results["regulator"]

    def spread(name: str) -> float:
        times = np.array(list(reached[name].values()))
        return float((times.max(axis=0) / times.min(axis=0)).max() - 1)

    plain, natural = flows["gradient"], flows["natural, damping 0.001"]
    speed_up = [g[1] / n[1] for g, n in zip(reached["gradient"].values(), reached["natural, 1e-3 I"].values())]
    return {
        "the gradient's flow waits 1e5 times longer than the natural one": plain["time"] > 1e5 * natural["time"],
        "state j falls below 1e-5 for the gradient, and stays above .05 for the natural one": plain["least rho_j"]
        < 1e-5
        and natural["least rho_j"] > 0.05,
        "in the regulator the natural flow is 10 to 100 times faster to cost 22": 10
        < min(speed_up)
        <= max(speed_up)
        < 100,
        "the published 1e-7 and factor 1e7 need p_j = .0867": longer["gradient"]["least rho_j"]
        < 1e-7
        < plain["least rho_j"]
        and longer["gradient"]["time"] > 1e7 * longer["natural, damping 0.001"]["time"]
        and plain["time"] < 5e6 * natural["time"],
        "damping .1 brings the plateau back, and p_j = .2 takes it away": flows["natural, damping 0.1"]["time"] > 1e4
        and mild["gradient"]["time"] < 1e3,
        "rescaling separates the damped flows (1 %) and not the exact ones (1e-8)": spread("natural, exact") < 1e-8
        and spread("natural, 1e-3 I") > 0.01,
    }


def sample() -> dict[str, Any]:
    """One start of the two states, and the regulator under one rescaling."""
    return {
        "two states": _two_states(SETTINGS["starts"][:1], SETTINGS["damping"][:2], SETTINGS["target"]),
        "regulator": _regulators(SETTINGS["scales"][1:2], SETTINGS["costs"]),
    }
