"""Figures of estimation: a cloud against the bound's ellipse, scaled variances, errors of an iteration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ngtools.plots.style import BLUE, FISHER, GREY, ORANGE, PURPLE, TARGET, axes

__all__ = ["estimator_cloud", "iteration_errors", "scaled_variances", "variance_rates"]

LINES = ((BLUE, "-"), (ORANGE, "--"), (PURPLE, "-."), (GREY, ":"))


def estimator_cloud(
    points: Any,
    truth: Any,
    bound: Any,
    measured: Any,
    chord: float,
    names: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Estimates as dots, the ellipse of the bound and that of their own covariance.

    ``bound`` and ``measured`` are closed curves of shape (points, 2).  Half the horizontal chord of the bound through
    the truth is ``chord``; it is drawn, and so is the shadow of the bound on the horizontal axis.
    """
    points, truth, bound = (np.asarray(entry) for entry in (points, truth, bound))
    ax = axes(ax, names[0], names[1])
    ax.scatter(points[:, 0], points[:, 1], s=5, color=GREY, alpha=0.45, linewidths=0, rasterized=len(points) > 2000)
    ax.plot(*bound.T, color=FISHER, label="the bound")
    ax.plot(*np.asarray(measured).T, color=ORANGE, linestyle="--", label="the cloud's own covariance")
    ax.plot([truth[0] - chord, truth[0] + chord], [truth[1]] * 2, color=TARGET, linewidth=3, label="chord")
    floor = min(points[:, 1].min(), bound[:, 1].min())
    shadow = [bound[:, 0].min(), bound[:, 0].max()]
    ax.plot(shadow, [floor] * 2, color=TARGET, linewidth=3, linestyle=":", label="shadow")
    ax.plot(*truth, "o", color=TARGET, markersize=6)
    ax.legend(loc="upper left")
    return ax


def scaled_variances(
    n: Any, curves: Sequence[tuple[str, Any]], bound: float, simulated: Any = None, ax: Axes | None = None
) -> Axes:
    """n times the variance of several estimators over n, against the constant bound; simulated points on top."""
    ax = axes(ax, "number of observations $n$", "$n$ times the variance")
    ax.axhline(bound, color=TARGET, linewidth=1.2, label="Cramér–Rao bound, for unbiased estimators")
    for (label, values), (color, style) in zip(curves, LINES):
        ax.plot(n, values, color=color, linestyle=style, label=label)
    if simulated is not None:
        ax.errorbar(*simulated, fmt="o", color=TARGET, markersize=4, capsize=3, label="simulated")
    ax.legend(loc="best")
    return ax


def variance_rates(n: Any, lines: Sequence[tuple[str, Any]], measured: Any, ax: Axes | None = None) -> Axes:
    """Variances over n on two logarithmic axes: formulas as lines, ``measured`` as dots."""
    ax = axes(ax, "number of observations $n$", "variance")
    for (label, values), (color, style) in zip(lines, LINES):
        ax.loglog(n, values, color=color, linestyle=style, label=label)
    ax.loglog(n, measured, "o", color=TARGET, markersize=5, label="measured")
    ax.legend(loc="lower left")
    return ax


def iteration_errors(paths: Sequence[tuple[str, Any]], ax: Axes | None = None) -> Axes:
    """The error after each step of several iterations, on a logarithmic axis."""
    ax = axes(ax, "step", "distance to the maximum")
    for (label, errors), (color, style), marker in zip(paths, LINES, "os^d"):
        ax.semilogy(
            np.arange(len(errors)), errors, color=color, linestyle=style, marker=marker, markersize=5, label=label
        )
    ax.legend(loc="best")
    return ax
