"""A covector as contour lines and a vector as an arrow, on the sheets of two charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, axes

__all__ = ["ARROWS", "common_legend", "covector_and_arrows", "two_sheets"]

ARROWS = {BLUE: "-", RED: "--", ORANGE: "-.", GREEN: ":"}


def covector_and_arrows(
    ax: Axes,
    covector: Any,
    arrows: Mapping[str, Any],
    *,
    spacing: float,
    size: float,
    ball: Any = None,
) -> Axes:
    """Draw the lines g . v = k spacing of a covector g and arrows v from the origin of one sheet.

    Parameters
    ----------
    ax
        One of `two_sheets`.
    covector
        g, shape (2,), in the coordinates of the sheet; the first coordinate runs across.
    arrows
        Label -> v, shape (2,), solid blue, dashed red, dash-dotted orange, dotted green in this order.
    spacing
        The difference of g . v from one contour line to the next.
    size
        Half the width of the square sheet.
    ball
        A closed curve (n, 2): the arrows of one length.
    """
    line = np.linspace(-size, size, 3)
    across, up = np.meshgrid(line, line)
    values = covector[0] * across + covector[1] * up
    reach = np.ceil(np.abs(values).max() / spacing)
    ax.contour(
        across,
        up,
        values,
        levels=spacing * np.arange(-reach, reach + 1),
        colors=GREY,
        linewidths=0.9,
        linestyles="solid",
    )
    if ball is not None:
        ax.plot(*np.asarray(ball).T, color=BLACK, lw=1.2)
    for (label, arrow), (color, style) in zip(arrows.items(), ARROWS.items()):
        ax.plot([0, arrow[0]], [0, arrow[1]], color=color, ls=style, lw=2.2, label=label)
        tip = {"arrowstyle": "-|>", "color": color, "lw": 0, "mutation_scale": 16, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=arrow, xytext=0.9 * np.asarray(arrow), arrowprops=tip)
    ax.plot(0, 0, "o", color=BLACK, ms=4)
    ax.set(xlim=(-size, size), ylim=(-size, size))
    ax.set_aspect("equal")
    ax.grid(False)
    return ax


class Chart(Protocol):
    """The words a sheet is labelled with."""

    @property
    def name(self) -> str: ...
    @property
    def coordinates(self) -> tuple[str, str]: ...


def two_sheets(first: Chart, second: Chart) -> Sequence[Axes]:
    """Two square axes side by side; on the first sheet the second coordinate runs across, as longitude does on a map."""
    _, ax = plt.subplots(1, 2, figsize=(6.4, 3.6))
    for panel, chart, order in ((ax[0], first, (1, 0)), (ax[1], second, (0, 1))):
        across, up = (f"change of {chart.coordinates[index]}" for index in order)
        axes(panel, across, up, chart.name)
    return ax


def common_legend(ax: Sequence[Axes], columns: int = 2) -> None:
    """One legend above both sheets, made of the labels of the first."""
    handles, labels = ax[0].get_legend_handles_labels()
    ax[0].figure.legend(handles, labels, loc="outside upper center", ncols=columns)
