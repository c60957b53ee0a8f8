"""Laws with E prod z_i^r_i = prod_j (Gamma(c_j + l_j(r)) / Gamma(c_j))^(s_j): gamma, beta, Dirichlet.

Differentiating in r brings down logarithms, so one table gives every moment of powers *and* logarithms:

- gamma(a):       E z^r = Gamma(a + r) / Gamma(a);
- beta(a, b), by its odds q = (1 - w)/w:  E q^r (1 + q)^u = B(b + r, a - u - r) / B(a, b);
- Dirichlet(a):   E prod z_i^r_i = Gamma(A) / Gamma(A + sum r) prod Gamma(a_i + r_i) / Gamma(a_i), A = sum a.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from ngtools.symbolic.laws.reading import NotDerivable
from ngtools.symbolic.rewriting import flatten, reduce_special

__all__ = ["Transform", "beta_law", "dirichlet_law", "gamma_law"]


@dataclass(frozen=True)
class Transform:
    """Atoms, and the Gamma functions of their joint transform.

    ``atoms`` are the factors of a monomial (``z``, or ``t`` and ``1 + t^2``), ``factors`` the triples
    (s, c, l) with l the coefficients of the linear form of the exponents, ``log_base`` the log density.
    """

    variables: tuple[sp.Symbol, ...]
    atoms: tuple[sp.Expr, ...]
    factors: tuple[tuple[int, sp.Expr, tuple[sp.Expr, ...]], ...]
    log_base: sp.Expr

    def moment(self, powers: Sequence[sp.Expr], logs: Sequence[int]) -> sp.Expr:
        """E prod atom_i^powers_i log(atom_i)^logs_i."""
        value = _log_polynomial(self.factors, tuple(logs)).subs(dict(zip(_exponents(len(logs)), powers)))
        for sign, c, form in self.factors:
            shift = sp.Add(*[coefficient * power for coefficient, power in zip(form, powers)])
            value *= gamma_quotient(c, sp.nsimplify(shift)) ** sign
        return reduce_special(value)

    def expect(self, expr: sp.Expr) -> sp.Expr:
        """E of a sum of products of powers and logarithms of the atoms."""
        expr = flatten(expr)
        names = [sp.Symbol(f"A{i}_", positive=True) for i in range(len(self.atoms))]
        logs = [sp.Symbol(f"L{i}_", real=True) for i in range(len(self.atoms))]
        expr = expr.subs({sp.log(atom): log for atom, log in zip(self.atoms, logs)})
        if any(atom.is_Add for atom in self.atoms):
            numerator, denominator = sp.fraction(sp.together(expr))
            denominator = sp.factor(denominator)
            for atom, name in zip(self.atoms, names):
                denominator = denominator.subs(atom, name) if atom.is_Add else denominator
            expr = sp.expand(numerator) / denominator
        expr = expr.subs({atom: name for atom, name in zip(self.atoms, names) if atom.is_Symbol})
        collected: dict[tuple[tuple[sp.Expr, ...], tuple[int, ...]], list[sp.Expr]] = {}
        for term in sp.Add.make_args(sp.expand(expr)):
            if term == 0:
                continue
            constant, powers, orders = _monomial(term, names, logs)
            collected.setdefault((powers, orders), []).append(constant)
        return sp.Add(*[sp.Add(*constants) * self.moment(*key) for key, constants in collected.items()])


def _monomial(
    term: sp.Expr, names: Sequence[sp.Symbol], logs: Sequence[sp.Symbol]
) -> tuple[sp.Expr, tuple[sp.Expr, ...], tuple[int, ...]]:
    constant, dependent = term.as_independent(*names, *logs, as_Add=False)
    powers: list[sp.Expr] = [sp.S.Zero] * len(names)
    orders = [0] * len(logs)
    for factor in sp.Mul.make_args(dependent):
        base, exponent = factor.as_base_exp()
        if base in names and not exponent.has(*names, *logs):
            powers[names.index(base)] += exponent
        elif base in logs and exponent.is_Integer and exponent > 0:
            orders[logs.index(base)] += int(exponent)
        elif factor != 1:
            raise NotDerivable(f"no moment is tabulated for the factor {factor}")
    return constant, tuple(sp.cancel(power) for power in powers), tuple(orders)


def gamma_quotient(c: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """Gamma(c + shift) / Gamma(c), a polynomial or its inverse where the shift is an integer."""
    shift = sp.cancel(shift)
    if not shift.is_Integer:
        return sp.gamma(c + shift) / sp.gamma(c)
    n = int(shift)
    if n >= 0:
        return sp.Mul(*[c + i for i in range(n)])
    return 1 / sp.Mul(*[c - i for i in range(1, -n + 1)])


def _exponents(count: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"r{i}_", real=True) for i in range(count))


@lru_cache(maxsize=4096)
def _log_polynomial(factors: tuple[tuple[int, sp.Expr, tuple[sp.Expr, ...]], ...], orders: tuple[int, ...]) -> sp.Expr:
    """P with d^n/dr^n M(r) = P(r) M(r): each derivative maps P to P' + P (log M)'."""
    exponents = _exponents(len(orders))
    polynomial: sp.Expr = sp.S.One
    for i, order in enumerate(orders):
        slope = sp.Add(
            *[
                sign * form[i] * sp.polygamma(0, c + sp.Add(*[a * r for a, r in zip(form, exponents)]))
                for sign, c, form in factors
            ]
        )
        for _ in range(order):
            polynomial = sp.diff(polynomial, exponents[i]) + polynomial * slope
    return polynomial


def gamma_law(a: sp.Expr) -> Transform:
    """z ~ Gamma(a, 1)."""
    z = sp.Symbol("z", positive=True)
    return Transform((z,), (z,), ((1, a, (sp.S.One,)),), (a - 1) * sp.log(z) - z - sp.loggamma(a))


def beta_law(a: sp.Expr, b: sp.Expr) -> Transform:
    """w = 1/(1 + t^2) ~ Beta(a, b): its odds q = t^2, by their root t (no half powers then)."""
    t, half = sp.Symbol("t", positive=True), sp.Rational(1, 2)
    factors = ((1, b, (half, sp.S.Zero)), (1, a, (-half, -sp.S.One)), (-1, a + b, (sp.S.Zero, -sp.S.One)))
    log_base = (
        (2 * b - 1) * sp.log(t) - (a + b) * sp.log(1 + t**2) + sp.log(2)
        + sp.loggamma(a + b) - sp.loggamma(a) - sp.loggamma(b)
    )  # fmt: skip
    return Transform((t,), (t, 1 + t**2), factors, log_base)


def dirichlet_law(shape: Sequence[sp.Expr]) -> Transform:
    """(z_1, ..., z_K) on the simplex."""
    K, total = len(shape), sp.Add(*shape)
    z = tuple(sp.Symbol(f"z_{i + 1}", positive=True) for i in range(K))
    unit = [tuple(sp.Integer(int(i == j)) for j in range(K)) for i in range(K)]
    factors = (*((1, a, row) for a, row in zip(shape, unit)), (-1, total, (sp.S.One,) * K))
    log_base = sp.loggamma(total) + sp.Add(*[(a - 1) * sp.log(s) - sp.loggamma(a) for a, s in zip(shape, z)])
    return Transform(z, z, factors, log_base)
