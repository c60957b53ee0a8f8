"""Conjugate gradients and damping: errors by step, steps by condition number, cost by size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from ngtools.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, axes

__all__ = ["by_damping", "chart_gap", "costs", "damped_steps", "errors_by_step", "steps_by_condition"]

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED)
_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKS = ("o", "s", "^", "D", "v")


def errors_by_step(energy: Any, residual: Any, bound: Any, ax: Axes | None = None) -> Axes:
    """Draw the energy error, the residual and the bound of one solve against the step."""
    ax = axes(ax, "step of conjugate gradients", "relative to the start")
    steps = np.arange(len(energy))
    ax.semilogy(steps, bound, color=GREY, ls=":", label="Chebyshev bound of the energy error")
    ax.semilogy(steps, residual, color=ORANGE, ls="--", lw=1.4, label="residual (Euclidean)")
    ax.semilogy(steps, energy, color=BLUE, label="energy error")
    ax.legend(loc="lower left")
    return ax


def steps_by_condition(roots: Any, counts: Mapping[str, Sequence[int]], bound: Any, ax: Axes | None = None) -> Axes:
    """Draw the number of steps against sqrt(kappa), one curve a spectrum, with the bound."""
    ax = axes(ax, "√κ", "steps to an energy error of 1e-6")
    ax.loglog(roots, bound, color=GREY, ls=":", label="bound ½ √κ log(2/ε)")
    for (name, values), colour, style, mark in zip(counts.items(), _COLOURS, _STYLES, _MARKS):
        ax.loglog(roots, values, color=colour, ls=style, marker=mark, ms=5, label=name)
    _plain_ticks(ax, (3, 5, 10, 20, 30), (5, 10, 20, 50, 100, 200))
    ax.legend(loc="upper left", fontsize=8.5)
    return ax


def by_damping(energy: Mapping[str, Any], residual: Mapping[str, Any]) -> Sequence[Axes]:
    """Draw residual (left) and energy error (right) against the step, one curve a damping."""
    figure, ax = plt.subplots(1, 2, figsize=(6.4, 3.6), sharey=True)
    for panel, curves, title in zip(ax, (residual, energy), ("residual", "energy error")):
        axes(panel, "step", "relative to the start" if panel is ax[0] else "", title)
        for (name, values), colour, style in zip(curves.items(), _COLOURS, _STYLES):
            panel.semilogy(np.arange(len(values)), values, color=colour, ls=style, label=name)
        panel.set_ylim(1e-8, 2)
    handles, labels = ax[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), title="damping λ")
    return ax


def damped_steps(dampings: Any, curves: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw shares (between 0 and 1) against the damping."""
    ax = axes(ax, "damping λ", "share of the undamped, or cosine")
    for (name, values), colour, style in zip(curves.items(), _COLOURS, _STYLES):
        ax.semilogx(dampings, values, color=colour, ls=style, label=name)
    ax.set_ylim(0, 1.05)
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def chart_gap(errors: Mapping[str, Any], gap: Any, ax: Axes | None = None) -> Axes:
    """Draw the energy error of one solve in two charts, and the energy distance between the two iterates."""
    ax = axes(ax, "step of conjugate gradients", "energy norm, relative to the solution")
    # broad and behind: it soon coincides with the larger error
    ax.semilogy(np.arange(1, len(gap)), gap[1:], color=GREY, lw=7, alpha=0.4, label="distance between the two")
    for (name, values), colour, style in zip(errors.items(), _COLOURS, _STYLES[1:]):
        ax.semilogy(np.arange(len(values)), values, color=colour, ls=style, label=f"error, {name}")
    ax.set_ylim(1e-8, 2)
    ax.legend(loc="upper right")
    return ax


def costs(d: Any, seconds: Mapping[str, Any], exponents: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Draw cost against the number of parameters, log-log, with quartiles.

    Parameters
    ----------
    seconds
        Label -> (sizes, 3): lower quartile, median, upper quartile.
    exponents
        Label -> fitted exponent, for the legend.
    """
    ax = axes(ax, "number of parameters d", "CPU seconds, one thread")
    for (name, values), colour, style, mark in zip(seconds.items(), _COLOURS, _STYLES, _MARKS):
        low, middle, high = np.asarray(values, dtype=float).T
        label = f"{name}: d^{exponents[name]:.1f}"
        ax.loglog(d, middle, color=colour, ls=style, marker=mark, ms=4.5, label=label)
        ax.fill_between(d, low, high, color=colour, alpha=0.2, lw=0)
    _plain_ticks(ax, (100, 200, 500, 1000, 2000), None)
    ax.legend(loc="upper left", title="fitted to the largest sizes")
    return ax


def _plain_ticks(ax: Axes, x: Sequence[float], y: Sequence[float] | None) -> None:
    ax.set_xticks(x, [f"{value:g}" for value in x])
    ax.xaxis.set_minor_formatter(NullFormatter())
    if y is not None:
        ax.set_yticks(y, [f"{value:g}" for value in y])
        ax.yaxis.set_minor_formatter(NullFormatter())
