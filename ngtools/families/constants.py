"""Constants of a family (``n``, ``K``, ``df``): checked when the family is made, exact when SymPy reads them."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import sympy as sp

from ngtools.engines import Engine

__all__ = ["count", "exact", "positive"]


def count(value: Any, name: str, least: int = 1) -> Any:
    """Return a whole number of at least ``least``; a SymPy symbol passes, for proofs that hold for all of them."""
    if isinstance(value, sp.Expr) and not value.is_number:
        return value
    if isinstance(value, bool) or not isinstance(value, (Integral, sp.Integer)):
        raise TypeError(f"{name} must be a whole number (got {value!r})")
    if value < least:
        raise ValueError(f"{name} must be at least {least} (got {int(value)})")
    return int(value)


def positive(value: Any, name: str) -> Any:
    """Return a positive number as it is; a positive SymPy symbol passes."""
    if isinstance(value, sp.Expr) and not value.is_number:
        return value
    if isinstance(value, bool) or not isinstance(value, (Real, sp.Number)):
        raise TypeError(f"{name} must be one number (got {value!r})")
    if not 0 < float(value) < math.inf:
        raise ValueError(f"{name} must be > 0 and finite (got {value!r})")
    return value


def exact(value: Any, m: Engine) -> Any:
    """Return a constant as the engine reads it: the same number, in SymPy as a rational (4.5 is 9/2)."""
    if isinstance(value, sp.Expr):
        return value if m.name == "SYMPY" else float(value)
    return m.ratio(*float(value).as_integer_ratio())
