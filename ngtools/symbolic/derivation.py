"""The derivation of a Fisher matrix, kept whole: every step of it is an expression to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from ngtools.engines import SYMPY
from ngtools.families import Family
from ngtools.families.support import Circle, Integers, Interval, Simplex, Support, Vector
from ngtools.symbolic.laws import NotDerivable, Reading, read
from ngtools.symbolic.printing import latex
from ngtools.symbolic.rewriting import exact
from ngtools.symbolic.steps import Steps
from ngtools.symbolic.zero import positive_cover, tidy

__all__ = ["Derivation", "averages", "derivation", "observation_symbols", "rows_split"]


def observation_symbols(support: Support) -> tuple[sp.Symbol, ...]:
    """The symbols of one observation, with the assumptions of the support."""
    if isinstance(support, Simplex):
        return tuple(sp.Symbol(f"x_{i + 1}", positive=True) for i in range(support.K))
    if isinstance(support, Vector):
        return tuple(sp.Symbol(f"x_{i + 1}", **_assumptions(support.each)) for i in range(support.size))
    return (sp.Symbol("x", **_assumptions(support)),)


def _assumptions(support: Support) -> dict[str, bool]:
    if isinstance(support, Integers):
        return {"integer": True, "nonnegative": True} if support.lower >= 0 else {"integer": True}
    if isinstance(support, Interval) and math.isfinite(support.lower) and support.lower >= 0:
        return {"positive": True}
    assert isinstance(support, (Interval, Circle))
    return {"real": True}


@dataclass(frozen=True)
class Derivation:
    """A family in a chart: its log density differentiated in that chart, and averaged through its base law.

    Attributes
    ----------
    log_density, score, hessian
        In the symbols ``x`` and ``theta``; the map of the chart is substituted *before* differentiating.
    reading
        The base law, and how an expectation over it is found.
    mean_score, by_score, by_hessian
        E[score], E[score scoreᵀ] and -E[Hessian], as they come.
    stated
        The matrix the family states, carried to the chart by the Jacobian of its map: another way round.
        None for a counter-example that has no Fisher matrix.
    """

    family: Family
    chart: str
    x: tuple[sp.Symbol, ...]
    theta: tuple[sp.Symbol, ...]
    log_density: sp.Expr
    score: sp.Matrix
    hessian: sp.Matrix
    reading: Reading
    mean_score: sp.Matrix
    by_score: sp.Matrix
    by_hessian: sp.Matrix
    stated: sp.Matrix | None
    cover: Mapping[sp.Symbol, sp.Expr]

    @property
    def fisher(self) -> sp.Matrix:
        """E[score scoreᵀ], simplified (a sum over rows is left a sum)."""
        return self.by_score if self.family.rows else tidy(self.by_score)

    @property
    def steps(self) -> Steps:
        """The derivation line by line."""
        names = latex(sp.Tuple(*self.theta)) if len(self.theta) > 1 else latex(self.theta[0])
        lines = [
            ("log density", rf"\log p_\theta(x) = {latex(self.log_density)},\quad \theta = {names}"),
            ("score", rf"\psi_\theta(x) = {latex(tidy(self.score))}"),
            ("base law", self.reading.base),
        ]
        if self.reading.observation:
            lines.append(("observation", f"x = {self.reading.observation}"))
        lines += [
            ("mean score", rf"\mathbb{{E}}\,\psi_\theta = {latex(tidy(self.mean_score))}"),
            ("Fisher matrix", rf"\mathbb{{E}}\,\psi_\theta \psi_\theta^\top = {latex(self.fisher)}"),
            ("curvature", rf"-\mathbb{{E}}\,\nabla^2 \log p_\theta = {latex(tidy(self.by_hessian))}"),
        ]
        if self.stated is not None and not self.family.rows:
            lines.append(("stated", rf"F(\theta) = {latex(tidy(self.stated))}"))
        return Steps(tuple(lines))

    def _repr_latex_(self) -> str:
        return self.steps._repr_latex_()

    def __repr__(self) -> str:
        return f"<derivation of the Fisher matrix of {self.family.name} in {self.chart}, by {self.reading.technique}>"


def _on_support(log_density: sp.Expr) -> sp.Expr:
    """The log density where it is finite: a moving edge is not differentiated (that is what breaks there)."""
    return log_density.replace(
        lambda e: isinstance(e, sp.Piecewise) and e.args[-1].expr == -sp.oo and len(e.args) == 2,
        lambda e: e.args[0].expr,
    )


@lru_cache(maxsize=512)
def _derivation(family: Family, chart: str) -> Derivation:
    record = family.chart(chart)
    theta = record.symbols
    home = tuple(exact(entry) for entry in record.home_symbolic())
    x = observation_symbols(family.support)
    observation: Any = x[0] if len(x) == 1 and not isinstance(family.support, Vector) else x
    log_density = _on_support(exact(family.formulas.log_density(observation, home, SYMPY)))
    score = sp.Matrix([sp.diff(log_density, t) for t in theta])
    hessian = score.jacobian(theta)
    if family.rows:
        reading, means = _rows(family, chart, x, log_density)
    else:
        # a moving edge is inside the declared support: the image of the map is not compared with that
        support = None if "all" in family.irregular else family.support
        reading = read(family.law, log_density, x, home, theta, support)
        means = averages(reading, score, hessian)
    return Derivation(
        family=family,
        chart=chart,
        x=x,
        theta=theta,
        log_density=log_density,
        score=score,
        hessian=hessian,
        reading=reading,
        mean_score=means[0],
        by_score=means[1],
        by_hessian=means[2],
        stated=None if "all" in family.irregular else exact(sp.Matrix(family.fisher(theta, chart))),
        cover=positive_cover(record),
    )


Averages = tuple[sp.Matrix, sp.Matrix, sp.Matrix]


def averages(reading: Reading, score: sp.Matrix, hessian: sp.Matrix) -> Averages:
    """E[score], E[score scoreᵀ] and -E[Hessian]."""
    d, expect = len(score), reading.expect
    products = {(i, j): expect(score[i] * score[j]) for i in range(d) for j in range(i, d)}
    curvature = {(i, j): -expect(hessian[i, j]) for i in range(d) for j in range(i, d)}
    return (
        score.applyfunc(expect),
        sp.Matrix(d, d, lambda i, j: products[min(i, j), max(i, j)]),
        sp.Matrix(d, d, lambda i, j: curvature[min(i, j), max(i, j)]),
    )


def rows_split(log_density: sp.Expr, family: Family, chart: str, x: tuple[sp.Symbol, ...]) -> sp.Expr:
    """The log density of the whole less the sum of its rows'; zero where the rows are independent."""
    parts = [_derivation(row, chart) for row in family.rows]
    return log_density - sp.Add(*[part.log_density.subs(part.x[0], symbol) for part, symbol in zip(parts, x)])


