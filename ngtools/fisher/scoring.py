"""Fisher scoring: Newton's method on the log-likelihood with the expected in the place of the observed curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import number, whole_number
from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64
from ngtools.fisher.invariants import relative_eigenvalues
from ngtools.fisher.observed import observed
from ngtools.fisher.routes import scores, stated


@dataclass(frozen=True)
class Scoring:
    """The path of an iteration: ``points`` (steps + 1, d), the mean log-likelihood at each, and how it ended."""

    points: np.ndarray
    log_likelihood: np.ndarray
    steps: int
    converged: bool
    reason: str

    def errors(self, best: Any, floor: float = 1e-9) -> np.ndarray:
        """The distance of each point to ``best`` in the coordinates of the chart; those below ``floor`` are dropped."""
        distances = np.linalg.norm(self.points - np.asarray(best), axis=1)
        return distances[distances > floor]


def scoring_step(family: Family, theta: Any, data: Any, chart: str | None = None) -> np.ndarray:
    """Return F(theta)⁻¹ times the mean score of the data: the step of Fisher scoring."""
    return np.linalg.solve(stated(family, theta, chart), scores(family, theta, data, chart).mean(axis=0))


def newton_step(family: Family, theta: Any, data: Any, chart: str | None = None) -> np.ndarray:
    """Return the step of Newton's method: the observed information in the place of F."""
    return np.linalg.solve(observed(family, theta, data, chart), scores(family, theta, data, chart).mean(axis=0))


def scoring_rate(family: Family, best: Any, data: Any, chart: str | None = None) -> float:
    """Return the factor by which the error of scoring shrinks at a step near the maximum ``best`` of the likelihood.

    The spectral radius of I - F⁻¹ H, with H the observed information; the same in every chart.  Above 1 the iteration
    is repelled.
    """
    ratios = relative_eigenvalues(observed(family, best, data, chart), stated(family, best, chart))
    return float(np.abs(1 - ratios).max())


def scoring(
    family: Family,
    theta: Any,
    data: Any,
    chart: str | None = None,
    *,
    information: str = "expected",
    steps: int = 100,
    tolerance: float = 1e-10,
) -> Scoring:
    """Iterate theta <- theta + F(theta)⁻¹ (mean score) until the step is small.

    Parameters
    ----------
    family, theta, data, chart
        The model, the start in the coordinates of ``chart``, the observations.
    information
        ``"expected"``: the Fisher matrix (Fisher scoring); ``"observed"``: the data's curvature (Newton's method).
    steps
        The most steps taken.
    tolerance
        Stop when the squared length stepᵀ F step is below its square: the step in standard deviations of the score,
        the same in every chart to first order.

    Returns
    -------
    Scoring
        It reports and does not raise: an iteration that leaves the domain of the chart ends there, and says so.
    """
    if information not in ("expected", "observed"):
        raise ValueError(f"information must be 'expected' or 'observed' (got {information!r})")
    steps, tolerance = whole_number(steps, "steps"), number(tolerance, "tolerance", above=0)
    take = scoring_step if information == "expected" else newton_step
    theta = as_float64(family, theta, chart)
    points, reason = [theta], f"no convergence in {steps} steps"
    for _ in range(steps):
        step = take(family, theta, data, chart)
        length = float(step @ stated(family, theta, chart) @ step)
        try:
            theta = as_float64(family, theta + step, chart)
        except ValueError as error:
            reason = f"left the domain: {error}"
            break
        points.append(theta)
        if length < tolerance**2:
            reason = "converged"
            break
    heights = [float(np.mean(family.log_density(np.asarray(data), point, chart))) for point in points]
    return Scoring(np.stack(points), np.array(heights), len(points) - 1, reason == "converged", reason)
