"""The equations of chapter 05: the lines on which the verification rests, and the patterns of the gallery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special

from ngtools import families, fisher, geometry, symbolic
from ngtools.engines import SYMPY
from ngtools.gallery import entry, one_row
from ngtools.symbolic.laws.log_partition import split
from ngtools.symbolic.laws.transform import gamma_law
from ngtools.symbolic.zero import residual

GAMMA = families.get("gamma")
COUNTS = {
    "poisson": {},
    "geometric": {},
    "negative-binomial": {"r": 4},
    "binomial": {"n": 7},
}
LOCATION_SCALE = [families.get(name) for name in ("normal", "cauchy", "laplace", "logistic", "gumbel")]
LOCATION_SCALE.append(families.get("student-t", df=5))


@pytest.mark.claim("eq-gallery-base-law", how="symbolic")
@pytest.mark.parametrize("chart", GAMMA.charts)
def test_density_and_map_fit_the_base_law(chart):
    k, other = GAMMA.chart(chart).symbols
    z, home = sp.Symbol("z", positive=True), GAMMA.chart(chart).home_symbolic()
    x = GAMMA.law.map(z, home, SYMPY)
    left = GAMMA.formulas.log_density(x, home, SYMPY) + sp.log(sp.diff(x, z))
    right = (k - 1) * sp.log(z) - z - sp.loggamma(k)
    assert residual(left - right) == 0
    # and the verdict rests on it: a constant too much is seen there and nowhere else
    p = GAMMA.formulas.log_density
    more = replace(GAMMA, formulas=replace(GAMMA.formulas, log_density=lambda x, t, m: p(x, t, m) + m.log(2)))
    found = symbolic.verdict(more, chart)
    assert (found.normalised, found.mean_score, found.by_score, found.by_hessian) == (False, True, True, True)


@pytest.mark.claim("eq-gallery-gamma-moments", how="numeric")
@pytest.mark.parametrize(("r", "n"), [(0, 1), (0, 2), (1, 0), (2, 1), (-1, 2), (0.5, 1)])
def test_moments_of_powers_and_logarithms(r, n):
    k = 2.3
    table = gamma_law(sp.Rational(23, 10)).moment((sp.Rational(r).limit_denominator(),), (n,))

    def integrand(t):  # z = e^t, which has no singularity at 0
        return np.exp((k + r) * t - np.exp(t)) * t**n / special.gamma(k)

    value = integrate.quad(integrand, -60, 6, epsabs=1e-13, limit=300)[0]
    # quad promises 1e-13; the integrand is cut where it is below 1e-30
    assert float(table) == pytest.approx(value, rel=1e-10)
    shift = sp.Symbol("shift")
    derivative = sp.diff(sp.gamma(sp.Rational(23, 10) + shift), shift, n).subs(shift, r) / sp.gamma(sp.Rational(23, 10))
    assert float(derivative.evalf()) == pytest.approx(value, rel=1e-10)


@pytest.mark.claim("eq-gallery-counting", how="symbolic")
@pytest.mark.parametrize("name", COUNTS)
def test_recurrence_and_generating_function_belong_together(name):
    family = families.get(name, **COUNTS[name])
    theta, u = family.chart().home_symbolic(), sp.Symbol("u", positive=True)
    A, B = family.law.details["ratio"](theta, SYMPY)
    G = family.law.details["generating"](u, theta, SYMPY)
    point = {symbol: sp.Rational(3, 10) for symbol in family.chart().symbols}
    assert sp.simplify((1 - B * u) * sp.diff(G, u) - A * G) == 0
    assert sp.simplify(G.subs(u, 1) - 1) == 0
    for y in range(5):  # the coefficients are the probabilities, and obey the recurrence
        probability = [
            sp.exp(family.formulas.log_density(family.law.map(i, theta, SYMPY), theta, SYMPY)).subs(point).evalf()
            for i in (y, y + 1)
        ]
        coefficient = (sp.diff(G, u, y) / sp.factorial(y)).subs(u, 0).subs(point)
        assert float(coefficient) == pytest.approx(float(probability[0]), rel=1e-12)
        step = (A + B * y).subs(point) * probability[0]
        assert float((y + 1) * probability[1]) == pytest.approx(float(step), rel=1e-12, abs=1e-15)


@pytest.mark.claim("eq-gallery-log-partition", how="symbolic")
@pytest.mark.parametrize("name", ["von-mises", "inverse-gaussian", "gamma", "normal"])
def test_fisher_matrix_from_the_log_partition_function(name):
    found = symbolic.derivation(families.get(name))
    parts = split(found.log_density, found.x[0], found.theta)
    C = sp.Matrix(parts.coefficients).jacobian(found.theta)
    gradient = sp.Matrix([sp.diff(parts.log_partition, t) for t in found.theta])
    m = C.T.LUsolve(gradient)
    F = C.T * m.jacobian(found.theta)
    assert symbolic.tidy(F - found.stated).applyfunc(sp.simplify).is_zero_matrix
    # the other line: minus the mean Hessian, without an integral
    hessians = [sp.hessian(c, found.theta) for c in parts.coefficients]
    curvature = sp.hessian(parts.log_partition, found.theta) - sum(
        (mean * H for mean, H in zip(m, hessians)), sp.zeros(len(found.theta))
    )
    assert (curvature - F).applyfunc(sp.simplify).is_zero_matrix


@pytest.mark.claim("eq-gallery-null", how="symbolic")
@pytest.mark.parametrize("K", [3, 4])
def test_one_direction_of_the_logits_changes_nothing(K):
    family = families.get("categorical", K=K)
    symbols = family.chart("logits").symbols
    F = sp.Matrix(family.fisher(symbols, "logits"))
    assert (F * sp.ones(K, 1)).applyfunc(sp.simplify).is_zero_matrix
    point = 0.4 * np.arange(K) - 0.7
    numbers = fisher.by_score(family, point, "logits")
    assert fisher.stated(family, point, "logits") == pytest.approx(numbers, rel=1e-12, abs=1e-15)
    assert np.abs(numbers.sum(axis=1)).max() < 1e-14
    assert np.linalg.matrix_rank(numbers, tol=1e-12) == K - 1


@pytest.mark.claim("eq-gallery-constant", how="symbolic")
@pytest.mark.parametrize(("name", "chart"), [("poisson", "rate"), ("bernoulli", "probability"), ("pareto", "shape")])
def test_slope_of_the_constant_coordinate(name, chart):
    family = families.get(name)
    (theta,), phi = family.chart(chart).symbols, symbolic.constant_coordinate(family, chart)
    F = sp.Matrix(family.fisher((theta,), chart))[0]
    for value in (sp.Rational(1, 5), sp.Rational(2, 3)):
        slope = sp.diff(phi, theta).subs(theta, value)
        assert float(F.subs(theta, value) / slope**2) == pytest.approx(1, rel=1e-14)
    # its differences are Fisher-Rao distances
    far = float(abs(phi.subs(theta, 0.7) - phi.subs(theta, 0.2)))
    assert geometry.distance(family, [0.2], [0.7], chart=chart).value == pytest.approx(far, rel=1e-9)


@pytest.mark.claim("eq-gallery-location-scale", how="numeric")
@pytest.mark.parametrize("family", LOCATION_SCALE, ids=lambda family: family.name)
def test_location_scale_families_share_one_form(family):
    mu, s = family.chart().symbols
    C = s**2 * sp.Matrix(family.fisher((mu, s)))
    assert not C.applyfunc(sp.simplify).free_symbols
    even = family.name != "gumbel"
    assert (sp.simplify(C[0, 1]) == 0) == even

    # C from the standard density alone; its derivative by SymPy, the expectation by quadrature
    z = sp.Symbol("z", real=True)
    log_g = family.formulas.log_density(z, (sp.Integer(0), sp.Integer(1)), SYMPY)
    slope = sp.diff(log_g, z).replace(sp.sign, lambda e: sp.Piecewise((1, e > 0), (-1, True)))
    g, l1 = sp.lambdify(z, sp.exp(log_g)), sp.lambdify(z, slope)
    terms = [lambda x: l1(x) ** 2, lambda x: l1(x) * (1 + x * l1(x)), lambda x: (1 + x * l1(x)) ** 2]

    # z = sinh t turns tails like a power into exponential ones; light tails end before the density underflows
    ends = ((-60, 0), (0, 60)) if family.name in ("cauchy", "student-t") else ((-4.5, 0), (0, 6.5))

    def mean(term):
        def integrand(t):
            return np.nan_to_num(g(np.sinh(t)) * term(np.sinh(t))) * np.cosh(t)

        with np.errstate(all="ignore"):  # far out the density is 0 and the slope may overflow
            return sum(integrate.quad(integrand, *end, limit=400)[0] for end in ends)

    found = [mean(term) for term in terms]
    expected = [float(C[0, 0]), float(C[0, 1]), float(C[1, 1])]
    # beyond the ends, at -45 and 330 for light tails, lies less than 1e-18; quad promises 1.5e-8
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-8)


@pytest.mark.claim("eq-gallery-left", how="numeric")
def test_what_is_left_of_the_information():
    for family, point in (
        (GAMMA, [2.3, 1.4]),
        (families.get("gumbel"), [0.5, 1.3]),
        (families.get("beta"), [2.2, 3.1]),
    ):
        F = fisher.by_score(family, point)
        left = 1 / geometry.cramer_rao(family, point)[0, 0]
        assert left == pytest.approx(F[0, 0] - F[0, 1] ** 2 / F[1, 1], rel=1e-8)
        assert left < F[0, 0]
    shape = [
        1 / geometry.cramer_rao(GAMMA, GAMMA.convert([2.3, 1.4], to=chart), chart=chart)[0, 0] for chart in GAMMA.charts
    ]
    assert shape == pytest.approx([shape[0]] * 3, rel=1e-10)
    diagonal = fisher.stated(GAMMA, GAMMA.convert([2.3, 1.4], to="shape-mean"), "shape-mean")
    assert shape[2] == pytest.approx(diagonal[0, 0], rel=1e-10)


@pytest.mark.claim("eq-gallery-mixed", how="symbolic")
def test_mixed_charts_are_orthogonal():
    # in general, with numbers for the blocks' entries left free
    P, Q, R, one, two, m2 = sp.symbols("P Q R one two m2")
    form = P * one**2 + 2 * Q * one * two + R * two**2
    mixed = form.subs(two, (m2 - Q * one) / R)
    assert sp.simplify(mixed - (P - Q**2 / R) * one**2 - m2**2 / R) == 0
    # the three instances of the page, and that the second coordinate is a mean of T_2
    for name, chart, statistic, natural in (
        ("gamma", "shape-mean", 1, 0),
        ("normal", "mean-precision", 0, 1),
        ("inverse-gaussian", "mean-shape", 0, 1),
    ):
        found = symbolic.derivation(families.get(name), chart)
        assert found.stated[0, 1].simplify() == 0
        x = found.x[0]
        T = sp.Matrix([sp.log(x), x]) if name == "gamma" else sp.Matrix([x, 1 / x if "inverse" in name else x**2])
        c = [found.log_density.expand().coeff(each) for each in T]
        moving, mean = found.theta[natural], found.theta[1 - natural]
        # the natural parameter moves with its own coordinate only, and E T of the other statistic is the other one
        assert sp.diff(c[natural], moving).simplify() != 0
        assert sp.diff(c[natural], mean).simplify() == 0
        assert symbolic.tidy(found.reading.expect(T[statistic])) == mean


@pytest.mark.claim("eq-gallery-ends", how="numeric")
def test_both_ends_of_a_shape_and_of_a_concentration():
    known, unknown = entry(GAMMA), entry(GAMMA, "shape-mean")
    circle = families.get("von-mises")
    # the next terms are of relative order k at the small end, 1/k and 1/kappa at the large one
    small, large = 1e-4, 1e4
    assert small**2 * known.along(small, 1.0)[0, 0, 0] == pytest.approx(1, rel=1e-3)
    assert small**2 * unknown.along(small, 1.0)[0, 0, 0] == pytest.approx(1, rel=1e-3)
    assert large * known.along(large, 1.0)[0, 0, 0] == pytest.approx(1, rel=1e-3)
    assert large**2 * unknown.along(large, 1.0)[0, 0, 0] == pytest.approx(0.5, rel=1e-3)
    near, far = (fisher.by_score(circle, [0.3, kappa]) for kappa in (1e-2, 1e3))
    assert near[1, 1] == pytest.approx(0.5, rel=1e-3)
    assert near[0, 0] / 1e-4 == pytest.approx(0.5, rel=1e-3)
    assert 1e6 * far[1, 1] == pytest.approx(0.5, rel=3e-3)
    assert far[0, 0] / 1e3 == pytest.approx(1, rel=1e-3)
    for kappa, by_integral in ((1e-2, near), (1e2, fisher.by_score(circle, [0.3, 1e2]))):
        assert entry(circle).along(0.3, kappa)[0] == pytest.approx(by_integral, rel=1e-8, abs=1e-12)


@pytest.mark.claim("eq-gallery-rows", how="numeric")
@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("linear-regression", lambda u: 1 / 0.75**2 + 0 * u),
        ("logistic-regression", lambda u: special.expit(u) * special.expit(-u)),
        ("poisson-regression", np.exp),
    ],
)
def test_regressions_are_totals_over_rows(name, weight):
    X, w = np.array([[1.0, 0.5], [1.0, -1.25], [1.0, 2.0]]), np.array([0.3, -0.7])
    family = families.get(name, X=X, **({"sigma": 0.75} if "linear" in name else {}))
    expected = (X.T * weight(X @ w)) @ X
    assert fisher.stated(family, w) == pytest.approx(expected, rel=1e-12)
    assert fisher.by_score(family, w) == pytest.approx(expected, rel=1e-9)
    assert sp.Matrix(one_row(family).fisher(family.chart().symbols)).rank() == 1
