"""One method in several charts: the same start, and when each run arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.methods import Method
from ngtools.descent.run import run
from ngtools.descent.trace import Trace
from ngtools.families import Family

__all__ = ["in_charts", "outcome", "pushed_gradient", "settled", "steps_needed"]


def in_charts(
    name: str | Method,
    family: Family,
    start: Any,
    objective: Callable[..., Any],
    alpha: float | Mapping[str, float],
    steps: int,
    charts: Sequence[str],
) -> dict[str, Trace]:
    """Run one method from one distribution in several charts; the result is keyed by chart, in the order given.

    Parameters
    ----------
    name, family, objective, steps
        As in `descent.run`.
    start
        The first distribution, in the reference chart.
    alpha
        One learning rate for all, or one for each chart.
    charts
        Names of charts of the family.
    """
    rates = alpha if isinstance(alpha, Mapping) else dict.fromkeys(charts, alpha)
    return {
        chart: run(name, family, family.convert(start, to=chart), objective, rates[chart], steps, chart)
        for chart in charts
    }


def pushed_gradient(family: Family, theta: Any, objective: Callable[..., Any], chart: str) -> np.ndarray:
    """The gradient taken in a chart, read as a change of the reference coordinates: J^{-1} J^{-T} g, shape (d,).

    J = d phi / d theta, theta the reference coordinates of the distribution and phi those of ``chart``.  The gradient
    is differentiated in the chart itself.
    """
    g = chart_setting(family, objective, chart).gradient(family.convert(theta, to=chart))
    return np.linalg.solve(family.jacobian(theta, to=chart), g)


def steps_needed(
    name: str | Method,
    family: Family,
    start: Any,
    objective: Callable[..., Any],
    rates: Sequence[float],
    steps: int,
    chart: str,
    target: float,
    within: float = 0.01,
) -> np.ndarray:
    """How many steps each learning rate needs to settle (see `settled`); nan where a run never does, or leaves.

    ``start`` is in the reference chart; ``steps`` is the largest number tried.
    """
    here, found = family.convert(start, to=chart), []
    for rate in rates:
        trace = run(name, family, here, objective, rate, steps, chart)
        needed = None if trace.exits else settled(trace.distribution[:, 0], target, within)
        found.append(np.nan if needed is None else needed)
    return np.array(found, dtype=np.float64)


def settled(values: Any, target: float, within: float) -> int | None:
    """The number of steps after which all values stay within a *relative* distance of the target; None if never.

    Parameters
    ----------
    values
        One number a point of a run, the start included.
    target
        Not zero.
    within
        Relative: ``0.01`` is one per cent.

    Examples
    --------
    >>> settled([3.0, 1.0, 1.2, 1.01, 1.0], 1.0, 0.05)
    3
    """
    if target == 0 or not within > 0:
        raise ValueError(
            f"settled compares ratios: target must not be 0 and within must be > 0 (got {target}, {within})"
        )
    far = np.flatnonzero(~(np.abs(np.asarray(values, dtype=np.float64) / target - 1) <= within))
    if not far.size:
        return 0
    return None if far[-1] == len(np.asarray(values)) - 1 else int(far[-1]) + 1


def outcome(trace: Trace, target: float, within: float = 0.01, coordinate: int = 0) -> str:
    """How a run ended, in words for a table: arrived, left the domain, or still under way.

    Parameters
    ----------
    trace
        The run.
    target, within
        As in `settled`.
    coordinate
        Which coordinate of ``trace.distribution`` is compared.
    """
    if trace.exits:
        return f"leaves at step {trace.exits[0].step + 1}"
    steps = settled(trace.distribution[:, coordinate], target, within)
    return f"not in {trace.steps}" if steps is None else f"{steps} steps"
