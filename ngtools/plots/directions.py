"""Directions at one point of a plane, as arrows of equal length on paper, and paths in the same looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, PURPLE, axes

__all__ = ["directions", "plane_paths", "step_and_paths"]

_LOOKS = ((ALICE, "-"), (BOB, "--"), (CAROL, ":"), (PURPLE, "-."))


def directions(
    arrows: Mapping[str, Any],
    point: Any,
    length: float,
    labels: tuple[str, str],
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the direction of each arrow (2,) from the point; lengths on paper are all the same."""
    ax = axes(ax, *labels, title)
    point = np.asarray(point, dtype=float)
    for (label, arrow), (color, style) in zip(arrows.items(), _LOOKS):
        tip = point + length * np.asarray(arrow) / np.hypot(*arrow)
        ax.plot(*np.stack([point, tip], axis=1), color=color, ls=style, lw=2.2, label=label)
        head = {"arrowstyle": "-|>", "color": color, "lw": 0, "mutation_scale": 16, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=tip, xytext=point + 0.85 * (tip - point), arrowprops=head)
    ax.plot(*point, "o", color=BLACK, ms=6)
    ax.set_aspect("equal")
    return ax


def plane_paths(
    paths: Mapping[str, Any], target: Any, labels: tuple[str, str], ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw paths (n, 2) in the same looks, from their common start (a dot) to the target (a star)."""
    ax = axes(ax, *labels, title)
    for (label, path), (color, style) in zip(paths.items(), _LOOKS):
        ax.plot(path[:, 0], path[:, 1], color=color, ls=style, lw=2.2, label=label)
        ax.plot(*path[0], "o", color=BLACK, ms=6)
    ax.plot(*target, "*", color=BLACK, ms=13, zorder=4)
    return ax


def step_and_paths(
    arrows: Mapping[str, Any], point: Any, paths: Mapping[str, Any], target: tuple[float, float]
) -> Sequence[Axes]:
    """Directions of one step (left) and whole paths (right) in the plane of mean and standard deviation."""
    figure, ax = plt.subplots(1, 2, figsize=(6.4, 3.5))
    directions(arrows, point, 1.0, ("mean", "standard deviation"), ax[0], "one step")
    plane_paths(paths, target, ("mean", ""), ax[1], "vanishing steps")
    figure.legend(*ax[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return ax
