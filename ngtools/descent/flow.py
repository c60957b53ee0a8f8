"""The exact flows d theta / dt = g and d theta / dt = F^{-1} g, which the steps approximate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ngtools.checks import number, whole_number
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.run import record
from ngtools.descent.setting import Setting
from ngtools.descent.trace import Trace
from ngtools.families import Family
from ngtools.geometry.geodesic import TOLERANCES, LeftDomain

__all__ = ["flow", "flow_setting"]


def flow(
    kind: str,
    family: Family,
    theta: Any,
    objective: Callable[..., Any],
    time: float,
    chart: str | None = None,
    points: int = 101,
) -> Trace:
    """The gradient flow or the natural gradient flow of an objective, solved in the coordinates of ``chart``.

    Parameters
    ----------
    kind
        ``"natural"``: d theta/dt = F^{-1} g, the same curve of distributions in every chart;
        ``"gradient"``: d theta/dt = g, which is not.
    family, theta, chart
        The start, in the coordinates of ``chart``.
    objective
        A ``jax.numpy`` function of the reference-chart parameters, maximised.
    time
        The flow time that alpha times the number of steps approximates.
    points
        Number of points returned, equally spaced in time.

    Returns
    -------
    Trace
        Accurate to about 1e-11 (relative tolerance 1e-12).

    Raises
    ------
    LeftDomain
        The flow reaches the edge of the domain before ``time``.
    """
    setting = chart_setting(family, objective, chart)
    start = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    return flow_setting(kind, setting, start, time, points, family.chart(chart).name)


def flow_setting(kind: str, setting: Setting, theta: Any, time: float, points: int = 101, chart: str = "") -> Trace:
    """The same in any setting."""
    if kind not in ("natural", "gradient"):
        raise ValueError(f"kind must be 'natural' or 'gradient' (got {kind!r})")
    time, points = number(time, "time", above=0), whole_number(points, "points", least=2)
    theta, times = np.asarray(theta, dtype=np.float64), np.linspace(0.0, time, points)
    velocity = setting.natural_gradient if kind == "natural" else setting.gradient

    def field(t: float, place: np.ndarray) -> np.ndarray:
        if setting.outside(place):
            return np.full_like(place, np.nan)  # the solver then takes a shorter step
        return velocity(place)

    with np.errstate(all="ignore"):
        solution = solve_ivp(field, (0.0, time), theta, t_eval=times, **TOLERANCES)
    if not solution.success:
        raise LeftDomain(f"the {kind} flow from {theta.tolist()} leaves the domain before t = {time}")
    path = list(solution.y.T)
    divergences = [setting.kl(old, new) for old, new in zip(path[:-1], path[1:])]
    return record(f"{kind}-flow", chart or setting.name, setting, times, path, divergences)
