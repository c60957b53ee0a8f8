"""Figures of policies: Fisher matrices along trajectories, flows on the simplex, plateaus, a regulator's two coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLACK, BLUE, GRADIENT, GREEN, GREY, NATURAL, ORANGE, PURPLE, SKY, axes

__all__ = ["gain_plane", "plateau", "regret_curves", "regulator_costs", "simplex_flows", "trajectory_limits"]


def trajectory_limits(times: Any, gaps: Mapping[str, Any], joint: float, ax: Axes | None = None) -> Axes:
    """Draw \\|F_T / T - F\\| against T, log-log, a curve a start, and the distance of the joint matrix as a line."""
    ax = axes(ax, "steps T", "relative distance from F")
    looks = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, "-.", "^"))
    for (name, values), (colour, line, marker) in zip(gaps.items(), looks):
        ax.loglog(times, values, color=colour, linestyle=line, marker=marker, markersize=4.5, label=name)
    ax.axhline(joint, color=PURPLE, linestyle=":", linewidth=2.4, label="Fisher matrix of (s, a)")
    ax.legend(loc="lower left")
    ax.tick_params(which="minor", length=0)
    return ax


def triangle(p: Any) -> np.ndarray:
    """Points of an equilateral triangle for probabilities (..., 3): the first action is the top corner."""
    corners = np.array([[0.5, np.sqrt(3) / 2], [0.0, 0.0], [1.0, 0.0]])
    return np.asarray(p, float) @ corners


def simplex_flows(
    panels: Mapping[str, Sequence[Any]], dots: Mapping[str, Sequence[Any]], corners: Sequence[str]
) -> Sequence[Axes]:
    """Draw flows of three probabilities, a panel for each kind, with dots at equal times.

    Parameters
    ----------
    panels
        Title -> curves (n, 3); the first panel is drawn as the gradient, the second as the natural gradient.
    dots
        Title -> points (m, 3) for each curve.
    corners
        Labels of the three corners: top, left, right.
    """
    _, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.4), squeeze=False)
    outline = triangle(np.eye(3)[[0, 1, 2, 0]])
    for (title, curves), ax, colour in zip(panels.items(), drawn[0], (GRADIENT, NATURAL)):
        ax.set_title(title)
        ax.plot(*outline.T, color=GREY, linewidth=1)
        for curve in curves:
            ax.plot(*triangle(curve).T, color=colour, linewidth=1.5)
            ax.plot(*triangle(curve[0]), "o", color=BLACK, markersize=4.5, markerfacecolor="white", zorder=4)
        for points in dots[title]:
            ax.plot(*triangle(points).T, "o", color=colour, markersize=3.2, zorder=3)
        for name, place, offset in zip(corners, triangle(np.eye(3)), ((0, 5), (4, -13), (-4, -13))):
            ax.annotate(name, place, xytext=offset, textcoords="offset points", ha="center", fontsize=9.5)
        ax.set(aspect="equal", xlim=(-0.12, 1.12), ylim=(-0.1, 0.98))
        ax.axis("off")
    return drawn[0]


def regret_curves(
    times: Any, curves: Mapping[str, Any], reference: tuple[str, Any] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw regrets against flow time, log-log; ``reference`` (label, one value a time) is a thin dotted line."""
    ax = axes(ax, "flow time t", "regret: best reward − expected reward")
    looks = ((GRADIENT, "-"), (NATURAL, "--"))
    for (name, values), (colour, line) in zip(curves.items(), looks):
        ax.loglog(times, values, color=colour, linestyle=line, label=name)
    if reference is not None:
        ax.loglog(times, reference[1], color=BLACK, linewidth=1.3, linestyle=":", label=reference[0])
    ax.set_ylim(1e-8, 2)
    ax.tick_params(which="minor", length=0)
    ax.legend(loc="lower left")
    return ax


def plateau(flows: Mapping[str, Mapping[str, Any]]) -> Sequence[Axes]:
    """Draw average reward and the probability of state j against flow time (logarithmic), a curve for each flow."""
    figure, drawn = plt.subplots(1, 2, figsize=(6.4, 3.5), sharex=True)
    axes(drawn[0], "flow time", "average reward")
    axes(drawn[1], "flow time", "stationary probability of j")
    looks = ((GRADIENT, "-"), (NATURAL, "--"), (SKY, "-."), (PURPLE, ":"))
    for (name, flow), (colour, line) in zip(flows.items(), looks):
        drawn[0].semilogx(flow["time"], flow["reward"], color=colour, linestyle=line, label=name)
        drawn[1].loglog(flow["time"], flow["rho_j"], color=colour, linestyle=line)
    for ax in drawn:
        ax.set_xlim(1e-2, None)
        ax.set_xticks([1e-2, 1, 1e2, 1e4, 1e6])
        ax.tick_params(which="minor", length=0)
    figure.legend(loc="outside upper center", ncols=2)
    return drawn


def regulator_costs(kinds: Mapping[str, Mapping[str, tuple[Any, Any]]], ax: Axes | None = None) -> Axes:
    """Draw cost against flow time (logarithmic): a colour for each kind, a line style for each rescaling."""
    ax = axes(ax, "flow time", "cost of 20 steps")
    styles = ("-", "--", ":")
    for (kind, curves), colour in zip(kinds.items(), (GRADIENT, NATURAL)):
        for (scales, (time, cost)), line in zip(curves.items(), styles):
            ax.semilogx(time, cost, color=colour, linestyle=line, label=f"{kind}, {scales}")
    ax.set_xlim(1e-2, None)
    ax.axhline(20, color=GREY, linewidth=0.9)
    ax.tick_params(which="minor", length=0)
    ax.legend(loc="upper right")
    return ax


def gain_plane(gains: Any, spreads: Any, cost: Any, panels: Mapping[str, Sequence[Any]], best: float) -> Sequence[Axes]:
    """Draw paths (n, 2) of gain and standard deviation over contours of the cost (spreads, gains), a panel each kind."""
    _, drawn = plt.subplots(1, len(panels), figsize=(6.4, 3.3), sharex=True, sharey=True, squeeze=False)
    levels = np.quantile(cost, np.linspace(0.03, 0.9, 9))
    for (title, paths), ax, colour in zip(panels.items(), drawn[0], (GRADIENT, NATURAL)):
        axes(ax, "gain k", "", title)
        ax.grid(False)
        ax.contour(gains, spreads, cost, levels=levels, colors=GREY, linewidths=0.6)
        ax.axvline(best, color=BLACK, linewidth=0.9, linestyle=":")
        for path in paths:
            ax.plot(path[:, 0], path[:, 1], color=colour)
            ax.plot(*path[0], "o", color=BLACK, markersize=4.5, markerfacecolor="white", zorder=4)
        ax.plot(best, 0, "*", color=BLACK, markersize=11, clip_on=False, zorder=5)
        ax.set_ylim(0, None)
    drawn[0, 0].set_ylabel("standard deviation σ")
    return drawn[0]
