"""One distribution and one objective as each chart of a family sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.natural import natural_gradient
from ngtools.families import Family
from ngtools.fisher import by_score

__all__ = ["ChartView", "chart_views"]


@dataclass(frozen=True)
class ChartView:
    """What one chart computes at a point, all of it in its own coordinates.

    ``fisher`` is integrated from the squared score, ``gradient`` comes from automatic differentiation,
    ``natural`` is F⁻¹ g, and ``to_reference`` is the Jacobian d theta / d phi that carries a velocity of
    this chart to the reference chart.
    """

    chart: str
    phi: np.ndarray
    fisher: np.ndarray
    gradient: np.ndarray
    natural: np.ndarray
    to_reference: np.ndarray

    @property
    def gradient_moved(self) -> np.ndarray:
        """The velocity "phi' = gradient" of this chart, in the reference chart."""
        return self.to_reference @ self.gradient

    @property
    def natural_moved(self) -> np.ndarray:
        """The velocity "phi' = natural gradient" of this chart, in the reference chart."""
        return self.to_reference @ self.natural


def chart_views(family: Family, theta: Any, objective: Callable[[Any], Any]) -> tuple[ChartView, ...]:
    """Return the view of every chart that has as many coordinates as the family has dimensions.

    Parameters
    ----------
    family, theta
        A distribution, in the reference chart.
    objective
        A ``jax.numpy`` function of the reference-chart parameters.

    Examples
    --------
    >>> from ngtools import descent, families
    >>> family = families.get("zero-mean-normal")
    >>> views = chart_views(family, [3.0], descent.expected_log_likelihood(family, [1.0]))
    >>> [view.natural_moved.round(4).tolist() for view in views]
    [[-1.3333], [-1.3333], [-1.3333], [-1.3333]]
    """
    views = []
    for chart in family.charts:
        if family.dimension(chart) != family.dimension():
            continue
        phi = np.asarray(family.convert(theta, to=chart), np.float64)
        F, g = by_score(family, phi, chart), chart_setting(family, objective, chart).gradient(phi)
        back = family.jacobian(phi, to=family.charts[0], chart=chart)
        views.append(ChartView(chart, phi, F, g, natural_gradient(F, g), back))
    return tuple(views)
