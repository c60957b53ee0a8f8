"""Curves of normal distributions in the half plane of (mu, sigma)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, BLUE, GREY, RED, axes

__all__ = ["half_plane"]

PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}


def half_plane(
    geodesics: Sequence[Any],
    straight: Any = None,
    marks: Mapping[str, Any] | None = None,
    window: tuple[float, float, float] = (-2.6, 4.6, 2.8),
    ax: Axes | None = None,
) -> Axes:
    """Geodesics as solid lines, the first one thick; a path of constant sigma dashed; marked points with their names.

    ``window`` is (least mu, greatest mu, greatest sigma).
    """
    ax = axes(ax, "mean μ", "standard deviation σ")
    for number, curve in enumerate(geodesics):
        ax.plot(
            *np.asarray(curve).T,
            color=BLUE if number == 0 else GREY,
            linewidth=2.4 if number == 0 else 1.2,
            zorder=3 if number == 0 else 2,
            label={0: "shortest path", 1: "other geodesics"}.get(number),
        )
    if straight is not None:
        ax.plot(*np.asarray(straight).T, color=RED, linestyle="--", label="straight in (μ, σ)")
    for name, point in (marks or {}).items():
        ax.plot(*point, "o", color=BLACK, markersize=5, zorder=5)
        ax.annotate(name, point, xytext=(0, -14), textcoords="offset points", ha="center", fontsize=9, bbox=PATCH)
    ax.axhline(0, color=BLACK, linewidth=1.2)
    ax.set(xlim=window[:2], ylim=(0, window[2]), aspect="equal")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3, fontsize=9)
    return ax
