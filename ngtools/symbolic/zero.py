"""When is an expression zero?  The one question of every verification, answered exactly or not at all.

Nothing here ever calls a number zero because it is small.  Numbers serve one way only: an expression that
is far from zero at a point is certainly not zero, and no time is spent on simplifying it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import sympy as sp
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from ngtools.families import Chart
from ngtools.symbolic.rewriting import exact, flatten, reduce_special

__all__ = [
    "Undecided",
    "differs",
    "positive_cover",
    "residual",
    "residual_matrix",
    "tidy",
]


class Undecided(ArithmeticError):
    """An expression vanishes at every point tried and could not be proved zero; it does not count as zero."""


def positive_cover(chart: Chart, suffix: str = "") -> dict[sp.Symbol, sp.Expr]:
    """Coordinates in which every logarithm of the chart has a positive argument.

    Probabilities become odds (jointly, so that 1 - p1 - p2 is positive too), an angle 2 arctan t, a negative
    number minus a positive one.
    """
    cover: dict[sp.Symbol, sp.Expr] = {}
    symbols = [sp.Symbol(symbol.name + suffix, **symbol.assumptions0) for symbol in chart.symbols]
    units = [symbol for symbol, parameter in zip(symbols, chart.parameters) if parameter.domain == "unit"]
    odds = [sp.Symbol(f"o_{symbol.name}", positive=True) for symbol in units]
    for symbol, o in zip(units, odds, strict=True):
        cover[symbol] = o / (1 + sp.Add(*odds))
    for symbol, parameter in zip(symbols, chart.parameters):
        if parameter.domain == "angle":
            cover[symbol] = 2 * sp.atan(sp.Symbol(f"t_{symbol.name}", positive=True))
        elif parameter.domain == "negative":
            cover[symbol] = -sp.Symbol(f"n_{symbol.name}", positive=True)
    return cover


# numerators of generic points; several, because some may fall outside the domain of the parameters
_POINTS = ((11, 7, 13, 5, 17, 3), (5, 13, 6, 11, 9, 7), (3, 41, 7, 23, 5, 37), (29, 4, 31, 9, 43, 5))
_SMALL = mpmath.mpf("1e-15")  # of values computed to 30 digits


def _value(expr: sp.Expr, row: int) -> Any:
    """The value of the expression at a generic point, or None where it is not a finite real number."""
    point = {}
    for i, symbol in enumerate(sorted(expr.free_symbols, key=lambda s: s.name)):
        value = sp.Rational(_POINTS[row][i % 6] + 50 * (i // 6), 7 + row)
        point[symbol] = -value if symbol.is_negative else (sp.ceiling(value) if symbol.is_integer else value)
    with mpmath.workdps(30):
        numbers = [mpmath.mpf(int(value.p)) / int(value.q) for value in point.values()]
        try:
            value = mpmath.mpc(sp.lambdify(list(point), expr, "mpmath")(*numbers))
        except (ZeroDivisionError, ValueError, NameError):  # NameError: a function without numbers
            return None
        # a complex value: outside the domain, a logarithm or a root of a negative number
        return value.real if mpmath.isfinite(value) and abs(value.imag) < _SMALL else None


def differs(expr: sp.Expr) -> bool:
    """Whether the expression is certainly not zero: it is far from it at a generic point."""
    for row in range(len(_POINTS)):
        value = _value(expr, row)
        if value is not None:
            return bool(abs(value) > _SMALL)
    return False


def residual(expr: Any, cover: Mapping[sp.Symbol, sp.Expr] | None = None) -> sp.Expr:
    """Return 0 if the expression is proved zero, else a form of it that is not zero.

    Raises
    ------
    Undecided
        If it vanishes wherever it was evaluated and no simplification shows that it is zero.
    """
    expr = exact(expr)
    if expr == 0:
        return sp.S.Zero
    if expr.has(sp.oo, -sp.oo, sp.zoo, sp.nan):
        return expr
    covered = expr.subs(cover, simultaneous=True) if cover else expr
    if differs(covered):
        return _shorter(expr)
    if _numerator(covered) == 0:
        return sp.S.Zero
    for simplification in (_rational, sp.simplify, lambda e: sp.simplify(sp.expand_trig(e))):
        covered = simplification(covered)
        if covered == 0:
            return sp.S.Zero
    raise Undecided(f"could not decide whether this is zero: {sp.sstr(expr)[:300]}")


def _numerator(expr: sp.Expr) -> sp.Expr:
    # a sum of fractions vanishes when its numerator does; no common divisors need be found for that
    expr = reduce_special(flatten(_one_exponential(sp.together(expr, deep=True))))
    numerator, denominator = sp.fraction(sp.together(expr))
    return sp.expand_log(sp.expand(numerator), force=True).expand() / denominator


def _one_exponential(expr: sp.Expr) -> sp.Expr:
    """Name exp(u) where every exponential is a rational power of it: a logit is then a rational function."""
    arguments = {e: sp.expand(e.exp) for e in expr.atoms(sp.exp)}
    leading = {e: a.as_ordered_terms()[0].as_coeff_Mul()[0] for e, a in arguments.items()}
    if len({sp.expand(a / leading[e]) for e, a in arguments.items()}) != 1 or not all(
        c.is_Rational for c in leading.values()
    ):
        return expr
    unit = sp.Rational(1, int(sp.ilcm(1, *[c.q for c in leading.values()])))
    return expr.xreplace({e: sp.Symbol("E_", positive=True) ** (c / unit) for e, c in leading.items()})


def _rational(expr: sp.Expr) -> sp.Expr:
    expr = sp.expand_log(sp.expand(reduce_special(flatten(expr))), force=True)
    return sp.expand_log(sp.cancel(sp.together(reduce_special(expr))), force=True)


def residual_matrix(matrix: sp.Matrix, cover: Mapping[sp.Symbol, sp.Expr] | None = None) -> sp.Matrix:
    """``residual`` of each entry (once for the two halves of a symmetric matrix)."""
    matrix, seen = exact(matrix), {}
    for entry in matrix:
        if entry not in seen:
            seen[entry] = residual(entry, cover)
    return matrix.applyfunc(lambda entry: seen[entry])


def tidy(expr: Any) -> Any:
    """Return a short equal form, for display (of each entry, for a matrix)."""
    if isinstance(expr, sp.MatrixBase):
        return expr.applyfunc(tidy)
    expr = reduce_special(exact(expr))
    if expr.is_number or expr.is_symbol:
        return expr
    short = _shorter(expr)
    if sp.count_ops(short) > 12 or expr.has(TrigonometricFunction):
        short = min(short, sp.simplify(short), key=sp.count_ops)
    return _carry_sign(short)


def _shorter(expr: sp.Expr) -> sp.Expr:
    return min(expr, sp.factor(sp.together(flatten(expr), deep=True)), key=sp.count_ops)


def _carry_sign(expr: sp.Expr) -> sp.Expr:
    """Write -1/(p (p - 1)) as 1/(p (1 - p))."""
    if not (isinstance(expr, sp.Mul) and expr.args[0].is_number and expr.args[0] < 0):
        return expr
    for factor in expr.args:
        base, power = factor.as_base_exp()
        if base.is_Add and power.is_Integer and power % 2:
            return expr / factor * -1 * (-base) ** power
    return expr
