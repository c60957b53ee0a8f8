"""The globe: two charts of it side by side, and arrows and paths on it seen from afar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from ngtools.plots.style import BLACK, BLUE, GRADIENT, GREY, NATURAL, ORANGE, SKY, axes

__all__ = ["arrows_on_globe", "globe_outline", "paths_on_globe", "two_charts"]

# where a label sits beside its dot, in points, so that no two touch
_OFFSETS = {"Nairobi": (6, -11), "Quito": (7, -4), "Tokyo": (-4, 6), "Sydney": (-20, 6), "Cape Town": (-26, 6)}


class Sheet(Protocol):
    """Curves (2, n) and named places (2,) in the two coordinates of a drawing."""

    @property
    def lines(self) -> Sequence[np.ndarray]: ...
    @property
    def circles(self) -> Sequence[np.ndarray]: ...
    @property
    def places(self) -> Mapping[str, np.ndarray]: ...


def two_charts(latitude_longitude: Sheet, stereographic: Sheet, ax: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw the same globe on two sheets, one above the other: longitude across and latitude up, and the plane."""
    if ax is None:
        _, ax = plt.subplots(2, 1, figsize=(6.4, 7.6), height_ratios=[1, 1.45])
    upper, lower = axes(ax[0], "longitude (rad)", "latitude (rad)"), axes(ax[1], "a", "b")
    _draw(upper, latitude_longitude, (1, 0))
    _draw(lower, stereographic, (0, 1))
    upper.set(xlim=(-np.pi, np.pi), ylim=(-np.pi / 2, np.pi / 2), title="latitude-longitude")
    lower.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), title="stereographic")
    for panel in (upper, lower):
        panel.set_aspect("equal")
        panel.grid(False)
    return ax


def _draw(ax: Axes, sheet: Sheet, order: tuple[int, int]) -> None:
    across, up = order
    for curve in sheet.lines:
        ax.plot(curve[across], curve[up], color=GREY, lw=0.6, alpha=0.7)
    for curve in sheet.circles:
        ax.plot(curve[across], curve[up], color=SKY, lw=1.3)
    for name, place in sheet.places.items():
        ax.plot(place[across], place[up], "o", ms=3.5, color=BLACK)
        ax.annotate(
            name,
            (place[across], place[up]),
            xytext=_OFFSETS.get(name, (5, 3)),
            textcoords="offset points",
            fontsize=9,
            color=BLACK,
            annotation_clip=True,
        )


def globe_outline(sheet: Sheet, ax: Axes | None = None) -> Axes:
    """Draw the graticule of a globe seen from afar, and its edge."""
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 5.2))
    ax = axes(ax)
    for curve in sheet.lines:
        ax.plot(*curve, color=GREY, lw=0.6, alpha=0.6)
    ax.add_patch(Circle((0, 0), 1, fill=False, color=GREY, lw=1))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def arrows_on_globe(sheet: Sheet, arrows: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw curves (2, n) on the globe that end in an arrow head, each with its entry in the legend."""
    ax = globe_outline(sheet, ax)
    for (label, curve), (color, style) in zip(arrows.items(), ((BLUE, "-"), (ORANGE, "--"))):
        ax.plot(*curve, color=color, ls=style, lw=2.4, label=label)
        ax.annotate(
            "",
            xy=curve[:, -1],
            xytext=curve[:, -3],
            arrowprops={"arrowstyle": "-|>", "color": color, "lw": 0, "mutation_scale": 17, "shrinkA": 0, "shrinkB": 0},
        )
        ax.plot(*curve[:, 0], "o", color=BLACK, ms=5, zorder=3)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0))
    return ax


def paths_on_globe(sheet: Sheet, paths: Mapping[str, Any], places: Sequence[str] = (), ax: Axes | None = None) -> Axes:
    """Draw up to three paths (2, n) on the globe and name the places where they start and end."""
    ax = globe_outline(sheet, ax)
    looks = ((NATURAL, "-", 3.2), (BLACK, ":", 1.9), (GRADIENT, "--", 2.2))
    for (label, curve), (color, style, width) in zip(paths.items(), looks):
        ax.plot(*curve, color=color, ls=style, lw=width, label=label)
    for name in places:
        ax.plot(*sheet.places[name], "o", color=BLACK, ms=5, zorder=3)
        ax.annotate(name, sheet.places[name], xytext=(7, -12), textcoords="offset points", fontsize=9.5)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0))
    return ax
