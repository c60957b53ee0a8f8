"""Figures of PPO: the clipped objective, what an update makes of the clip, and where penalties lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from ngtools.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, axes

__all__ = ["clipped_objective", "penalties", "realised"]


def clipped_objective(ratios: Any, values: Mapping[str, Any], clip: float) -> Sequence[Axes]:
    """Draw the clipped objective against the ratio, a panel an advantage; ``values`` maps a title to (value, plain)."""
    _, drawn = plt.subplots(1, len(values), figsize=(6.4, 2.8))
    for ax, (title, (value, plain)) in zip(drawn, values.items()):
        axes(ax, "ratio u", "objective" if ax is drawn[0] else "", title)
        ax.axvspan(1 - clip, 1 + clip, color=GREY, alpha=0.18, lw=0)
        ax.plot(ratios, plain, color=GREY, ls="--", label="surrogate u A")
        ax.plot(ratios, value, color=BLUE, label="clipped")
        ax.axvline(1, color=BLACK, lw=0.8, ls=":")
        ax.legend(loc="best", fontsize=8)
    return tuple(drawn)


def realised(
    rates: Any, kl: Mapping[str, Any], extremes: Mapping[str, Any], clip: float, bound: float
) -> Sequence[Axes]:
    """Draw KL (left) and smallest and largest ratio (right) of an update against the learning rate, a curve an entry."""
    _, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.2))
    axes(left, "Adam's learning rate", "KL(old || new), nats")
    axes(right, "Adam's learning rate", "smallest and largest ratio")
    left.axhline(bound, color=BLACK, lw=1, ls="--", label="if the clip were obeyed")
    right.axhspan(1 - clip, 1 + clip, color=GREY, alpha=0.25, lw=0)
    for name, colour, style, mark in zip(kl, (ORANGE, BLUE, GREEN), ("--", "-", "-."), "os^"):
        left.loglog(rates, kl[name], color=colour, ls=style, marker=mark, ms=4, label=name)
        for side in extremes[name]:
            right.semilogx(rates, side, color=colour, ls=style, marker=mark, ms=4)
    for ax in (left, right):
        ax.xaxis.set_minor_formatter(NullFormatter())
    left.legend(loc="lower right", fontsize=8)
    return left, right


def penalties(paths: Mapping[str, Any], optima: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Draw the probability of the best action along the steps, a curve a program, with the two optima as lines."""
    ax = axes(ax, "steps", "probability of the best action")
    looks = ((RED, ":", None), (GREEN, "-", "o"), (PURPLE, "-.", None), (BLUE, "--", None))
    for (name, level), colour in zip(optima.items(), (BLACK, GREY)):
        ax.axhline(level, color=colour, lw=1)
        shift, side = (0.012, "bottom") if level == max(optima.values()) else (-0.014, "top")
        ax.text(0.995, level + shift, name, transform=ax.get_yaxis_transform(), ha="right", va=side, fontsize=9)
    for (name, values), (colour, style, mark) in zip(paths.items(), looks):
        every = max(1, len(values) // 10)
        ax.plot(np.arange(len(values)), values, color=colour, ls=style, marker=mark, ms=4, markevery=every, label=name)
    ax.set_ylim(0, 1.04)
    ax.legend(loc="lower right", fontsize=9)
    return ax
