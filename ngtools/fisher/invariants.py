"""What can be read off a Fisher matrix whatever the coordinates: a length, and eigenvalues of one tensor against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from ngtools.checks import metric, real_array
from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64
from ngtools.fisher.routes import empirical, scores, stated


def squared_length(g: Any, F: Any) -> float:
    """Return gᵀ F⁻¹ g, the squared length of a gradient (a covector) g in the metric F; the same in every chart.

    Examples
    --------
    >>> round(squared_length([2.0, 1.0], [[4.0, 0.0], [0.0, 0.5]]), 12)
    3.0
    """
    F = metric(F, "F")
    g = real_array(g, "g", F.shape[:1])
    return float(g @ scipy.linalg.solve(F, g, assume_a="pos"))


def relative_eigenvalues(A: Any, F: Any) -> np.ndarray:
    """Return the solutions kappa of A v = kappa F v in increasing order, shape (d,); the same in every chart.

    Both matrices must be tensors of the same kind in the same coordinates (two metrics); F positive definite.

    Examples
    --------
    >>> relative_eigenvalues([[2.0, 0.0], [0.0, 6.0]], [[1.0, 0.0], [0.0, 2.0]])
    array([2., 3.])
    """
    F = metric(F, "F")
    A = real_array(A, "A", F.shape)
    asymmetry = np.abs(A - A.T).max()
    if asymmetry > 1e-8 * np.abs(A).max():
        raise ValueError(f"A is not symmetric: max |A - A^T| = {asymmetry:.3g}")
    return scipy.linalg.eigh(A, F, eigvals_only=True)


@dataclass(frozen=True)
class ChartReading:
    """What one chart shows of a model and its data: eigenvalues that belong to the chart, and what does not."""

    chart: str
    eigenvalues: np.ndarray
    squared_length: float
    relative: np.ndarray


def in_charts(family: Family, theta: Any, data: Any, charts: Sequence[str]) -> list[ChartReading]:
    """Read one distribution and one data set in several charts; theta is in the reference chart.

    In each: the eigenvalues of F, gᵀ F⁻¹ g with g the mean score of the data, and the eigenvalues of the empirical
    Fisher matrix of the data against F.

    Examples
    --------
    >>> from ngtools import families
    >>> for reading in in_charts(families.get("zero-mean-normal"), [2.0], [1.0, 3.0], ["std", "variance"]):
    ...     print(reading.chart, reading.eigenvalues, round(reading.squared_length, 6))
    std [0.5] 0.03125
    variance [0.03125] 0.03125
    """
    theta, readings = as_float64(family, theta, None), []
    for chart in charts:
        there = family.convert(theta, to=chart)
        F, g = stated(family, there, chart), scores(family, there, data, chart).mean(axis=0)
        relative = relative_eigenvalues(empirical(family, there, data, chart), F)
        readings.append(ChartReading(chart, np.linalg.eigvalsh(F), squared_length(g, F), relative))
    return readings
