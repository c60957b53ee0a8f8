"""Where one finite natural gradient step ends, as a power series in the learning rate."""

from __future__ import annotations

import sympy as sp

from ngtools.checks import whole_number
from ngtools.engines import SYMPY
from ngtools.families import Family

__all__ = ["euler_step_series"]

ALPHA = sp.Symbol("alpha", positive=True)
G = sp.Symbol("g", real=True)


def euler_step_series(family: Family, chart: str, order: int = 3) -> sp.Expr:
    """Return the reference coordinate reached by one natural Euler step taken in ``chart``.

    Parameters
    ----------
    family
        A family with one parameter.
    chart
        Where the step phi + alpha F^-1 g_phi is taken; the result is mapped back to the reference chart.
    order
        The series is exact through alpha^(order - 1); ``alpha^order`` and beyond are dropped.

    Returns
    -------
    A SymPy polynomial in ``alpha`` whose coefficients contain the reference coordinate and ``g``, the
    derivative of the objective with respect to the reference coordinate.

    Examples
    --------
    >>> from ngtools import families
    >>> euler_step_series(families.get("zero-mean-normal"), "std")
    alpha*g*sigma**2/2 + sigma
    """
    order = whole_number(order, "order", least=2)
    if family.dimension() != 1:
        raise ValueError(f"one parameter is needed: '{family.name}' has {family.dimension()}")
    record, reference = family.chart(chart), family.chart()
    (theta,) = reference.symbols
    (phi,) = record.from_home(reference.home_symbolic(), SYMPY)
    J = sp.diff(phi, theta)
    # the information comes from the chart's own statement, at the chart's own coordinate
    F = family.fisher((phi,), chart)[0, 0]
    reached = reference.from_home(record.to_home((phi + ALPHA * (G / J) / F,), SYMPY), SYMPY)[0]
    return _collected(sp.series(sp.simplify(reached), ALPHA, 0, order).removeO())


def _collected(polynomial: sp.Expr) -> sp.Expr:
    terms = sp.collect(sp.expand(polynomial), ALPHA, evaluate=False)
    return sp.Add(*[power * sp.simplify(coefficient) for power, coefficient in terms.items()])
