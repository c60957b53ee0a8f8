"""WRONG: KL(old || new) for discrete policies and KL(new || old) for continuous ones, under one name."""

from __future__ import annotations

from typing import Any

from ngtools.families.family import Family
from ngtools.families.support import Integers

__all__ = ["kl"]

_right = Family.kl


def kl(family: Family, old: Any, new: Any, chart: str | None = None) -> Any:
    """``family.kl(old, new)``, as two functions written on different days."""
    if isinstance(family.support, Integers):
        return _right(family, old, new, chart)
    return _right(family, new, old, chart)  # wrong: the other direction
