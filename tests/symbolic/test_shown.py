"""What is shown of a derivation: its lines, in order, with the formulas that were derived."""

from __future__ import annotations

import pytest
import sympy as sp

from ngtools import families, symbolic
from ngtools.symbolic import NotDerivable, change_of_coordinate, latex
from ngtools.symbolic.constant_coordinate import constant_coordinate
from ngtools.symbolic.derivation import derivation
from ngtools.symbolic.divergence import _hessian
from ngtools.symbolic.finite_step import ALPHA, G, euler_step_series
from ngtools.symbolic.steps import Steps

k, s = sp.symbols("k s", positive=True)
POISSON, COIN, SCALE = (families.get(name) for name in ("poisson", "bernoulli", "zero-mean-normal"))


def test_steps():
    steps = Steps((("first", "a"), ("then this", "b")))
    assert (len(steps), list(steps)) == (2, [("first", "a"), ("then this", "b")])
    assert repr(steps) == "first      a\nthen this  b"
    assert steps._repr_latex_() == (
        "$$\\begin{aligned}\n\\text{first} &\\quad a \\\\[4pt]\n\\text{then this} &\\quad b\n\\end{aligned}$$"
    )


def test_special_functions_by_their_names():
    assert [latex(sp.polygamma(n, k)) for n in range(4)] == [
        r"\operatorname{digamma}\left(k\right)",
        r"\operatorname{trigamma}\left(k\right)",
        r"\operatorname{tetragamma}\left(k\right)",
        r"\operatorname{polygamma}_{3}\left(k\right)",
    ]
    assert latex(sp.polygamma(1, k) ** 2) == r"\operatorname{trigamma}^{2}\left(k\right)"
    assert latex(sp.polygamma(sp.Symbol("n"), k)) == r"\operatorname{polygamma}_{n}\left(k\right)"
    assert latex(sp.loggamma(k)) == r"\log \Gamma\left(k\right)"
    assert latex(sp.loggamma(k) ** 2) == r"\left(\log \Gamma\left(k\right)\right)^{2}"
    assert latex(sp.log(k)) == r"\log{\left(k \right)}"


def test_sums_begin_with_a_positive_term():
    a, b, c = sp.symbols("a b c")
    assert latex(c - a, positive_first=True) == "c - a"
    assert latex(b - a + c, positive_first=True) == "b - a + c"
    assert latex(-a - b, positive_first=True) == "- a - b"
    assert latex(c - a) == "- a + c"


def test_lines_of_a_derivation():
    found = derivation(COIN)  # a finite sum observes x itself, so that no map is shown
    assert [what for what, _ in found.steps] == [
        "log density", "score", "base law", "mean score", "Fisher matrix", "curvature", "stated"
    ]  # fmt: skip
    shown = dict(found.steps)
    assert shown["log density"].endswith(r"\theta = p")
    assert shown["mean score"].endswith("= \\left[\\begin{matrix}0\\end{matrix}\\right]")
    assert found._repr_latex_() == found.steps._repr_latex_()
    assert repr(found) == "<derivation of the Fisher matrix of bernoulli in probability, by finite sum>"
    assert dict(derivation(families.get("normal")).steps)["log density"].endswith(
        r"\theta = \left( \mu, \  \sigma\right)"
    )
    # a counter-example states nothing
    assert "stated" not in dict(derivation(families.get("uniform")).steps)
    assert [what for what, _ in symbolic.score(COIN, steps=True)] == ["log density", "score", "mean score"]
    assert symbolic.fisher(COIN, steps=True) == found.steps


def test_rows_of_a_regression_are_summed():
    family = families.get("linear-regression", X=[[1.0, 0.0], [1.0, 2.0]])
    found = derivation(family)
    assert "stated" not in dict(found.steps)
    assert found.reading.technique == "rows: Gaussian moments"
    x, theta = found.x, found.theta
    # E y_i = x_i . theta
    assert sp.expand(found.reading.expect(3 * x[0] + x[1] + 5) - (4 * theta[0] + 2 * theta[1] + 5)) == 0
    with pytest.raises(NotDerivable, match="a product of several observations"):
        found.reading.expect(x[0] * x[1])
    assert [sp.simplify(defect) for defect in found.reading.defects()] == [0] * len(found.reading.defects())


