"""One tabular policy class with two actions in several charts, and what vanilla and trust-region steps do in each.

A chart writes the log odds z(s) of action 1 as a function of the coordinate phi(s); one coordinate a state.  Expectations
are exact, so that nothing but the chart differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from ngtools.checks import number, real_array, whole_number
from ngtools.rl import mdp as tabular

__all__ = ["CHARTS", "Chart", "after_step", "ascend", "chart_gap", "policy_of"]


@dataclass(frozen=True)
class Chart:
    """z = ``back`` (phi), phi = ``to`` (z), and ``slope`` (phi) = dz / dphi; ``inside`` says where phi is in the domain."""

    name: str
    to: Callable[[Any], Any]
    back: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    inside: Callable[[Any], Any]


def _everywhere(phi: Any) -> Any:
    return np.isfinite(phi)


def _units(phi: Any) -> Any:
    # another unit for every second state
    return np.where(np.arange(len(phi)) % 2, 3.0, 0.2)


CHARTS = (
    Chart("log odds", lambda z: z, lambda f: f, np.ones_like, _everywhere),
    Chart("rescaled log odds", lambda z: z / _units(z), lambda f: f * _units(f), _units, _everywhere),
    Chart("probabilities", expit, logit, lambda f: 1 / (f * (1 - f)), lambda f: (f > 0) & (f < 1)),
    Chart(
        "log-probabilities",
        lambda z: -np.logaddexp(0, -z),
        lambda f: f - np.log(-np.expm1(f)),
        lambda f: -1 / np.expm1(f),
        lambda f: f < 0,
    ),
    Chart(
        "angles",
        lambda z: 2 * np.arcsin(np.sqrt(expit(z))),
        lambda f: 2 * np.log(np.tan(f / 2)),
        lambda f: 2 / np.sin(f),
        lambda f: (f > 0) & (f < np.pi),
    ),
)


def policy_of(z: Any) -> np.ndarray:
    """Return pi(a | s) from log odds z of action 1, shape (S, 2)."""
    return _policy_of(real_array(z, "z", ("S",)))


def _policy_of(z: Any) -> np.ndarray:
    return np.stack([expit(-z), expit(z)], axis=1)


def after_step(
    mdp: tabular.MDP, chart: Chart, phi: Any, gamma: float, kind: str, size: float
) -> tuple[np.ndarray, float]:
    """Take one step in a chart.

    Parameters
    ----------
    kind
        ``"vanilla"``: phi + size g.  ``"backtracking"``: TRPO's step with radius ``size`` (factor 0.8, mean KL over
        rho_old and surrogate both checked).  ``"bisection"``: the same ray, followed until mean KL = ``size``.

    Returns
    -------
    The new coordinates, nan where the step leaves the domain (a trust-region step never does: outside counts as an
    infinite divergence); and the fraction of the full step that was taken.
    """
    if kind not in ("vanilla", "backtracking", "bisection"):
        raise ValueError(f"kind must be 'vanilla', 'backtracking' or 'bisection' (got {kind!r})")
    size, phi = number(size, "size", above=0), _two_actions(mdp, phi, "phi")
    if not chart.inside(phi).all():
        raise ValueError(f"phi must lie in the domain of the chart '{chart.name}' (got {phi})")
    pi = _policy_of(chart.back(phi))
    found = tabular.evaluate(mdp, pi, gamma)
    variance, slope = pi[:, 0] * pi[:, 1], chart.slope(phi)
    g = found.rho * variance * (found.Q[:, 1] - found.Q[:, 0]) * slope
    if kind == "vanilla":
        new = phi + size * g
        return np.where(chart.inside(new).all(), new, np.nan), 1.0
    with np.errstate(over="ignore"):  # a nearly deterministic state
        s = g / (found.rho * variance * slope**2)
        full = np.sqrt(2 * size / (g @ s)) * s

    def measured(fraction: float) -> tuple[float, float]:
        new = phi + fraction * full
        if not chart.inside(new).all():
            return np.inf, np.nan
        moved = _policy_of(chart.back(new))
        with np.errstate(divide="ignore"):  # a probability that underflows: the divergence is infinite
            kl = np.sum(pi * (np.log(pi) - np.log(moved)), axis=1)
        return float(found.rho @ kl), float(found.rho @ np.sum(moved * found.advantage, axis=1))

    if kind == "backtracking":
        for power in range(30):
            kl, gain = measured(0.8**power)
            if kl <= size and gain > 0:
                return phi + 0.8**power * full, 0.8**power
        raise RuntimeError("no acceptable step after 30 backtracks: take a smaller size")
    low, high = 0.0, 1.0
    while measured(high)[0] < size:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if measured(middle)[0] < size else (low, middle)
    return phi + low * full, low


def ascend(mdp: tabular.MDP, chart: Chart, z: Any, gamma: float, kind: str, size: float, steps: int) -> np.ndarray:
    """Return R before and after each of ``steps`` steps from log odds z, shape (steps + 1,); nan once the domain is left."""
    steps, phi = whole_number(steps, "steps", least=0), chart.to(_two_actions(mdp, z, "z"))
    values: list[float] = []
    for step in range(steps + 1):
        if step:
            phi, _ = after_step(mdp, chart, phi, gamma, kind, size)
        if np.isnan(phi).any():
            return np.array(values + [np.nan] * (steps + 1 - step))
        values.append(tabular.evaluate(mdp, _policy_of(chart.back(phi)), gamma).expected_return)
    return np.array(values)


def chart_gap(mdp: tabular.MDP, chart: Chart, z: Any, gamma: float, kind: str, sizes: Any) -> np.ndarray:
    """Return max_s |p - p'| between one step in ``chart`` and one in log odds, for each size; shape (sizes,)."""
    z, gaps = _two_actions(mdp, z, "z"), []
    for i, size in enumerate(real_array(sizes, "sizes", ("n",))):
        number(size, f"sizes[{i}]", above=0)
        ends = [expit(c.back(after_step(mdp, c, c.to(z), gamma, kind, size)[0])) for c in (CHARTS[0], chart)]
        gaps.append(np.abs(ends[0] - ends[1]).max())
    return np.array(gaps)


def _two_actions(mdp: tabular.MDP, coordinates: Any, name: str) -> np.ndarray:
    if mdp.actions != 2:
        raise ValueError(f"mdp must have 2 actions: a chart has one coordinate a state (got {mdp!r})")
    return real_array(coordinates, name, (mdp.states,))
