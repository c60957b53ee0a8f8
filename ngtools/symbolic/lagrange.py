"""Steepest ascent under a quadratic constraint: the Lagrange problem that ends in the natural gradient."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ngtools.checks import whole_number
from ngtools.symbolic.steps import Steps
from ngtools.symbolic.zero import residual_matrix

__all__ = ["SteepestStep", "steepest_step"]


@dataclass(frozen=True)
class SteepestStep:
    """The solution of: maximise gᵀ Delta subject to Deltaᵀ F Delta / 2 = c.

    ``squared_slope`` is gᵀ F^-1 g.  ``checks`` maps the name of each condition to what is left of it: zero.
    The constraint binds at the maximum of the problem with <= too, because the multiplier is positive.
    """

    F: sp.Matrix
    g: sp.Matrix
    budget: sp.Symbol
    step: sp.Matrix
    multiplier: sp.Expr
    gain: sp.Expr
    squared_slope: sp.Expr
    lagrangian: sp.Expr
    checks: dict[str, sp.Matrix]

    @property
    def steps(self) -> Steps:
        # braces keep the name as it is; the squared slope has no letter of its own in this book
        square, c = sp.Symbol(r"{g^\top F^{-1} g}", positive=True), self.budget
        root = sp.sqrt(sp.UnevaluatedExpr(2 * c * square))
        return Steps(
            (
                ("Lagrangian", r"g^\top \Delta - \nu \left(\tfrac{1}{2} \Delta^\top F \Delta - c\right)"),
                ("stationary", r"g - \nu F \Delta = 0 \;\Rightarrow\; \Delta = \frac{1}{\nu} F^{-1} g"),
                ("squared slope", rf"g^\top F^{{-1}} g = {sp.latex(self.squared_slope)}"),
                ("constraint", r"\tfrac{1}{2} \Delta^\top F \Delta = \frac{g^\top F^{-1} g}{2 \nu^{2}} = c"),
                ("multiplier", rf"\nu = {sp.latex(sp.sqrt(sp.UnevaluatedExpr(square / (2 * c))))}"),
                ("step", rf"\Delta = {sp.latex(sp.sqrt(sp.UnevaluatedExpr(2 * c / square)))}\, F^{{-1}} g"),
                ("gain", rf"g^\top \Delta = {sp.latex(root)}"),
            )
        )

    def _repr_latex_(self) -> str:
        return self.steps._repr_latex_()


def steepest_step(d: int = 2) -> SteepestStep:
    """Solve the Lagrange problem of the natural gradient for a general positive definite F, in d coordinates.

    F is symbolic and symmetric; positive definiteness enters through gᵀ F^-1 g > 0 and decides the sign of
    the multiplier: nu > 0 is the maximum (the Lagrangian's Hessian is -nu F), -nu the minimum.

    Returns
    -------
    SteepestStep
        Delta = sqrt(2c / gᵀF^-1 g) F^-1 g, nu = sqrt(gᵀF^-1 g / 2c) and the predicted gain sqrt(2c gᵀF^-1 g).

    Examples
    --------
    >>> steepest_step(1).step
    Matrix([[sqrt(2)*sqrt(c)/sqrt(F_11)]])
    """
    d = whole_number(d, "d")
    F = sp.Matrix(
        d,
        d,
        lambda i, j: sp.Symbol(f"F_{min(i, j) + 1}{max(i, j) + 1}", real=True, positive=(True if i == j else None)),
    )
    g = sp.Matrix([sp.Symbol(f"g_{i + 1}", real=True, positive=(True if d == 1 else None)) for i in range(d)])
    Delta = sp.Matrix([sp.Symbol(f"Delta_{i + 1}", real=True) for i in range(d)])
    c, nu = sp.Symbol("c", positive=True), sp.Symbol("nu", positive=True)
    lagrangian = (g.T * Delta)[0] - nu * ((Delta.T * F * Delta)[0] / 2 - c)

    gradient = sp.Matrix([sp.diff(lagrangian, entry) for entry in Delta])
    stationary = sp.solve(list(gradient), list(Delta), dict=True)[0]
    direction = sp.Matrix([sp.factor(stationary[entry] * nu) for entry in Delta])  # F^-1 g
    squared_slope = sp.factor((g.T * direction)[0])
    slope = sp.Symbol("Q", positive=True)
    multiplier = sp.solve(slope / (2 * nu**2) - c, nu)[0].subs(slope, squared_slope)
    step = direction / multiplier
    gain = sp.sqrt(2 * c * squared_slope)

    solution = dict(zip((*Delta, nu), (*step, multiplier)))
    checks = {
        "stationary": gradient.subs(solution),
        "constraint": sp.Matrix([(step.T * F * step)[0] / 2 - c]),
        "gain": sp.Matrix([((g.T * step)[0]) ** 2 - gain**2]),
        "direction": F * direction - g,
        "curvature": sp.hessian(lagrangian, list(Delta)) + nu * F,
    }
    return SteepestStep(
        F=F,
        g=g,
        budget=c,
        step=step.applyfunc(sp.simplify) if d == 1 else step,
        multiplier=multiplier,
        gain=gain,
        squared_slope=squared_slope,
        lagrangian=lagrangian,
        checks={name: residual_matrix(left) for name, left in checks.items()},
    )
