"""The setting of a family in one of its charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.descent.objectives import as_objective
from ngtools.descent.setting import Pin, Setting
from ngtools.families import Family
from ngtools.geometry.distance import chord, distance

__all__ = ["chart_setting"]

Function = Callable[..., Any]


@lru_cache(maxsize=256)
def _geometry(family: Family, chart: str) -> tuple[Function, Function, Function]:
    reference = family.charts[0]
    return (
        lambda theta, constants: family.fisher(theta, chart=chart),
        lambda old, new, constants: family.kl(old, new, chart=chart),
        lambda theta, constants: theta if chart == reference else family.convert(theta, to=reference, chart=chart),
    )


@lru_cache(maxsize=512)
def _objective(family: Family, chart: str, function: Function) -> Function:
    decode = _geometry(family, chart)[2]
    return lambda theta, constants: function(decode(theta, constants), constants)


def chart_setting(family: Family, objective: Function, chart: str | None = None, pinned: str | None = None) -> Setting:
    """The setting of a family in one of its charts.

    Parameters
    ----------
    family, chart
        The reference chart by default.
    objective
        A ``jax.numpy`` function of the *reference-chart* parameters, maximised; or an `Objective`.
    pinned
        The chart of the mirror step: "natural" where the family has it, else the reference chart.
    """
    record, goal = family.chart(chart), as_objective(objective)
    metric, divergence, decode = _geometry(family, record.name)
    setting = Setting(
        name=f"{family.name} in {record.name}",
        dimension=record.dimension,
        objective=_objective(family, record.name, goal.function),
        metric=metric,
        divergence=divergence,
        decode=decode,
        check=record.check,
        separation=lambda first, second: _separation(family, first, second),
        constants=goal.constants,
        redundant=record.dimension > family.dimension(),
    )
    dual = pinned or ("natural" if "natural" in family.charts else family.charts[0])
    if record.name == dual:
        return replace(setting, pin=Pin(setting, lambda theta: theta, lambda theta: theta))
    pin = Pin(
        chart_setting(family, goal, dual, dual),
        lambda theta: np.asarray(family.convert(theta, to=dual, chart=record.name)),
        lambda theta: np.asarray(family.convert(family.chart(dual).check(theta), to=record.name, chart=dual)),
    )
    return replace(setting, pin=pin)


def _separation(family: Family, first: np.ndarray, second: np.ndarray) -> float:
    # shooting needs points apart, and the chord's relative error is of the order of its square
    if family.formulas.distance is None:
        near = chord(family, first, second)
        if near < 1e-3:
            return near
    return distance(family, first, second).value
