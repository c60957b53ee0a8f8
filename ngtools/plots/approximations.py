"""The figures of the approximations: fields, matrices as images, training curves of five methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ngtools.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, axes

__all__ = ["block_norms", "digit_images", "empirical_curves", "fields", "matrices", "second_moments", "training"]

# colour and line style say the same
METHODS = {
    "SGD": (RED, ":"),
    "Adam": (ORANGE, "--"),
    "diagonal": (GREY, (0, (8, 2, 1, 2, 1, 2))),
    "K-FAC": (GREEN, "-"),
    "natural, CG": (BLUE, "-."),
}


def empirical_curves(w: np.ndarray, curves: Mapping[str, np.ndarray], exact: float, ax: Axes | None = None) -> Axes:
    """Draw the empirical Fisher information against the parameter for several noises, and the exact one."""
    ax = axes(ax, "slope w of the model (the truth is 2)", "information about w")
    for (label, values), colour, line in zip(curves.items(), (ORANGE, GREEN, RED), ("-", "--", "-.")):
        ax.semilogy(w, values, color=colour, linestyle=line, label=f"empirical, {label}")
    ax.axhline(exact, color=BLACK, linewidth=2.4, label="Fisher, all of them")
    ax.set_ylim(3e-3, 30)
    ax.legend(loc="lower left")
    return ax


def fields(
    grid: tuple[np.ndarray, np.ndarray],
    arrows: Mapping[str, np.ndarray],
    paths: Mapping[str, Sequence[np.ndarray]],
    optimum: Sequence[float],
) -> Sequence[Axes]:
    """Draw, a panel each, unit arrows (2, rows, columns) of a field on a grid, and paths (n, 2) that follow it."""
    _, panels = plt.subplots(1, len(arrows), figsize=(6.4, 2.9), sharex=True, sharey=True)
    for (title, arrow), ax in zip(arrows.items(), panels):
        axes(ax, "intercept", "", title)
        ax.quiver(*grid, *(arrow / np.hypot(*arrow)), color=GREY, angles="xy", pivot="mid", width=0.006, scale=22)
        for path in paths[title]:
            ax.plot(*path.T, color=BLUE, linewidth=1.7)
            ax.plot(*path[0], marker="o", color=BLUE, markersize=4.5)
        ax.plot(*optimum, marker="*", color=BLACK, markersize=11, zorder=4)
        ax.grid(False)
    panels[0].set_ylabel("slope")
    return panels


def matrices(named: Mapping[str, np.ndarray], edges: Sequence[int]) -> Any:
    """Draw matrices as images of the sizes of their entries on one logarithmic scale; edges separate the layers."""
    _, panels = plt.subplots(2, 2, figsize=(6.4, 6.2), sharex=True, sharey=True)
    top = max(np.abs(matrix).max() for matrix in named.values())
    norm, drawn = LogNorm(top * 1e-4, top), None
    for (title, matrix), ax in zip(named.items(), panels.flat):
        drawn = ax.imshow(np.maximum(np.abs(matrix), top * 1e-4), norm=norm, cmap="Blues", interpolation="nearest")
        ax.set_title(title)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(False)
        for edge in edges:
            ax.axhline(edge - 0.5, color=GREY, linewidth=0.7)
            ax.axvline(edge - 0.5, color=GREY, linewidth=0.7)
    panels[0, 0].figure.colorbar(drawn, ax=panels, location="bottom", shrink=0.6, label="size of the entry")
    return panels


def block_norms(named: Mapping[str, np.ndarray]) -> Sequence[Axes]:
    """Draw, a panel each, the mean size of the entries between layers, relative to the two diagonal blocks."""
    _, panels = plt.subplots(1, len(named), figsize=(6.4, 3.2))
    for (title, norms), ax in zip(named.items(), panels):
        norms = np.asarray(norms)
        relative = norms / np.sqrt(np.outer(np.diag(norms), np.diag(norms)))
        ax.imshow(relative, cmap="Blues", vmin=0, vmax=1.25, interpolation="nearest")
        for (i, j), value in np.ndenumerate(relative):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.75 else BLACK)
        ticks = [str(layer + 1) for layer in range(len(norms))]
        ax.set_xticks(range(len(norms)), ticks)
        ax.set_yticks(range(len(norms)), ticks)
        ax.set_title(title)
        ax.set_xlabel("layer")
        ax.grid(False)
    panels[0].set_ylabel("layer")
    return panels


def second_moments(sizes: Sequence[int], ratios: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw the ratio of Adam's second moment to the Fisher diagonal against the size of the mini-batch."""
    ax = axes(ax, "mini-batch size N", "median of second moment / F")
    for (label, values), colour, line, marker in zip(ratios.items(), (ORANGE, BLUE), ("-", "--"), "os"):
        ax.loglog(sizes, values, color=colour, linestyle=line, marker=marker, markersize=5, label=label)
    ax.axhline(1, color=BLACK, linewidth=1.2, label="the Fisher diagonal itself")
    ax.set_xticks(list(sizes), [str(size) for size in sizes])
    ax.set_xticks([], minor=True)
    ax.legend()
    return ax


def digit_images(images: np.ndarray, labels: Sequence[int]) -> Any:
    """Draw 8 x 8 images in a row or two, each with its label."""
    rows = 2
    _, panels = plt.subplots(rows, len(labels) // rows, figsize=(6.4, 1.9))
    for image, label, ax in zip(images, labels, panels.flat):
        ax.imshow(image.reshape(8, 8), cmap="Greys", interpolation="nearest")
        ax.set_title(str(label), fontsize=9)
        ax.set_axis_off()
    return panels


def training(
    curves: Mapping[str, Mapping[str, Sequence[float]]],
    every: int,
    seconds: Mapping[str, float],
    steps: int,
    milliseconds: float,
) -> Sequence[Axes]:
    """Draw log10 training loss with its interval against steps (left) and CPU time (right), up to the ends given."""
    _, panels = plt.subplots(1, 2, figsize=(6.4, 3.9), sharey=True)
    for name, curve in curves.items():
        colour, line = METHODS[name]
        taken = every * np.arange(len(curve["mean"]))
        for ax, scale in zip(panels, (1.0, 1e3 * seconds[name])):
            ax.plot(scale * taken, curve["mean"], color=colour, linestyle=line, label=name)
            ax.fill_between(scale * taken, curve["low"], curve["high"], color=colour, alpha=0.18, linewidth=0)
    axes(panels[0], "steps", "log10 of training loss")
    axes(panels[1], "CPU milliseconds", "")
    panels[0].set_xlim(0, steps)
    panels[1].set_xlim(0, milliseconds)
    panels[0].set_ylim(-4.9, 0.6)
    panels[0].figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return panels
