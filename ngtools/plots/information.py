"""Figures of the Fisher matrix: what a nudge changes, the score, the Monte-Carlo error, eigenvalues by chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLUE, FISHER, GREY, ORANGE, TARGET, axes

__all__ = ["eigenvalue_rows", "error_against_size", "nudged_pairs", "score_histogram"]


def nudged_pairs(x: Any, pairs: Sequence[tuple[Any, Any]], titles: Sequence[str], axs: Any = None) -> Any:
    """Two densities in each panel, before and after a nudge; the area between them is shaded.

    ``pairs`` holds (density, nudged density) on the grid ``x``.  Panels share both axes.  Returns the axes.
    """
    if axs is None:
        _, axs = plt.subplots(1, len(pairs), sharex=True, sharey=True, figsize=(6.4, 3.2))
    for ax, (before, after), title in zip(axs, pairs, titles):
        axes(ax, "observation $x$", "", title)
        ax.fill_between(x, before, after, color=GREY, alpha=0.3, linewidth=0)
        ax.plot(x, before, color=BLUE, label="before")
        ax.plot(x, after, color=ORANGE, linestyle="--", label="after the nudge")
    axs[0].set_ylabel("density")
    axs[-1].legend(loc="upper right")
    return axs


def score_histogram(values: Any, mean: float, deviation: float, ax: Axes | None = None, bins: int = 90) -> Axes:
    """A histogram of scores, its mean, and one standard deviation to either side."""
    ax = axes(ax, r"score $\psi_\sigma(x)$", "density of the scores")
    ax.hist(values, bins=bins, density=True, color=BLUE, alpha=0.45, edgecolor="none")
    ax.axvline(mean, color=TARGET, label="mean")
    for sign in (-1, 1):
        label = r"mean $\pm$ std" if sign > 0 else None
        ax.axvline(mean + sign * deviation, color=ORANGE, linestyle="--", label=label)
    ax.legend(loc="upper right")
    return ax


def error_against_size(sizes: Any, measured: Any, exact: Any, ax: Axes | None = None) -> Axes:
    """Root mean square errors over sample sizes, measured (dots) and exact (line), on two logarithmic axes."""
    ax = axes(ax, "number of draws $N$", r"root mean square error of $\hat F$")
    ax.loglog(sizes, exact, color=FISHER, label=r"exact: $\sqrt{56 / (\sigma^4 N)}$")
    ax.loglog(sizes, measured, "o", color=ORANGE, label="measured")
    ax.legend(loc="upper right")
    return ax


def eigenvalue_rows(labels: Sequence[str], eigenvalues: Any, ax: Axes | None = None) -> Axes:
    """The eigenvalues of one matrix a row, on a logarithmic axis, joined by a line; first label on top."""
    ax = axes(ax, "eigenvalues of the Fisher matrix (logarithmic axis)")
    rows = np.arange(len(labels))[::-1]
    for row, values in zip(rows, eigenvalues):
        ax.plot(np.sort(values), [row] * len(values), color=GREY, linewidth=1.2, zorder=1)
        ax.scatter(values, [row] * len(values), color=FISHER, s=42, zorder=2)
    ax.set_xscale("log")
    ax.set_yticks(rows, labels)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    return ax
