"""Paths of distributions in the half-plane of mean and standard deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, axes

__all__ = ["half_plane_panels"]

# thick below, thin above: paths that coincide stay visible one on another
_LOOKS = ((ALICE, "-", 5.5), (BOB, "--", 3.4), (CAROL, ":", 2.6))


def half_plane_panels(
    panels: Mapping[str, Mapping[str, np.ndarray]], start: tuple[float, float], target: tuple[float, float]
) -> Sequence[Axes]:
    """Draw, a panel each, paths of (mean, standard deviation), shape (points, 2), from one start to one target."""
    _, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.3), sharex=True, sharey=True)
    for (title, paths), ax in zip(panels.items(), drawn):
        axes(ax, "mean", "", title)
        for (label, path), (colour, line, width) in zip(paths.items(), _LOOKS):
            ax.plot(path[:, 0], path[:, 1], color=colour, linestyle=line, linewidth=width, label=label)
        for point, name, marker, size in ((start, "start", "o", 7), (target, "target", "*", 12)):
            ax.plot(*point, marker=marker, color=BLACK, markersize=size, linestyle="none", zorder=5)
            ax.annotate(name, point, xytext=(8, -4), textcoords="offset points", color=BLACK)
        ax.margins(0.12)
    drawn[0].set_ylabel("standard deviation")
    drawn[-1].legend(title="spread written as", loc="lower right")
    return drawn
