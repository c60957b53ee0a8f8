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
from ngtools.symbolic.rewriting import flatten
from ngtools.symbolic.zero import tidy

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
    statistics, coefficients = _join(parts, theta)
    d = len(theta)
    J = sp.Matrix(coefficients).jacobian(theta) if coefficients else sp.zeros(0, d)
    if len(coefficients) != d or tidy(J.det()) == 0:
        raise NotDerivable(
            f"{len(coefficients)} statistics for {d} coordinates: a log-partition derivation needs as many, independent"
        )
    gradient = sp.Matrix([sp.diff(parts.log_partition, t) for t in theta])
    inverse = J.inv().applyfunc(tidy)
    means = (inverse.T * gradient).applyfunc(tidy)
    covariance = (means.jacobian(theta) * inverse).applyfunc(tidy)
    basis: list[tuple[sp.Expr, sp.Expr]] = [(sp.S.One, sp.S.One), *zip(statistics, means)]
    for j in range(d):
        basis += [(statistics[j] * statistics[k], covariance[j, k] + means[j] * means[k]) for k in range(j, d)]
    expanded = [(_terms(function, x), moment) for function, moment in basis]

    def expect(expr: sp.Expr) -> sp.Expr:
        return sp.Add(*[weight * moment for weight, moment in _combine(_terms(expr, x), expanded)])

    shown = r",\, ".join(latex(statistic) for statistic in statistics)
    return Reading(
        technique="log-partition",
        base=rf"T(x) = ({shown}),\; \Lambda = {latex(tidy(parts.log_partition))}",
        observation="",
        expect=expect,
        defects=defects,
        independent=False,
    )


def _join(parts: Split, theta: Sequence[sp.Symbol]) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Statistics whose coefficients are proportional make one: c T_0 + (r c) T_1 = c (T_0 + r T_1)."""
    statistics: list[sp.Expr] = []
    coefficients: list[sp.Expr] = []
    for statistic, coefficient in zip(parts.statistics, parts.coefficients):
        for j, lead in enumerate(coefficients):
            ratio = sp.cancel(coefficient / lead)
            if not ratio.has(*theta):
                statistics[j] += ratio * statistic
                break
        else:
            statistics.append(statistic)
            coefficients.append(coefficient)
    return statistics, coefficients


Terms = dict[sp.Expr, sp.Expr]


def _terms(expr: sp.Expr, x: sp.Symbol) -> Terms:
    """The coefficient of each function of x in an expanded expression."""
    found: Terms = {}
    for term in sp.Add.make_args(sp.expand(sp.expand_trig(sp.expand(flatten(expr))))):
        constant, dependent = term.as_independent(x, as_Add=False)
        dependent = sp.powsimp(dependent)
        found[dependent] = found.get(dependent, sp.S.Zero) + constant
    return found


def _combine(wanted: Terms, basis: Sequence[tuple[Terms, sp.Expr]]) -> list[tuple[sp.Expr, sp.Expr]]:
    """Write a function as a combination of 1, the statistics and their products; return weights and moments."""
    left = {function: weight for function, weight in wanted.items() if weight != 0}
    result = []
    single = {next(iter(terms)): (terms, moment) for terms, moment in reversed(basis) if len(terms) == 1}
    for function in [function for function in left if function in single]:
        terms, moment = single[function]
        result.append((left.pop(function) / terms[function], moment))
    if not left:
        return result
    # statistics that are sums: as many unknown weights as there are such functions
    sums = [(terms, moment) for terms, moment in basis if len(terms) > 1]
    weights = sp.symbols(f"w0:{len(sums)}")
    functions = set(left).union(*[terms for terms, _ in sums]) - set(single)
    equations = [
        left.get(f, sp.S.Zero) - sp.Add(*[w * terms.get(f, sp.S.Zero) for w, (terms, _) in zip(weights, sums)])
        for f in sorted(functions, key=sp.default_sort_key)
    ]
    solutions = sp.linsolve(equations, weights) if weights else sp.S.EmptySet
    if solutions == sp.S.EmptySet:
        raise NotDerivable(f"{sorted(map(str, left))} are not products of at most two of the statistics")
    solution = [weight.subs(dict.fromkeys(weights, 0)) for weight in next(iter(solutions))]
    for weight, (terms, moment) in zip(solution, sums):
        result.append((weight, moment))
        for function in set(terms) & set(single):
            alone, value = single[function]
            result.append((-weight * terms[function] / alone[function], value))
    return result


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
