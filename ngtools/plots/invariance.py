"""The invariance matrix as one figure: methods against changes of coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ngtools.plots.style import BLACK, GREY

__all__ = ["heat_map"]

# fill, colour of the letters, and the word of a cell; darker is farther from invariance, in grey too
LOOKS = {
    "exact": ("#eef5fb", BLACK, "exact"),
    "order 2": ("#b5d3ea", BLACK, "2"),
    "order 1": ("#6ba3cf", BLACK, "1"),
    "broken": ("#7a2e0e", "white", "broken"),
}


def heat_map(
    kinds: Mapping[str, Sequence[str]], columns: Sequence[str], ax: Axes | None = None, xlabel: str = "change of coordinates"
) -> Axes:
    """Draw one cell for each method (key) and column, coloured by its kind; "not defined" is hatched.

    Parameters
    ----------
    kinds
        Method -> the kind of each column: "exact", "order 2", "order 1", "broken" or "not defined".
    columns
        The titles of the columns.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 1.3 + 0.38 * len(kinds)))
    for row, (name, entries) in enumerate(kinds.items()):
        if len(entries) != len(columns):
            raise ValueError(f"row '{name}' has {len(entries)} cells for {len(columns)} columns")
        for column, kind in enumerate(entries):
            fill, letters, word = LOOKS.get(kind, ("white", GREY, ""))
            hatch, edge = (None, "white") if kind in LOOKS else ("////", "#d0d0d0")
            ax.add_patch(Rectangle((column, row), 1, 1, facecolor=fill, edgecolor=edge, linewidth=1.2, hatch=hatch))
            if kind in LOOKS:
                ax.text(column + 0.5, row + 0.52, word, color=letters, ha="center", va="center", fontsize=8)
    ax.set(xlim=(0, len(columns)), ylim=(len(kinds), 0), xlabel=xlabel, ylabel="one step of")
    ax.set_xticks([i + 0.5 for i in range(len(columns))], columns, rotation=38, ha="left", rotation_mode="anchor")
    ax.set_yticks([i + 0.5 for i in range(len(kinds))], list(kinds))
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
