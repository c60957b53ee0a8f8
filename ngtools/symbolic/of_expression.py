"""The Fisher matrix of a log density somebody wrote down: derived, or refused with a reason.

The order of attempts: a finite sum; the base law the caller declares; an exponential family, whose moments
come from its normaliser; a law of the gallery.  The total probability is checked first, because a wrong
constant makes every later step wrong without a sign of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import sympy as sp

from ngtools import families
from ngtools.families import Law
from ngtools.families.support import Integers
from ngtools.symbolic.derivation import averages, derivation
from ngtools.symbolic.laws import NotDerivable, Reading, read
from ngtools.symbolic.laws.discrete import finite
from ngtools.symbolic.laws.log_partition import log_partition, split
from ngtools.symbolic.rewriting import exact
from ngtools.symbolic.total import Support, proper, read_support
from ngtools.symbolic.zero import Undecided, differs, residual, residual_matrix, tidy

__all__ = ["fisher_of"]

ADVICE = (
    "declare its base law with law=Law(base, shape, map) (ngtools.families.Law says how), "
    "or compute numbers with fisher.of_density"
)


def fisher_of(
    log_density_expr: sp.Expr,
    x: sp.Symbol,
    params: sp.Symbol | Sequence[sp.Symbol],
    support: Any,
    law: Law | None = None,
) -> sp.Matrix:
    """Return the Fisher matrix of a log density given as an expression of ``x`` and ``params``.

    Parameters
    ----------
    log_density_expr
        log p(x), *normalised*: natural logarithm, with every constant.
    x, params
        The symbol of the observation, and those of the parameters (give them their assumptions:
        ``Symbol("sigma", positive=True)``).
    support
        A pair ``(a, b)`` for an interval, a list or set of values, or ``fisher.integers(a, b)``.  It may not
        contain the parameters.
    law
        The base law and map of x, in ``params``; needed where the density is neither on finitely many
        values, nor an exponential family, nor in the gallery.

    Returns
    -------
    The (d, d) matrix E[score scoreᵀ], exact and simplified.

    Raises
    ------
    NotDerivable
        If the total probability is not 1, or no technique reaches this density.  Nothing half done is returned.

    Examples
    --------
    >>> x, b = sp.Symbol("x"), sp.Symbol("b", positive=True)
    >>> fisher_of(sp.log(b) - b * x, x, b, (0, sp.oo))
    Matrix([[b**(-2)]])
    """
    theta = tuple(params) if isinstance(params, (tuple, list, sp.Tuple)) else (params,)
    where = read_support(support)
    expr, symbol = _prepared(log_density_expr, x, theta, where)
    if where.values is not None:
        return _result(_finite(expr, symbol, where), expr, theta)
    if law is not None:
        reading = read(law, expr, (symbol,), theta, theta, where.family_support)
        left = [residual(defect) for defect in reading.defects()]
        if any(entry != 0 for entry in left):
            raise NotDerivable(f"the declared law is not that of this log density: off by {left}")
        return _result(reading, expr, theta)
    if not proper(expr, symbol, where):
        raise NotDerivable("the total probability could not be confirmed at any two points; " + ADVICE)
    try:
        return _result(log_partition(split(expr, symbol, theta), symbol, theta, list), expr, theta)
    except NotDerivable as reason:
        found = _from_gallery(expr, symbol, theta, where)
        if found is None:
            raise NotDerivable(f"not derivable: {reason}; nor is it in the gallery. Try this: {ADVICE}") from None
        return found


def _prepared(expr: Any, x: Any, theta: tuple[Any, ...], where: Support) -> tuple[sp.Expr, sp.Symbol]:
    """Check the request; return the log density in an observation symbol that knows the support."""
    for symbol in (x, *theta):
        if not isinstance(symbol, sp.Symbol):
            raise TypeError(f"x and params must be SymPy symbols (got {symbol!r})")
    if not theta or len(set(theta)) < len(theta) or x in theta:
        raise ValueError(f"params must be distinct symbols other than x (got params={theta}, x={x})")
    if where.symbols & set(theta):
        raise NotDerivable(
            f"support depends on {sorted(map(str, where.symbols & set(theta)))}: score does not have zero mean, "
            "Fisher information undefined"
        )
    expr = exact(expr)
    if not expr.has(x):
        raise ValueError(f"log_density_expr does not contain {x}: {expr}")
    if expr.has(sp.Integral, sp.Sum, sp.Derivative, sp.nan, sp.zoo):
        raise ValueError(f"log_density_expr must be written out (got {expr})")
    symbol = sp.Symbol(x.name, **where.assumptions)
    return expr.subs(x, symbol), symbol


def _finite(expr: sp.Expr, x: sp.Symbol, where: Support) -> Reading:
    assert where.values is not None
    reading = finite(expr, (x,), where.values)
    (total,) = reading.defects()
    try:
        excess = residual(total)
    except Undecided:
        raise NotDerivable(f"cannot show that the probabilities sum to 1: {total} should vanish") from None
    if excess != 0:
        raise NotDerivable(f"not normalised: the probabilities sum to {tidy(total + 1)}; subtract its logarithm")
    return reading


def _result(reading: Reading, expr: sp.Expr, theta: tuple[sp.Symbol, ...]) -> sp.Matrix:
    score = sp.Matrix([sp.diff(expr, t) for t in theta])
    mean, by_score, by_hessian = averages(reading, score, score.jacobian(theta))
    if any(entry != 0 for entry in (*residual_matrix(mean), *residual_matrix(by_score - by_hessian))):
        raise NotDerivable("E[score] or E[score scoreᵀ] + E[Hessian] does not vanish: not a regular density")
    return tidy(by_score)


def _vanishes(expr: sp.Expr) -> bool:
    try:
        return residual(expr) == 0
    except Undecided:
        return False


def _from_gallery(expr: sp.Expr, x: sp.Symbol, theta: tuple[sp.Symbol, ...], where: Support) -> sp.Matrix | None:
    """The same log density under other letters, in some chart of some family."""
    for family in families.examples():
        if "all" in family.irregular or family.support != where.family_support or isinstance(family.support, Integers):
            continue
        for chart in family.charts:
            if family.dimension(chart) != len(theta):
                continue
            found = derivation(family, chart)
            for order in permutations(range(len(theta))):
                letters = dict(zip((found.theta[i] for i in order), theta))
                gap = expr - found.log_density.subs({**letters, found.x[0]: x}, simultaneous=True)
                if not differs(gap) and _vanishes(gap):
                    # entry i of the caller is coordinate order[i] of the chart
                    return found.fisher.subs(letters, simultaneous=True).extract(list(order), list(order))
    return None
