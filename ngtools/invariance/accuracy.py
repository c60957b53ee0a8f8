"""How far one step ends from the exact flow: accuracy, which is not invariance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.flow import flow
from ngtools.descent.methods import Method
from ngtools.descent.run import step
from ngtools.families import Family

__all__ = ["flow_gap"]


def flow_gap(
    name: str | Method,
    family: Family,
    theta: Any,
    objective: Callable[..., Any],
    alpha: float,
    chart: str | None = None,
) -> float:
    """Fisher-Rao distance from the end of one step to the natural gradient flow at time alpha.

    Arguments are those of `descent.step`; theta is in the coordinates of ``chart``.

    Examples
    --------
    >>> from ngtools import descent, families
    >>> normal = families.get("zero-mean-normal")
    >>> f = descent.expected_log_likelihood(normal, [1.0])
    >>> round(flow_gap("natural-euler", normal, [3.0], f, 0.1), 4)
    0.0018
    """
    setting = chart_setting(family, objective, chart)
    end = setting.distribution(setting.require(step(name, family, theta, objective, alpha, chart)))
    _, exact = flow("natural", family, theta, objective, alpha, chart, points=2).distribution
    return setting.distance(end, exact)
