"""Independent standard normals: E z^n exp(c z) = d^n/dc^n exp(c^2 / 2), one factor for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import sympy as sp

from ngtools.symbolic.laws.reading import NotDerivable
from ngtools.symbolic.rewriting import flatten

__all__ = ["log_base", "moment", "normal_expectation", "variables"]


def variables(d: int) -> tuple[sp.Symbol, ...]:
    """The base variables; real, not positive (a positive z would let sqrt(z^2) become z)."""
    return (sp.Symbol("z", real=True),) if d == 1 else tuple(sp.Symbol(f"z_{i + 1}", real=True) for i in range(d))


def log_base(z: Sequence[sp.Symbol]) -> sp.Expr:
    return sp.Add(*[-(s**2) / 2 - sp.log(2 * sp.pi) / 2 for s in z])


@lru_cache(maxsize=256)
def moment(power: int, slope: sp.Expr) -> sp.Expr:
    """E z^power exp(slope z) for a standard normal z."""
    c = sp.Symbol("c_", real=True)
    return sp.expand(sp.diff(sp.exp(c**2 / 2), c, power) * sp.exp(-(c**2) / 2)).subs(c, slope) * sp.exp(slope**2 / 2)


def normal_expectation(expr: sp.Expr, z: Sequence[sp.Symbol]) -> sp.Expr:
    """E of a sum of products of powers of the z_i and exponentials of linear forms in them."""
    total: list[sp.Expr] = []
    for term in sp.Add.make_args(sp.expand(flatten(expr))):
        if term == 0:
            continue
        constant, dependent = term.as_independent(*z, as_Add=False)
        powers = dict.fromkeys(z, 0)
        slopes: dict[sp.Symbol, sp.Expr] = dict.fromkeys(z, sp.S.Zero)
        for factor in sp.Mul.make_args(dependent):
            base, exponent = factor.as_base_exp()
            slope = {s: exponent.diff(s) for s in z}
            if base in powers and exponent.is_Integer and exponent > 0:
                powers[base] += int(exponent)
            elif base == sp.E and not any(entry.has(*z) for entry in slope.values()):  # linear: constants are split off
                for s in z:
                    slopes[s] += slope[s]
            elif factor != 1:
                raise NotDerivable(f"no moment is tabulated for the factor {factor}")
        total.append(constant * sp.Mul(*[moment(powers[s], slopes[s]) for s in z]))
    return sp.Add(*total)