def test_lines_of_a_divergence():
    found = symbolic.divergence(POISSON)
    assert [what for what, _ in found.steps] == ["stated", "derived", "stated - derived", "curvature"]
    shown = dict(found.steps)
    assert shown["stated"] == r"\mathrm{KL}(\theta_0\,\|\,\theta_1) = " + latex(found.stated)
    assert shown["derived"].startswith(r"\mathbb{E}_{\theta_0}[\log p_{\theta_0} - \log p_{\theta_1}] = \mu")
    assert shown["stated - derived"] == "0"
    assert shown["curvature"].endswith(r"= \left[\begin{matrix}\frac{1}{\mu}\end{matrix}\right]")
    assert found._repr_latex_() == found.steps._repr_latex_()
    assert symbolic.kl(POISSON, steps=True) == found.steps
    # the table does not reach |x - mu_1|
    assert [what for what, _ in symbolic.divergence(families.get("laplace")).steps] == ["stated", "curvature"]


def test_divergences_that_are_not_there():
    with pytest.raises(NotImplementedError, match=r"no closed-form KL is known for 'logistic'; fisher\.by_kl"):
        symbolic.divergence(families.get("logistic"))
    with pytest.raises(NotImplementedError, match="uniform: support depends on theta"):
        symbolic.divergence(families.get("uniform"))


def test_a_kink_has_no_second_derivative():
    m0, m1, m = sp.Symbol("m_0", real=True), sp.Symbol("m_1", real=True), sp.Symbol("m", real=True)
    gap = m1 - m0
    smooth = sp.exp(-sp.Abs(gap)) + sp.Abs(gap)
    assert _hessian(smooth, (m,), (m0,), (m1,)) == sp.Matrix([[1]])
    with pytest.raises(NotDerivable, match="no second derivative at coincidence"):
        _hessian(gap * sp.Abs(gap), (m,), (m0,), (m1,))
    assert _hessian(m0 * gap**2, (m,), (m0,), (m1,)) == sp.Matrix([[2 * m]])


def test_the_lagrange_problem_is_written_out():
    found = symbolic.steepest_step(2)
    c, nu = found.budget, sp.Symbol("nu", positive=True)
    assert [entry.name for entry in (*found.F, *found.g)] == ["F_11", "F_12", "F_12", "F_22", "g_1", "g_2"]
    d1, d2 = sp.symbols("Delta_1 Delta_2", real=True)
    (a, b, _, e), (g1, g2) = found.F, found.g
    square = a * d1**2 + 2 * b * d1 * d2 + e * d2**2
    assert sp.expand(found.lagrangian - (g1 * d1 + g2 * d2 - nu * (square / 2 - c))) == 0
    slope = sp.Symbol(r"{g^\top F^{-1} g}", positive=True)
    shown = dict(found.steps)
    assert list(shown) == ["Lagrangian", "stationary", "squared slope", "constraint", "multiplier", "step", "gain"]
    assert shown["multiplier"] == rf"\nu = \sqrt{{\frac{{{slope.name}}}{{2 c}}}}"
    assert shown["step"] == rf"\Delta = \sqrt{{\frac{{2 c}}{{{slope.name}}}}}\, F^{{-1}} g"
    assert shown["gain"] == rf"g^\top \Delta = \sqrt{{2 c {slope.name}}}"
    assert shown["squared slope"] == rf"g^\top F^{{-1}} g = {sp.latex(found.squared_slope)}"
    assert sp.simplify(found.squared_slope - (found.g.T * found.F.inv() * found.g)[0]) == 0
    assert sp.simplify(found.multiplier - sp.sqrt(found.squared_slope / (2 * c))) == 0
    assert symbolic.steepest_step().F.shape == (2, 2)


def test_the_lagrange_problem_in_one_coordinate():
    found = symbolic.steepest_step(1)
    (F,), c = found.F, found.budget
    assert found.g[0].is_positive  # so that the square root of g^2 is g
    assert sp.simplify(found.step[0] - sp.sqrt(2 * c / F)) == 0
    assert sp.sstr(found.step[0]) == "sqrt(2)*sqrt(c)/sqrt(F_11)"
    assert symbolic.steepest_step(2).g[0].is_positive is None


def test_laws_are_written_with_their_letters():
    laws = symbolic.transformation_laws()
    assert [entry.name for entry in laws.J] == ["J_11", "J_12", "J_21", "J_22"]
    assert laws.differences == (laws.gradient, laws.metric, laws.vector)
    assert [what for what, _ in laws.steps] == ["covector", "metric", "vector"]
    assert all(
        formula.endswith(sp.latex(sp.zeros(*left.shape))) for (_, formula), left in zip(laws.steps, laws.differences)
    )


