"""Balls of several metrics around one point, and the best step on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import ALICE, BLACK, BOB, GREEN, GREY, axes

__all__ = ["best_steps"]


def best_steps(
    balls: Mapping[str, np.ndarray],
    best: Mapping[str, np.ndarray],
    at: np.ndarray,
    level: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ax: Axes | None = None,
) -> Axes:
    """Draw closed curves, shape (points, 2), with an arrow from the centre to the best point of each, over levels."""
    ax = axes(ax, "mean μ", "standard deviation σ")
    every = np.concatenate(list(balls.values()))
    low, high = every.min(axis=0) - 0.12, every.max(axis=0) + 0.12
    x, y = np.meshgrid(np.linspace(low[0], high[0], 80), np.linspace(low[1], high[1], 80))
    ax.contour(x, y, level(x, y), levels=14, colors=GREY, linewidths=0.6, linestyles="-")
    for (name, ball), colour, line in zip(balls.items(), (ALICE, BOB, GREEN), ("-", "--", "-.")):
        ax.plot(ball[:, 0], ball[:, 1], color=colour, linestyle=line, label=name)
        ax.annotate(
            "", best[name], at, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "shrinkA": 0, "shrinkB": 0}
        )
    ax.plot(*at, "o", color=BLACK, markersize=5, zorder=5)
    ax.set_aspect("equal")
    ax.grid(False)
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), title="steps of equal length")
    return ax
