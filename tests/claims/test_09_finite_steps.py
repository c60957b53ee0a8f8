"""The equations of chapter 09: finite steps, against the code that the page runs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import descent, families, fisher, geometry, invariance, symbolic
from ngtools.descent.geodesic_steps import exponential_map
from ngtools.descent.kl_steps import kl_constrained, kl_proximal
from ngtools.geometry.kl_remainder import slope

NORMAL, ZERO_MEAN = families.get("normal"), families.get("zero-mean-normal")
START, TARGET = [-0.5, 2.0], [0.4, 0.7]
F = descent.expected_log_likelihood(NORMAL, TARGET)
F_ZERO = descent.expected_log_likelihood(ZERO_MEAN, [1.0])


def derivatives(function, at):
    """Jacobian and second derivatives [k, i, j]."""
    with jax.enable_x64(True):
        at = jnp.asarray(at, jnp.float64)
        return np.asarray(jax.jacfwd(function)(at)), np.asarray(jax.jacfwd(jax.jacfwd(function))(at))


@pytest.mark.claim("eq-finite-euler-gap", how="symbolic")
def test_the_second_order_defect_of_a_straight_step():
    theta, v = sp.symbols("theta v")
    h = sp.Function("h")(theta)
    assert sp.simplify(symbolic.euler_gap(1)[0] + sp.diff(h, theta, 2) * v**2 / (2 * sp.diff(h, theta))) == 0
    # in two dimensions, for the charts of the normal family, against steps really taken
    alpha, setting = 1e-4, descent.chart_setting(NORMAL, F)
    velocity = setting.natural_gradient(np.array(START))
    for chart in ("mean-variance", "mean-log-std", "expectation", "natural"):
        J, second = derivatives(lambda t, chart=chart: NORMAL.convert(t, to=chart), START)
        predicted = -np.linalg.solve(J, np.einsum("kij,i,j->k", second, velocity, velocity)) / 2
        end = descent.run("natural-euler", NORMAL, NORMAL.convert(START, to=chart), F, alpha, 1, chart).distribution[-1]
        # the next term is alpha times as large
        assert (end - START - alpha * velocity) / alpha**2 == pytest.approx(predicted, rel=1e-2, abs=1e-3)
    # the general solution in two dimensions, at an affine map: nothing is left
    gap = symbolic.euler_gap(2)
    t1, t2 = sp.symbols("theta_1 theta_2")
    affine = {sp.Function("h_1")(t1, t2): 2 * t1 + t2, sp.Function("h_2")(t1, t2): t1 - 3 * t2}
    assert gap.subs(affine).doit() == sp.zeros(2, 1)


@pytest.mark.claim("eq-finite-defect", how="numeric")
def test_the_defect_is_the_distance_of_two_ends():
    alpha, g = 0.1, -8 / 27
    alice = 3 + alpha * 9 * g / 2
    bob = np.sqrt(9 + alpha * 27 * g)
    found = invariance.defect("natural-euler", ZERO_MEAN, "std", "variance", [3.0], F_ZERO, alpha)
    # d_FR = sqrt 2 |log(sigma_1 / sigma_0)|; float64
    assert found == pytest.approx(np.sqrt(2) * abs(np.log(bob / alice)), rel=1e-10)


@pytest.mark.claim("eq-finite-path", how="numeric")
def test_paths_are_one_order_lower_than_steps():
    rates, charts = [0.2, 0.1, 0.05, 0.025, 0.0125], ZERO_MEAN.charts[:3]
    stated = {
        "natural-euler": (1, [0.0698, 0.0326, 0.0158, 0.0078, 0.0039], 5e-5),
        "natural-midpoint": (2, [0.0058, 0.00134, 0.00032, 7.9e-5, 2.0e-5], 5e-5),
    }
    for name, (order, spread, rounding) in stated.items():
        path = descent.spreads(name, ZERO_MEAN, [3.0], F_ZERO, rates, charts, 1.0)
        one = descent.spreads(name, ZERO_MEAN, [3.0], F_ZERO, rates, charts)
        # the five spreads as printed
        assert path == pytest.approx(spread, abs=rounding, rel=0.03 if order == 2 else 0)
        assert slope(rates, path) == pytest.approx(order, abs=0.1)
        assert slope(rates, one) == pytest.approx(order + 1, abs=0.1)
    # the geometric sum of the proof, and its bound
    L, C, T, n = 0.7, 1.3, 1.0, 40
    alpha, e = T / n, 0.0
    for _ in range(n):
        e = (1 + L * alpha) * e + C * alpha**2
    assert e == pytest.approx(C * alpha**2 * ((1 + L * alpha) ** n - 1) / (L * alpha), rel=1e-12)
    assert e <= C / L * (np.exp(L * T) - 1) * alpha


@pytest.mark.claim("eq-finite-geodesic", how="numeric")
def test_the_exponential_map_solves_the_geodesic_equation():
    setting = descent.chart_setting(NORMAL, F)
    theta, h = np.array(START), 1e-3
    path = [exponential_map(setting, theta, alpha) for alpha in (0.3 - h, 0.3, 0.3 + h)]
    velocity, acceleration = (path[2] - path[0]) / (2 * h), (path[2] - 2 * path[1] + path[0]) / h**2
    # Christoffel symbols from central differences of the stated F, not from the library's
    at, e = path[1], 1e-5
    dF = np.stack([(NORMAL.fisher(at + e * u) - NORMAL.fisher(at - e * u)) / (2 * e) for u in np.eye(2)], axis=-1)
    lowered = (np.einsum("ljk->ljk", dF) + np.einsum("lij->lij", dF).swapaxes(1, 2) - np.einsum("ijl->lij", dF)) / 2
    gamma = np.einsum("kl,lij->kij", np.linalg.inv(NORMAL.fisher(at)), lowered)
    # differences of second order in h
    assert acceleration + np.einsum("kij,i,j->k", gamma, velocity, velocity) == pytest.approx([0, 0], abs=2e-4)
    assert np.abs(acceleration).max() > 0.05
    start = (exponential_map(setting, theta, h) - theta) / h
    assert start == pytest.approx(setting.natural_gradient(theta), rel=1e-2)
    # the library's symbols are the same
    assert geometry.christoffel(NORMAL, at) == pytest.approx(gamma, abs=1e-8)


@pytest.mark.claim("eq-finite-proximal", how="numeric")
def test_proximal_and_constrained_steps_maximise():
    setting, theta, rng = descent.chart_setting(NORMAL, F), np.array(START), np.random.default_rng(9)
    best = kl_proximal(setting, theta, 0.5)

    def value(u):
        return setting.value(u) - setting.kl(theta, u) / 0.5

    for _ in range(200):
        assert value(best) >= value(best + rng.normal(size=2) * [0.5, 0.3])
    c = 0.5**2 / 2
    held = kl_constrained(setting, theta, 0.5)
    assert setting.kl(theta, held) == pytest.approx(c, rel=1e-9)
    feasible = 0
    for u in held + rng.normal(size=(600, 2)) * [0.3, 0.3]:
        if setting.kl(theta, u) <= c:
            feasible += 1
            assert setting.value(u) <= setting.value(held)
    assert feasible > 50


@pytest.mark.claim("eq-finite-mirror", how="numeric")
def test_the_mirror_step():
    eta, m = (NORMAL.convert(START, to=chart) for chart in ("natural", "expectation"))
    slope_in_m = descent.chart_setting(NORMAL, F, "expectation").gradient(m)
    for chart in NORMAL.charts:
        end = descent.step("mirror", NORMAL, NORMAL.convert(START, to=chart), F, 0.3, chart)
        assert NORMAL.convert(end, to="natural", chart=chart) == pytest.approx(eta + 0.3 * slope_in_m, rel=1e-9)


@pytest.mark.claim("eq-finite-intrinsic", how="numeric")
def test_values_agree_so_maximisers_do():
    here = descent.chart_setting(NORMAL, F)
    for chart in NORMAL.charts[1:]:
        there = descent.chart_setting(NORMAL, F, chart)
        for u in ([0.1, 1.0], [-1.0, 0.5]):
            phi, psi = NORMAL.convert(START, to=chart), NORMAL.convert(u, to=chart)
            assert there.value(psi) == pytest.approx(here.value(np.array(u)), rel=1e-12)
            assert there.kl(phi, psi) == pytest.approx(here.kl(np.array(START), np.array(u)), rel=1e-12)
        for name in ("kl-proximal", "kl-constrained", "exponential-map", "mirror"):
            assert invariance.defect(name, NORMAL, "mean-std", chart, START, F, 0.5) < 1e-9
    # a linearised objective has no such identity
    found = invariance.order(descent.KL_PROXIMAL_LINEARISED, NORMAL, "mean-std", "mean-log-std", START, F)
    assert (found.kind, round(found.slope, 1)) == ("order 1", 2.0)
    # accuracy is another matter: these are first-order methods for the flow
    for name, order in (("exponential-map", 2), ("kl-proximal", 2), ("natural-midpoint", 3)):
        off = [invariance.flow_gap(name, NORMAL, START, F, size) for size in (0.02, 0.01, 0.005)]
        assert slope((0.02, 0.01, 0.005), off) == pytest.approx(order, abs=0.1)


@pytest.mark.claim("eq-finite-cliff", how="symbolic")
def test_true_divergence_of_a_budget_step_in_the_variance():
    v, c = sp.symbols("v c", positive=True)
    information = ZERO_MEAN.fisher((v,), chart="variance")[0, 0]
    step = sp.sqrt(2 * c / information)
    assert sp.simplify(step - 2 * sp.sqrt(c) * v) == 0
    kl = ZERO_MEAN.kl((v,), (v - step,), chart="variance")
    stated = (1 / (1 - 2 * sp.sqrt(c)) - 1 + sp.log(1 - 2 * sp.sqrt(c))) / 2
    for value in (0.01, 0.1, 0.2):
        assert float((kl - stated).subs({v: 1.7, c: value})) == pytest.approx(0, abs=1e-14)
    assert sp.limit(stated, c, sp.Rational(1, 4), "-") == sp.oo
    shrink = [descent.spent(ZERO_MEAN, [1.0], [-1.0], [0.1, 0.25], chart) for chart in ("std", "variance", "log-std")]
    grow = [descent.spent(ZERO_MEAN, [1.0], [1.0], [0.1], chart)[0] for chart in ("std", "variance", "log-std")]
    # three digits, as stated in the book
    assert [s[0] for s in shrink] == pytest.approx([0.189, 0.360, 0.125], abs=5e-4)
    assert grow == pytest.approx([0.063, 0.051, 0.082], abs=5e-4)
    assert shrink[1][1] == np.inf


@pytest.mark.claim("eq-finite-m-line", how="numeric")
def test_a_likelihood_flow_is_straight_in_expectation_parameters():
    for name, start, target in (("normal", START, TARGET), ("gamma", [2.0, 1.5], [3.0, 1.0])):
        family = families.get(name)
        f = descent.expected_log_likelihood(family, target)
        flow = descent.flow("natural", family, start, f, 3.0, points=7)
        statistics = {
            "normal": lambda t: np.array([t[0], t[0] ** 2 + t[1] ** 2]),
            # E log x = digamma(a) - log b, E x = a / b
            "gamma": lambda t: np.array([float(sp.digamma(t[0])) - np.log(t[1]), t[0] / t[1]]),
        }[name]
        m0, goal = statistics(np.array(start)), statistics(np.array(target))
        for t, theta in zip(flow.times, flow.distribution):
            # the solver's tolerance is 1e-12 a step
            assert statistics(theta) == pytest.approx(goal + np.exp(-t) * (m0 - goal), rel=1e-9, abs=1e-9)
    lines = geometry.straight_lines(NORMAL, [-1.5, 0.6], [1.5, 0.6])
    lengths = [geometry.length(NORMAL, curve) for curve in lines.values()]
    assert lengths[0] == min(lengths)
    assert lengths[0] == pytest.approx(geometry.distance(NORMAL, [-1.5, 0.6], [1.5, 0.6]).value, rel=1e-3)


@pytest.mark.claim("eq-finite-flat-one", how="symbolic")
def test_constant_information_in_one_dimension():
    coordinates = {
        ("zero-mean-normal", "std"): (lambda t: sp.sqrt(2) * sp.log(t)),
        ("exponential", "rate"): sp.log,
        ("poisson", "rate"): (lambda t: 2 * sp.sqrt(t)),
        ("bernoulli", "probability"): (lambda t: 2 * sp.asin(sp.sqrt(t))),
    }
    for (name, chart), s in coordinates.items():
        assert symbolic.information_about(families.get(name), s, chart) == 1
    assert symbolic.information_about(ZERO_MEAN, sp.log, "std") == 2
    # numerically, where no closed form is known to the page: s by quadrature, F about s by differences of s
    geometric = families.get("geometric")
    p, e = 0.3, 1e-4
    s = [geometry.distance(geometric, [0.1], [p + k * e]).value for k in (-1, 1)]
    assert fisher.by_score(geometric, [p])[0, 0] / ((s[1] - s[0]) / (2 * e)) ** 2 == pytest.approx(1, rel=1e-5)


@pytest.mark.claim("eq-finite-curvature", how="symbolic")
def test_the_curvature_of_the_normal_family():
    mu, sigma = sp.symbols("mu sigma", positive=True)
    metric = NORMAL.fisher((mu, sigma))
    A, B = metric[0, 0], metric[1, 1]
    assert (A, B, metric[0, 1]) == (1 / sigma**2, 2 / sigma**2, 0)
    K = -sp.diff(sp.diff(sp.sqrt(A), sigma) / sp.sqrt(B), sigma) / sp.sqrt(A * B)
    assert sp.simplify(K) == -sp.Rational(1, 2)
    # the Riemann tensor, by the library, in other charts; float64 third derivatives
    for chart in ("mean-std", "natural", "expectation"):
        phi = NORMAL.convert([0.3, 1.7], to=chart)
        assert geometry.curvature(NORMAL, phi, chart) == pytest.approx(-0.5, abs=1e-8)


@pytest.mark.claim("eq-finite-damping", how="numeric")
def test_damping_read_in_another_chart():
    theta, lam = np.array(START), 0.1
    here = descent.chart_setting(NORMAL, F)
    for chart in ("mean-variance", "natural"):
        J, phi = NORMAL.jacobian(theta, to=chart), NORMAL.convert(theta, to=chart)
        there = descent.chart_setting(NORMAL, F, chart)
        carried = J.T @ (there.fisher(phi) + lam * np.eye(2)) @ J
        assert carried == pytest.approx(here.fisher(theta) + lam * J.T @ J, rel=1e-10)
        velocity = descent.step("damped", NORMAL, phi, F, 1.0, chart) - phi
        expected = np.linalg.solve(here.fisher(theta) + lam * J.T @ J, here.gradient(theta))
        assert np.linalg.solve(J, velocity) == pytest.approx(expected, rel=1e-9)
    table = invariance.matrix(("damped", "diagonal"), ("orthogonal", "diagonal", "affine", "log-sigma"))
    assert table.kinds() == [["exact", "broken", "broken", "broken"], ["broken", "exact", "broken", "order 1"]]


@pytest.mark.claim("eq-finite-product", how="symbolic")
def test_one_step_in_a_product():
    a, b, v, alpha = sp.symbols("a b v alpha", positive=True)
    K = sp.Matrix([[b, a]])
    step = K.T * (K * K.T).inv() * sp.Matrix([v])  # the shortest w with K w = v
    reached = (a + alpha * step[0]) * (b + alpha * step[1])
    assert sp.simplify(reached - (a * b + alpha * v + alpha**2 * v**2 * a * b / (a**2 + b**2) ** 2)) == 0
    base = descent.chart_setting(ZERO_MEAN, F_ZERO)
    product = descent.pull_back(base, "ab", lambda p, c: p[:1] * p[1:], None, dimension=2)
    end = descent.method("natural-euler").step(product, np.array([1.5, 2.0]), 0.1)[0]
    v = -4 / 3
    assert end.prod() == pytest.approx(3 + 0.1 * v + 0.01 * v**2 * 3 / 6.25**2, rel=1e-12)
    # a list is as good a start as an array
    assert invariance.gap("natural-euler", base, [3.0], product, [1.5, 2.0], 0.1) > 0
