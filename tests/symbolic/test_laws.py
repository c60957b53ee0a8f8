"""Expectations of the base laws, by hand, and what no table reaches."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sympy as sp

from ngtools import families, symbolic
from ngtools.families.support import Integers, Interval
from ngtools.symbolic import NotDerivable
from ngtools.symbolic.laws import discrete, normal, transform
from ngtools.symbolic.laws.log_partition import INTEGRALS, log_partition, split
from ngtools.symbolic.laws.select import range_defects, read

c = sp.Symbol("c", real=True)
a, b = sp.symbols("a b", positive=True)
x = sp.Symbol("x", real=True)


# -- normals ---------------------------------------------------------------------------------------


def test_base_variables():
    assert [s.name for s in normal.variables(1)] == ["z"]
    assert [s.name for s in normal.variables(3)] == ["z_1", "z_2", "z_3"]
    (z,) = normal.variables(1)
    assert normal.log_base([z, c]) == -(z**2) / 2 - c**2 / 2 - sp.log(2 * sp.pi)


def test_expectations_of_normals():
    z, (u, v) = normal.variables(1), normal.variables(2)
    (s,) = z
    expected = {
        s**4: 3, s**3: 0, 7: 7, 0: 0, a * s**2 + b: a + b,
        sp.exp(c * s): sp.exp(c**2 / 2), s * sp.exp(c * s): c * sp.exp(c**2 / 2), s**2 * sp.exp(2 * s): 5 * sp.exp(2),
        sp.exp(c * s + 1) * sp.exp(s): sp.E * sp.exp((c + 1) ** 2 / 2),
    }  # fmt: skip
    for expr, value in expected.items():
        assert sp.simplify(normal.normal_expectation(sp.sympify(expr), z) - value) == 0
    # E u exp(u) E v^2 exp(-2 v) = e^(1/2) (1 + 4) e^2
    two = normal.normal_expectation(u * v**2 * sp.exp(u - 2 * v), (u, v))
    assert sp.simplify(two - 5 * sp.exp(sp.Rational(5, 2))) == 0
    for expr in (sp.exp(s**2), sp.exp(-(s**2) / 2), 1 / s, sp.Abs(s), sp.sqrt(s**2 + 1), 2**s * sp.sin(s)):
        with pytest.raises(NotDerivable, match="no moment is tabulated for the factor"):
            normal.normal_expectation(expr, z)
    with pytest.raises(NotDerivable, match=r"factor exp\(z_1\*z_2\)"):  # linear in each, but not in both
        normal.normal_expectation(sp.exp(u * v), (u, v))


# -- integers --------------------------------------------------------------------------------------


def test_a_finite_sum():
    i, p = sp.Symbol("i"), sp.Symbol("p", positive=True)
    found = discrete.finite(i * sp.log(p) + (1 - i) * sp.log(1 - p), (i,), (0, 1))
    assert sp.expand(found.expect(3 * i + i**2) - 4 * p) == 0
    assert found.base == r"x \in \{0,\, 1\}"
    assert [sp.simplify(defect) for defect in found.defects()] == [0]
    j = sp.Symbol("j")
    pairs = discrete.finite(sp.log(sp.Rational(1, 2)) + 0 * i, (i, j), [(1, 0), (0, 3)])
    assert pairs.expect(i + j) == 2
    with pytest.raises(ValueError):
        discrete.finite(i, (i, j), [(1,)])


def test_counts():
    reading, mu = symbolic.derivation(families.get("poisson")).reading, families.get("poisson").chart().symbols[0]
    n = symbolic.derivation(families.get("poisson")).x[0]
    # Touchard polynomials
    for power, moment in enumerate((1, mu, mu**2 + mu, mu**3 + 3 * mu**2 + mu)):
        assert sp.expand(reading.expect(n**power) - moment) == 0
    assert reading.expect(sp.Integer(0)) == 0
    with pytest.raises(NotDerivable, match="not a polynomial in the count: log"):
        reading.expect(sp.log(n + 1))
    geometric = symbolic.derivation(families.get("geometric"))
    p = geometric.theta[0]
    assert sp.simplify(geometric.reading.expect(geometric.x[0] ** 2) - (2 - p) / p**2) == 0
    assert [sp.simplify(defect) for defect in geometric.reading.defects()] == [0] * 6


# -- powers and logarithms -------------------------------------------------------------------------


def test_gamma_quotients():
    assert transform.gamma_quotient(a, sp.Integer(3)) == a * (a + 1) * (a + 2)
    assert transform.gamma_quotient(a, sp.Integer(-2)) == 1 / ((a - 1) * (a - 2))
    assert transform.gamma_quotient(a, sp.Integer(0)) == 1
    assert transform.gamma_quotient(a, b) == sp.gamma(a + b) / sp.gamma(a)


def test_expectations_of_a_gamma_variable():
    law = transform.gamma_law(a)
    (z,) = law.variables
    psi = sp.polygamma(0, a)
    expected = {
        z: a, z**2 + 3: a * (a + 1) + 3, 1 / z: 1 / (a - 1), sp.log(z): psi, 2 * z * sp.log(z): 2 * a * (psi + 1 / a),
        sp.log(z) ** 2: psi**2 + sp.polygamma(1, a), z**b: sp.gamma(a + b) / sp.gamma(a), sp.Integer(0): 0,
    }  # fmt: skip
    for expr, value in expected.items():
        assert sp.simplify(sp.expand_func(law.expect(expr) - value)) == 0
    for expr in (sp.exp(z), 1 / sp.log(z), sp.sqrt(1 + z), z**z):
        with pytest.raises(NotDerivable, match="no moment is tabulated"):
            law.expect(expr)


def test_expectations_of_a_beta_variable_by_its_odds():
    law = transform.beta_law(a, b)
    (t,) = law.variables
    w = 1 / (1 + t**2)
    for expr, value in {
        w: a / (a + b), t**2 * w: b / (a + b), t**2: b / (a - 1), w**2: a * (a + 1) / ((a + b) * (a + b + 1)),
        sp.log(t): (sp.polygamma(0, b) - sp.polygamma(0, a)) / 2,
        sp.log(1 + t**2): sp.polygamma(0, a + b) - sp.polygamma(0, a),
    }.items():  # fmt: skip
        assert sp.simplify(law.expect(expr) - value) == 0


# -- exponential families --------------------------------------------------------------------------


def test_a_log_density_is_taken_apart():
    t = sp.Symbol("t", positive=True)
    parts = split(a * x**2 - x**2 + 3 * sp.cos(x) - t * sp.cos(x) + sp.log(a) * t, x, (a, t))
    assert dict(zip(parts.statistics, parts.coefficients)) == {x**2: a, sp.cos(x): -t}
    assert sp.expand(parts.carrier - (3 * sp.cos(x) - x**2)) == 0
    assert sp.expand(parts.log_partition + t * sp.log(a)) == 0
    with pytest.raises(NotDerivable, match="mixes observation and parameters"):
        split(sp.sin(a * x), x, (a,))


def test_moments_from_the_normaliser():
    mu, v = sp.Symbol("mu", real=True), sp.Symbol("v", positive=True)
    density = -((x - mu) ** 2) / (2 * v) - sp.log(2 * sp.pi * v) / 2
    found = log_partition(split(density, x, (mu, v)), x, (mu, v), list)
    moments = {0: 1, 1: mu, 2: mu**2 + v, 3: mu**3 + 3 * mu * v, 4: mu**4 + 6 * mu**2 * v + 3 * v**2}
    for power, moment in moments.items():
        assert sp.simplify(found.expect(5 * x**power) - 5 * moment) == 0
    assert sp.simplify(found.expect((x - mu) ** 4) - 3 * v**2) == 0
    assert not found.independent
    with pytest.raises(NotDerivable, match=r"\['x\*\*5'\] are not products of at most two of the statistics"):
        found.expect(x**5 + x)
    with pytest.raises(NotDerivable, match="1 statistics for 2 coordinates"):
        log_partition(split(-a * b * x, x, (a, b)), x, (a, b), list)
    with pytest.raises(NotDerivable, match="2 statistics for 2 coordinates"):  # both only know a + b
        log_partition(split(-(a + b) * x - (a + b) ** 2 * x**2, x, (a, b)), x, (a, b), list)


def test_statistics_with_one_coefficient_are_one_statistic():
    # c (2 x + x^2) - c^3: T = 2 x + x^2 has the mean 3 c^2 and the variance 6 c
    found = log_partition(split(2 * a * x + a * x**2 - a**3, x, (a,)), x, (a,), list)
    T = 2 * x + x**2
    assert found.expect(T) == 3 * a**2
    assert sp.expand(found.expect(7 * T**2 - T + 4) - (7 * (6 * a + 9 * a**4) - 3 * a**2 + 4)) == 0
    with pytest.raises(NotDerivable, match="are not products"):
        found.expect(x)
    # beside a statistic of its own
    both = log_partition(split(2 * a * x + a * x**2 + b * sp.log(x) - a**3 - b**3, x, (a, b)), x, (a, b), list)
    assert sp.expand(both.expect(T * sp.log(x) - 2 * sp.log(x) ** 2) - (9 * a**2 * b**2 - 2 * (6 * b + 9 * b**4))) == 0
    assert sp.expand(both.expect(T + sp.log(x)) - 3 * (a**2 + b**2)) == 0


def test_integrals_are_for_their_statistics_alone():
    circle, inverse = INTEGRALS["circle"], INTEGRALS["inverse-gaussian"]
    cos, sin = sp.cos(x), sp.sin(x)
    for parts in (split(a * cos, x, (a, b)), split(a * cos + b * sin + a * b * x, x, (a, b))):
        with pytest.raises(NotDerivable, match=r"are not \(cos x, sin x\)"):
            circle(parts, x)
    for parts in (split(-a * x, x, (a, b)), split(-a * x - b / x + a * b * x**2, x, (a, b))):
        with pytest.raises(NotDerivable, match=r"are not \(x, 1/x\)"):
            inverse(parts, x)
    normaliser = sp.log(2 * sp.pi * sp.besseli(0, sp.sqrt(a**2 + b**2)))
    left = circle(split(a * cos + b * sin - normaliser + 3, x, (a, b)), x)
    assert [sp.simplify(entry) for entry in left] == [0, 3]
    t = sp.Symbol("t", positive=True)
    normaliser = sp.log(sp.pi / b) / 2 - 2 * sp.sqrt(a * b)
    left = inverse(split(-a * t - b / t - sp.Rational(3, 2) * sp.log(t) - normaliser + 3, t, (a, b)), t)
    assert [sp.simplify(sp.expand_log(entry)) for entry in left] == [0, 3]


# -- from a declared law to a reading ----------------------------------------------------------------


def test_a_law_without_a_table():
    with pytest.raises(NotDerivable, match="no table of moments for the base law 'levy'"):
        read(SimpleNamespace(base="levy", details={}), x, (x,), (a,), (a,), Interval())
    for support in (Integers(0), Interval(0.0, 1.0)):
        with pytest.raises(NotDerivable, match="a finite law needs its values"):
            read(SimpleNamespace(base="finite", details={}), x, (x,), (a,), (a,), support)
    third = read(SimpleNamespace(base="finite", details={}), -sp.log(3) + 0 * x, (x,), (a,), (a,), Integers(1, 3))
    assert third.expect(x) == 2
    given = SimpleNamespace(base="finite", details={"values": (0, 4)})
    assert read(given, -sp.log(2) + 0 * x, (x,), (a,), (a,), Integers(0)).expect(x) == 2


def test_ends_of_a_support_are_reached():
    z = sp.Symbol("z", positive=True)
    for images, support, left in (
        ([z], Interval(0.0), [0, 0]),
        ([z], Interval(), [1, 0]),
        ([z + 2], Interval(2.0), [0, 0]),
        ([z, -z], Interval(), [0, 0]),
        ([1 / (1 + z)], Interval(0.0, 1.0), [0, 0]),
        ([1 / (1 + z)], Interval(0.0, 3.0), [0, 1]),
        ([z], Integers(0), []),
    ):
        assert range_defects(images, z, sp.S.Zero, support) == left
    assert range_defects([x], x, -sp.oo, Interval()) == [0, 0]
    assert range_defects([sp.exp(x)], x, -sp.oo, Interval(0.0)) == [0, 0]
