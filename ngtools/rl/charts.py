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
    return np.where(np.arange(len(phi)) % 2 == 0, 0.2, 3.0)


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
    return np.stack([expit(-np.asarray(z)), expit(np.asarray(z))], axis=1)


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
    phi = np.asarray(phi, float)
    pi = policy_of(chart.back(phi))
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
            return np.inf, -np.inf
        moved = policy_of(chart.back(new))
        with np.errstate(divide="ignore"):  # a probability that underflows: the divergence is infinite
            kl = np.sum(pi * (np.log(pi) - np.log(moved)), axis=1)
        return float(found.rho @ kl), float(found.rho @ np.sum(moved * found.advantage, axis=1))

    if kind == "backtracking":
        for power in range(30):
            kl, gain = measured(0.8**power)
            if kl <= size and gain > 0:
                return phi + 0.8**power * full, 0.8**power
        raise RuntimeError("no acceptable step after 30 backtracks: take a smaller radius")
    low, high = 0.0, 1.0
    while measured(high)[0] < size:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if measured(middle)[0] < size else (low, middle)
    return phi + low * full, low


def ascend(mdp: tabular.MDP, chart: Chart, z: Any, gamma: float, kind: str, size: float, steps: int) -> np.ndarray:
    """Return R before and after each of ``steps`` steps that begin at log odds z; nan once the domain is left."""
    phi = chart.to(np.asarray(z, float))
    values: list[float] = []
    for step in range(steps + 1):
        if step:
            phi, _ = after_step(mdp, chart, phi, gamma, kind, size)
        if np.isnan(phi).any():
            return np.array(values + [np.nan] * (steps + 1 - step))
        values.append(tabular.evaluate(mdp, policy_of(chart.back(phi)), gamma).expected_return)
    return np.array(values)


def chart_gap(mdp: tabular.MDP, chart: Chart, z: Any, gamma: float, kind: str, sizes: Any) -> np.ndarray:
    """Return max_s |p - p'| between one step in ``chart`` and one in log odds, for each size."""
    gaps = []
    for size in sizes:
        ends = [
            expit(c.back(after_step(mdp, c, c.to(np.asarray(z, float)), gamma, kind, size)[0]))
            for c in (CHARTS[0], chart)
        ]
        gaps.append(np.abs(ends[0] - ends[1]).max())
    return np.array(gaps)
