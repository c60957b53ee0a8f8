"""Steps and runs of a family in one of its charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ngtools.checks import number, whole_number
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.methods import Method, method
from ngtools.descent.setting import Setting
from ngtools.descent.trace import Exit, Trace
from ngtools.families import Family
from ngtools.geometry.geodesic import LeftDomain

__all__ = ["run", "run_setting", "step"]


def step(
    name: str | Method,
    family: Family,
    theta: Any,
    objective: Callable[..., Any],
    alpha: float,
    chart: str | None = None,
) -> np.ndarray:
    """One step, in the coordinates of ``chart``; may lie outside the domain (the caller looks).

    Parameters
    ----------
    name
        A method: see ``descent.METHODS``.
    family, theta, chart
        The start, in the coordinates of ``chart``.
    objective
        A ``jax.numpy`` function of the reference-chart parameters, maximised.
    alpha
        Learning rate; for ``kl-constrained`` and the trust regions sqrt(2 c), c the KL budget in nats.

    Examples
    --------
    >>> from ngtools import descent, families
    >>> normal = families.get("zero-mean-normal")
    >>> f = descent.expected_log_likelihood(normal, [1.0])
    >>> descent.step("natural-euler", normal, [3.0], f, 0.1).round(6)
    array([2.866667])
    """
    alpha = number(alpha, "alpha", above=0)
    setting = chart_setting(family, objective, chart)
    start = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    return method(name).step(setting, start, alpha)[0]


def run(
    name: str | Method,
    family: Family,
    theta: Any,
    objective: Callable[..., Any],
    alpha: float,
    steps: int,
    chart: str | None = None,
) -> Trace:
    """``steps`` steps of one method in one chart; stops, and says so, where a step leaves the domain.

    Parameters are those of `step`; theta is in the coordinates of ``chart``.

    Returns
    -------
    Trace
    """
    setting = chart_setting(family, objective, chart)
    start = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    return run_setting(name, setting, start, alpha, steps, family.chart(chart).name)


def run_setting(
    name: str | Method, setting: Setting, theta: Any, alpha: float, steps: int, chart: str | None = None
) -> Trace:
    """The same in any setting."""
    alpha, steps = number(alpha, "alpha", above=0), whole_number(steps, "steps", least=0)
    exits: tuple[Exit, ...] = ()
    rule, state = method(name), None
    points, divergences = [np.asarray(theta, dtype=np.float64)], []
    for index in range(steps):
        proposal = None
        try:
            proposal, state = rule.step(setting, points[-1], alpha, state)
            setting.require(proposal)
        except LeftDomain as reason:
            exits = (Exit(index, str(reason), proposal),)
            break
        divergences.append(setting.kl(points[-1], proposal))
        points.append(proposal)
    return record(rule.name, chart or setting.name, setting, alpha * np.arange(len(points)), points, divergences, exits)


def record(
    name: str,
    chart: str,
    setting: Setting,
    times: np.ndarray,
    points: list[np.ndarray],
    divergences: list[float],
    exits: tuple[Exit, ...] = (),
) -> Trace:
    """Assemble a `Trace` from the points of a run."""
    return Trace(
        method=name,
        chart=chart,
        times=np.asarray(times, dtype=np.float64),
        theta=np.stack(points),
        distribution=np.stack([setting.distribution(point) for point in points]),
        objective=np.array([setting.value(point) for point in points]),
        kl=np.array(divergences, dtype=np.float64),
        exits=exits,
    )
