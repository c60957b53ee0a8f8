"""Free coordinates: logarithms of positive parameters and the like, so that no step can leave the domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families import Chart, Family
from ngtools.geometry.metric import Metric

__all__ = ["Free", "free_coordinates"]

# domain -> (to the parameter, from the parameter)
_MAPS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]] = {
    "real": (lambda u, m: u, lambda x: x),
    "positive": (lambda u, m: m.exp(u), np.log),
    "negative": (lambda u, m: -m.exp(u), lambda x: np.log(-x)),
    "unit": (lambda u, m: 1 / (1 + m.exp(-u)), lambda x: np.log(x) - np.log1p(-x)),
    "angle": (lambda u, m: np.pi / (1 + m.exp(-u)), lambda x: np.log(x) - np.log(np.pi - x)),
}


@dataclass(frozen=True)
class Free:
    """The metric of a family in free coordinates of one chart, and the map there."""

    metric: Metric
    chart: Chart

    def coordinates(self, theta: np.ndarray) -> np.ndarray:
        """The free coordinates of a point of the chart."""
        return np.array([_MAPS[p.domain][1](value) for p, value in zip(self.chart.parameters, theta, strict=True)])


@lru_cache(maxsize=64)
def free_coordinates(family: Family, chart: str | None = None) -> Free:
    """Free coordinates of a chart of a family (the reference chart by default)."""
    record = family.chart(chart)

    def decode(u: Any) -> Any:
        return jnp.stack([_MAPS[p.domain][0](u[i], jnp) for i, p in enumerate(record.parameters)])

    def metric(u: Any) -> Any:
        J = jax.jacfwd(decode)(u)
        return J.T @ family.fisher(decode(u), chart=record.name) @ J

    return Free(Metric(metric, record.dimension), record)