def test_information_about_a_function():
    mu = POISSON.chart().symbols[0]
    for function, expected in ((lambda m: 2 * sp.sqrt(m), 1), (sp.log, mu), (lambda m: m**3, 1 / (9 * mu**5))):
        assert sp.simplify(change_of_coordinate.information_about(POISSON, function) - expected) == 0
    lam = POISSON.chart("log-rate").symbols[0]
    assert change_of_coordinate.information_about(POISSON, lambda m: 2 * m, "log-rate") == sp.exp(lam) / 4
    with pytest.raises(ValueError, match="one parameter is needed: 'normal' has 2"):
        change_of_coordinate.information_about(families.get("normal"), sp.exp)


def test_gap_of_a_straight_step():
    (gap,) = symbolic.euler_gap()
    assert sp.sstr(gap) == "-v**2*Derivative(h(theta), (theta, 2))/(2*Derivative(h(theta), theta))"
    # two coordinates, h = (t1 + t2^2, t2 exp(t1)) at a point: the end of the step is right to second order
    t1, t2, v1, v2 = sp.symbols("theta_1 theta_2 v_1 v_2")
    h = [t1 + t2**2, t2 * sp.exp(t1)]
    found = symbolic.euler_gap(2)
    named = {sp.Function(f"h_{i + 1}")(t1, t2): h[i] for i in range(2)}
    point = {t1: sp.Rational(1, 3), t2: sp.Rational(-2, 5), v1: 2, v2: 3}
    c = found.subs(named).doit().subs(point)
    alpha = sp.Symbol("alpha")
    moved = [value + alpha * v + alpha**2 * end for value, v, end in zip((point[t1], point[t2]), (2, 3), c)]
    for component in h:
        straight = sum(sp.diff(component, t).subs(point) * v for t, v in ((t1, 2), (t2, 3)))
        left = (
            component.subs({t1: moved[0], t2: moved[1]}, simultaneous=True) - component.subs(point) - alpha * straight
        )
        assert abs(sp.diff(left, alpha).subs(alpha, 0).evalf()) < 1e-12
        assert abs(sp.diff(left, alpha, 2).subs(alpha, 0).evalf()) < 1e-12
    for d in (0, 4):
        with pytest.raises(ValueError, match=rf"d must be 1, 2 or 3 \(got {d}\)"):
            symbolic.euler_gap(d)


def test_no_antiderivative(monkeypatch):
    for found in (lambda f, t: sp.Integral(f, t), lambda f, t: t**3):
        monkeypatch.setattr(sp, "integrate", found)
        with pytest.raises(NotDerivable, match=r"no antiderivative of sqrt\(1/mu\) was found"):
            constant_coordinate(POISSON)


def test_coordinates_are_found_in_the_chart_asked_for():
    sigma, v = SCALE.chart("std").symbols[0], SCALE.chart("variance").symbols[0]
    assert sp.expand(constant_coordinate(SCALE) - sp.sqrt(2) * sp.log(sigma)) == 0
    assert sp.expand(sp.diff(constant_coordinate(SCALE, "variance"), v) * v) == sp.sqrt(2) / 2
    p = COIN.chart().symbols[0]
    assert abs(constant_coordinate(COIN).subs(p, sp.Rational(1, 4)).evalf() - sp.pi.evalf() / 3) < 1e-12


def test_series_of_a_step_stops_where_it_is_told_to():
    (sigma,) = SCALE.chart().symbols
    u = ALPHA * G * sigma / 2  # sigma exp(u), for a step along the logarithm of sigma
    for order in (2, 3, 4):
        expected = sigma * sum(u**n / sp.factorial(n) for n in range(order))
        assert sp.expand(euler_step_series(SCALE, "log-std", order) - expected) == 0
    assert euler_step_series(SCALE, "log-std") == euler_step_series(SCALE, "log-std", 3)
    with pytest.raises(ValueError, match=r"order must be at least 2 \(got 1\)"):
        euler_step_series(SCALE, "std", 1)
    with pytest.raises(ValueError, match="one parameter is needed: 'normal' has 2"):
        euler_step_series(families.get("normal"), "mean-std")
