"""The zero test: zeros in disguise are proved, small numbers are not zero, and doubt is said."""

import pytest
import sympy as sp

from ngtools import families
from ngtools.symbolic import zero
from ngtools.symbolic.rewriting import exact, flatten, reduce_special
from ngtools.symbolic.zero import (
    _POINTS,
    Undecided,
    _value,
    differs,
    positive_cover,
    residual,
    residual_matrix,
    tidy,
)

k, s = sp.symbols("k s", positive=True)
p = sp.Symbol("p", positive=True)
w = sp.Symbol("w", real=True)


@pytest.mark.parametrize(
    "expr",
    [
        sp.polygamma(1, k + 1) - sp.polygamma(1, k) + 1 / k**2,
        sp.loggamma(k + 2) - sp.loggamma(k) - sp.log(k) - sp.log(k + 1),
        1 / (1 + sp.exp(-w)) - sp.exp(w) / (1 + sp.exp(w)),
        sp.sin(w) ** 2 + sp.cos(w) ** 2 - 1,
        sp.exp(2 * sp.log(s) - sp.log(k)) - s**2 / k,
        sp.besseli(2, k) - sp.besseli(0, k) + 2 * sp.besseli(1, k) / k,
        0.1 * s - s / 10,
        (1 + 1 / k) ** 3 - (k + 1) ** 3 / k**3,
        sp.gamma(k + 1) / sp.gamma(k) - k,
    ],
)
def test_zeros_in_disguise(expr):
    assert residual(expr) == 0


@pytest.mark.parametrize(
    "expr",
    [
        sp.Rational(1, 10**9) * s,
        sp.polygamma(1, k) - 1 / k,
        sp.log(2),
        s - s**2,
        sp.pi**2 / 6 - sp.Rational(16449, 10000),
    ],
)
def test_small_is_not_zero(expr):
    assert residual(expr) != 0


def test_doubt_is_said():
    """A true identity that SymPy does not know is not taken for one because its value is small."""
    with pytest.raises(Undecided, match="could not decide"):
        residual(sp.polygamma(1, sp.Rational(1, 4)) - sp.pi**2 - 8 * sp.Catalan)


def test_substitution_leftovers():
    z = sp.Symbol("z", positive=True)
    assert flatten(sp.exp(k * sp.log(z) + s)) == z**k * sp.exp(s)
    assert flatten(sp.Abs(-s * z)) == s * z
    assert flatten(sp.sign(-s * z)) == -1
    assert flatten(sp.log(1 - 1 / (1 + z))) == sp.log(z) - sp.log(1 + z)


def test_half_is_a_rational():
    assert exact(0.5 * s) == s / 2
    assert not exact(sp.Matrix([[0.25 * s, 1]])).atoms(sp.Float)


def test_display_forms():
    assert sp.sstr(tidy(-7 / (p * (p - 1)))) == "7/(p*(1 - p))"
    assert tidy(sp.sin(w) ** 2 + sp.cos(w) ** 2) == 1
    assert reduce_special(sp.polygamma(0, k + 1)) == sp.polygamma(0, k) + 1 / k


def test_covers_make_logarithms_real():
    three = families.get("categorical", K=3).chart("probabilities")
    o1, o2 = (sp.Symbol(f"o_{symbol.name}", positive=True) for symbol in three.symbols)
    assert list(positive_cover(three).values()) == [o1 / (1 + o1 + o2), o2 / (1 + o1 + o2)]
    (alpha,) = families.get("bernoulli").chart("angle").symbols
    assert positive_cover(families.get("bernoulli").chart("angle")) == {
        alpha: 2 * sp.atan(sp.Symbol(f"t_{alpha.name}", positive=True))
    }
    natural = families.get("normal").chart("natural")
    cover = positive_cover(natural, "_1")
    (negative,) = cover
    assert negative.name == natural.symbols[1].name + "_1"
    assert cover[negative] == -sp.Symbol(f"n_{negative.name}", positive=True)
    assert positive_cover(families.get("normal").chart()) == {}


