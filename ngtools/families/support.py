"""The sets on which densities live.

A support answers three questions: is x inside, which point is safely inside (formulas are evaluated
there in place of an outside point, so that no NaN arises, not even in a derivative), and how many
numbers make one observation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Circle", "Integers", "Interval", "Simplex", "Support", "Vector"]


@dataclass(frozen=True)
class Interval:
    """The open interval (lower, upper) of the real line; either end may be infinite."""

    lower: float = -math.inf
    upper: float = math.inf

    def contains(self, x: Any) -> Any:
        return (x > self.lower) & (x < self.upper)

    @property
    def inside(self) -> float:
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return 0.5 * (self.lower + self.upper)
        return self.lower + 1.0 if math.isfinite(self.lower) else min(self.upper - 1.0, 0.0)


@dataclass(frozen=True)
class Integers:
    """The integers from lower to upper, both included; either may be infinite."""

    lower: float
    upper: float = math.inf

    def contains(self, x: Any) -> Any:
        return (x >= self.lower) & (x <= self.upper) & (x % 1 == 0)

    @property
    def inside(self) -> int:
        return int(self.lower if math.isfinite(self.lower) else min(self.upper, 0))


@dataclass(frozen=True)
class Circle:
    """Angles in radians; a density on it has period 2 pi, so every real number is inside."""

    def contains(self, x: Any) -> Any:
        return abs(x) < math.inf

    inside = 0.0


@dataclass(frozen=True)
class Simplex:
    """Vectors of K positive numbers that sum to 1 (last axis; the sum to 1e-8, in 32 bits to 1e-5)."""

    K: int

    def contains(self, x: Any) -> Any:
        tolerance = 1e-8 if x.dtype.itemsize == 8 else 1e-5
        return (x > 0).all(axis=-1) & (abs(x.sum(axis=-1) - 1) < tolerance)

    @property
    def inside(self) -> float:
        return 1.0 / self.K


@dataclass(frozen=True)
class Vector:
    """Vectors of ``size`` numbers, each in the support ``each`` (last axis)."""

    size: int
    each: Interval | Integers = Interval()

    def contains(self, x: Any) -> Any:
        return self.each.contains(x).all(axis=-1)

    @property
    def inside(self) -> float:
        return self.each.inside


Support = Interval | Integers | Circle | Simplex | Vector
