"""Runs of a fit as curves of the distribution: a fitted quantity against the step, and densities along the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, GREY, axes

__all__ = ["densities_along", "fitted_runs", "gaussian_pairs", "steps_against_rate"]

# colour, line style and marker of the first, second and third run of a figure
_LOOKS = ((ALICE, "-", "o"), (BOB, "--", "s"), (CAROL, ":", "^"))


def gaussian_pairs(x: np.ndarray, pairs: Sequence[tuple[Any, Any]], titles: Sequence[str]) -> Sequence[Axes]:
    """Draw one panel for each pair of densities on the common grid x."""
    figure, ax = plt.subplots(len(pairs), 1, figsize=(6.4, 4.6), sharex=True)
    for panel, (first, second), title in zip(ax, pairs, titles):
        axes(panel, "", "density", title)
        for density, color, style in ((first, ALICE, "-"), (second, BOB, "--")):
            panel.plot(x, density, color=color, ls=style)
            panel.fill_between(x, density, color=color, alpha=0.12)
        panel.set_ylim(bottom=0)
    ax[-1].set_xlabel("x")
    return ax


def fitted_runs(
    runs: Mapping[str, np.ndarray],
    target: float,
    ylabel: str,
    left: Sequence[str] = (),
    ax: Axes | None = None,
    title: str = "",
    target_label: str = "maximum of the likelihood",
) -> Axes:
    """Draw one fitted quantity, step by step, for each run; the runs named in ``left`` end with a cross.

    Parameters
    ----------
    runs
        Label -> values (steps + 1,).
    target
        The value at the maximum of the objective.
    left
        Labels of the runs that left the domain after their last point.
    """
    ax = axes(ax, "step", ylabel, title)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.axhline(target, color=BLACK, lw=1, ls=(0, (6, 3)), label=target_label)
    for (label, values), (color, style, marker) in zip(runs.items(), _LOOKS):
        steps = np.arange(len(values))
        ax.plot(steps, values, color=color, ls=style, marker=marker, ms=4, label=label)
        if label in left:
            ax.plot(steps[-1], values[-1], "x", color=color, ms=11, mew=2.5)
            ax.annotate(
                "leaves the domain", (steps[-1], values[-1]), xytext=(9, -4), textcoords="offset points", color=BLACK
            )
    return ax


def densities_along(
    x: np.ndarray, data: Any, densities: Mapping[str, Mapping[str, Any]], xlabel: str, bins: int = 16
) -> np.ndarray:
    """Draw densities over the histogram of the data, one panel for each moment of a fit.

    Parameters
    ----------
    x
        The common grid.
    data
        The observations.
    densities
        Title of a panel -> label of a run -> density on the grid; None where a run has left the domain.
    """
    rows = (len(densities) + 1) // 2
    figure, ax = plt.subplots(rows, 2, figsize=(6.4, 2.5 * rows), sharex=True, sharey=True)
    for number, (panel, (title, curves)) in enumerate(zip(ax.flat, densities.items())):
        axes(panel, xlabel if number >= 2 * (rows - 1) else "", "density" if number % 2 == 0 else "", title)
        panel.hist(data, bins=bins, density=True, color=GREY, alpha=0.3, label="data" if number == 0 else None)
        for (label, density), (color, style, _) in zip(curves.items(), _LOOKS):
            if density is not None:
                panel.plot(x, density, color=color, ls=style, label=label if number == 0 else None)
            else:
                panel.text(0.03, 0.9, f"{label}: left the domain", transform=panel.transAxes, color=color)
    figure.legend(loc="outside upper center", ncols=4)
    return ax


def steps_against_rate(
    sweeps: Mapping[str, tuple[Any, Any]], cap: int, ylabel: str = "steps needed", ax: Axes | None = None
) -> Axes:
    """Draw the number of steps each run needs against its learning rate; nan where it never arrives.

    Parameters
    ----------
    sweeps
        Label -> (learning rates, steps).
    cap
        The largest number of steps tried.
    """
    ax = axes(ax, "learning rate (logarithmic)", ylabel)
    for (label, (rates, steps)), (color, style, marker) in zip(sweeps.items(), _LOOKS):
        steps = np.asarray(steps, dtype=float)
        ax.plot(rates, steps, color=color, ls=style, marker=marker, ms=4, label=label)
        never = np.asarray(rates)[np.isnan(steps)]
        ax.plot(never, np.full(len(never), cap * 1.25), "x", color=color, ms=6)
    ax.axhline(cap, color=GREY, lw=0.8)
    where = {"xycoords": ("axes fraction", "data"), "xytext": (0, -12), "textcoords": "offset points"}
    ax.annotate(f"never settled within {cap} steps: above", (0.01, cap), color=BLACK, fontsize=9, **where)
    ax.set(xscale="log", yscale="log")
    return ax
