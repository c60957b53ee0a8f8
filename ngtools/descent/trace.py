"""What a run returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Exit", "Trace"]


@dataclass(frozen=True)
class Exit:
    """A step that would have left the domain: which (0 is the first), why, and where it pointed to."""

    step: int
    reason: str
    proposal: np.ndarray | None = None


@dataclass(frozen=True)
class Trace:
    """A run, point by point; n steps make n + 1 points.

    Parameters
    ----------
    method, chart
        What ran, and in which coordinates.
    times
        alpha times the number of steps (for a flow: time), shape (n + 1,).
    theta
        Coordinates in the run's own chart, shape (n + 1, d).
    distribution
        The same points in the coordinates all charts share (the reference chart), shape (n + 1, d_ref).
    objective
        Its value at each point, shape (n + 1,).
    kl
        KL(old || new) of each step in nats, shape (n,).
    exits
        A step out of the domain ends the run and is reported here; nothing is ever clamped.
    """

    method: str
    chart: str
    times: np.ndarray
    theta: np.ndarray
    distribution: np.ndarray
    objective: np.ndarray
    kl: np.ndarray
    exits: tuple[Exit, ...] = ()

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.kl)

    @property
    def completed(self) -> bool:
        """Whether the run stayed inside the domain."""
        return not self.exits

    def __repr__(self) -> str:
        end = f"left the domain at step {self.exits[0].step}: {self.exits[0].reason}" if self.exits else "completed"
        return f"<Trace: {self.method} in {self.chart}, {self.steps} steps, {end}>"
