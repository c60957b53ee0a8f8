"""WRONG: a step out of the domain is clamped back into it, and nobody is told."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.methods import method
from ngtools.descent.run import record
from ngtools.descent.trace import Trace
from ngtools.families import Family

__all__ = ["LEAST", "run"]

LEAST = 1e-3


def run(
    name: str, family: Family, theta: Any, objective: Any, alpha: float, steps: int, chart: str | None = None
) -> Trace:
    """``descent.run`` with ``max(theta, 0.001)`` after each step."""
    setting, rule = chart_setting(family, objective, chart), method(name)
    points, divergences = [np.asarray(theta, float)], []
    for _ in range(steps):
        proposal = rule.step(setting, points[-1], alpha)[0]
        # wrong: the point that the method asked for does not exist
        proposal = np.maximum(proposal, LEAST)
        divergences.append(setting.kl(points[-1], proposal))
        points.append(proposal)
    return record(rule.name, setting.name, setting, alpha * np.arange(len(points)), points, divergences)
