"""Straight lines of a chart, as curves of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import whole_number
from ngtools.families import Family
from ngtools.geometry.half_plane import normal_geodesic

__all__ = ["straight_line", "straight_lines"]


def straight_line(family: Family, start: Any, end: Any, chart: str, points: int = 101) -> np.ndarray:
    """Points of the straight line of a chart between two distributions; all in the reference chart, shape (points, d).

    In the expectation parameters of an exponential family this is an m-geodesic, in the natural ones an e-geodesic.

    Parameters
    ----------
    family, start, end
        Two distributions, in the reference chart.
    chart
        In whose coordinates the line is straight; points are equally spaced there.

    Examples
    --------
    >>> from ngtools import families
    >>> straight_line(families.get("zero-mean-normal"), [1.0], [2.0], "log-std", 3).ravel().round(4)
    array([1.    , 1.4142, 2.    ])
    """
    points = whole_number(points, "points", least=2)
    first, last = (np.asarray(family.convert(theta, to=chart), dtype=np.float64) for theta in (start, end))
    record = family.chart(chart)
    line = first + np.linspace(0.0, 1.0, points)[:, None] * (last - first)
    return np.stack([family.convert(record.check(place), to=family.charts[0], chart=chart) for place in line])


def straight_lines(normal: Family, start: Any, end: Any, points: int = 101) -> dict[str, np.ndarray]:
    """Three curves (mu, sigma) between two members of the normal family, each straight in its own sense.

    "Fisher-Rao geodesic": shortest; "m-line": straight in expectation parameters; "e-line": straight in natural ones.
    """
    points = whole_number(points, "points", least=2)
    return {
        "Fisher-Rao geodesic": normal_geodesic(start, end, points),
        "m-line": straight_line(normal, start, end, "expectation", points),
        "e-line": straight_line(normal, start, end, "natural", points),
    }
