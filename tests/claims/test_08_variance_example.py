"""The equations of chapter 08, each against the code that the page runs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st
import sympy as sp

from ngtools import descent, families, fisher, geometry, symbolic

FAMILY = families.get("zero-mean-normal")
SIGMA = FAMILY.chart("std").symbols[0]
V = FAMILY.chart("variance").symbols[0]
X = sp.Symbol("x", real=True)
G = sp.Symbol("g", real=True)


def zero(expression):
    return sp.simplify(sp.sympify(expression)) == 0


@pytest.mark.claim("eq-variance-density", how="numeric")
def test_density_is_the_normal_one():
    x = np.linspace(-9, 9, 7)
    # two evaluations of one formula in float64
    assert FAMILY.log_density(x, [1.7]) == pytest.approx(st.norm(0, 1.7).logpdf(x), rel=1e-13)


@pytest.mark.claim("eq-variance-score", how="symbolic")
def test_score():
    score = symbolic.score(FAMILY, chart="std")[0]
    (x,) = score.free_symbols - {SIGMA}
    assert zero(score - (-1 / SIGMA + x**2 / SIGMA**3))
    assert zero(score - (x**2 / SIGMA**2 - 1) / SIGMA)


@pytest.mark.claim("eq-variance-fisher-std", how="symbolic")
def test_information_about_sigma():
    assert zero(symbolic.fisher(FAMILY, chart="std")[0, 0] - 2 / SIGMA**2)
    assert symbolic.verify(FAMILY, chart="std") == sp.zeros(1)
    # the proof's line: (3 - 2 + 1)/sigma^2, with the moments of a standard normal from their integral
    z = sp.Symbol("z", real=True)
    normal = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    moment = {k: sp.integrate(z**k * normal, (z, -sp.oo, sp.oo)) for k in (2, 4)}
    assert zero((moment[4] - 2 * moment[2] + 1) / SIGMA**2 - FAMILY.fisher((SIGMA,))[0, 0])


@pytest.mark.claim("eq-variance-fisher-variance", how="symbolic")
def test_information_about_the_variance_two_ways():
    direct = symbolic.fisher(FAMILY, chart="variance")[0, 0]
    assert zero(direct - 1 / (2 * V**2))
    J = FAMILY.jacobian((SIGMA,), to="variance")
    assert zero(J[0, 0] - 2 * SIGMA)
    carried = geometry.transform_metric(FAMILY.fisher((SIGMA,)), J)[0, 0]
    assert zero(carried - direct.subs(V, SIGMA**2))
    assert zero(carried - 1 / (2 * SIGMA**4))
    assert fisher.by_score(FAMILY, [9.0], chart="variance")[0, 0] == pytest.approx(1 / 162, rel=1e-12)


@pytest.mark.claim("eq-variance-objective", how="symbolic")
def test_objective_and_its_derivative():
    x = sp.Symbol("x", real=True)
    normal = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    objective = sp.integrate(sp.expand(FAMILY.log_density(x, (SIGMA,)) * normal), (x, -sp.oo, sp.oo))
    assert zero(sp.expand_log(objective - (-sp.log(SIGMA) - sp.log(2 * sp.pi) / 2 - 1 / (2 * SIGMA**2)), force=True))
    assert zero(sp.diff(objective, SIGMA) - (-1 / SIGMA + 1 / SIGMA**3))
    # another way: minus the divergence from the target, up to a constant
    assert zero(sp.diff(-FAMILY.kl((sp.Integer(1),), (SIGMA,)), SIGMA) - sp.diff(objective, SIGMA))


@pytest.mark.claim("eq-variance-gradient", how="symbolic")
def test_gradient_in_the_variance():
    J = FAMILY.jacobian((SIGMA,), to="variance")
    for f in (SIGMA**3, sp.log(SIGMA), sp.exp(-SIGMA)):
        carried = geometry.transform_gradient(sp.Matrix([sp.diff(f, SIGMA)]), J)[0]
        direct = sp.diff(f.subs(SIGMA, sp.sqrt(V)), V).subs(V, SIGMA**2)
        assert zero(carried - direct)
        assert zero(carried - sp.diff(f, SIGMA) / (2 * SIGMA))


@pytest.mark.claim("eq-variance-natural", how="symbolic")
def test_natural_gradients_are_one_vector():
    natural_sigma = FAMILY.fisher((SIGMA,)).inv()[0, 0] * G
    g_phi = geometry.transform_gradient(sp.Matrix([G]), FAMILY.jacobian((SIGMA,), to="variance"))
    natural_phi = (FAMILY.fisher((SIGMA**2,), chart="variance").inv() * g_phi)[0, 0]
    assert zero(natural_sigma - SIGMA**2 * G / 2)
    assert zero(natural_phi - SIGMA**3 * G)
    assert zero(natural_phi - 2 * SIGMA * natural_sigma)
    found = descent.natural_gradient(fisher.stated(FAMILY, [9.0], "variance"), np.array([-4 / 81]))
    assert found == pytest.approx([-27 * 8 / 27], rel=1e-12)
    # each learner alone: information integrated and objective differentiated in the own coordinate
    views = descent.chart_views(FAMILY, [3.0], descent.expected_log_likelihood(FAMILY, [1.0]))
    own = {view.chart: view.natural[0] for view in views}
    assert own["std"] == pytest.approx(-9 / 2 * 8 / 27, rel=1e-9)
    assert own["variance"] == pytest.approx(-8, rel=1e-9)


@pytest.mark.claim("eq-variance-gap", how="symbolic")
def test_gap_of_one_finite_step():
    alice, bob, carol = (symbolic.euler_step_series(FAMILY, chart) for chart in ("std", "variance", "log-std"))
    alpha = sp.Symbol("alpha", positive=True)
    gap = alpha**2 * G**2 * SIGMA**3 / 8
    assert zero(alice - SIGMA - alpha * SIGMA**2 * G / 2)  # the first-order term that all three share
    assert zero(bob - alice + gap)
    assert zero(carol - alice - gap)
    # and steps really taken from sigma = 3 towards 1, where g = -8/27 makes the gap 8/27 alpha^2
    f, rate = descent.expected_log_likelihood(FAMILY, [1.0]), 1e-3
    ends = {
        chart: FAMILY.convert(
            descent.step("natural-euler", FAMILY, FAMILY.convert([3.0], to=chart), f, rate, chart),
            to="std",
            chart=chart,
        )[0]
        for chart in ("std", "variance", "log-std")
    }
    # the next term is alpha times as large
    assert (ends["variance"] - ends["std"]) / rate**2 == pytest.approx(-8 / 27, rel=2e-3)
    assert (ends["log-std"] - ends["std"]) / rate**2 == pytest.approx(8 / 27, rel=2e-3)
    # whatever the sign of g, Bob ends below Alice and Carol above
    assert zero(gap - gap.subs(G, -G))
