"""How much faster one method is than another, by two clocks."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from ngtools.plots.style import BLACK, BLUE, GREY, ORANGE, axes

__all__ = ["speed_ratios"]


def speed_ratios(
    labels: Sequence[str], steps: Sequence[float], seconds: Sequence[float | None], ax: Axes | None = None
) -> Axes:
    """Draw a row for each comparison: the ratio of steps (a dot) and, where one was timed, of seconds (a diamond).

    Parameters
    ----------
    labels
        What is compared, from top to bottom.
    steps, seconds
        Ratios, above 1 where the natural method needs less; None where nothing was timed.
    """
    if not len(labels) == len(steps) == len(seconds):
        raise ValueError(f"one ratio a label is needed (got {len(labels)}, {len(steps)} and {len(seconds)})")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 0.9 + 0.42 * len(labels)))
    ax = axes(ax, "times faster than the plain method", "")
    rows = np.arange(len(labels))
    ax.axvline(1, color=BLACK, linewidth=1)
    for row, by_steps, by_seconds in zip(rows, steps, seconds):
        if by_seconds is not None:
            ax.plot([by_steps, by_seconds], [row, row], color=GREY, linewidth=1)
    timed = [(row, value) for row, value in zip(rows, seconds) if value is not None]
    ax.plot(steps, rows, "o", color=BLUE, label="by steps (or flow time)")
    if timed:
        ax.plot(
            [value for _, value in timed], [row for row, _ in timed], "D", color=ORANGE, label="by seconds of computing"
        )
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if 1e-3 < x < 1e4 else f"1e{np.log10(x):.0f}"))
    ax.set_yticks(rows, labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right")
    return ax
