"""Fisher information about a function of the parameter, and what a straight step in one chart does in another."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from ngtools.families import Family
from ngtools.symbolic.derivation import derivation

__all__ = ["euler_gap", "information_about"]


def information_about(family: Family, function: Callable[[sp.Symbol], sp.Expr], chart: str | None = None) -> sp.Expr:
    """The Fisher information about s = function(theta) of a family with one parameter, F / (ds/dtheta)^2.

    F is derived from the density in ``chart``; the result is an expression in theta.

    Examples
    --------
    >>> from ngtools import families
    >>> information_about(families.get("poisson"), lambda mu: 2 * sp.sqrt(mu))
    1
    """
    if family.dimension() != 1:
        raise ValueError(f"one parameter is needed: '{family.name}' has {family.dimension()}")
    (theta,) = family.chart(chart).symbols
    F = derivation(family, chart).fisher[0, 0]
    return sp.simplify(sp.cancel(F / sp.simplify(sp.diff(function(theta), theta) ** 2)))


def euler_gap(d: int = 1) -> sp.Matrix:
    """The coefficient of alpha^2 in the end of a straight step taken in another chart, for an unnamed map h.

    The step phi + alpha J v from phi = h(theta), J = dh/dtheta, ends at theta + alpha v + alpha^2 c + O(alpha^3);
    returned is c, shape (d, 1), solved from h(theta + alpha v + alpha^2 c) = h(theta) + alpha J v.

    Examples
    --------
    >>> euler_gap(1)[0]
    -v**2*Derivative(h(theta), (theta, 2))/(2*Derivative(h(theta), theta))
    """
    if d not in (1, 2, 3):
        raise ValueError(f"d must be 1, 2 or 3 (got {d!r})")
    names = [""] if d == 1 else [f"_{i + 1}" for i in range(d)]
    theta, v, c = ([sp.Symbol(letter + name) for name in names] for letter in ("theta", "v", "c"))
    h = [sp.Function("h" + name)(*theta) for name in names]
    # d^2/dalpha^2 of h along theta + alpha v + alpha^2 c, at alpha = 0: h'' (v, v) + 2 J c, which must vanish
    second = [
        sum(sp.diff(component, a, b) * v[i] * v[j] for i, a in enumerate(theta) for j, b in enumerate(theta))
        for component in h
    ]
    J = sp.Matrix(h).jacobian(theta)
    (solution,) = sp.linsolve([2 * (J.row(k) * sp.Matrix(c))[0] + second[k] for k in range(d)], *c)
    return sp.Matrix(list(solution))
