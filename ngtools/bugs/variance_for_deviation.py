"""WRONG: a standard deviation put where a formula wants a variance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ngtools import families
from ngtools.families.family import Family

__all__ = ["family", "fisher"]


def fisher(theta: Any, m: Any) -> Any:
    """The information about a variance, 1 / (2 v^2), with sigma in the place of v."""
    (sigma,) = theta
    # wrong: the information about sigma is 2 / sigma^2
    return m.matrix([[1 / (2 * sigma**2)]])


def family() -> Family:
    """The zero-mean normal with that statement, everything else as it should be."""
    right = families.get("zero-mean-normal")
    return replace(right, formulas=replace(right.formulas, fisher=fisher))