def test_generic_points_are_in_the_domain_of_their_symbols():
    n, m = sp.Symbol("n", integer=True), sp.Symbol("m", negative=True)
    for row in range(len(_POINTS)):
        assert _value(n, row) == int(_value(n, row))
        assert _value(m, row) < 0 < _value(s, row)
        # seven symbols take seven different values
        letters = sp.symbols("a:g", positive=True)
        assert _value(sp.Mul(*[letters[i] - letters[j] for i in range(7) for j in range(i)]), row) != 0
        # the numerators of the table over 7, 8, 9, 10; after six symbols they begin again, 50 further
        assert _value(s, row) == pytest.approx(_POINTS[row][0] / (7 + row))
        seventh = _value(sp.Mul(*letters), row) / _value(sp.Mul(*letters[:6]), row)
        assert seventh == pytest.approx((_POINTS[row][0] + 50) / (7 + row))
        assert _value(n, row) == -(-_POINTS[row][0] // (7 + row))
    assert _value(sp.log(-s), 0) is None
    assert _value(sp.Function("f")(s), 0) is None
    assert not differs(sp.Function("f")(s))
    assert differs(s - 2)


def test_one_point_outside_the_domain_does_not_decide():
    # the square root is real at the point where s is below 1 alone
    inside = [_value(sp.sqrt(1 - s), row) for row in range(len(_POINTS))]
    assert [value is None for value in inside].count(False) >= 1
    assert differs(sp.sqrt(1 - s))
    assert not differs(sp.sqrt(1 - s) ** 2 - 1 + s)


def test_what_is_infinite_is_not_zero():
    assert residual(sp.oo) == sp.oo
    assert residual(s * sp.zoo) == sp.zoo


def test_an_entry_is_decided_once_and_for_all():
    M = residual_matrix(sp.Matrix([[sp.exp(sp.log(s)) - s, k], [k, 0]]))
    assert M.tolist() == [[0, k], [k, 0]]


def test_short_forms():
    assert tidy(sp.Matrix([[s * k + 2 * s * p + s * w, 0.5]])) == sp.Matrix([[s * (k + 2 * p + w), sp.Rational(1, 2)]])
    assert sp.sstr(tidy(-1 / (p - 1) ** 2)) == "-1/(p - 1)**2"  # an even power carries no sign
    assert tidy(sp.S.Half) == sp.S.Half
    assert tidy(s) is s


def test_exponentials_of_one_number_are_powers_of_each_other():
    half = sp.exp(w / 2)
    assert residual((half - 1 / half) * (half + 1 / half) - sp.exp(w) + sp.exp(-w)) == 0
    both = sp.exp(w) * sp.exp(s)
    assert residual((sp.exp(w) + 1) * (sp.exp(s) + 1) - both - sp.exp(w) - sp.exp(s) - 1) == 0


def test_the_message_shows_the_beginning_of_what_is_undecided(monkeypatch):
    long = sp.Add(*sp.symbols("a:z", positive=True), *sp.symbols("long_name_1:60", positive=True))
    monkeypatch.setattr(zero, "differs", lambda expr: False)
    for holder, name in ((zero, "_numerator"), (zero, "_rational"), (sp, "simplify"), (sp, "expand_trig")):
        monkeypatch.setattr(holder, name, lambda expr: expr)
    with pytest.raises(Undecided) as said:
        residual(long)
    assert str(said.value) == f"could not decide whether this is zero: {sp.sstr(long)[:300]}"


def test_logarithms_of_products_cancel_in_a_numerator():
    # the sum of fractions holds log(k s) beside log k and log s, of symbols that may be negative together
    u, v = sp.symbols("u v", real=True)
    assert residual(sp.log(u * v) / s - sp.log(u) / s - sp.log(v) / s) == 0


def test_only_what_is_long_is_simplified():
    x, y, z = sp.symbols("x y z", positive=True)
    quotient = sp.factorial(x + 2) / sp.factorial(x)
    assert tidy(quotient) == quotient  # short as it is, and known by its name
    rest = (1 + x + 2 * y) ** 2 * (x + 3 * z) / (z + 7 * y)
    assert tidy(quotient * rest) == (x + 1) * (x + 2) * rest


def test_exponentials_become_powers_of_one():
    x, y, E = (*sp.symbols("x y", real=True), sp.Symbol("E_", positive=True))
    assert zero._one_exponential(y * sp.exp(x / 2) + sp.exp(x)) == y * E + E**2
    assert zero._one_exponential(sp.exp(-x) + sp.exp(2 * x / 3)) == E**-3 + E**2
    assert zero._one_exponential(sp.exp(x) + sp.exp(y)) == sp.exp(x) + sp.exp(y)
