"""Each rewriting on a formula small enough to be written down."""

from __future__ import annotations

import pytest
import sympy as sp

from ngtools.symbolic.rewriting import exact, flatten, reduce_special

k, s, z = sp.symbols("k s z", positive=True)
w = sp.Symbol("w", real=True)
half = sp.Rational(1, 2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (sp.loggamma(k + 3), sp.loggamma(k) + sp.log(k) + sp.log(k + 1) + sp.log(k + 2)),
        (sp.loggamma(k - 2), sp.loggamma(k) - sp.log(k - 1) - sp.log(k - 2)),
        (sp.loggamma(k - half), sp.loggamma(k + half) - sp.log(k - half)),
        (sp.loggamma(k + 5 * half), sp.loggamma(k + half) + sp.log(k + half) + sp.log(k + 3 * half)),
        (sp.loggamma(k), sp.loggamma(k)),
        (sp.loggamma(half), sp.loggamma(half)),
        (sp.gamma(k + 2), k * (k + 1) * sp.gamma(k)),
        (sp.polygamma(0, k + 2), sp.polygamma(0, k) + 1 / k + 1 / (k + 1)),
        (sp.besseli(2, k), sp.besseli(0, k) - 2 / k * sp.besseli(1, k)),
        (
            sp.besseli(3, k),
            sp.besseli(1, k) - 4 / k * (sp.besseli(0, k) - 2 / k * sp.besseli(1, k)),
        ),
        (
            sp.besseli(4, k),
            sp.besseli(0, k)
            - 2 / k * sp.besseli(1, k)
            - 6 / k * (sp.besseli(1, k) - 4 / k * (sp.besseli(0, k) - 2 / k * sp.besseli(1, k))),
        ),
        (sp.besseli(1, k) + sp.besseli(w, k), sp.besseli(1, k) + sp.besseli(w, k)),
    ],
)
def test_lowest_orders(given, expected):
    found = reduce_special(given)
    assert sp.expand(found - expected) == 0
    assert {f for f in sp.expand(found).atoms(sp.besseli, sp.loggamma)} <= {
        f for f in expected.atoms(sp.besseli, sp.loggamma)
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (sp.exp(k * sp.log(z) + s), z**k * sp.exp(s)),
        (sp.exp(sp.loggamma(k) - 2 * sp.log(z)), sp.gamma(k) / z**2),
        (sp.exp(sp.log(z) * sp.log(s)), sp.exp(sp.log(z) * sp.log(s))),  # a product of two logarithms is no power
        (sp.exp(sp.log(z)), z),
        (sp.log(z**2 / s), 2 * sp.log(z) - sp.log(s)),
        (sp.log(1 - 1 / (1 + z)), sp.log(z) - sp.log(1 + z)),
        (sp.Abs(w * z), z * sp.Abs(w)),
        (sp.sign(w * z), sp.sign(w)),
        (sp.Abs(sp.sqrt(w)), sp.sqrt(w)),
        (sp.sign(sp.sqrt(w)), 1),
        (sp.Abs(w), sp.Abs(w)),
        (sp.Abs(w**3), sp.Abs(w**3)),
        (sp.DiracDelta(w) + z, z),
        (sp.exp(sp.DiracDelta(w) * w), 1),
        ((z**2 * s**2) ** half, z * s),
        (w + z, w + z),
    ],
)
def test_leftovers_of_substitution(given, expected):
    assert flatten(given) == expected


def test_exact_is_exact():
    assert exact(0.1) == sp.Rational(1, 10)
    assert exact(sp.Matrix([[0.25 * z, 2]])) == sp.Matrix([[z / 4, 2]])
    assert exact(3) is sp.Integer(3)


def test_the_logarithm_of_a_factorial_is_left_to_sympy():
    assert reduce_special(sp.loggamma(sp.Integer(3), evaluate=False)) == sp.log(2)
