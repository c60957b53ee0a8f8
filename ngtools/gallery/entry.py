"""One entry of the gallery: a family in a chart, computed from its record."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature

import numpy as np
import sympy as sp

from ngtools import families, symbolic
from ngtools.families import Chart, Family
from ngtools.families.support import Circle, Integers, Simplex, Vector
from ngtools.fisher import stated
from ngtools.fisher.expectation import nodes_of
from ngtools.gallery.typeset import Typeset, typeset
from ngtools.symbolic import Derivation, Verdict

__all__ = ["KINDS", "Entry", "by_quadrature", "entry", "families_of", "kind_of", "one_row"]

KINDS = ("discrete", "positive", "real line", "bounded", "vectors", "regressions", "irregular")
_TOLERANCE = 1e-9  # of the quadrature, relative; it is at rounding level but for beta-like ends


@dataclass(frozen=True)
class Entry:
    """A family in a chart.

    Attributes
    ----------
    formula
        The stated Fisher matrix, typeset; that of one row with features x for a regression; None where there is none.
    verdict
        What SymPy proved.
    point, value
        A generic point and the stated matrix there; None for a counter-example.
    off
        The largest difference between ``value`` and the quadrature of the squared score, relative to sqrt(F_ii F_jj).
    """

    family: Family
    chart: str
    formula: Typeset | None
    verdict: Verdict
    point: tuple[float, ...]
    value: np.ndarray | None
    off: float

    @property
    def agrees(self) -> bool:
        """Whether the quadrature confirms the value."""
        return self.off < _TOLERANCE

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The coordinates of the chart."""
        return self.family.chart(self.chart).symbols

    @property
    def volume(self) -> sp.Expr:
        """sqrt(det F), the density of Jeffreys' prior in this chart, up to a constant."""
        assert self.formula is not None
        det = typeset([sp.Matrix([[self.formula.matrix.det()]])], dict(zip(self.symbols, self.point)))
        above, below = sp.fraction(det.matrix[0, 0])
        return sp.sqrt(above) / sp.sqrt(below)

    def along(self, *coordinates: np.ndarray | float) -> np.ndarray:
        """The printed formula, evaluated: F at points whose coordinates are given as arrays, shape (n, d, d).

        Examples
        --------
        >>> entry(families.get("poisson")).along(np.array([0.5, 2.0])).ravel()
        array([2. , 0.5])
        """
        assert self.formula is not None
        d, grid = len(coordinates), np.broadcast_arrays(*map(np.atleast_1d, coordinates))
        function = sp.lambdify(self.symbols, list(self.formula.matrix), modules=["scipy", "numpy"])
        entries = [np.broadcast_to(each, grid[0].shape) for each in function(*grid)]
        return np.stack(entries, axis=-1).reshape(-1, d, d)


def kind_of(family: Family) -> str:
    """The kind of a family, from its support.

    Examples
    --------
    >>> kind_of(families.get("gamma")), kind_of(families.get("uniform"))
    ('positive', 'irregular')
    """
    support = family.support
    if "all" in family.irregular:
        return "irregular"
    if family.rows:
        return "regressions"
    if isinstance(support, Integers):
        return "discrete"
    if isinstance(support, (Simplex, Vector)):
        return "vectors"
    if isinstance(support, Circle) or math.isfinite(support.upper):
        return "bounded"
    return "positive" if math.isfinite(support.lower) else "real line"


def families_of(kind: str) -> tuple[Family, ...]:
    """One instance of every family of a kind, in alphabetical order.

    Examples
    --------
    >>> [family.name for family in families_of("bounded")]
    ['beta', 'von-mises']
    """
    if kind not in KINDS:
        raise ValueError(f"no kind '{kind}'; known: {', '.join(KINDS)}")
    return tuple(family for family in families.examples() if kind_of(family) == kind)


@lru_cache(maxsize=256)
def entry(family: Family, chart: str | None = None) -> Entry:
    """Compute the entry of a family in a chart (the reference chart by default).

    Examples
    --------
    >>> found = entry(families.get("poisson"), "log-rate")
    >>> found.formula.latex, found.verdict.holds, found.agrees
    ('e^{\\\\eta}', True, True)
    """
    record = family.chart(chart)
    point, verdict = family.points_in(record.name)[0], symbolic.verdict(family, record.name)
    if "all" in family.irregular:
        return Entry(family, record.name, None, verdict, tuple(point.tolist()), None, math.nan)
    value, found = stated(family, point, record.name), symbolic.derivation(family, record.name)
    scale = np.sqrt(np.outer(np.diag(value), np.diag(value)))
    off = float(np.max(np.abs(by_quadrature(found, point) - value) / scale))
    shown = symbolic.derivation(one_row(family), record.name) if family.rows else found
    assert shown.stated is not None
    formula = form(shown.stated, record, point)
    return Entry(family, record.name, formula, verdict, tuple(point.tolist()), value, off)


def form(stated_matrix: sp.Matrix, record: Chart, point: np.ndarray) -> Typeset:
    """Typeset a matrix in the symbols of a chart, with factors that are positive at the point."""
    at = {symbol: sp.Rational(repr(float(value))) for symbol, value in zip(record.symbols, point)}
    return typeset([stated_matrix, symbolic.tidy(stated_matrix)], at)


def by_quadrature(found: Derivation, theta: np.ndarray) -> np.ndarray:
    """E[score scoreᵀ] with the score that SymPy derived and no table of moments: a sum over nodes.

    A third witness beside the two of the verdict, and quick, because nothing is compiled.
    """
    family, chart = found.family, found.chart
    if family.rows:
        return np.sum([by_quadrature(symbolic.derivation(row, chart), theta) for row in family.rows], axis=0)
    nodes = nodes_of(family, theta, chart)
    symbols, score = found.x, found.score
    if isinstance(nodes.x, tuple):  # nodes (x, 1 - x), so that 1 - x keeps its digits near 1
        beside = sp.Symbol("y_", positive=True)
        symbols, score = (*symbols, beside), score.subs(1 - symbols[0], beside)
    with np.errstate(all="ignore"):  # far nodes overflow, and carry no probability
        p = nodes.weights * np.exp(family.log_density(nodes.x, theta, chart))
    x = np.stack(nodes.x) if isinstance(nodes.x, tuple) else np.atleast_2d(nodes.x.T)
    evaluate = sp.lambdify((symbols, found.theta), list(score), modules=["scipy", "numpy"])
    psi = np.stack([np.broadcast_to(each, (p > 0).sum()) for each in evaluate(x[:, p > 0], theta)])
    return (psi * p[p > 0]) @ psi.T


def one_row(family: Family) -> Family:
    """One row of a regression with symbolic features x_1, ..., x_d and symbolic constants.

    Examples
    --------
    >>> symbolic.fisher(one_row(families.get("poisson-regression", X=[[1.0, 2.0], [0.0, 1.0]])))[0, 0]
    x1**2*exp(w1*x1)*exp(w2*x2)
    """
    module = importlib.import_module(f"ngtools.families.{family.name.replace('-', '_')}")
    features = tuple(sp.Symbol(f"x{i + 1}", real=True) for i in range(family.dimension()))
    constants = [sp.Symbol(name, positive=True) for name in list(signature(module.one_row).parameters)[1:]]
    row: Family = module.one_row(features, *constants)
    return row
