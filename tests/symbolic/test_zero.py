"""The zero test: zeros in disguise are proved, small numbers are not zero, and doubt is said."""

import pytest
import sympy as sp

from ngtools.symbolic.rewriting import exact, flatten, reduce_special
from ngtools.symbolic.zero import Undecided, residual, tidy

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
