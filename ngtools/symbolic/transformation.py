"""The three transformation laws, proved for a general change of coordinates phi = h(theta)."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ngtools.checks import whole_number
from ngtools.symbolic.steps import Steps
from ngtools.symbolic.zero import residual_matrix

__all__ = ["TransformationLaws", "transformation_laws"]


@dataclass(frozen=True)
class TransformationLaws:
    """Covector, metric and vector law, with what is left of each: zero.

    ``J`` is d phi / d theta.  ``gradient`` is grad_theta f - Jᵀ grad_phi f, for any f and h, by the chain rule;
    ``metric`` is F_theta - Jᵀ F_phi J, from the covector law of the score; ``vector`` is
    J F_theta^-1 grad_theta f - F_phi^-1 grad_phi f, for J of full rank.
    """

    J: sp.Matrix
    gradient: sp.Matrix
    metric: sp.Matrix
    vector: sp.Matrix

    @property
    def differences(self) -> tuple[sp.Matrix, sp.Matrix, sp.Matrix]:
        return self.gradient, self.metric, self.vector

    @property
    def steps(self) -> Steps:
        return Steps(
            (
                ("covector", rf"\nabla_\theta f - J^\top \nabla_\phi f = {sp.latex(self.gradient)}"),
                ("metric", rf"F_\theta - J^\top F_\phi J = {sp.latex(self.metric)}"),
                (
                    "vector",
                    rf"J F_\theta^{{-1}} \nabla_\theta f - F_\phi^{{-1}} \nabla_\phi f = {sp.latex(self.vector)}",
                ),
            )
        )

    def _repr_latex_(self) -> str:
        return self.steps._repr_latex_()


def transformation_laws(d: int = 2) -> TransformationLaws:
    """Prove the laws of covectors, metrics and vectors under a general phi = h(theta) in d coordinates.

    Examples
    --------
    >>> all(left.is_zero_matrix for left in transformation_laws(2).differences)
    True
    """
    d = whole_number(d, "d")
    J = sp.Matrix(d, d, lambda i, j: sp.Symbol(f"J_{i + 1}{j + 1}", real=True))
    return TransformationLaws(J=J, gradient=_covector(d), metric=_metric(J), vector=_vector(J))


def _covector(d: int) -> sp.Matrix:
    """The chain rule for unnamed functions f and h."""
    theta = sp.symbols(f"theta_1:{d + 1}", real=True)
    phi = sp.symbols(f"phi_1:{d + 1}", real=True)
    f = sp.Function("f")
    h = [sp.Function(f"h_{i + 1}")(*theta) for i in range(d)]
    at_h = dict(zip(phi, h))
    in_theta = sp.Matrix([sp.diff(f(*h), t) for t in theta])
    in_phi = sp.Matrix([sp.diff(f(*phi), p) for p in phi])
    J = sp.Matrix(h).jacobian(theta)
    # a derivative at h is one name, however SymPy nests it
    names = {sp.diff(f(*phi), p): sp.Symbol(f"f_{i + 1}") for i, p in enumerate(phi)}
    return (_named(in_theta, f, h) - J.T * in_phi.xreplace(names).subs(at_h)).applyfunc(sp.expand)


def _named(gradient: sp.Matrix, f: sp.Function, h: list[sp.Expr]) -> sp.Matrix:
    """Write each Subs(Derivative(f, xi_i), xi_i, h_i) of SymPy's chain rule as the symbol f_i."""

    def name(node: sp.Basic) -> sp.Symbol:
        derivative, variables, values = node.args if isinstance(node, sp.Subs) else (node, (), ())
        at = dict(zip(variables, values))
        (variable, _order) = derivative.args[1]
        point = [at.get(argument, argument) for argument in derivative.expr.args]
        assert point == h
        return sp.Symbol(f"f_{h.index(at.get(variable, variable)) + 1}")

    return gradient.applyfunc(
        lambda entry: entry.replace(
            lambda node: isinstance(node, sp.Subs) or (isinstance(node, sp.Derivative) and node.expr.func == f), name
        )
    )


def _metric(J: sp.Matrix) -> sp.Matrix:
    """F_theta = E[psi_theta psi_thetaᵀ] with psi_theta = Jᵀ psi_phi; E is linear and J does not depend on x."""
    d = J.rows
    psi = sp.Matrix([sp.Symbol(f"psi_{i + 1}", real=True) for i in range(d)])
    F_phi = sp.Matrix(d, d, lambda i, j: sp.Symbol(f"F_{min(i, j) + 1}{max(i, j) + 1}", real=True))
    products = ((J.T * psi) * (J.T * psi).T).applyfunc(sp.expand)
    expectation = {psi[i] * psi[j]: F_phi[i, j] for i in range(d) for j in range(d)}

    def expect(entry: sp.Expr) -> sp.Expr:
        polynomial = sp.Poly(entry, *psi)
        return sp.Add(
            *[c * expectation[sp.Mul(*[s**n for s, n in zip(psi, powers)])] for powers, c in polynomial.terms()]
        )

    return residual_matrix(products.applyfunc(expect) - J.T * F_phi * J)


def _vector(J: sp.Matrix) -> sp.Matrix:
    """J w_theta - w_phi, for w_theta = F_theta^-1 g_theta.

    With u = F_phi^-1 g_phi, that is g_phi = F_phi u, the vector v = J^-1 u solves F_theta v = g_theta; F_theta is
    regular, so that v is the natural gradient in theta, and J v = u.
    """
    d = J.rows
    F_phi = sp.Matrix(d, d, lambda i, j: sp.Symbol(f"F_{min(i, j) + 1}{max(i, j) + 1}", real=True))
    u = sp.Matrix([sp.Symbol(f"u_{i + 1}", real=True) for i in range(d)])
    v = J.adjugate() * u / J.det()
    F_theta, g_theta = J.T * F_phi * J, J.T * (F_phi * u)
    unsolved = residual_matrix(F_theta * v - g_theta)
    return residual_matrix(J * v - u) + unsolved
