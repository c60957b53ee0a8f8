"""Natural and expectation parameters, and problems solved in one natural step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import descent, families

NORMAL = families.get("normal")
POINT = st.tuples(st.floats(-2, 2), st.floats(0.4, 2.5)).map(list)


@given(POINT, POINT)
@settings(max_examples=25, deadline=None)
def test_the_natural_gradient_in_one_is_the_gradient_in_the_other(theta, target):
    f = descent.expected_log_likelihood(NORMAL, target)
    eta, m = (NORMAL.convert(theta, to=chart) for chart in ("natural", "expectation"))
    natural, dual = (descent.chart_setting(NORMAL, f, chart) for chart in ("natural", "expectation"))
    # F in natural coordinates has a condition number of up to 1e4 here
    assert natural.natural_gradient(eta) == pytest.approx(dual.gradient(m), rel=1e-9, abs=1e-10)
    assert dual.natural_gradient(m) == pytest.approx(natural.gradient(eta), rel=1e-9, abs=1e-10)
    assert dual.fisher(m) @ natural.fisher(eta) == pytest.approx(np.eye(2), abs=1e-9)
    # one step of size 1 in expectation parameters
    assert descent.step("natural-euler", NORMAL, m, f, 1.0, chart="expectation") == pytest.approx(
        NORMAL.convert(target, to="expectation"), rel=1e-9, abs=1e-10
    )


def test_one_natural_step_is_the_mle_of_data():
    data = np.random.default_rng(4).normal(0.7, 1.9, 50)
    f = descent.mean_log_likelihood(NORMAL, data)
    m = NORMAL.convert([-1.0, 0.6], to="expectation")
    assert descent.step("natural-euler", NORMAL, m, f, 1.0, chart="expectation") == pytest.approx(
        [data.mean(), (data**2).mean()], rel=1e-11
    )


def test_mirror_is_the_gradient_step_of_the_dual():
    f = descent.expected_log_likelihood(NORMAL, [0.3, 1.2])
    eta, m = (NORMAL.convert([-0.5, 0.8], to=chart) for chart in ("natural", "expectation"))
    expected = eta + 0.2 * descent.chart_setting(NORMAL, f, "expectation").gradient(m)
    for chart in NORMAL.charts:
        start = NORMAL.convert([-0.5, 0.8], to=chart)
        found = NORMAL.convert(descent.step("mirror", NORMAL, start, f, 0.2, chart=chart), to="natural", chart=chart)
        assert found == pytest.approx(expected, rel=1e-12)


def test_linear_regression_is_least_squares_in_one_step():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    family = families.get("linear-regression", X=X, sigma=0.7)
    w = np.array([1.0, -2.0, 0.5])
    g = X.T @ (y - X @ w) / 0.7**2
    # Fisher = Hessian
    assert w + descent.natural_gradient(family.fisher(w), g) == pytest.approx(
        np.linalg.lstsq(X, y, rcond=None)[0], rel=1e-11
    )


def test_worked_example_of_the_variance():
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [1.0])
    sigma, v = np.array([3.0]), np.array([9.0])
    in_sigma, in_v = (descent.chart_setting(family, f, chart) for chart in ("std", "variance"))
    assert in_v.natural_gradient(v) == pytest.approx(2 * sigma * in_sigma.natural_gradient(sigma), rel=1e-14)
    ends = [in_sigma.distribution(sigma + 0.1 * in_sigma.natural_gradient(sigma))]
    ends.append(in_v.distribution(v + 0.1 * in_v.natural_gradient(v)))
    # item 1: minus alpha^2 g^2 sigma^3 / 8, up to alpha^3
    g = in_sigma.gradient(sigma)[0]
    assert ends[1][0] - ends[0][0] == pytest.approx(-(0.1**2) * g**2 * 27 / 8, rel=0.1)


def test_objectives():
    f = descent.expected_log_likelihood(NORMAL, [0.3, 1.2])
    assert float(f(np.array([0.3, 1.2]))) == pytest.approx(0, abs=1e-15)
    # up to the entropy, the mean log likelihood of many draws
    x = NORMAL.sample([0.3, 1.2], 200_000, np.random.default_rng(0))
    g = descent.mean_log_likelihood(NORMAL, x)
    there, here = np.array([0.0, 1.0]), np.array([0.5, 1.5])
    # a difference of means of terms with standard deviation below 1: five standard errors
    assert float(g(here)) - float(g(there)) == pytest.approx(float(f(here)) - float(f(there)), abs=5 / np.sqrt(200_000))
    with pytest.raises(ValueError, match="at least one observation"):
        descent.mean_log_likelihood(NORMAL, [])
    with pytest.raises(ValueError, match=r"data\[1\] lies outside the support"):
        descent.mean_log_likelihood(families.get("gamma"), [1.0, -1.0])
