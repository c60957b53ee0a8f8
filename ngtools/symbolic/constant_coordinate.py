"""The coordinate of a one-parameter family in which its Fisher information is 1."""

from __future__ import annotations

import sympy as sp

from ngtools.families import Family
from ngtools.symbolic.derivation import derivation
from ngtools.symbolic.laws import NotDerivable
from ngtools.symbolic.zero import residual, tidy

__all__ = ["constant_coordinate"]


def constant_coordinate(family: Family, chart: str | None = None) -> sp.Expr:
    """Return phi(theta), an antiderivative of sqrt(F(theta)), for a chart with one positive coordinate.

    Proved by differentiation: (d phi / d theta)^2 = F.

    Raises
    ------
    NotDerivable
        If the chart does not have one positive coordinate, or SymPy finds no antiderivative.

    Examples
    --------
    >>> from ngtools import families
    >>> constant_coordinate(families.get("poisson"))
    2*sqrt(mu)
    """
    found = derivation(family, chart)
    if len(found.theta) != 1 or not found.theta[0].is_positive:
        raise NotDerivable(f"one positive coordinate is needed (got {found.theta} in chart '{found.chart}')")
    (theta,) = found.theta
    # theta = t^2, or odds of t^2 for a probability: the square roots of the gallery open up for t > 0
    t, unit = sp.Symbol("t", positive=True), family.chart(chart).parameters[0].domain == "unit"
    inside, back = (t**2 / (1 + t**2), theta / (1 - theta)) if unit else (t**2, theta)
    slope = sp.factor(sp.together(found.fisher[0].subs(theta, inside)))
    phi = sp.integrate(sp.simplify(sp.sqrt(slope) * sp.diff(inside, t)), t).subs(t, sp.sqrt(back))
    if phi.has(sp.Integral, sp.Piecewise) or residual(sp.diff(phi, theta) ** 2 - found.fisher[0], found.cover) != 0:
        raise NotDerivable(f"no antiderivative of sqrt({found.fisher[0]}) was found")
    return tidy(sp.expand_log(phi, force=True))
