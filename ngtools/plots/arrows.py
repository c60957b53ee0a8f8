"""Arrows of several charts at one point, and how far apart flows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, BLUE, GRADIENT, GREEN, GREY, NATURAL, ORANGE, PURPLE, RED, SKY, axes

__all__ = ["chart_arrows", "chart_distances"]

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GREY, RED, SKY)


def chart_arrows(
    panels: Mapping[str, Mapping[str, np.ndarray]], at: tuple[float, float], metric: np.ndarray
) -> Sequence[Axes]:
    """Draw, a panel each, arrows in (mean, standard deviation) scaled to length one in the given metric.

    Later arrows are thinner, so that arrows which coincide stay visible one on another.
    """
    _, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.5), sharex=True, sharey=True)
    for (title, arrows), ax in zip(panels.items(), drawn):
        axes(ax, "mean", "", title)
        for i, ((label, arrow), colour) in enumerate(zip(arrows.items(), _COLOURS)):
            tip = np.asarray(at) + arrow / np.sqrt(arrow @ metric @ arrow)
            width = 5.2 - 0.8 * i
            ax.plot(
                [at[0], tip[0]], [at[1], tip[1]], color=colour, linewidth=width, solid_capstyle="round", label=label
            )
            ax.plot(*tip, marker="o", color=colour, markersize=width + 2.5)
        ax.plot(*at, marker="o", color=BLACK, markersize=6, zorder=5)
        ax.set_aspect("equal")
        ax.margins(0.15)
    drawn[0].set_ylabel("standard deviation")
    handles, labels = drawn[0].get_legend_handles_labels()
    drawn[0].figure.legend(handles, labels, loc="outside lower center", ncols=3, title="gradient taken in the chart")
    return drawn


def chart_distances(times: np.ndarray, gaps: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw the distance between two charts' distributions against time, on a logarithmic axis."""
    ax = axes(ax, "flow time", "Fisher–Rao distance")
    for (label, gap), colour, line in zip(gaps.items(), (GRADIENT, NATURAL), ("--", "-")):
        ax.semilogy(times, gap, color=colour, linestyle=line, marker="o", markersize=3.5, label=label)
    ax.legend(loc="center right")
    return ax
