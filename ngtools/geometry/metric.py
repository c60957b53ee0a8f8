"""The Fisher metric as a field: F(theta) in one coordinate system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.families import Family
from ngtools.geometry.compiled import compiled

__all__ = ["Metric", "metric_of"]


@dataclass(frozen=True)
class Metric:
    """A metric in one coordinate system.

    Parameters
    ----------
    function
        theta -> F(theta), shape (d, d), in ``jax.numpy``; further arguments are passed through.
    dimension
        d.
    check
        Raises ValueError at a point outside the domain.
    redundant
        Whether there are more coordinates than the family has dimensions, so that F is singular.
    """

    function: Callable[..., Any]
    dimension: int
    check: Callable[[np.ndarray], Any] = lambda theta: None
    redundant: bool = False

    def at(self, theta: Any, *constants: Any) -> np.ndarray:
        """F(theta), shape (d, d)."""
        return compiled(self.function)(theta, *constants)

    def batch(self, points: Any, *constants: Any) -> np.ndarray:
        """F at each row of ``points``, shape (n, d, d)."""
        return compiled(self.function, batch=True)(points, *constants)

    def inside(self, theta: np.ndarray) -> bool:
        """Whether theta lies in the domain."""
        if not np.isfinite(theta).all():
            return False
        try:
            self.check(theta)
        except ValueError:
            return False
        return True


@lru_cache(maxsize=256)
def metric_of(family: Family, chart: str | None = None) -> Metric:
    """The stated Fisher metric of a family in a chart (the reference chart by default)."""
    record = family.chart(chart)
    return Metric(
        lambda theta: family.fisher(theta, chart=record.name),
        record.dimension,
        record.check,
        redundant=record.dimension > family.dimension(),
    )
