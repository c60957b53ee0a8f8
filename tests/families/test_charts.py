"""Charts: there and back, Jacobians against differences, the Fisher matrix of every chart."""

import jax
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ngtools import families

EXAMPLES = families.examples()
MANY = [family for family in EXAMPLES if len(family.charts) > 1 and family.name != "multivariate-normal"]
WHOLE = ({"covariance", "cholesky"}, {"mean-covariance", "mean-cholesky"})  # of the multivariate normal
PAIRS = [
    pytest.param(family, a, b, id=f"{family.name}-{a}-{b}")
    for family in EXAMPLES
    for a in family.charts
    for b in family.charts
    if a != b and (family.name != "multivariate-normal" or {a, b} in WHOLE)
]

RANGES = {"real": (-3, 3), "positive": (0.05, 20), "negative": (-20, -0.05), "unit": (0.02, 0.98), "angle": (0.1, 3.0)}


def redundant(family, chart):
    return family.name == "categorical" and chart == "logits"


def points(family, chart):
    ranges = [RANGES[parameter.domain] for parameter in family.chart(chart).parameters]
    return st.tuples(*(st.floats(low, high) for low, high in ranges)).map(np.array)


@pytest.mark.parametrize(("family", "source", "target"), PAIRS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_there_and_back(family, source, target, data):
    theta = data.draw(points(family, source))
    assume(not family.chart(source).joint(theta))
    if source == "expectation":
        assume(theta[1] - theta[0] ** 2 > 0.01)
    if family.name == "categorical" and source == "probabilities":
        assume(theta.sum() < 0.98)
    phi = family.convert(theta, to=target, chart=source)
    back = family.convert(phi, to=source, chart=target)
    if redundant(family, source):
        assert back - back[-1] == pytest.approx(theta - theta[-1], rel=1e-9, abs=1e-9)
        return
    # expectation parameters lose the digits that m2 and m1^2 share: up to 9/0.01 times 1e-16
    assert back == pytest.approx(theta, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("family", "source", "target"), PAIRS)
def test_jacobian_against_central_differences(family, source, target):
    for theta in family.points_in(source):
        J = family.jacobian(theta, to=target, chart=source)
        h = 1e-5
        columns = []
        for i in range(len(theta)):
            step = np.zeros(len(theta))
            step[i] = h
            ends = [family.convert(theta + sign * step, to=target, chart=source) for sign in (1, -1)]
            columns.append((ends[0] - ends[1]) / (2 * h))
        # truncation h^2 f'''/6 ~ 1e-9, rounding 1e-16/h ~ 1e-11, both times the size of the derivatives
        assert pytest.approx(np.array(columns).T, rel=1e-6, abs=1e-7) == J


@pytest.mark.parametrize(("family", "source", "target"), PAIRS)
def test_jacobians_there_and_back_are_inverse(family, source, target):
    for theta in family.points_in(source):
        phi = family.convert(theta, to=target, chart=source)
        forth, back = family.jacobian(theta, target, chart=source), family.jacobian(phi, source, chart=target)
        if redundant(family, target):
            assert back @ forth == pytest.approx(np.eye(len(theta)), abs=1e-11)
        elif redundant(family, source):
            assert forth @ back == pytest.approx(np.eye(len(phi)), abs=1e-11)
        else:
            assert back @ forth == pytest.approx(np.eye(len(theta)), abs=1e-10)


@pytest.mark.parametrize(("family", "source", "target"), PAIRS)
def test_fisher_matrices_of_two_charts_are_congruent(family, source, target):
    for theta in family.points_in(source):
        J = family.jacobian(theta, to=target, chart=source)
        F = family.fisher(family.convert(theta, to=target, chart=source), chart=target)
        expected = J.T @ F @ J
        scale = np.abs(expected).max()
        assert family.fisher(theta, chart=source) == pytest.approx(expected, rel=1e-9, abs=1e-11 * scale)


def test_redundant_logits_have_a_null_direction():
    family = families.get("categorical", K=4)
    for theta in family.points_in("logits"):
        F = family.fisher(theta, chart="logits")
        assert F @ np.ones(4) == pytest.approx(0, abs=1e-15)
        assert np.linalg.matrix_rank(F, tol=1e-12) == 3
        shifted = family.log_density(np.arange(4), theta + 2.5, chart="logits")
        assert shifted == pytest.approx(family.log_density(np.arange(4), theta, chart="logits"), rel=1e-13)


def test_a_chart_that_holds_other_things_fixed_refuses():
    family = families.get("multivariate-normal", d=2)
    with pytest.raises(ValueError, match="chart 'mean' of 'multivariate-normal' does not contain this distribution"):
        family.convert([2.0, 0.0, 1.0], to="mean", chart="covariance")
    with pytest.raises(ValueError, match=r"chart 'cholesky' .* does not contain"):
        family.convert([0.5, 0.0], to="cholesky", chart="mean")
    there = family.convert([0.5, 0.0], to="mean-covariance", chart="mean")
    assert list(there) == [0.5, 0.0, 1.0, 0.0, 1.0]
    assert list(family.convert(there, to="mean", chart="mean-covariance")) == [0.5, 0.0]


def test_symbolic_jacobian_is_the_numeric_one():
    for family in MANY:
        source, target = family.charts[-1], family.charts[0]
        theta = family.points_in(source)[0]
        symbols = family.chart(source).symbols
        J = family.jacobian(symbols, to=target, chart=source).subs(dict(zip(symbols, theta)))
        assert np.array(J.evalf(), dtype=float) == pytest.approx(
            family.jacobian(theta, target, chart=source), rel=1e-12
        )


def test_every_family_offers_points_in_every_chart():
    for family in EXAMPLES:
        assert len(family.points) >= 2
        for chart in family.charts:
            for theta in family.points_in(chart):
                assert theta.dtype == np.float64
                family.chart(chart).check(theta)


def test_convert_keeps_the_kind_of_array():
    family = families.get("normal")
    assert isinstance(family.convert(np.array([0.3, 1.7]), to="natural"), np.ndarray)
    moved = jax.jit(lambda theta: family.convert(theta, to="natural"))(jax.numpy.array([0.3, 1.7]))
    assert isinstance(moved, jax.Array)
    assert moved.dtype == np.float32


def test_multivariate_normal_names_coordinates_by_row_and_column():
    family = families.get("multivariate-normal", d=3)
    lower = ("11", "21", "22", "31", "32", "33")
    names = {chart: tuple(p.name for p in family.chart(chart).parameters) for chart in family.charts}
    assert names["mean"] == ("mu1", "mu2", "mu3")
    assert names["covariance"] == tuple(f"S{place}" for place in lower)
    assert names["mean-cholesky"] == ("mu1", "mu2", "mu3", *(f"L{place}" for place in lower))
    domains = {p.name: p.domain for p in family.chart("mean-covariance").parameters}
    assert {name for name, domain in domains.items() if domain == "positive"} == {"S11", "S22", "S33"}


@pytest.mark.parametrize("what", ["fisher", "jacobian"])
def test_gamma_in_swapped_symbols(what):
    """At (y, x), written in a chart's own symbols x and y, stands what stands at (a, b) with a = y and b = x."""
    family, own = families.get("gamma"), families.get("gamma").chart("shape-mean").symbols
    calls = {"fisher": family.fisher, "jacobian": lambda theta, chart: family.jacobian(theta, "shape-rate", chart)}
    other = [sp.Dummy(symbol.name, **symbol.assumptions0) for symbol in own]
    there = calls[what](other[::-1], chart="shape-mean").subs(dict(zip(other, own)), simultaneous=True)
    assert there != calls[what](list(own), chart="shape-mean")
    assert (calls[what](list(own[::-1]), chart="shape-mean") - there).applyfunc(sp.simplify) == sp.zeros(2, 2)
