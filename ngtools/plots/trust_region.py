"""Figures of trust regions: a step that misleads, the true divergence, training, many seeds, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from ngtools.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, axes

__all__ = ["charts", "divergences", "misled", "overshoot", "returns", "training"]

LOOKS = ((RED, ":"), (GREEN, "-."), (BLUE, "-"), (ORANGE, "--"), (PURPLE, (0, (5, 1, 1, 1))))
METHODS = dict(zip(("REINFORCE", "NPG", "TRPO", "PPO"), LOOKS))


def _thousands(ax: Axes) -> None:
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:.0f}"))


def misled(rho: Mapping[str, Any], fractions: Any, lines: Mapping[str, Any], accepted: float) -> Sequence[Axes]:
    """Draw state distributions (left), and returns along a step with the accepted fraction marked (right)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.3))
    axes(left, "state (rung)", "share of the time")
    rungs = np.arange(len(next(iter(rho.values()))))
    for (name, values), colour, mark, style in zip(rho.items(), (BLUE, RED), ("o", "s"), ("-", "--")):
        left.semilogy(rungs, values, color=colour, ls=style, marker=mark, ms=4, label=name)
    left.legend(loc="lower left")
    axes(right, "fraction of the full step", "return")
    for (name, values), colour, style in zip(lines.items(), (BLACK, GREY), ("-", "--")):
        right.plot(fractions, values, color=colour, ls=style, label=name)
    right.axvline(accepted, color=RED, lw=1, ls=":", label="accepted")
    figure.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return left, right


def overshoot(deltas: Any, ratios: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw measured KL of the full step over the radius."""
    ax = axes(ax, "radius δ (nats)", "measured KL of the full step / δ")
    ax.axhline(1, color=BLACK, lw=1, label="quadratic model")
    for (name, values), (colour, style), mark in zip(ratios.items(), LOOKS[1:], "os^"):
        ax.semilogx(deltas, values, color=colour, ls=style, marker=mark, ms=4, label=name)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend()
    return ax


def training(steps: Any, returns: Any, kl: Any, backtracks: Any, delta: float, solved: float) -> Sequence[Axes]:
    """Draw return, measured KL and backtracks one above the other: one run, or several of shape (runs, times).

    Of several runs the mean number of backtracks is drawn.
    """
    returns, kl, backtracks = (np.atleast_2d(np.asarray(values, float)) for values in (returns, kl, backtracks))
    backtracks = backtracks.mean(axis=0)
    figure, drawn = plt.subplots(3, 1, figsize=(6.4, 5.0), sharex=True, height_ratios=(2, 1.2, 1))
    top, middle, bottom = drawn
    axes(top, "", "return")
    top.axhline(solved, color=GREY, lw=1, ls="--", label=f"{solved:g}")
    for i, values in enumerate(returns):
        top.plot(steps, values, color=BLUE, lw=1.2, label="mean return of a batch" if i == 0 else None)
    top.legend(loc="lower right")
    axes(middle, "", "KL (nats)")
    middle.axhline(delta, color=RED, lw=1, ls="--", label="radius δ")
    for i, values in enumerate(kl):
        middle.plot(steps, values, color=ORANGE, marker=".", ms=4, ls="", label="measured KL" if i == 0 else None)
    middle.set_ylim(0, 1.35 * delta)
    middle.legend(loc="upper right", ncols=2)
    axes(bottom, "environment steps (thousands)", "backtracks")
    bottom.vlines(steps, 0, backtracks, color=BLACK, lw=1.5)
    bottom.plot(steps, backtracks, color=BLACK, ls="", marker=".", ms=4)
    bottom.set_ylim(-0.2, max(3, np.max(backtracks)) + 0.5)
    _thousands(bottom)
    return tuple(drawn)


def returns(steps: Any, curves: Mapping[str, Mapping[str, Any]], solved: float, ax: Axes | None = None) -> Axes:
    """Draw interquartile means with their intervals, one curve for each of ``METHODS``: ``iqm``, ``low``, ``high``."""
    ax = axes(ax, "environment steps (thousands)", "return, interquartile mean")
    ax.axhline(solved, color=GREY, lw=1)
    for name, curve in curves.items():
        colour, style = METHODS[name]
        ax.plot(steps, curve["iqm"], color=colour, ls=style, label=name)
        ax.fill_between(steps, curve["low"], curve["high"], color=colour, alpha=0.18, lw=0)
    _thousands(ax)
    ax.legend(loc="lower right")
    return ax


def divergences(
    steps: Any, kl: Mapping[str, Mapping[str, Any]], radii: Mapping[str, float], shortened: Mapping[str, Any]
) -> Sequence[Axes]:
    """Draw, a panel for each method, the quantiles of the measured KL over the seeds; and below, the share shortened.

    Parameters
    ----------
    kl
        Method -> {"10", "50", "90", "100"} -> values by time.
    radii
        Radius of the methods that have one.
    shortened
        Method -> share of the seeds whose step was shortened, for those that measure.
    """
    figure, drawn = plt.subplots(2, 2, figsize=(6.4, 4.6), sharex=True, sharey=True)
    for (name, quantiles), ax in zip(kl.items(), drawn.flat):
        colour, _ = METHODS[name]
        axes(ax, "", "", name)
        if name in radii:
            ax.axhline(radii[name], color=BLACK, lw=1, ls="--")
            ax.text(0.95, radii[name] * 1.25, "δ", transform=ax.get_yaxis_transform())
        ax.semilogy(steps, quantiles["50"], color=colour)
        ax.fill_between(steps, quantiles["10"], quantiles["90"], color=colour, alpha=0.25, lw=0)
        ax.semilogy(steps, quantiles["100"], color=colour, lw=0.8, ls=":")
        if name in shortened:
            share = 100 * float(np.mean(shortened[name]))
            ax.text(0.97, 0.05, f"{share:.0f} % of steps shortened", transform=ax.transAxes, ha="right", fontsize=9)
    _thousands(drawn[1, 0])
    figure.supxlabel("environment steps (thousands)", fontsize=10)
    figure.supylabel("measured KL of an update (nats)", fontsize=10)
    return tuple(drawn.flat)


def charts(panels: Mapping[str, Mapping[str, Any]], xlabel: str, ylabel: str) -> Sequence[Axes]:
    """Draw, a panel for each method, one curve a chart; the first chart is drawn broad and behind."""
    figure, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.7), sharey=True, squeeze=False)
    for (title, curves), ax in zip(panels.items(), drawn[0]):
        axes(ax, xlabel, ylabel if ax is drawn[0, 0] else "", title)
        for i, ((name, values), (colour, style)) in enumerate(zip(curves.items(), ((GREY, "-"), *LOOKS))):
            broad = {"lw": 6, "alpha": 0.45} if i == 0 else {"lw": 1.5}
            ax.plot(np.arange(len(values)), values, color=colour, ls=style, label=name, **broad)
    handles, labels = drawn[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return tuple(drawn[0])
