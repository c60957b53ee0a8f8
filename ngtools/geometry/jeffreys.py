"""Jeffreys' prior: the volume of the Fisher metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.families import Family
from ngtools.geometry.metric import metric_of

__all__ = ["jeffreys"]


def jeffreys(family: Family, theta: Any, chart: str | None = None) -> float:
    """The unnormalised density sqrt(det F(theta)) with respect to d theta, in the coordinates of ``chart``.

    The measure sqrt(det F) d theta is the same in every chart; the density is not:
    sqrt(det F_theta) = |det J| sqrt(det F_phi) with J = d phi / d theta.

    Examples
    --------
    >>> from ngtools import families
    >>> jeffreys(families.get("bernoulli"), [0.5])
    2.0
    """
    theta = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    return float(np.sqrt(np.linalg.det(metric_of(family, chart).at(theta))))
