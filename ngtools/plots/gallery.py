"""Figures of the gallery: information along a parameter, and the unit ellipses of location and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from ngtools.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, axes

__all__ = ["ellipse_panels", "information_panels"]

LINES = ((BLUE, "-"), (ORANGE, "--"), (PURPLE, "-."), (GREEN, ":"), (GREY, (0, (5, 1, 1, 1, 1, 1))))


def information_panels(
    panels: Sequence[tuple[str, Any, Mapping[str, Any]]], log_x: Sequence[bool], axs: Any = None
) -> Sequence[Axes]:
    """Fisher information over a parameter, on a logarithmic vertical axis; one panel for each (label, x, curves)."""
    if axs is None:
        _, axs = plt.subplots(1, len(panels), figsize=(6.4, 3.6))
    for ax, (label, x, curves), logarithmic in zip(axs, panels, log_x):
        axes(ax, label, "")
        for (name, values), (color, style) in zip(curves.items(), LINES):
            ax.semilogy(x, values, color=color, linestyle=style, label=name)
        if logarithmic:
            ax.set_xscale("log")
        ax.legend(loc="best", fontsize="small")
    axs[0].set_ylabel("Fisher information")
    return axs


def ellipse_panels(panels: Sequence[Mapping[str, Any]], axs: Any = None) -> Sequence[Axes]:
    """Closed curves around one distribution in the plane of location and scale; panels share their axes."""
    if axs is None:
        _, axs = plt.subplots(1, len(panels), sharex=True, sharey=True, figsize=(6.4, 3.4))
    for ax, curves in zip(axs, panels):
        axes(ax, "location")
        for (name, points), (color, style) in zip(curves.items(), LINES):
            ax.plot(*points.T, color=color, linestyle=style, label=name)
        ax.set_aspect("equal")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.42), fontsize="small", ncols=1)
    axs[0].set_ylabel("scale")
    return axs
