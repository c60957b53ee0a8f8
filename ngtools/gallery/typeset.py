"""A matrix of formulas as a reader would write it: in short entries, common factors taken out, blocks apart.

Every rewriting is exact, and ``Typeset.matrix`` puts the parts together again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ngtools.symbolic import latex

__all__ = ["Block", "Typeset", "typeset"]

Point = Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Block:
    """factor * (inner + shift * ones): one block on the diagonal."""

    factor: sp.Expr
    inner: sp.ImmutableMatrix
    shift: sp.Expr

    @property
    def matrix(self) -> sp.Matrix:
        return self.factor * (self.inner + self.shift * sp.ones(*self.inner.shape))

    @property
    def latex(self) -> str:
        front = "" if self.factor == 1 else _upright(self.factor, product=True)
        if self.inner.shape == (1, 1):
            return _upright(self.matrix[0, 0])
        if self.inner.is_Identity:
            body = "I"
        elif self.inner.is_diagonal():
            body = rf"\operatorname{{diag}}\left({', '.join(map(_upright, self.inner.diagonal()))}\right)"
        else:
            rows = r" \\ ".join(" & ".join(map(_upright, row)) for row in self.inner.tolist())
            body = rf"\begin{{bmatrix}}{rows}\end{{bmatrix}}"
        if self.shift == 0:
            return rf"{front}\,{body}" if front else body
        sign, size = ("-", -self.shift) if self.shift.could_extract_minus_sign() else ("+", self.shift)
        return _stack([body, rf"{_upright(size, product=True)}\,\mathbf{{1}}\mathbf{{1}}^{{\top}}"], sign)


@dataclass(frozen=True)
class Typeset:
    """Blocks on the diagonal; ``latex`` for a page, ``matrix`` for a test."""

    blocks: tuple[Block, ...]

    @property
    def matrix(self) -> sp.Matrix:
        return sp.diag(*[block.matrix for block in self.blocks])

    @property
    def latex(self) -> str:
        return _stack([block.latex for block in self.blocks], r"\oplus")


_LONG = 42  # signs, commands not counted, that a row of a page has room for


def _stack(parts: Sequence[str], sign: str) -> str:
    """Parts joined by a sign, below one another where the line would be long."""
    line = f" {sign} ".join(parts)
    if len(parts) == 1 or len(re.sub(r"\\[a-zA-Z]+|[{}^_\\ ]", "", line)) < _LONG:
        return line
    below = r" \\ ".join(rf"{sign}\;& {part}" for part in parts[1:])
    return rf"\begin{{aligned}} & {parts[0]} \\ {below} \end{{aligned}}"


def typeset(candidates: Sequence[sp.Matrix], point: Point) -> Typeset:
    """Return the shortest writing of a matrix that is given in several equal forms.

    Parameters
    ----------
    candidates
        Equal matrices; each entry is taken from the one that writes it shortest.
    point
        A point of the domain: factors are written so that they are positive there.
    """
    d = candidates[0].rows
    form = sp.Matrix(d, d, lambda i, j: _shortest([one[i, j] for one in candidates], point))
    return Typeset(tuple(_block(form[a:b, a:b], point) for a, b in _blocks(form)))


def _blocks(matrix: sp.Matrix) -> list[tuple[int, int]]:
    """Ranges of the diagonal blocks; one range for a diagonal matrix and for a small one."""
    d = matrix.rows
    if d < 4 or matrix.is_diagonal():
        return [(0, d)]
    cuts = [c for c in range(1, d) if matrix[:c, c:].is_zero_matrix and matrix[c:, :c].is_zero_matrix]
    return list(zip([0, *cuts], [*cuts, d]))


def _block(matrix: sp.Matrix, point: Point) -> Block:
    d = matrix.rows
    found = [Block(sp.S.One, sp.ImmutableMatrix(matrix), sp.S.Zero)]
    if d == 1:
        return found[0]
    for factor in _common(list(matrix), point, even=matrix.is_diagonal()):
        inner = matrix.applyfunc(lambda e, f=factor: _shortest([e / f, _factors(e, point)[0] / f], point))
        found.append(Block(sp.powsimp(factor), sp.ImmutableMatrix(inner), sp.S.Zero))
    beside = {matrix[i, j] for i in range(d) for j in range(d) if i != j} - {sp.S.Zero}
    if len(beside) == 1:
        (shift,) = beside
        inner = (matrix - shift * sp.ones(d, d)).applyfunc(lambda e: _shortest([sp.expand(e)], point))
        found.append(Block(sp.S.One, sp.ImmutableMatrix(inner), shift))
    return min(found, key=lambda b: sum(map(sp.count_ops, (b.factor, b.shift, *b.inner))))


def _common(entries: Sequence[sp.Expr], point: Point, even: bool) -> list[sp.Expr]:
    """What all nonzero entries have as a factor, without and with its number.

    ``even``: only a factor that all have to the same power.
    """
    products = [_factors(entry, point) for entry in entries if entry != 0]
    shared = sp.S.One
    for base in products[0][1]:
        exponents = [powers.get(base, sp.S.Zero) for _, powers in products]
        one_sign = all(e.is_negative for e in exponents) or all(e.is_positive for e in exponents)
        if one_sign and (len(set(exponents)) == 1 or not even):
            shared *= base ** min(exponents)  # no entry keeps it in a denominator
    numbers = [abs(product.as_coeff_Mul()[0]) for product, _ in products]
    if shared == 1 or not all(number.is_Rational for number in numbers):
        return [] if shared == 1 else [shared]
    return [shared, shared * sp.Rational(math.gcd(*[q.p for q in numbers]), math.lcm(*[q.q for q in numbers]))]


def _factors(expr: sp.Expr, point: Point) -> tuple[sp.Expr, dict[sp.Expr, sp.Expr]]:
    """The expression as a product whose sums are positive at the point, and the powers of its factors."""
    product = sp.factor(sp.together(sp.expand_power_exp(expr), deep=True))
    rebuilt, powers = sp.S.One, dict[sp.Expr, sp.Expr]()
    for factor in sp.Mul.make_args(product):
        base, exponent = (factor, sp.S.One) if isinstance(factor, sp.exp) else factor.as_base_exp()
        if base.is_Add and exponent.is_Integer and _negative(base, point):
            base, rebuilt = -base, rebuilt * (-1) ** exponent
        if not base.is_Number:
            powers[base] = powers.get(base, sp.S.Zero) + exponent
        rebuilt *= base**exponent
    return rebuilt, powers


def _negative(expr: sp.Expr, point: Point) -> bool:
    try:
        return bool(float(expr.subs(point)) < 0)
    except TypeError:  # symbols of an observation: no sign to prefer
        return False


def _shortest(forms: Sequence[sp.Expr], point: Point) -> sp.Expr:
    tried = []
    for form in forms:
        # a sum of named functions reads better as a sum
        tried += [sp.expand(form), form] if form.has(sp.polygamma, sp.besseli) else [_factors(form, point)[0], form]
    tried += [sp.powsimp(form) for form in tried if form.has(sp.exp)]
    return min(tried, key=lambda form: (sp.count_ops(form), len(latex(form))))


def _upright(expr: Any, product: bool = False) -> str:
    """LaTeX with a positive term first in every sum; a sum that is to be a factor gets brackets."""
    text = latex(sp.sympify(expr), positive_first=True)
    return rf"\left({text}\right)" if product and sp.sympify(expr).is_Add else text
