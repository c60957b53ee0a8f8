"""Laws on integers: finite sums, and counts through their probability generating function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from ngtools.families.support import Integers
from ngtools.symbolic.laws.reading import NotDerivable, Reading
from ngtools.symbolic.printing import latex
from ngtools.symbolic.rewriting import flatten

__all__ = ["counting", "finite"]


def finite(log_density: sp.Expr, x: Sequence[sp.Symbol], values: Sequence[Any]) -> Reading:
    """E f = sum over all x of p(x) f(x); the probabilities must sum to 1."""
    points = [dict(zip(x, value if isinstance(value, (tuple, list)) else (value,), strict=True)) for value in values]
    probabilities = [flatten(sp.exp(flatten(log_density.subs(point)))) for point in points]

    def expect(expr: sp.Expr) -> sp.Expr:
        return sp.Add(*[p * expr.subs(point) for p, point in zip(probabilities, points)])

    shown = r",\, ".join(latex(value) for value in values)
    return Reading(
        technique="finite sum",
        base=rf"x \in \{{{shown}\}}",
        observation="",
        expect=expect,
        defects=lambda: [sp.Add(*probabilities) - 1],
    )


def factorial_moments(G: Callable[[sp.Expr], sp.Expr], count: int) -> list[sp.Expr]:
    """E y(y-1)...(y-k+1) = G^(k)(1) for k = 0, ..., count."""
    u = sp.Symbol("u", positive=True)
    derivatives = [G(u)]
    for _ in range(count):
        derivatives.append(sp.diff(derivatives[-1], u))
    return [derivative.subs(u, 1) for derivative in derivatives]


def counting(
    log_density: sp.Expr,
    x: sp.Symbol,
    observation: Callable[[sp.Symbol], sp.Expr],
    ratio: tuple[sp.Expr, sp.Expr],
    generating: Callable[[sp.Expr], sp.Expr],
    support: Integers,
) -> Reading:
    """E of a polynomial in y = 0, 1, 2, ... from G(u) = E u^y.

    That G belongs to p is proved without a sum: with p(y+1)/p(y) = (A + B y)/(y + 1) the series
    sum p(y) u^y is the one solution of (1 - B u) G' = A G with G(0) = p(0); and p sums to 1 if G(1) = 1.
    """
    y, u = sp.Symbol("y", integer=True, nonnegative=True), sp.Symbol("u", positive=True)
    A, B = (sp.sympify(entry) for entry in ratio)
    image = sp.sympify(observation(y))

    def expect(expr: sp.Expr) -> sp.Expr:
        expr = sp.expand(expr.subs(x, image))
        if not expr.is_polynomial(y):
            raise NotDerivable(f"not a polynomial in the count: {expr}")
        moments = factorial_moments(generating, max(int(sp.degree(expr, y)), 0) if expr.has(y) else 0)
        total, rest = [], sp.Poly(expr, y)
        for k in range(len(moments)):  # Newton form: divide by y, y - 1, y - 2, ... in turn
            rest, remainder = sp.div(rest, sp.Poly(y - k, y))
            total.append(remainder.as_expr() * moments[k])
        return sp.Add(*total)

    def defects() -> list[sp.Expr]:
        step = (log_density.subs(x, image.subs(y, y + 1)) - log_density.subs(x, image)).replace(
            sp.loggamma, lambda arg: sp.log(sp.gamma(arg))
        )
        quotient = sp.gammasimp(sp.powsimp(flatten(sp.exp(flatten(step)))))
        # G'/G below keeps a power G = g^n a power, where expanding it would not
        G = flatten(sp.sympify(generating(u))).replace(sp.Pow, lambda base, power: sp.cancel(base) ** power)
        first = flatten(sp.exp(flatten(log_density.subs(x, image.subs(y, 0)))))
        return [
            quotient * (y + 1) - (A + B * y),
            (1 - B * u) * sp.cancel(sp.diff(sp.log(G), u)) - A,
            G.subs(u, 0) / first - 1,
            G.subs(u, 1) - 1,
            image.subs(y, 0) - int(support.lower),
            # a last count is one whose successor has probability 0
            sp.S.Zero if support.upper == math.inf else A + B * (support.upper - int(support.lower)),
        ]

    return Reading(
        technique="probability generating function",
        base=rf"y = 0, 1, 2, \dots,\; \mathbb{{E}}\,u^y = {latex(generating(u))}",
        observation=latex(image),
        expect=expect,
        defects=defects,
    )