def _rows(family: Family, chart: str, x: tuple[sp.Symbol, ...], log_density: sp.Expr) -> tuple[Reading, Averages]:
    """Independent rows: their scores have mean zero, so cross terms vanish and Fisher matrices add up."""
    rows = [_derivation(row, chart) for row in family.rows]

    def expect(expr: sp.Expr) -> sp.Expr:
        """E of a sum of functions of one observation each."""
        total = sp.S.Zero
        for term in sp.Add.make_args(sp.expand(expr)):
            involved = [i for i, symbol in enumerate(x) if term.has(symbol)]
            if len(involved) > 1:
                raise NotDerivable(f"a product of several observations: {term}")
            i = involved[0] if involved else 0
            total += rows[i].reading.expect(term.subs(x[i], rows[i].x[0]))
        return total

    def defects() -> list[sp.Expr]:
        return [
            rows_split(log_density, family, chart, x),
            *(defect for row in rows for defect in row.reading.defects()),
        ]

    reading = Reading(
        technique=f"rows: {rows[0].reading.technique}",
        base=r",\; ".join(dict.fromkeys(row.reading.base for row in rows)),
        observation="",
        expect=expect,
        defects=defects,
    )
    sums = [sum((tidy(getattr(row, name)) for row in rows[1:]), tidy(getattr(rows[0], name))) for name in _AVERAGES]
    return reading, (sums[0], sums[1], sums[2])


_AVERAGES = ("mean_score", "by_score", "by_hessian")


def derivation(family: Family, chart: str | None = None) -> Derivation:
    """Derive the Fisher matrix of a family, directly in a chart.

    Parameters
    ----------
    family
        A family; for one of independent rows (a regression) the rows are derived and summed.
    chart
        A name in ``family.charts``; the reference chart by default.

    Raises
    ------
    NotDerivable
        If the law of the family has no table for an expectation that is needed.
    """
    return _derivation(family, family.chart(chart).name)
