"""The equations of chapter 06: the Lagrange problem, its price, and the dual coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize as so
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import descent, families, fisher, geometry, symbolic

NORMAL = families.get("normal")
TARGET = descent.expected_log_likelihood(NORMAL, [0.0, 1.0])
F = np.array([[2.0, 0.6], [0.6, 1.5]])
G = np.array([0.7, -1.1])
C = 0.03


@pytest.mark.claim("eq-natural-model", how="numeric")
def test_divergence_is_half_the_quadratic_form_to_third_order():
    theta, direction = np.array([2.0, 2.0]), np.array([0.6, -0.8])
    quadratic = direction @ fisher.by_score(NORMAL, theta) @ direction / 2
    errors = []
    for s in (0.04, 0.02):
        errors.append(abs(NORMAL.kl(theta, theta + s * direction) - s**2 * quadratic))
    # halving the step divides a cubic remainder by 8; the fourth order moves the ratio by a few per cent
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.05)
    # the other direction: the same quadratic term, another remainder
    reverse = [abs(NORMAL.kl(theta + s * direction, theta) - s**2 * quadratic) for s in (0.04, 0.02)]
    assert reverse[0] / reverse[1] == pytest.approx(8, rel=0.1)
    assert abs(reverse[1] / errors[1] - 1) > 0.1


@pytest.mark.claim("eq-natural-problem", "eq-natural-step", how="symbolic")
def test_step_solves_the_problem():
    solved = symbolic.steepest_step(2)
    assert all(left.is_zero_matrix for left in solved.checks.values())
    # and a solver that knows nothing of the formula finds the same point
    found = so.minimize(
        lambda d: -G @ d,
        np.array([0.1, 0.1]),
        jac=lambda d: -G,
        constraints={"type": "ineq", "fun": lambda d: C - d @ F @ d / 2, "jac": lambda d: -F @ d},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 200},
    )
    # SLSQP stops when the objective settles to 1e-15, where the point is known to its square root
    assert descent.budget_step(F, G, C) == pytest.approx(found.x, rel=1e-6)
    values = {**dict(zip(solved.g, G)), solved.budget: C}
    values |= {solved.F[i, j]: F[i, j] for i in range(2) for j in range(2)}
    assert descent.budget_step(F, G, C) == pytest.approx([float(e.subs(values)) for e in solved.step], rel=1e-12)
    nu = float(solved.multiplier.subs(values))
    assert nu == pytest.approx(np.sqrt(G @ np.linalg.solve(F, G) / (2 * C)), rel=1e-12)  # as the page states it
    # the negative root is the steepest descent
    assert G @ descent.budget_step(F, G, C) > 0
    assert F @ descent.budget_step(F, G, C) * nu == pytest.approx(G, rel=1e-12)


@pytest.mark.claim("eq-natural-gain", how="numeric")
@given(st.floats(0, 2 * np.pi), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_no_step_within_the_budget_gains_more(angle, share):
    direction = np.array([np.cos(angle), np.sin(angle)])
    other = np.sqrt(2 * C * share) * direction / geometry.norm(F, direction)
    best = descent.budget_step(F, G, C)
    bound = np.sqrt(2 * C * G @ np.linalg.solve(F, G))
    assert G @ best == pytest.approx(bound, rel=1e-12)
    assert G @ other <= bound * (1 + 1e-12)
    assert G @ other <= np.sqrt(G @ np.linalg.solve(F, G)) * geometry.norm(F, other) * (1 + 1e-12)
    # only one step reaches the bound: the loss of gain is the squared Fisher distance to it, times nu/2, at least
    missing = geometry.norm(F, best - other) ** 2 * bound / (4 * C)
    assert bound - G @ other >= missing - 1e-12


@pytest.mark.claim("eq-natural-kl-of-step", how="numeric")
def test_a_learning_rate_spends_half_alpha_squared_slope():
    setting = descent.chart_setting(NORMAL, TARGET)
    theta = np.array([2.0, 2.0])
    g, v = setting.gradient(theta), setting.natural_gradient(theta)
    errors = []
    for alpha in (0.02, 0.01):
        trace = descent.run("natural-euler", NORMAL, theta, TARGET, alpha, 1)
        errors.append(abs(trace.kl[0] - alpha**2 * g @ v / 2))
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.05)
    assert errors[1] < 0.02 * 0.01**2 * g @ v / 2


@pytest.mark.claim("eq-natural-price", how="symbolic")
def test_multiplier_is_the_price_of_a_nat():
    solved = symbolic.steepest_step(2)
    assert sp.simplify(sp.diff(solved.gain, solved.budget) - solved.multiplier) == 0
    h = 1e-5
    slope = (G @ descent.budget_step(F, G, C + h) - G @ descent.budget_step(F, G, C - h)) / (2 * h)
    nu = np.sqrt(G @ np.linalg.solve(F, G) / (2 * C))
    assert slope == pytest.approx(nu, rel=1e-6)  # central difference, error h^2


@pytest.mark.claim("eq-natural-penalty", how="numeric")
def test_paying_for_divergence_gives_the_same_step():
    alpha = 0.3
    found = so.minimize(
        lambda d: -(G @ d - d @ F @ d / (2 * alpha)), np.zeros(2), method="BFGS", options={"gtol": 1e-10}
    )
    assert alpha * descent.natural_gradient(F, G) == pytest.approx(found.x, rel=1e-6)


@pytest.mark.claim("eq-natural-dual", "eq-natural-dual-jacobian", how="numeric")
@pytest.mark.parametrize("theta", [[2.0, 2.0], [-0.7, 0.4]])
def test_natural_gradient_in_one_chart_is_the_gradient_in_the_other(theta):
    views = {view.chart: view for view in descent.chart_views(NORMAL, theta, TARGET)}
    eta, m = views["natural"], views["expectation"]
    assert eta.natural == pytest.approx(m.gradient, rel=1e-9)
    assert m.natural == pytest.approx(eta.gradient, rel=1e-9)
    # the Jacobian of the map is the Fisher matrix itself
    J = NORMAL.jacobian(eta.phi, to="expectation", chart="natural")
    assert pytest.approx(eta.fisher, rel=1e-9) == J
    assert J.T @ m.gradient == pytest.approx(eta.gradient, rel=1e-9)


@pytest.mark.claim("eq-natural-mle-step", how="exact")
@pytest.mark.parametrize("start", [[2.0, 5.0], [-3.0, 0.5]])
def test_one_step_in_expectation_parameters_is_the_maximum_likelihood_estimate(start):
    x = np.array([1.2, -0.4, 2.2, 0.9, 3.1])
    f = descent.mean_log_likelihood(NORMAL, x)
    m = NORMAL.convert(start, to="expectation")
    statistic = np.array([x.mean(), (x**2).mean()])
    eta = NORMAL.convert(start, to="natural")
    gradient = descent.chart_setting(NORMAL, f, "natural").gradient(eta)
    assert gradient == pytest.approx(statistic - m, rel=1e-10)
    trace = descent.run("natural-euler", NORMAL, m, f, 1.0, 1, "expectation")
    assert trace.theta[-1] == pytest.approx(statistic, rel=1e-11)
    assert trace.distribution[-1] == pytest.approx([x.mean(), x.std()], rel=1e-10)
