"""Rewriting before an expression is judged or averaged: floats, leftovers of substitution, special functions."""

from __future__ import annotations

from typing import Any

import sympy as sp

__all__ = ["exact", "flatten", "reduce_special"]


def exact(expr: Any) -> Any:
    """Replace each floating point number by the rational it was written as (0.1 by 1/10)."""
    expr = sp.sympify(expr)
    if isinstance(expr, sp.MatrixBase):
        return expr.applyfunc(exact)
    return expr.xreplace({number: sp.Rational(str(number)) for number in expr.atoms(sp.Float)})


def flatten(expr: sp.Expr) -> sp.Expr:
    """Undo what substitution leaves behind: exp of log, log of a product, |.| and sign of a known sign.

    Only the assumptions of the symbols are used.  A Dirac delta becomes 0: the derivative *at a point*.
    """
    if not expr.args or not expr.has(sp.log, sp.exp, sp.Abs, sp.sign, sp.DiracDelta, sp.Pow):
        return expr
    if isinstance(expr, sp.DiracDelta):
        return sp.S.Zero
    args = [flatten(arg) if isinstance(arg, sp.Expr) else arg for arg in expr.args]
    if isinstance(expr, sp.exp):
        return _exp(args[0])
    if isinstance(expr, sp.log):
        return _log(args[0])
    if isinstance(expr, (sp.Abs, sp.sign)):
        return _real(expr.func(sp.factor(sp.together(args[0]))))
    rebuilt = expr.func(*args)
    if isinstance(rebuilt, sp.Pow) and isinstance(rebuilt.base, (sp.Mul, sp.Pow)):
        return sp.expand_power_base(sp.powdenest(rebuilt))
    return rebuilt


def _real(expr: sp.Expr) -> sp.Expr:
    """|sqrt(u)| = sqrt(u): the formulas of a family are real on its domain, so that u is positive there."""

    def is_root(e: sp.Expr) -> bool:
        return isinstance(e, (sp.Abs, sp.sign)) and isinstance(e.args[0], sp.Pow) and (2 * e.args[0].exp).is_odd is True

    return expr.replace(is_root, lambda e: e.args[0] if isinstance(e, sp.Abs) else sp.S.One)


def _exp(arg: sp.Expr) -> sp.Expr:
    """exp(c log u + rest) = u^c exp(rest), for every such term."""
    powers: list[sp.Expr] = []
    rest: list[sp.Expr] = []
    for term in sp.Add.make_args(sp.expand(arg)):
        logs = [factor for factor in sp.Mul.make_args(term) if isinstance(factor, (sp.log, sp.loggamma))]
        if len(logs) == 1:
            u = logs[0].args[0]
            powers.append((u if isinstance(logs[0], sp.log) else sp.gamma(u)) ** sp.cancel(term / logs[0]))
        else:
            rest.append(term)
    return sp.Mul(*powers) * sp.exp(sp.cancel(sp.Add(*rest)) if rest else 0)


def _log(arg: sp.Expr) -> sp.Expr:
    if isinstance(arg, sp.Add):
        arg = sp.factor(sp.together(arg))
    return sp.expand_log(sp.log(arg))


def reduce_special(expr: sp.Expr) -> sp.Expr:
    """Bring gamma, polygamma and Bessel functions to the lowest arguments and orders that occur."""
    if expr.has(sp.loggamma):
        expr = expr.replace(sp.loggamma, _loggamma)
    if expr.has(sp.gamma, sp.polygamma):
        expr = sp.expand_func(expr)
    while expr.has(sp.besseli):
        high = [b for b in expr.atoms(sp.besseli) if b.args[0].is_Integer and b.args[0] > 1]
        if not high:
            break
        # I_n = I_(n-2) - 2 (n-1)/k I_(n-1)
        n, k = max(high, key=lambda b: int(b.args[0])).args
        expr = expr.xreplace({sp.besseli(n, k): sp.besseli(n - 2, k) - 2 * (n - 1) / k * sp.besseli(n - 1, k)})
    return expr


def _loggamma(arg: sp.Expr) -> sp.Expr:
    arg = sp.expand(arg)
    whole, rest = arg.as_coeff_Add()
    steps = sp.floor(whole) if whole.is_Rational and rest != 0 else 0
    base = arg - steps
    if steps >= 0:
        return sp.loggamma(base) + sp.Add(*[sp.log(base + i) for i in range(int(steps))])
    return sp.loggamma(base) - sp.Add(*[sp.log(base - i) for i in range(1, int(-steps) + 1)])
