"""The figures of the variance example: velocities, densities after a step, and where finite steps end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ngtools.families import Family
from ngtools.plots.style import ALICE, BLACK, BOB, CAROL, GREY, axes

__all__ = ["gaps", "step_densities", "velocities"]

# Alice, Bob, Carol: colour and line style say the same
LEARNERS = ((ALICE, "-"), (BOB, "--"), (CAROL, "-."))


def velocities(
    sigma: np.ndarray, gradient: Mapping[str, np.ndarray], natural: np.ndarray, ax: Axes | None = None
) -> Axes:
    """Draw the speed of sigma under gradient ascent in each chart, and under the natural gradient."""
    ax = axes(ax, "standard deviation σ", "speed of σ, |dσ/dt|")
    for (label, speed), (colour, line) in zip(gradient.items(), LEARNERS):
        ax.loglog(sigma, speed, color=colour, linestyle=line, label=f"gradient, {label}")
    ax.loglog(sigma, natural, color=BLACK, linestyle=":", linewidth=2.6, label="natural gradient, every chart")
    ax.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    ax.set_xticks([], minor=True)
    ax.set_ylim(1e-3, 1e3)
    ax.legend(loc="upper right")
    return ax


def step_densities(
    reach: float,
    family: Family,
    stds: Mapping[str, Mapping[str, np.ndarray]],
    start: Sequence[float],
    target: Sequence[float],
) -> Sequence[Axes]:
    """Draw on (-reach, reach), a panel for each kind of step, the density that each learner holds, with the start and the target.

    ``stds`` maps a kind of step to the learners and their coordinates in the reference chart.
    """
    x = np.linspace(-reach, reach, 401)
    _, panels = plt.subplots(1, len(stds), figsize=(6.4, 3.2), sharey=True)
    for (title, learners), ax in zip(stds.items(), panels):
        axes(ax, "x", "", title)
        ax.plot(x, np.exp(family.log_density(x, start)), color=GREY, linewidth=1.2, label="start")
        ax.plot(x, np.exp(family.log_density(x, target)), color=BLACK, linewidth=1.2, linestyle=":", label="target")
        for (label, theta), (colour, line) in zip(learners.items(), LEARNERS):
            ax.plot(x, np.exp(family.log_density(x, theta)), color=colour, linestyle=line, label=label)
    panels[0].set_ylabel("density")
    panels[-1].legend(loc="upper right")
    return panels


def gaps(alpha: np.ndarray, ends: Mapping[str, Sequence[float]], predicted: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw how far from the first learner's end the others end, against the predicted leading term."""
    ax = axes(ax, "learning rate α", "gap to Alice's σ after one step")
    (_, first), *others = ends.items()
    for (_, end), label, (colour, line), marker in zip(others, ("Bob, σ²", "Carol, log σ"), LEARNERS[1:], "os"):
        gap = np.abs(np.subtract(end, first))
        ax.loglog(alpha, gap, color=colour, linestyle=line, marker=marker, markersize=5, label=label)
    ax.loglog(alpha, predicted, color=BLACK, linewidth=1.0, label="α² g² σ³ / 8")
    ax.legend()
    return ax
