"""The gallery prints what the families state, and says so when something is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from ngtools import families, fisher, symbolic
from ngtools.gallery import KINDS, entry, families_of, gallery, kind_of, one_row, typeset
from ngtools.gallery.entry import by_quadrature, form
from ngtools.gallery.page import proofs, spot

REGULAR = [family for family in families.examples() if "all" not in family.irregular]
CASES = [pytest.param(family, chart, id=f"{family.name}-{chart}") for family in REGULAR for chart in family.charts]
POISSON = families.get("poisson")


@pytest.mark.parametrize(("family", "chart"), CASES)
def test_the_printed_formula_is_the_stated_matrix(family, chart):
    """All parts put together again, at a point the typesetter has not seen."""
    if family.rows:
        family = replace(family, rows=(), formulas=one_row(family).formulas, constants={})
    record, at = family.chart(chart), family.points_in(chart)[-1]
    stated = sp.Matrix(family.fisher(record.symbols, chart))
    found = form(stated, record, family.points_in(chart)[0]).matrix
    numbers = {symbol: float(value) for symbol, value in zip(record.symbols, at)}
    for symbol in (stated.free_symbols | found.free_symbols) - set(numbers):
        numbers[symbol] = 0.7 + 0.1 * len(symbol.name)
    read = [np.array(one.subs(numbers).evalf(), dtype=float) for one in (found, stated)]
    scale = np.sqrt(np.outer(np.diag(read[1]), np.diag(read[1])))
    # rewriting is exact; the determinant of a covariance and trigamma - 1/k lose a digit or two
    assert np.abs((read[0] - read[1]) / scale).max() < 1e-12


def test_every_family_is_of_one_kind():
    shown = [family.name for kind in KINDS for family in families_of(kind)]
    assert sorted(shown) == sorted(families.names())
    assert {kind_of(families.get(name)) for name in ("poisson", "geometric", "bernoulli")} == {"discrete"}
    assert {family.name for family in families_of("irregular")} == {"uniform", "pareto-minimum"}
    with pytest.raises(ValueError, match="no kind 'square'"):
        families_of("square")


@pytest.mark.parametrize("name", ["multivariate-normal", "beta", "laplace", "categorical"])
def test_quadrature_of_the_derived_score(name):
    """Where nodes are vectors, pairs, split at a kink, or outcomes."""
    (family,) = [one for one in REGULAR if one.name == name]
    for chart in family.charts:
        point = family.points_in(chart)[-1]
        F = fisher.stated(family, point, chart)
        found = by_quadrature(symbolic.derivation(family, chart), point)
        # rounding of a few thousand terms; beta's nodes crowd into its ends
        assert found == pytest.approx(F, rel=1e-9, abs=1e-10)


def test_a_wrong_statement_is_not_passed_off_as_right():
    p, F = POISSON.formulas.log_density, POISSON.formulas.fisher
    off = replace(POISSON, formulas=replace(POISSON.formulas, fisher=lambda t, m: F(t, m) * m.ratio(1001, 1000)))
    found = entry(off)
    assert not found.agrees
    assert found.off == pytest.approx(1e-3, rel=0.01)
    assert proofs(found) == "N Z S FAILS H FAILS K FAILS"
    assert spot(found)[-1] == "quadrature DIFFERS"
    more = replace(POISSON, formulas=replace(POISSON.formulas, log_density=lambda x, t, m: p(x, t, m) + m.log(2)))
    assert proofs(entry(more)).startswith("N FAILS")


def test_what_a_row_says():
    right = entry(POISSON, "log-rate")
    assert (proofs(right), right.agrees, right.verdict.holds) == ("N Z S H K", True, True)
    assert spot(right) == ("at 0.9163", "2.5", "quadrature agrees")
    assert spot(entry(families.get("gamma"))) == ("at (2.3, 1.4)", "0.5425; -0.7143, 1.173", "quadrature agrees")
    assert proofs(entry(families.get("laplace"))) == "N Z S – k"
    assert proofs(entry(families.get("uniform"))) == "N Z FAILS – – –"
    assert spot(entry(families.get("uniform"))) == ("no Fisher matrix",)


def test_formulas_are_read_along_a_line():
    gamma, k = families.get("gamma"), np.array([0.5, 3.0])
    F = entry(gamma, "shape-mean").along(k, 2.0)
    assert F.shape == (2, 2, 2)
    assert F[1] == pytest.approx(fisher.stated(gamma, [3.0, 2.0], "shape-mean"), rel=1e-12)
    bernoulli = entry(families.get("bernoulli"))
    assert bernoulli.volume.subs(bernoulli.symbols[0], sp.Rational(1, 5)) == sp.Rational(5, 2)


def test_the_page_shows_every_row_and_the_terminal_too():
    shown = gallery("irregular")
    html = shown._repr_html_()
    assert html.count('scope="row"') == 2
    assert html.count('scope="rowgroup"') == 2
    assert "tex2jax_process" in html
    assert "Z FAILS" in html
    assert "uniform" in repr(shown)
    row = gallery("bounded")._repr_html_()
    assert r"\(\displaystyle \operatorname{diag}\left(\frac{\kappa I" in row
    assert r"& \operatorname{diag}\left(\operatorname{trigamma}" in row  # too long for a line: two lines, aligned
    assert r"-\;& \operatorname{trigamma}" in row
    assert "(S and H are one derivation)" in row


a, b, c = sp.symbols("a b c", positive=True)
POINT = {a: 2, b: 3, c: 1}


@pytest.mark.parametrize(
    ("matrix", "latex"),
    [
        ([[1 / a**2, 0], [0, 1 / a**2]], r"\frac{1}{a^{2}}\,I"),
        ([[1 / a**2, 0], [0, 2 / a**2]], r"\frac{1}{a^{2}}\,\operatorname{diag}\left(1, 2\right)"),
        ([[1 / a, 0], [0, 1 / (2 * a**2)]], r"\operatorname{diag}\left(\frac{1}{a}, \frac{1}{2 a^{2}}\right)"),
        ([[1 / c + 1 / a, 1 / c], [1 / c, 1 / c + 1 / b]],
         r"\operatorname{diag}\left(\frac{1}{a}, \frac{1}{b}\right) + \frac{1}{c}\,\mathbf{1}\mathbf{1}^{\top}"),
        ([[a / (b - a)]], r"\frac{a}{b - a}"),
        ([[1 / (2 - a * c) + 1 / a]], r"\frac{1}{2 - a c} + \frac{1}{a}"),
    ],
)  # fmt: skip
def test_a_matrix_is_written_short(matrix, latex):
    matrix = sp.Matrix(matrix)
    found = typeset([matrix], POINT | {c: sp.Rational(1, 2)})
    assert (found.matrix - matrix).applyfunc(sp.simplify).is_zero_matrix
    assert found.latex == latex


def test_blocks_are_set_apart():
    block = sp.Matrix([[a, b], [b, a]])
    found = typeset([sp.diag(block, block / c)], POINT)
    assert len(found.blocks) == 2
    assert r"\oplus" in found.latex
    assert (found.matrix - sp.diag(block, block / c)).is_zero_matrix
