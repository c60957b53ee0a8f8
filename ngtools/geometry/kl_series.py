"""The Taylor coefficients of a Kullback-Leibler divergence at coincidence, exact, in SymPy."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ngtools.families import Family

Symbols = tuple[sp.Symbol, ...]

__all__ = ["KLSeries", "SecondDerivatives", "kl_second_derivatives", "kl_series"]


@dataclass(frozen=True)
class KLSeries:
    """Coefficients of eps^0, eps^1, ... of the two divergences between theta (old) and theta + eps (new)."""

    symbol: sp.Symbol
    old_new: tuple[sp.Expr, ...]
    new_old: tuple[sp.Expr, ...]

    @property
    def cubic_ratio(self) -> sp.Expr:
        """The eps^3 coefficient of KL(new || old) over that of KL(old || new)."""
        return sp.simplify(self.new_old[3] / self.old_new[3])


def kl_series(family: Family, chart: str | None = None, order: int = 3) -> KLSeries:
    """Expand KL(theta || theta + eps) and KL(theta + eps || theta) in eps, for a family of one parameter.

    Parameters
    ----------
    family
        One with a closed-form divergence that is smooth at coincidence.
    chart
        The step eps is a step in this chart; from the third order on the coefficients depend on it.
    order
        The highest power.

    Returns
    -------
    KLSeries
        Expressions in the symbol of the chart.

    Examples
    --------
    >>> from ngtools import families
    >>> kl_series(families.get("bernoulli"), chart="angle").old_new
    (0, 0, 1/2, -1/(6*tan(alpha)))
    """
    record = family.chart(chart)
    if record.dimension != 1:
        raise ValueError(
            f"kl_series expands along one coordinate; chart '{record.name}' of '{family.name}' has {record.dimension}. "
            "Use kl_second_derivatives, or fisher.cubic for the numbers along a direction"
        )
    (theta,), eps = record.symbols, sp.Symbol("epsilon", real=True)

    def coefficients(divergence: sp.Expr) -> tuple[sp.Expr, ...]:
        return tuple(
            sp.factor(sp.simplify(sp.diff(divergence, eps, n).subs(eps, 0) / sp.factorial(n))) for n in range(order + 1)
        )

    return KLSeries(
        theta,
        coefficients(family.kl((theta,), (theta + eps,), chart)),
        coefficients(family.kl((theta + eps,), (theta,), chart)),
    )


@dataclass(frozen=True)
class SecondDerivatives:
    """Second derivatives of (a, b) -> KL(p_a || p_b) at a = b: in b twice, in a twice, in a and b."""

    second: sp.Matrix
    first: sp.Matrix
    mixed: sp.Matrix


def kl_second_derivatives(family: Family, chart: str | None = None) -> SecondDerivatives:
    """Differentiate the stated divergence of a family twice, in each pair of its arguments, at coincidence.

    Examples
    --------
    >>> from ngtools import families
    >>> kl_second_derivatives(families.get("normal")).mixed
    Matrix([
    [-1/sigma**2,           0],
    [          0, -2/sigma**2]])
    """
    a = family.chart(chart).symbols
    b = tuple(sp.Symbol(f"{one.name}_b", **one.assumptions0) for one in a)
    divergence, coincidence = family.kl(a, b, chart), dict(zip(b, a))

    def derivatives(rows: Symbols, columns: Symbols) -> sp.Matrix:
        second = sp.Matrix([divergence]).jacobian(rows).jacobian(columns)
        return second.subs(coincidence).applyfunc(sp.simplify).applyfunc(sp.factor)

    return SecondDerivatives(derivatives(b, b), derivatives(a, a), derivatives(a, b))
