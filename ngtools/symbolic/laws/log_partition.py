"""Exponential families whose moments come from their own normaliser.

log p = sum_j c_j(theta) T_j(x) + h(x) - Lambda(theta).  As E[score] = 0, the means m = E T solve
(dc/dtheta)ᵀ m = grad Lambda; differentiating once more, Cov(T) = (dm/dtheta) (dc/dtheta)^-1.  The covariance
of the score and minus the mean Hessian then come out of one derivation: they are not two witnesses.
The normaliser itself is proved by an integral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from ngtools.symbolic.laws.reading import NotDerivable, Reading
from ngtools.symbolic.printing import latex
from ngtools.symbolic.zero import flatten, tidy

__all__ = ["INTEGRALS", "Split", "log_partition", "split"]


@dataclass(frozen=True)
class Split:
    """The parts of the log density of an exponential family."""

    statistics: tuple[sp.Expr, ...]
    coefficients: tuple[sp.Expr, ...]
    carrier: sp.Expr
    log_partition: sp.Expr


def split(log_density: sp.Expr, x: sp.Symbol, theta: Sequence[sp.Symbol]) -> Split:
    """Read statistics, coefficients, carrier and log-partition off an expanded log density."""
    expr = sp.expand(sp.expand_trig(sp.expand(flatten(log_density))))
    groups: dict[sp.Expr, list[sp.Expr]] = {}
    carrier, constant = sp.S.Zero, sp.S.Zero
    for term in sp.Add.make_args(expr):
        coefficient, statistic = term.as_independent(x, as_Add=False)
        if not term.has(x):
            constant += term
        elif statistic.has(*theta):
            raise NotDerivable(f"not an exponential family: the term {term} mixes observation and parameters")
        else:
            groups.setdefault(statistic, []).append(coefficient)
    statistics, coefficients = [], []
    for statistic, parts in groups.items():
        total = sp.Add(*parts)
        fixed, moving = total.as_independent(*theta, as_Add=True)
        carrier += fixed * statistic
        if moving != 0:
            statistics.append(statistic)
            coefficients.append(moving)
    return Split(tuple(statistics), tuple(coefficients), carrier, -constant)


def log_partition(
    parts: Split,
    x: sp.Symbol,
    theta: Sequence[sp.Symbol],
    defects: Callable[[], list[sp.Expr]],
) -> Reading:
    """Moments of products of at most two statistics; ``defects`` proves the normaliser."""
    d, T = len(theta), parts.statistics
    J = sp.Matrix(parts.coefficients).jacobian(theta) if T else sp.zeros(0, d)
    if len(T) != d or tidy(J.det()) == 0:
        raise NotDerivable(
            f"{len(T)} statistics for {d} coordinates: a log-partition derivation needs as many, independent"
        )
    gradient = sp.Matrix([sp.diff(parts.log_partition, t) for t in theta])
    inverse = J.inv().applyfunc(tidy)
    means = (inverse.T * gradient).applyfunc(tidy)
    covariance = (means.jacobian(theta) * inverse).applyfunc(tidy)
    names = [sp.Symbol(f"T{j}_", real=True) for j in range(d)]
    table: dict[tuple[int, ...], sp.Expr] = {(): sp.S.One}
    for j in range(d):
        table[(j,)] = means[j]
        for k in range(j, d):
            table[(j, k)] = covariance[j, k] + means[j] * means[k]

    def expect(expr: sp.Expr) -> sp.Expr:
        expr = sp.expand(sp.expand_trig(sp.expand(flatten(expr))))
        total: list[sp.Expr] = []
        for term in sp.Add.make_args(expr):
            constant, dependent = term.as_independent(x, as_Add=False) if term != 0 else (0, sp.S.One)
            total.append(constant * table[_order(dependent, T, names)])
        return sp.Add(*total)

    shown = r",\, ".join(latex(statistic) for statistic in T)
    return Reading(
        technique="log-partition",
        base=rf"T(x) = ({shown}),\; \Lambda = {latex(tidy(parts.log_partition))}",
        observation="",
        expect=expect,
        defects=defects,
        independent=False,
    )


def _order(dependent: sp.Expr, T: Sequence[sp.Expr], names: Sequence[sp.Symbol]) -> tuple[int, ...]:
    """Write a term as a product of at most two statistics."""
    if dependent == 1:
        return ()
    for j, statistic in enumerate(T):
        if dependent == statistic:
            return (j,)
        for k in range(j, len(T)):
            if sp.powsimp(dependent - statistic * T[k]) == 0:
                return (j, k)
    raise NotDerivable(f"{dependent} is not a product of at most two of the statistics {list(T)}")


# -- the integrals ----------------------------------------------------------------------------------


def _coefficient(parts: Split, statistic: sp.Expr) -> sp.Expr:
    return dict(zip(parts.statistics, parts.coefficients)).get(statistic, sp.S.Zero)


def _inverse_gaussian(parts: Split, x: sp.Symbol) -> list[sp.Expr]:
    """log of int_0^oo x^(-3/2) exp(-a x - b/x) dx = log(pi/b)/2 - 2 sqrt(a b)."""
    a, b = -_coefficient(parts, x), -_coefficient(parts, 1 / x)
    if set(parts.statistics) != {x, 1 / x}:
        raise NotDerivable(f"statistics {parts.statistics} are not (x, 1/x)")
    integral = sp.log(sp.pi / b) / 2 - 2 * sp.sqrt(sp.cancel(a * b))
    return [parts.carrier + sp.Rational(3, 2) * sp.log(x), integral - parts.log_partition]


def _circle(parts: Split, x: sp.Symbol) -> list[sp.Expr]:
    """log of int over the circle of exp(a cos x + b sin x) = log(2 pi I_0(sqrt(a^2 + b^2)))."""
    a, b = _coefficient(parts, sp.cos(x)), _coefficient(parts, sp.sin(x))
    if set(parts.statistics) != {sp.cos(x), sp.sin(x)}:
        raise NotDerivable(f"statistics {parts.statistics} are not (cos x, sin x)")
    integral = sp.log(2 * sp.pi * sp.besseli(0, sp.sqrt(sp.factor(sp.trigsimp(a**2 + b**2)))))
    return [parts.carrier, integral - parts.log_partition]


INTEGRALS: dict[str, Callable[[Split, sp.Symbol], list[sp.Expr]]] = {
    "inverse-gaussian": _inverse_gaussian,
    "circle": _circle,
}
