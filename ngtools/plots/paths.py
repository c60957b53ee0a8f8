"""Paths of distributions in the half-plane of mean and standard deviation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, axes

__all__ = ["half_plane_paths"]

# thick below, thin above: paths that coincide stay visible one on another
_LOOKS = ((ALICE, "-", 5.0), (BOB, "--", 3.2), (CAROL, ":", 2.2))


def half_plane_paths(
    paths: Mapping[str, np.ndarray], start: np.ndarray, target: np.ndarray, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw paths of (mean, standard deviation), shape (steps, 2) each, with their common start and target."""
    ax = axes(ax, "mean", "standard deviation", title)
    for (label, path), (colour, line, width) in zip(paths.items(), _LOOKS):
        ax.plot(path[:, 0], path[:, 1], color=colour, linestyle=line, linewidth=width, label=label, alpha=0.9)
    for point, name, marker in ((start, "start", "o"), (target, "target", "*")):
        ax.plot(*point, marker=marker, color=BLACK, markersize=11 if marker == "*" else 7, linestyle="none", zorder=5)
        ax.annotate(name, point, xytext=(7, 5), textcoords="offset points", color=BLACK)
    return ax
