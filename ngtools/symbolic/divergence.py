"""The Kullback-Leibler divergence: read as the family states it, derived, and differentiated twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from ngtools.families import Family
from ngtools.symbolic.derivation import derivation
from ngtools.symbolic.laws import NotDerivable
from ngtools.symbolic.printing import latex
from ngtools.symbolic.rewriting import exact
from ngtools.symbolic.steps import Steps
from ngtools.symbolic.zero import positive_cover, residual, tidy

__all__ = ["Divergence", "divergence", "kl_hessian", "two_points"]

Symbols = tuple[sp.Symbol, ...]


def two_points(theta: Symbols) -> tuple[Symbols, Symbols]:
    """The symbols of a chart twice, as theta_0 and theta_1."""
    zero, one = (tuple(sp.Symbol(f"{s.name}_{i}", **s.assumptions0) for s in theta) for i in (0, 1))
    return zero, one


@dataclass(frozen=True)
class Divergence:
    """KL(theta_0 || theta_1) in nats, in the symbols of a chart.

    ``stated`` is the closed form of the family; ``derived`` is E_theta0[log p_theta0 - log p_theta1] through the
    base law, None where its table does not reach; ``hessian`` the second derivative of the stated form in
    theta_1 at coincidence, in the chart's own symbols.
    """

    family: Family
    chart: str
    theta0: Symbols
    theta1: Symbols
    stated: sp.Expr
    derived: sp.Expr | None
    hessian: sp.Matrix
    cover: Mapping[sp.Symbol, sp.Expr]

    @property
    def steps(self) -> Steps:
        lines = [("stated", rf"\mathrm{{KL}}(\theta_0\,\|\,\theta_1) = {latex(self.stated)}")]
        if self.derived is not None:
            log_ratio = r"\mathbb{E}_{\theta_0}[\log p_{\theta_0} - \log p_{\theta_1}]"
            difference = latex(residual(self.stated - self.derived, self.cover))
            lines.append(("derived", f"{log_ratio} = {latex(_shorter(self.derived))}"))
            lines.append(("stated - derived", difference))
        second = r"\nabla^2_{\theta_1} \mathrm{KL}(\theta_0\,\|\,\theta_1)\big|_{\theta_1 = \theta_0}"
        lines.append(("curvature", f"{second} = {latex(tidy(self.hessian))}"))
        return Steps(tuple(lines))

    def _repr_latex_(self) -> str:
        return self.steps._repr_latex_()


def _shorter(expr: sp.Expr) -> sp.Expr:
    # no simplify here: it gathers logarithms into one, of a tower of powers
    return min(expr, sp.expand_log(sp.factor(sp.together(expr))), key=sp.count_ops)


@lru_cache(maxsize=512)
def _divergence(family: Family, chart: str) -> Divergence:
    record, derived = family.chart(chart), derivation(family, chart)
    theta = record.symbols
    theta0, theta1 = two_points(theta)
    stated = exact(sp.sympify(family.kl(theta0, theta1, chart)))
    return Divergence(
        family=family,
        chart=chart,
        theta0=theta0,
        theta1=theta1,
        stated=stated,
        derived=_derived(derived.log_density, derived.reading.expect, theta, theta0, theta1),
        hessian=_hessian(stated, theta, theta0, theta1),
        cover={**positive_cover(record, "_0"), **positive_cover(record, "_1")},
    )


def _derived(log_density, expect, theta: Symbols, theta0: Symbols, theta1: Symbols) -> sp.Expr | None:
    other = log_density.subs(dict(zip(theta, theta1)), simultaneous=True)
    try:
        return expect(log_density - other).subs(dict(zip(theta, theta0)), simultaneous=True)
    except NotDerivable:
        return None


def _hessian(stated: sp.Expr, theta: Symbols, theta0: Symbols, theta1: Symbols) -> sp.Matrix:
    """Second derivative in theta_1 at coincidence; |u| is differentiated from both sides, which must agree."""
    together = dict(zip((*theta0, *theta1), (*theta, *theta)))
    sides = []
    for sign in (1, -1):
        side = stated.replace(sp.Abs, lambda u, sign=sign: sign * u)
        sides.append(sp.hessian(side, theta1).subs(together, simultaneous=True))
        if not stated.has(sp.Abs):
            break
    if any(residual(entry) != 0 for entry in sides[0] - sides[-1]):
        raise NotDerivable("the divergence has no second derivative at coincidence: its two sides differ")
    return sides[0]


def divergence(family: Family, chart: str | None = None) -> Divergence:
    """Read, derive and differentiate the divergence of a family in a chart.

    Raises
    ------
    NotImplementedError
        If the family states no closed form that SymPy can read.
    """
    if family.formulas.kl is None or family.formulas.kl_route != "closed form":
        raise NotImplementedError(f"no closed-form KL is known for '{family.name}'; fisher.by_kl integrates one")
    if "all" in family.irregular:
        raise NotImplementedError(f"{family.name}: {family.irregular['all']}")
    return _divergence(family, family.chart(chart).name)


def kl_hessian(family: Family, chart: str | None = None) -> sp.Matrix:
    """Return the second derivative of KL(theta_0 || theta_1) in theta_1 at theta_1 = theta_0: the Fisher matrix."""
    return tidy(divergence(family, chart).hessian)
