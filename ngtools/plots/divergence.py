"""Divergences beside their quadratic form: along a line, as remainders, and as balls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, FISHER, GREEN, GREY, KL, PURPLE, SKY, axes

__all__ = ["balls", "parabola", "remainders"]

REVERSE = PURPLE
NAMES = {"old-new": "KL(old || new)", "new-old": "KL(new || old)", "symmetrised": "their mean"}
PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind a number that sits on a line


def parabola(steps: Any, old_new: Any, new_old: Any, quadratic: Any, ax: Axes | None = None, xlabel: str = "") -> Axes:
    """Both divergences and the parabola they share, against the step."""
    ax = axes(ax, xlabel, "nats")
    ax.plot(steps, old_new, color=KL, label="KL(old || new)")
    ax.plot(steps, new_old, color=REVERSE, linestyle="-.", label="KL(new || old)")
    ax.plot(steps, quadratic, color=FISHER, linestyle="--", label="½ F Δ²")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper center")
    return ax


def remainders(sizes: Any, curves: Mapping[str, Any], slopes: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """|divergence - quadratic form| against the size of the step, log-log; the legend gives the measured slopes."""
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.7))
    ax = axes(ax, "size of the step ε", "|divergence − quadratic form| (nats)")
    colours, marks = (KL, REVERSE, GREEN, SKY, BLACK, GREY), ("o", "s", "^", "D", "v", "x")
    for (name, values), colour, mark in zip(curves.items(), colours, marks):
        label = f"{NAMES.get(name, name)}: {slopes[name]:.2f}"
        ax.loglog(sizes, np.abs(values), color=colour, marker=mark, markersize=4.5, linewidth=1.1, label=label)
    ax.legend(title="measured slope of", loc="lower center", bbox_to_anchor=(0.45, 1.0), ncol=2, fontsize=8.5)
    return ax


def balls(
    panels: Mapping[str, Mapping[float, tuple[Any, Any]]], centre: Any, xlabel: str = "", ylabel: str = ""
) -> list[Axes]:
    """True level sets and ellipses, one panel a direction; each maps a radius c to (level set, ellipse)."""
    figure, grid = plt.subplots(1, len(panels), figsize=(6.4, 3.8), sharex=True, sharey=True, squeeze=False)
    for ax, (title, levels) in zip(grid[0], panels.items()):
        axes(ax, xlabel, ylabel if ax is grid[0, 0] else "", f"{NAMES.get(title, title)} = c")
        for level, (ball, oval) in levels.items():
            ball = np.asarray(ball)
            (solid,) = ax.plot(*ball.T, color=KL, linewidth=1.7)
            (dashed,) = ax.plot(*np.asarray(oval).T, color=FISHER, linestyle="--", linewidth=1.3)
            ax.annotate(f"{level:g}", ball[np.argmax(ball[:, 1])], ha="center", va="center", fontsize=8.5, bbox=PATCH)
        ax.plot(*centre, "+", color=BLACK, markersize=6)
        ax.set_aspect("equal")
    figure.legend([solid, dashed], ["true level set", "ellipse of F"], loc="outside lower center", ncol=2)
    return list(grid[0])
