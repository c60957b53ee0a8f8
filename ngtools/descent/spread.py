"""How far the runs of one method in several charts end apart, against the size of the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ngtools.descent.comparison import in_charts
from ngtools.descent.methods import Method, method
from ngtools.families import Family
from ngtools.geometry import LeftDomain

__all__ = ["spreads"]


def spreads(
    name: str | Method,
    family: Family,
    start: Any,
    objective: Callable[..., Any],
    rates: Sequence[float],
    charts: Sequence[str],
    time: float | None = None,
    coordinate: int = 0,
) -> np.ndarray:
    """The largest minus the smallest end value over the charts, at each learning rate, shape (n,).

    Parameters
    ----------
    name, family, objective
        As in `descent.run`.
    start
        The first distribution, in the reference chart.
    rates
        Learning rates, shape (n,).
    charts
        Names of charts of the family.
    time
        Each run takes time / rate steps, which must be a whole number; one step if None.
    coordinate
        Which reference coordinate is compared at the end.

    Raises
    ------
    LeftDomain
        A run leaves the domain, so that there is no end to compare.

    Examples
    --------
    >>> from ngtools import descent, families
    >>> normal = families.get("zero-mean-normal")
    >>> f = descent.expected_log_likelihood(normal, [1.0])
    >>> spreads("natural-euler", normal, [3.0], f, [0.2], ("std", "variance", "log-std"), time=1.0).round(4)
    array([0.0698])
    """
    found = []
    for rate in rates:
        steps = 1 if time is None else round(time / rate)
        if time is not None and abs(steps * rate - time) > 1e-9 * time:
            raise ValueError(f"time = {time} is no whole number of steps of {rate}: the runs would end at other times")
        runs = in_charts(name, family, start, objective, rate, steps, charts)
        for trace in runs.values():
            if trace.exits:
                raise LeftDomain(f"{method(name).name} in '{trace.chart}' at rate {rate}: {trace.exits[0].reason}")
        found.append(np.ptp([trace.distribution[-1, coordinate] for trace in runs.values()]))
    return np.array(found)
