"""The equations of chapter 01, each against the code that the page runs."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools import data, descent, families, symbolic
from ngtools.descent.comparison import pushed_gradient

FAMILY, NORMAL = families.get("zero-mean-normal"), families.get("normal")
CHARTS = ("std", "variance", "log-std")
SIGMA, V, OMEGA = (FAMILY.chart(chart).symbols[0] for chart in CHARTS)
MICHELSON = data.load("michelson").values
RESIDUALS = (MICHELSON - MICHELSON.mean()) / 1000
MSQ = float((RESIDUALS**2).mean())
F = descent.mean_log_likelihood(FAMILY, RESIDUALS)


def zero(expression):
    return sp.simplify(sp.sympify(expression)) == 0


def hessian(chart):
    """Minus the second derivative of f at its maximum, in a chart."""
    best = FAMILY.convert([np.sqrt(MSQ)], to=chart)
    return -descent.chart_setting(FAMILY, F, chart).hessian(best)[0, 0]


@pytest.mark.claim("eq-shifted-normals", how="symbolic")
def test_divergence_of_shifted_normals():
    mu, shift, sigma = sp.Symbol("mu", real=True), sp.Symbol("Delta", real=True), sp.Symbol("sigma", positive=True)
    assert zero(NORMAL.kl((mu, sigma), (mu + shift, sigma)) - shift**2 / (2 * sigma**2))


@pytest.mark.claim("eq-mean-log-likelihood", how="numeric")
def test_mean_log_likelihood_depends_on_the_data_through_the_mean_square():
    setting = descent.chart_setting(FAMILY, F)
    for sigma in (0.05, 0.2, 1.7):
        # a sum of 100 terms against one formula: rounding only
        formula = -np.log(sigma) - MSQ / (2 * sigma**2) - np.log(2 * np.pi) / 2
        assert setting.value(np.array([sigma])) == pytest.approx(formula, rel=1e-12)
    assert setting.gradient(np.array([np.sqrt(MSQ)]))[0] == pytest.approx(0, abs=1e-10)
    assert RESIDUALS.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.claim("eq-gradient-step", how="exact")
@pytest.mark.parametrize("chart", CHARTS)
def test_a_run_adds_alpha_times_the_derivative_each_time(chart):
    start, alpha = FAMILY.convert([0.2], to=chart), 1e-4
    run, setting = descent.run("gradient", FAMILY, start, F, alpha, 3, chart), descent.chart_setting(FAMILY, F, chart)
    for old, new in zip(run.theta[:-1], run.theta[1:]):
        h = 1e-6 * abs(old[0])
        slope = (setting.value(old + h) - setting.value(old - h)) / (2 * h)
        # central difference: relative error of order 1e-9
        assert (new - old)[0] / alpha == pytest.approx(slope, rel=1e-6)


@pytest.mark.claim("eq-three-gradients", how="symbolic")
def test_three_gradients():
    scores, msq = [symbolic.score(FAMILY, chart)[0] for chart in CHARTS], sp.Symbol("m", positive=True)
    (x,) = scores[0].free_symbols - {SIGMA}
    by_sigma, by_v, by_omega = (sp.expand(score).subs(x**2, msq) for score in scores)
    assert zero(by_sigma - (msq - SIGMA**2) / SIGMA**3)
    assert zero(by_v - (msq - V) / (2 * V**2))
    assert zero(by_omega - (msq * sp.exp(-2 * OMEGA) - 1))
    assert zero(by_v.subs(V, SIGMA**2) - by_sigma / (2 * SIGMA))
    assert zero(by_omega.subs(OMEGA, sp.log(SIGMA)) - SIGMA * by_sigma)


@pytest.mark.claim("eq-pushed-step", "eq-pushed-step-proof", how="numeric")
@pytest.mark.parametrize("chart", ["mean-variance", "mean-log-std", "mean-precision", "natural"])
def test_pushed_step_is_first_order_in_any_chart(chart):
    f, here = descent.expected_log_likelihood(NORMAL, [0.0, 1.0]), np.array([2.0, 2.0])
    J = NORMAL.jacobian(here, to=chart)
    g = descent.chart_setting(NORMAL, f).gradient(here)
    pushed = np.linalg.solve(J, np.linalg.solve(J.T, g))
    np.testing.assert_allclose(pushed_gradient(NORMAL, here, f, chart), pushed, rtol=1e-10)
    gaps = []
    for alpha in (2e-3, 1e-3):
        there = descent.step("gradient", NORMAL, NORMAL.convert(here, to=chart), f, alpha, chart)
        gaps.append(np.linalg.norm(NORMAL.convert(there, to="mean-std", chart=chart) - here - alpha * pushed))
    # the remainder is O(alpha^2): halving alpha divides it by four
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(2, abs=0.1)


@pytest.mark.claim("eq-three-factors", how="symbolic")
def test_three_factors():
    factors = [1 / FAMILY.jacobian((SIGMA,), to=chart)[0, 0] ** 2 for chart in CHARTS]
    assert [sp.simplify(factor) for factor in factors] == [1, 1 / (4 * SIGMA**2), SIGMA**2]
    g = descent.chart_setting(FAMILY, F).gradient(np.array([0.2]))
    for chart, factor in zip(CHARTS, factors):
        # pushed_gradient differentiates in each chart on its own
        expected = float(sp.sympify(factor).subs(SIGMA, 0.2)) * g
        np.testing.assert_allclose(pushed_gradient(FAMILY, [0.2], F, chart), expected, rtol=1e-10)


@pytest.mark.claim("eq-local-rate", "eq-local-rate-proof", how="numeric")
@pytest.mark.parametrize("chart", CHARTS)
def test_error_near_the_maximum_shrinks_by_the_stated_factor(chart):
    best, J = FAMILY.convert([np.sqrt(MSQ)], to=chart), FAMILY.jacobian([np.sqrt(MSQ)], to=chart)[0, 0]
    alpha = 0.3 * J**2 / hessian("std")
    remainders = []
    for error in (2e-4 * J, 1e-4 * J):
        there = descent.step("gradient", FAMILY, best + error, F, alpha, chart)[0] - best[0]
        remainders.append(abs(there - (1 - alpha * hessian("std") / J**2) * error))
    # what is left out is of second order in the error
    assert np.log2(remainders[0] / remainders[1]) == pytest.approx(2, abs=0.1)


@pytest.mark.claim("eq-local-curvatures", how="numeric")
def test_curvatures_at_the_maximum():
    stated = {"std": 2 / MSQ, "variance": 1 / (2 * MSQ**2), "log-std": 2.0}
    for chart, value in stated.items():
        assert hessian(chart) == pytest.approx(value, rel=1e-9)


@pytest.mark.claim("eq-pushed-directions", how="symbolic")
def test_pushed_directions_of_the_normal():
    mu, sigma = NORMAL.chart("mean-std").symbols
    by_mu, by_sigma = sp.symbols("g_mu g_sigma", real=True)
    g = sp.Matrix([by_mu, by_sigma])
    for chart, factor in (("mean-std", 1), ("mean-variance", 1 / (4 * sigma**2)), ("mean-log-std", sigma**2)):
        J = NORMAL.jacobian((mu, sigma), to=chart)
        assert sp.simplify(J.inv() * J.T.inv() * g - sp.Matrix([by_mu, factor * by_sigma])) == sp.zeros(2, 1)


def test_roles_of_alice_bob_and_carol_as_the_chapter_tells_them():
    runs = {c: descent.run("gradient", FAMILY, FAMILY.convert([0.2], to=c), F, 0.003, 20, c) for c in CHARTS}
    assert [run.completed for run in runs.values()] == [True, False, True]
    assert runs["variance"].exits[0].proposal[0] < 0
    assert runs["std"].distribution[10, 0] == pytest.approx(np.sqrt(MSQ), rel=0.01)
    assert runs["log-std"].distribution[10, 0] > 0.19


@pytest.mark.parametrize("J", [np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([[1.0, 0.0], [0.0, -1.0]])])
def test_turned_and_reflected_coordinates_do_no_harm(J):
    np.testing.assert_allclose(np.linalg.inv(J) @ np.linalg.inv(J).T, np.eye(2), atol=1e-15)
