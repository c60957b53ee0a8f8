"""Figures of finite steps: spreads against step, learners against time, budgets, lines of three kinds, and a published fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, GREEN, GREY, ORANGE, PURPLE, RED, SKY, axes

__all__ = ["budget_cliff", "half_plane_lines", "learners", "parameterizations", "spread_against_step"]

# Alice, Bob, Carol: colour, line style and marker say the same
LEARNERS = ((ALICE, "-", "o"), (BOB, "--", "s"), (CAROL, "-.", "^"))


def spread_against_step(
    rates: Any, curves: Mapping[str, Any], slopes: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """Draw each spread against the learning rate, log-log, with its measured slope in the legend."""
    ax = axes(ax, "learning rate α", "spread of σ over the charts")
    looks = ((RED, "-", "o"), (RED, "--", "s"), (ALICE, "-", "^"), (ALICE, "--", "D"))
    for (name, values), (colour, line, marker) in zip(curves.items(), looks):
        label = f"{name}: {slopes[name]:.2f}"
        ax.loglog(rates, values, color=colour, linestyle=line, marker=marker, markersize=5, linewidth=1.4, label=label)
    ax.set_xticks(list(rates), [f"{rate:g}" for rate in rates])
    ax.set_xticks([], minor=True)
    ax.legend(title="measured slope of", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def learners(
    panels: Mapping[str, Mapping[str, tuple[Any, Any]]], exact: tuple[Any, Any], target: float
) -> Sequence[Axes]:
    """Draw, a panel for each kind of step, (times, values) of each learner over the exact flow."""
    figure, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.4), sharex=True, sharey=True, squeeze=False)
    for (title, runs), ax in zip(panels.items(), drawn[0]):
        axes(ax, "flow time", "", title)
        ax.axhline(target, color=GREY, linewidth=0.8)
        ax.plot(*exact, color=GREY, linewidth=4, alpha=0.45, label="exact flow" if ax is drawn[0, 0] else None)
        for (label, (times, values)), (colour, line, marker) in zip(runs.items(), LEARNERS):
            ax.plot(times, values, color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.3)
            if ax is drawn[0, 0]:
                ax.plot([], [], color=colour, linestyle=line, marker=marker, markersize=4, label=label)
    drawn[0, 0].set_ylabel("standard deviation σ")
    figure.legend(loc="outside upper center", ncols=4)
    return drawn[0]


def budget_cliff(budgets: Any, ratios: Mapping[str, Any], cliff: float, ax: Axes | None = None) -> Axes:
    """Draw true KL over budget for each chart; infinite values are left out, and the budget of the cliff is marked."""
    ax = axes(ax, "budget c (nats)", "true KL / c")
    ax.axhline(1, color=BLACK, linewidth=1)
    for (label, values), (colour, line, _) in zip(ratios.items(), LEARNERS):
        values = np.asarray(values, dtype=np.float64)
        ax.plot(budgets, np.where(np.isfinite(values), values, np.nan), color=colour, linestyle=line, label=label)
    ax.axvline(cliff, color=BOB, linewidth=1, linestyle=":")
    words = {"xytext": (-6, 3), "textcoords": "offset points", "ha": "right", "fontsize": 9.5}
    ax.annotate(f"variance 0 at c = {cliff:g}", (cliff, 0.0), xycoords=("data", "axes fraction"), **words)
    ax.set(xscale="log", yscale="log", ylim=(0.75, 30))
    ax.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    ax.tick_params(which="minor", length=0)
    ax.set_yticks([], minor=True)
    ax.legend(loc="upper left")
    return ax


def half_plane_lines(
    curves: Mapping[str, Any], flow: Any, ends: Mapping[str, Any], top: float = 2.4, ax: Axes | None = None
) -> Axes:
    """Draw curves of (mu, sigma), the points of a flow as dots, and named end points.

    Parameters
    ----------
    curves
        Label -> points (n, 2), at most four.
    flow
        Points (n, 2) at equal times.
    ends
        Name -> (mu, sigma).
    top
        The largest sigma shown.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.8))
    ax = axes(ax, "mean μ", "standard deviation σ")
    looks = ((ALICE, "-", 2.2), (PURPLE, "--", 1.9), (GREEN, "-.", 1.9), (ORANGE, ":", 2.4))
    for (label, curve), (colour, line, width) in zip(curves.items(), looks):
        ax.plot(*np.asarray(curve).T, color=colour, linestyle=line, linewidth=width, label=label)
    ax.plot(*np.asarray(flow).T, "o", color=BLACK, markersize=3.6, label="natural flow at equal times", zorder=4)
    for name, point in ends.items():
        ax.plot(*point, "o", color=BLACK, markersize=7, zorder=5)
        ax.annotate(name, point, xytext=(0, -15), textcoords="offset points", ha="center")
    ax.axhline(0, color=BLACK, linewidth=1.2)
    ax.set(ylim=(0, top), aspect="equal")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


def parameterizations(panels: Mapping[str, Mapping[str, Any]], exact: Any) -> Sequence[Axes]:
    """Draw negative log likelihoods against the iteration: a panel a method, a curve a parameterization."""
    figure, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.5), sharex=True, sharey=True, squeeze=False)
    looks = ((ALICE, "-", "o"), (BOB, "--", "s"), (CAROL, "-.", "^"), (SKY, ":", "D"))
    for (title, curves), ax in zip(panels.items(), drawn[0]):
        axes(ax, "iteration", "", title)
        first = ax is drawn[0, 0]
        ax.plot(exact, color=GREY, linewidth=4.5, alpha=0.45, label="exact flow" if first else None)
        for (label, values), (colour, line, marker) in zip(curves.items(), looks):
            ax.plot(
                values, color=colour, linestyle=line, marker=marker, markersize=3, linewidth=1.2, label=label if first else None
            )
    drawn[0, 0].set_ylabel("negative log likelihood (nats)")
    figure.legend(loc="outside upper center", ncols=5, columnspacing=1.0, handlelength=1.8)
    return drawn[0]
