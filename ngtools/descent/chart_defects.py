"""The transformation laws of one family, from its reference chart to another chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ngtools.descent.chart_setting import chart_setting
from ngtools.families import Family
from ngtools.fisher import by_score
from ngtools.geometry.laws import law_defects

__all__ = ["chart_defects"]


def chart_defects(family: Family, chart: str, objective: Callable[[Any], Any]) -> float:
    """The largest relative defect of the three laws over the family's sample points.

    In each chart by itself the Fisher matrix is integrated from the squared score and the gradient is found by
    automatic differentiation; nothing is carried over.

    Parameters
    ----------
    family, chart
        A chart with as many coordinates as the family has dimensions.
    objective
        A ``jax.numpy`` function of the reference-chart parameters.

    See Also
    --------
    ngtools.geometry.law_defects : what is measured
    """
    if family.dimension(chart) != family.dimension():
        raise ValueError(f"chart '{chart}' of '{family.name}' is redundant: its Jacobian has no inverse")
    reference, other = chart_setting(family, objective), chart_setting(family, objective, chart)

    def largest(point: Any) -> float:
        theta = np.asarray(point, np.float64)
        phi = np.asarray(family.convert(theta, to=chart))
        defects = law_defects(
            by_score(family, theta),
            reference.gradient(theta),
            by_score(family, phi, chart),
            other.gradient(phi),
            family.jacobian(theta, to=chart),
        )
        return defects.largest

    return max(map(largest, family.points))
