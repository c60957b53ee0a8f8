"""Supports as people write them, and total probabilities that are 1, another number, or not to be had."""

from __future__ import annotations

import math

import pytest
import sympy as sp

from ngtools.families.support import Integers, Interval
from ngtools.symbolic import NotDerivable
from ngtools.symbolic.total import Support, _admissible, proper, read_support

x, s = sp.Symbol("x", real=True), sp.Symbol("s", positive=True)
oo = sp.oo


@pytest.mark.parametrize(
    ("given", "lower", "upper", "integers", "values", "assumptions"),
    [
        ((0, oo), 0, oo, False, None, {"real": True, "positive": True}),
        ((-oo, oo), -oo, oo, False, None, {"real": True}),
        ((-1, 2.5), -1, sp.Rational(5, 2), False, None, {"real": True}),
        (sp.Tuple(1, s), 1, s, False, None, {"real": True, "positive": True}),
        (Interval(0.5, 2.0), sp.Rational(1, 2), 2, False, None, {"real": True, "positive": True}),
        (sp.Interval(-2, 0), -2, 0, False, None, {"real": True}),
        (Integers(0), 0, oo, True, None, {"integer": True, "nonnegative": True}),
        (Integers(-3), -3, oo, True, None, {"integer": True}),
        (Integers(-math.inf, 5), -oo, 5, True, None, {"integer": True}),
        (Integers(2, 4), 2, 4, False, (2, 3, 4), {}),
        ([5, 1, 2], 1, 5, False, (1, 2, 5), {}),
        (range(3), 0, 2, False, (0, 1, 2), {}),
        (sp.FiniteSet(4, 1, 3), 1, 4, False, (1, 3, 4), {}),
        (frozenset({7}), 7, 7, False, (7,), {}),
    ],
)
def test_supports(given, lower, upper, integers, values, assumptions):
    found = read_support(given)
    assert found == Support(sp.sympify(lower), sp.sympify(upper), integers, values)
    assert found.assumptions == assumptions


def test_what_else_a_support_knows():
    assert read_support((0, s)).symbols == {s}
    assert read_support([0, s]).symbols == {s}
    assert read_support((0, 1)).symbols == set()
    assert read_support((0, 1)).family_support == Interval(0.0, 1.0)
    assert read_support(Integers(3)).family_support == Integers(3, math.inf)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ((2, 1), ValueError, r"support \(2, 1\) is empty"),
        ((1, 1), ValueError, r"support \(1, 1\) is empty"),
        ((), TypeError, "support must be a pair"),
        ((0, 1, 2), TypeError, r"or fisher.integers\(a, b\) \(got \(0, 1, 2\)\)"),
        ([], ValueError, "support is empty"),
        ([1, 2, 1], ValueError, r"support lists a value twice: \[1, 2, 1\]"),
    ],
)
def test_no_supports(given, error, says):
    with pytest.raises(error, match=says):
        read_support(given)


def test_values_that_a_symbol_may_take():
    kinds = [{"real": True}, {"positive": True}, {"nonnegative": True}, {"negative": True}]
    symbols = [sp.Symbol("a", **kind) for kind in kinds]
    assert [_admissible(a, 0.31) for a in symbols] == [0.31, 0.31, 0.31, -0.31]
    assert [_admissible(a, -0.31) for a in symbols] == [-0.31, 0.31, 0.31, -0.31]
    n = sp.Symbol("n", integer=True)
    assert [_admissible(n, value) for value in (0.31, -1.37, 2.0)] == [2, 3, 3]


def test_the_total_is_one():
    assert proper(sp.log(s) - s * x, x, read_support((0, oo)))
    y = sp.Symbol("x", integer=True, nonnegative=True)
    p = sp.Symbol("p", real=True)  # nothing says that it lies in (0, 1): elsewhere there is no total
    assert proper(sp.log(p) + y * sp.log(1 - p), y, read_support(Integers(0)))
    assert proper(-x, x, read_support((0, oo)))  # no parameter at all


@pytest.mark.parametrize(
    ("factor", "total"), [(2, "2"), (sp.Rational(1, 3), "0.333333"), (1 + sp.Rational(1, 10**6), "1")]
)
def test_another_total_is_said_with_its_point(factor, total):
    b = sp.Symbol("b", positive=True)
    with pytest.raises(NotDerivable, match=rf"the total probability is {total} at b = 0\.31, s = 0\.23; subtract"):
        proper(sp.log(factor * s * b) - s * b * x, x, read_support((0, oo)))


def test_a_total_that_is_one_only_somewhere_decides_nothing():
    c = sp.Symbol("c", positive=True)
    somewhere = sp.Piecewise((1, (c > 0.6) & (c < 0.7)), (2, True))
    # among the values tried one lies between 0.6 and 0.7, with either sign of it: the same positive number twice
    assert proper(sp.log(somewhere) - x, x, read_support((0, oo)))
    signed = sp.Symbol("c", real=True)
    once = somewhere.subs(c, signed)
    assert not proper(sp.log(once) - x, x, read_support((0, oo)))
    # outside its domain a density has no total, and none is nothing to object to
    assert not proper(sp.log(-(signed**2)) - x, x, read_support((0, oo)))


def test_symbols_take_the_values_of_a_row_in_turn():
    a, b, c, d = sp.symbols("a b c d", positive=True)
    with pytest.raises(NotDerivable, match=r"is 2 at a = 0\.31, b = 0\.23, c = 0\.17, d = 0\.31; subtract"):
        proper(sp.log(2 * a * b * c * d) - a * b * c * d * x, x, read_support((0, oo)))
