"""How much information a coarser observation keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, BLUE, GREEN, PURPLE, axes

__all__ = ["kept"]


def kept(thresholds: Any, curves: Mapping[str, Any], ax: Axes | None = None, xlabel: str = "") -> Axes:
    """Information that is kept, as a share of the whole, against where the observation is cut."""
    ax = axes(ax, xlabel, "share of F(X) kept")
    styles = ((BLUE, "-"), (GREEN, "--"), (PURPLE, "-."))
    for (name, values), (colour, style) in zip(curves.items(), styles):
        ax.plot(thresholds, np.asarray(values), color=colour, linestyle=style, label=name)
    ax.axhline(1, color=BLACK, linewidth=1, linestyle=":")
    ax.annotate("all of it", (thresholds[0], 1), xytext=(2, -12), textcoords="offset points", fontsize=9)
    ax.set_ylim(0, 1.06)
    ax.legend(loc="lower left", fontsize=9)
    return ax
