"""Peters, Vijayakumar & Schaal 2003, "Reinforcement learning for humanoid robotics": the plane of gain and spread.

A one-dimensional regulator with the policy u ~ N(k x, sigma^2), average cost, and gradient descent in (k, sigma), plain
and natural.  The paper's figure shows that plain paths shrink sigma first and then have little exploration left to find
the gain with; natural paths move the gain first.

Deviations: the constants are ours (growth .7, noise 1, cost x^2 + .1 u^2; the paper does not print its own), gradients are
exact, Euler steps .01 (plain) and .02 (natural) as flows, and the claim is a number: how far the gain is from
its optimum when sigma has fallen to a tenth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.rl.regulator import Regulator, average_cost, best_gain, policy_fisher

__all__ = ["SETTINGS", "SYSTEM", "TOLERANCE", "check", "cost_grid", "field", "path", "run", "sample"]

SETTINGS: dict[str, Any] = {
    "starts": [[-0.15, 0.4], [-0.2, 0.9], [-1.35, 0.5], [-1.3, 0.9]],
    "step": {"gradient": 0.01, "natural": 0.02},
    "fall": 0.1,
    "most": 100_000,
}
SYSTEM = Regulator(growth=0.7, noise=1.0, state_cost=1.0, action_cost=0.1)
TOLERANCE = 1e-8


def field(kind: str, k: float, sigma: float) -> np.ndarray:
    """Minus the gradient of the average cost by (k, sigma), plain or multiplied by F^-1, shape (2,)."""
    if kind not in ("gradient", "natural"):
        raise ValueError(f"kind must be 'gradient' or 'natural' (got {kind!r})")
    found = average_cost(SYSTEM, k, sigma**2)
    J = np.array([1.0, 2 * sigma])  # the diagonal of d (k, v) / d (k, sigma)
    g = J * found.gradient
    if kind == "gradient":
        return -g
    # the Fisher matrix is diagonal in (k, v), and so in (k, sigma)
    return -g / (J**2 * policy_fisher(k, sigma**2, found.second_moment).diagonal())


def path(kind: str, start: Any, step: float, fall: float, most: int) -> np.ndarray:
    """The points (n, 2) of (k, sigma) from the start until sigma has fallen to ``fall`` times its first value."""
    points = [np.asarray(start, float)]
    while points[-1][1] > fall * points[0][1]:
        if len(points) > most:
            raise ValueError(f"sigma has not fallen to {fall} of its start after {most} steps")
        points.append(points[-1] + step * field(kind, *points[-1]))
    return np.stack(points)


def cost_grid(k: Any, sigma: Any) -> np.ndarray:
    """The average cost at every (k, sigma) of two axes, shape (sigma, k)."""
    return np.array([[average_cost(SYSTEM, gain, spread**2).cost for gain in k] for spread in sigma])


def angle_to_optimum(points: np.ndarray) -> float:
    """Mean angle in degrees between the steps of a path and the way to the optimum (k*, 0)."""
    steps, way = np.diff(points, axis=0), np.array([best_gain(SYSTEM), 0.0]) - points[:-1]
    cosine = (steps * way).sum(axis=1) / np.linalg.norm(steps, axis=1) / np.linalg.norm(way, axis=1)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())


def run(starts: Any, step: dict[str, float], fall: float, most: int) -> dict[str, Any]:
    """Distance of the gain from its optimum when sigma has fallen, and the mean angle, by kind and start."""
    best = best_gain(SYSTEM)
    runs = {kind: [path(kind, start, h, fall, most) for start in starts] for kind, h in step.items()}
    return {
        "best gain": best,
        "least cost": average_cost(SYSTEM, best, 1e-12).cost,
        "gain left": {kind: [float(abs(p[-1, 0] - best)) for p in paths] for kind, paths in runs.items()},
        "angle": {kind: [angle_to_optimum(p) for p in paths] for kind, paths in runs.items()},
    }


def check(results: dict[str, Any]) -> dict[str, bool]:
    """The claim, and a measure that does not show it."""
    left, angle = results["gain left"], results["angle"]
    pairs = list(zip(left["gradient"], left["natural"]))
    return {
        "when sigma has fallen to a tenth, the plain gain is at least twice as far off, from every start": all(
            plain > 2 * natural for plain, natural in pairs
        ),
        "the worst natural gain is nearer than the best plain one": max(left["natural"]) < min(left["gradient"]),
        "the mean angle to the optimum does not separate the two": not max(angle["natural"]) < min(angle["gradient"]),
    }


def sample() -> dict[str, Any]:
    """All of it: a second of arithmetic."""
    return run(**SETTINGS)
