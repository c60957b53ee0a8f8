"""Supports as people write them, and whether a log density over one has total probability 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from ngtools.families.support import Integers, Interval
from ngtools.quadrature import integrate, rule
from ngtools.symbolic.laws import NotDerivable

__all__ = ["Support", "proper", "read_support"]


@dataclass(frozen=True)
class Support:
    """Ends of an interval or of a range of integers, or all the values."""

    lower: sp.Expr
    upper: sp.Expr
    integers: bool = False
    values: tuple[sp.Expr, ...] | None = None

    @property
    def symbols(self) -> set[sp.Symbol]:
        return set().union(
            *[sp.sympify(entry).free_symbols for entry in (self.lower, self.upper, *(self.values or ()))]
        )

    @property
    def assumptions(self) -> dict[str, bool]:
        """What is known of the symbol of an observation."""
        if self.values is not None:
            return {}
        kind = {"integer": True} if self.integers else {"real": True}
        if self.lower.is_nonnegative:
            kind["nonnegative" if self.integers else "positive"] = True
        return kind

    @property
    def family_support(self) -> Any:
        return (Integers if self.integers else Interval)(float(self.lower), float(self.upper))


def read_support(support: Any) -> Support:
    """Read a pair, a list or set of values, or a range of integers.

    Examples
    --------
    >>> read_support((0, sp.oo)).assumptions
    {'real': True, 'positive': True}
    >>> read_support([0, 1]).values
    (0, 1)
    """
    if isinstance(support, Integers):
        if math.isfinite(support.lower) and math.isfinite(support.upper):
            return _of_values(range(int(support.lower), int(support.upper) + 1))
        lower, upper = (
            sp.sympify(end) if math.isinf(end) else sp.Integer(int(end)) for end in (support.lower, support.upper)
        )
        return Support(lower, upper, integers=True)
    if isinstance(support, (Interval, sp.Interval)):
        ends = (support.lower, support.upper) if isinstance(support, Interval) else (support.start, support.end)
        return Support(sp.nsimplify(ends[0]), sp.nsimplify(ends[1]))
    if isinstance(support, (list, set, frozenset, range, sp.FiniteSet)):
        return _of_values(support)
    if isinstance(support, (tuple, sp.Tuple)) and len(support) == 2:
        lower, upper = (sp.nsimplify(sp.sympify(end)) for end in support)
        if (lower < upper) == sp.false:
            raise ValueError(f"support ({lower}, {upper}) is empty")
        return Support(lower, upper)
    raise TypeError(
        f"support must be a pair (a, b) for an interval, a list or set of values, or fisher.integers(a, b) (got {support!r})"
    )


def _of_values(values: Any) -> Support:
    found = tuple(sp.sympify(value) for value in values)
    if not found:
        raise ValueError("support is empty")
    ordered = tuple(sorted(set(found), key=sp.default_sort_key))
    if len(ordered) < len(found):
        raise ValueError(f"support lists a value twice: {list(found)}")
    return Support(ordered[0], ordered[-1], values=ordered)


# generic values of parameters: inside (0, 1), moderate, larger; a point outside a domain is passed over
_CANDIDATES = ((0.31, 0.23, 0.17), (1.37, 0.83, 1.71), (1.9, 2.3, 1.3), (0.62, 1.45, 0.9))
_CLOSE = 1e-7  # quadrature of a density with a kink reaches about 1e-8; a forgotten constant is far larger


def proper(log_density: sp.Expr, x: sp.Symbol, support: Support) -> bool:
    """Whether the total probability is 1 at two points of the parameters at least (by quadrature).

    Raises
    ------
    NotDerivable
        If it is another number wherever it could be computed.
    """
    symbols = sorted(log_density.free_symbols - {x}, key=lambda s: s.name)
    function = sp.lambdify([x, *symbols], log_density, ["scipy", "numpy"])
    totals: list[tuple[float, dict[str, Any]]] = []
    for row, sign in product(_CANDIDATES, (1, -1)):
        values = [_admissible(symbol, sign * row[i % 3]) for i, symbol in enumerate(symbols)]
        total = _total(lambda point, values=values: function(point, *values), support)  # type: ignore[misc]
        if total is not None:
            totals.append((total, dict(zip((s.name for s in symbols), values))))
        if sum(abs(total - 1) < _CLOSE for total, _ in totals) >= 2:
            return True
    if totals and all(abs(total - 1) >= _CLOSE for total, _ in totals):
        total, point = totals[0]
        shown = ", ".join(f"{name} = {value}" for name, value in point.items())
        raise NotDerivable(f"not normalised: the total probability is {total:.6g} at {shown}; subtract its logarithm")
    return False


def _admissible(symbol: sp.Symbol, value: float) -> Any:
    if symbol.is_integer:
        return math.ceil(abs(value)) + 1
    if symbol.is_positive or symbol.is_nonnegative:
        return abs(value)
    return -abs(value) if symbol.is_negative else value


def _total(log_p: Callable[[Any], Any], support: Support) -> float | None:
    """The total probability; None where it is not a finite real number (outside the parameters' domain)."""

    def log_density(points: Any) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = np.asarray(log_p(np.asarray(points, dtype=np.float64)))
        return np.full(np.shape(points), -np.inf) if np.iscomplexobj(found) else found

    try:
        nodes = rule(log_density, support.family_support)
    except (ValueError, NotImplementedError, NameError):  # NameError: a function without numbers
        return None
    heights = log_density(nodes.x)
    with np.errstate(all="ignore"):
        total = integrate(np.where(np.isfinite(heights), np.exp(heights), 0.0), nodes)
    return float(total) if np.isfinite(total) else None
