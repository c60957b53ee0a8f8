"""Every displayed equation of chapter 04: Fisher is the curvature of KL."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.stats import norm

from ngtools import families, fisher, geometry
from ngtools.fisher.channels import binned, normal_location_cdf, through_channel
from ngtools.fisher.f_divergence import GENERATORS, f_divergence
from ngtools.fisher.third_order import cubic
from ngtools.geometry.half_plane import half_ellipse, normal_geodesic
from ngtools.geometry.kl_remainder import kl_along, kl_at, kl_remainder, slope
from ngtools.geometry.kl_series import kl_second_derivatives, kl_series
from ngtools.geometry.wasserstein import normal_quantile, wasserstein

NORMAL, GAMMA, POISSON = (families.get(name) for name in ("normal", "gamma", "poisson"))
COIN, LAPLACE, THREE = families.get("bernoulli"), families.get("laplace"), families.get("categorical", K=3)
SIZES = np.logspace(-2.5, -1, 7)
# (family, chart, point, direction): generic
CASES = [
    (GAMMA, "shape-rate", [2.1, 1.3], [0.7, 0.4]),
    (NORMAL, "mean-std", [0.3, 1.7], [0.5, 0.8]),
    (THREE, "minimal-logits", [0.4, -0.7], [0.6, 0.3]),
    (POISSON, "rate", [2.2], [1.0]),
]
IDS = [case[0].name for case in CASES]


# -- what the divergence is ---------------------------------------------------------------------------


@pytest.mark.claim("eq-kl-definition", how="numeric")
@pytest.mark.parametrize(("theta0", "theta1"), [((0.2, 0.9), (-0.5, 1.4)), ((1.0, 2.0), (0.0, 0.7))])
def test_the_stated_divergence_is_the_mean_log_ratio(theta0, theta1):
    def integrand(x):
        return norm.pdf(x, *theta0) * (norm.logpdf(x, *theta0) - norm.logpdf(x, *theta1))

    value = quad(integrand, theta0[0] - 12 * theta0[1], theta0[0] + 12 * theta0[1], epsabs=1e-13)[0]
    assert float(NORMAL.kl(theta0, theta1)) == pytest.approx(value, rel=1e-10)
    assert f_divergence(NORMAL, theta0, theta1, "KL(p||q)") == pytest.approx(value, rel=1e-10)


@pytest.mark.claim("eq-kl-nonnegative", how="numeric")
def test_the_divergence_is_positive_except_at_coincidence():
    rng = np.random.default_rng(4)
    points = np.column_stack([rng.normal(size=200), rng.uniform(0.2, 4, size=200)])
    assert (kl_at(NORMAL, [0.3, 1.7], points) > 0).all()
    assert float(NORMAL.kl([0.3, 1.7], [0.3, 1.7])) == 0
    assert float(GAMMA.kl([2.1, 1.3], [2.1, 1.3])) == pytest.approx(0, abs=1e-14)


@pytest.mark.claim("eq-kl-nonnegative-proof", how="exact")
def test_log_lies_below_its_tangent_and_a_part_of_q_may_be_unseen():
    u = sp.Symbol("u", positive=True)
    gap = u - 1 - sp.log(u)
    assert gap.subs(u, 1) == 0
    assert sp.solve(sp.diff(gap, u), u) == [1]
    assert sp.diff(gap, u, 2) == 1 / u**2  # convex: the minimum at 1 is the only zero
    # the generator that computes the divergence is this gap, as a function of log u
    for r in (-0.7, 0.0, 1.2):
        assert float(GENERATORS["KL(p||q)"](r)) == pytest.approx(float(gap.subs(u, np.exp(r))), rel=1e-5, abs=1e-7)


@pytest.mark.claim("eq-kl-no-triangle", how="exact")
def test_the_triangle_inequality_fails():
    points = [(sp.Integer(mean), sp.Integer(1)) for mean in (0, 1, 2)]
    direct = NORMAL.kl(points[0], points[2])
    detour = NORMAL.kl(points[0], points[1]) + NORMAL.kl(points[1], points[2])
    assert (sp.simplify(direct), sp.simplify(detour)) == (2, 1)


# -- second order -------------------------------------------------------------------------------------


@pytest.mark.claim("eq-kl-expansion", how="numeric")
@pytest.mark.parametrize(("family", "chart", "theta", "d"), CASES, ids=IDS)
@pytest.mark.parametrize("kind", ["old-new", "new-old"])
def test_what_the_quadratic_form_leaves_is_of_third_order(family, chart, theta, d, kind):
    # least squares over 1.5 decades: the fourth-order term bends the slope by a few hundredths
    assert slope(SIZES, kl_remainder(family, theta, d, SIZES, kind, chart)) == pytest.approx(3, abs=0.1)


@pytest.mark.claim("eq-kl-expansion-proof", how="numeric")
@pytest.mark.parametrize(("family", "chart", "theta", "d"), CASES, ids=IDS)
def test_mean_score_is_zero_and_minus_the_mean_hessian_is_the_curvature(family, chart, theta, d):
    assert fisher.mean_score(family, theta, chart) == pytest.approx(np.zeros(len(d)), abs=1e-12)
    assert fisher.by_curvature(family, theta, chart) == pytest.approx(fisher.by_kl(family, theta, chart), rel=1e-7)


@pytest.mark.claim("eq-kl-hessians", how="symbolic")
@pytest.mark.parametrize(
    ("family", "chart"),
    [(NORMAL, "natural"), (NORMAL, "mean-std"), (GAMMA, "shape-rate"), (POISSON, "log-rate"), (COIN, "angle")],
    ids=lambda value: getattr(value, "name", value),
)
def test_both_directions_share_the_hessian_and_the_mixed_one_is_minus_it(family, chart):
    found = kl_second_derivatives(family, chart)
    F = family.fisher(family.chart(chart).symbols, chart)
    zero = sp.zeros(*F.shape)
    for difference in (found.second - F, found.first - F, found.mixed + F):
        assert sp.simplify(difference) == zero


@pytest.mark.claim("eq-kl-hessians-proof", how="symbolic")
def test_zero_gradient_on_the_diagonal_ties_the_second_derivatives():
    # any smooth divergence near the diagonal: (b - a)^2 times an arbitrary function of a and b
    a, b, t = sp.symbols("a b t")
    D = (b - a) ** 2 * sp.Function("h")(a, b)
    on = {b: a}

    def at(expression):
        return sp.simplify(expression.doit().subs(on).doit())

    assert at(sp.diff(D, b)) == 0
    assert at(sp.diff(D, a)) == 0
    assert at(sp.diff(D, a, b) + sp.diff(D, b, 2)) == 0
    assert at(sp.diff(D, a, 2) + sp.diff(D, a, b)) == 0
    # and the divergence of a family has that form: value and gradient vanish on its diagonal
    symbol, other = sp.symbols("p q", positive=True)
    kl = COIN.kl((symbol,), (other,), "probability")
    for expression in (kl, sp.diff(kl, symbol), sp.diff(kl, other)):
        assert sp.simplify(expression.subs(other, symbol)) == 0


# -- third order --------------------------------------------------------------------------------------


def generic_finite_family():
    """Three outcomes with arbitrary smooth probabilities of s: (probabilities at 0, S, B), and both divergences."""
    s = sp.Symbol("s")
    p1, p2 = sp.Function("p_1")(s), sp.Function("p_2")(s)
    p = [p1, p2, 1 - p1 - p2]
    first = [sp.diff(sp.log(entry), s) for entry in p]
    second = [sp.diff(entry, s) for entry in first]
    S = sum(w * x**3 for w, x in zip(p, first))
    B = sum(w * x * y for w, x, y in zip(p, first, second))
    return s, p, S, B


@pytest.mark.claim("eq-cubic-proof", how="symbolic")
def test_third_derivatives_of_an_arbitrary_family_on_three_outcomes():
    s, p, S, B = generic_finite_family()
    q = [entry.subs(s, 0) for entry in p]  # held fixed while s moves
    old_new = sum(w * (sp.log(w) - sp.log(v)) for w, v in zip(q, p))
    new_old = sum(v * (sp.log(v) - sp.log(w)) for w, v in zip(q, p))

    def third(expression):
        return sp.diff(expression, s, 3).subs(s, 0).doit()

    S0, B0 = S.subs(s, 0).doit(), B.subs(s, 0).doit()
    assert sp.simplify(third(old_new) - (3 * B0 + S0)) == 0
    assert sp.simplify(third(new_old) - (3 * B0 + 2 * S0)) == 0
    information = sum(w * sp.diff(sp.log(w), s) ** 2 for w in p)
    assert sp.simplify(sp.diff(information, s) - (2 * B + S)) == 0


@pytest.mark.claim("eq-cubic-moments", "eq-cubic-coefficients", how="numeric")
@pytest.mark.parametrize(("family", "chart", "theta", "d"), CASES, ids=IDS)
def test_moments_predict_the_measured_cubic_coefficients(family, chart, theta, d):
    moments, s = cubic(family, theta, d, chart), 1e-3
    for kind, predicted in (("old-new", moments.old_new), ("new-old", moments.new_old)):
        ahead, behind = (kl_remainder(family, theta, d, [step], kind, chart)[0] for step in (s, -s))
        # the odd part removes the fourth-order term; what is left is of relative size s^2 and rounding 1e-16/s^3
        assert (ahead - behind) / (2 * s**3) == pytest.approx(predicted, rel=1e-4, abs=1e-6)


@pytest.mark.claim("eq-cubic-moments", how="numeric")
def test_the_skewness_is_a_tensor_and_the_bend_is_not():
    theta, d = np.array([0.3, 1.7]), np.array([0.5, 0.8])
    home = cubic(NORMAL, theta, d)
    for chart in ("mean-log-std", "natural", "expectation"):
        J = NORMAL.jacobian(theta, to=chart)
        there = cubic(NORMAL, NORMAL.convert(theta, to=chart), geometry.transform_vector(d, J), chart)
        assert there.skew == pytest.approx(home.skew, rel=1e-8)
        assert abs(there.bend - home.bend) > 0.01


@pytest.mark.claim("eq-cubic-ratio", how="symbolic")
@pytest.mark.parametrize(
    ("name", "chart", "ratio"),
    [
        ("bernoulli", "logit", 2),
        ("bernoulli", "probability", sp.Rational(1, 2)),
        ("bernoulli", "angle", -1),
        ("poisson", "log-rate", 2),
        ("poisson", "rate", sp.Rational(1, 2)),
        ("exponential", "rate", 2),
        ("exponential", "scale", sp.Rational(1, 2)),
        ("exponential", "log-rate", -1),
        ("zero-mean-normal", "precision", 2),
        ("zero-mean-normal", "variance", sp.Rational(1, 2)),
        ("zero-mean-normal", "log-std", -1),
        ("zero-mean-normal", "std", sp.Rational(1, 5)),  # none of the three: the chapter's warning
    ],
)
def test_ratio_of_the_cubic_coefficients(name, chart, ratio):
    assert kl_series(families.get(name), chart).cubic_ratio == ratio


@pytest.mark.claim("eq-cubic-ratio-proof", how="symbolic")
def test_bend_of_an_arbitrary_exponential_family():
    # KL(eta || eta + e) = L(eta + e) - L(eta) - e L'(eta), with L any cumulant function
    eta, e, m = sp.symbols("eta e m")
    L = sp.Function("Lambda")
    kl = L(eta + e) - L(eta) - e * sp.diff(L(eta), eta)
    back = L(eta) - L(eta + e) + e * sp.diff(L(eta + e), eta)

    def third(expression):
        return sp.simplify(sp.diff(expression, e, 3).doit().subs(e, 0).doit() / 6)

    L3 = sp.diff(L(eta), eta, 3)
    assert sp.simplify(third(kl) - L3 / 6) == 0  # (3B + S)/6 with B = 0
    assert sp.simplify(third(back) - L3 / 3) == 0
    # expectation coordinates: with v(m) the variance, S = v'/v^2 and B = -v'/v^2
    v, t = sp.Function("v")(m), sp.Symbol("t")
    score = (t - m) / v
    bend = sp.expand(score * sp.diff(score, m))
    mean = {t: m, t**2: m**2 + v}

    def expect(expression):
        poly = sp.Poly(sp.expand(expression), t)
        return sp.simplify(sum(c * mean.get(t**k, sp.Integer(1) if k == 0 else None) for (k,), c in poly.terms()))

    assert sp.simplify(expect(bend) + sp.diff(v, m) / v**2) == 0


@pytest.mark.claim("eq-jeffreys-cubic", how="numeric")
@pytest.mark.parametrize(("family", "chart", "theta", "d"), CASES, ids=IDS)
def test_the_symmetrised_divergence_keeps_a_quarter_of_the_slope_of_the_metric(family, chart, theta, d):
    theta, d, h, s = np.array(theta), np.array(d), 1e-4, 1e-3
    f = [d @ family.fisher(theta + step * d, chart) @ d for step in (h, -h)]
    ahead, behind = (kl_remainder(family, theta, d, [step], "symmetrised", chart)[0] for step in (s, -s))
    assert (ahead - behind) / (2 * s**3) == pytest.approx((f[0] - f[1]) / (2 * h) / 4, rel=1e-4, abs=1e-6)
    assert slope(SIZES, kl_remainder(family, theta, d, SIZES, "symmetrised", chart)) == pytest.approx(3, abs=0.1)
    for even in ("averaged over signs", "symmetrised about the midpoint"):
        assert slope(SIZES, kl_remainder(family, theta, d, SIZES, even, chart)) == pytest.approx(4, abs=0.1)


def test_a_normal_mean_leaves_nothing():
    assert np.abs(kl_remainder(NORMAL, [0.3, 1.7], [1.0, 0.0], SIZES)).max() <= 1e-15


@pytest.mark.claim("eq-laplace-kl", how="symbolic")
def test_laplace_location():
    gap = sp.Symbol("delta", positive=True)
    for sign in (1, -1):  # even in the shift
        kl = LAPLACE.kl((sp.Integer(0), sp.Integer(1)), (sign * gap, sp.Integer(1)))
        assert sp.simplify(kl - (sp.exp(-gap) + gap - 1)) == 0
    assert sp.series(kl, gap, 0, 4).removeO() == gap**2 / 2 - gap**3 / 6
    remainder = kl_remainder(LAPLACE, [0.0, 1.0], [1.0, 0.0], SIZES, "averaged over signs")
    assert slope(SIZES, remainder) == pytest.approx(3, abs=0.05)


# -- balls --------------------------------------------------------------------------------------------


@pytest.mark.claim("eq-fisher-ellipse", how="numeric")
def test_the_ellipse_and_the_level_sets_it_approximates():
    theta, c = np.array([2.1, 1.3]), 0.01
    F = fisher.stated(GAMMA, theta)
    gap = geometry.ellipse(F, theta, c, 400) - theta
    assert np.einsum("ni,ij,nj->n", gap, F, gap) / 2 == pytest.approx(np.full(400, c), rel=1e-10)
    kappa, vectors = np.linalg.eigh(F)
    for value, vector in zip(kappa, vectors.T):
        # 400 points: the extreme one lies within a relative 1e-4 of the axis
        assert (gap @ vector).max() == pytest.approx(np.sqrt(2 * c / value), rel=2e-4)
    for direction in ("old-new", "new-old"):
        level = geometry.kl_ball(GAMMA, theta, c, direction=direction)
        assert kl_at(GAMMA, theta, level, direction) == pytest.approx(np.full(len(level), c), rel=1e-8)
        errors = [
            np.abs(kl_at(GAMMA, theta, geometry.ellipse(F, theta, r), direction) / r - 1).max() for r in (1e-6, 1e-4)
        ]
        assert slope([1e-6, 1e-4], errors) == pytest.approx(0.5, abs=0.05)  # relative error ~ sqrt(c)


# -- data processing ----------------------------------------------------------------------------------


@pytest.mark.claim("eq-data-processing", how="numeric")
def test_no_channel_adds_information():
    rng = np.random.default_rng(4)
    F = fisher.stated(THREE, [0.4, -0.7])
    for size in (2, 3, 5):
        for _ in range(20):
            W = rng.dirichlet(np.full(size, 0.5), size=3)
            G = through_channel(THREE, [0.4, -0.7], W)
            assert np.linalg.eigvalsh(F - G)[0] > -1e-12
    same = through_channel(THREE, [0.4, -0.7], np.eye(3)[[1, 2, 0]])
    split = through_channel(THREE, [0.4, -0.7], np.kron(np.eye(3), [[0.3, 0.7]]))
    assert same == pytest.approx(F, rel=1e-12)
    assert split == pytest.approx(F, rel=1e-12)


@pytest.mark.claim("eq-data-processing-proof", how="exact")
def test_the_loss_is_the_mean_conditional_covariance_of_the_score():
    theta = np.array([0.4, -0.7])
    W = np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
    psi = fisher.scores(THREE, theta, np.arange(3))
    p = np.exp(THREE.log_density(np.arange(3), theta))
    loss = np.zeros((2, 2))
    for column in W.T:
        q = p @ column
        posterior = p * column / q
        centred = psi - posterior @ psi
        loss += q * (centred.T * posterior) @ centred
    assert fisher.stated(THREE, theta) - through_channel(THREE, theta, W) == pytest.approx(loss, rel=1e-12)


@pytest.mark.claim("eq-sign-information", how="numeric")
@pytest.mark.parametrize("mean", [0.0, 0.4, -1.3])
def test_information_of_one_bit(mean):
    for cut in (mean, 0.0, 1.1):
        z = cut - mean
        expected = norm.pdf(z) ** 2 / (norm.cdf(z) * norm.sf(z))
        found = binned(normal_location_cdf, [mean], [cut])[0, 0]
        assert found == pytest.approx(expected, rel=1e-10)
        assert found <= 2 / np.pi + 1e-12
    assert binned(normal_location_cdf, [0.0], [0.0])[0, 0] == pytest.approx(2 / np.pi, rel=1e-12)


@pytest.mark.claim("eq-chentsov", how="numeric")
def test_the_fisher_form_is_preserved_by_splitting_and_others_are_not():
    rng = np.random.default_rng(4)
    p, v = np.array([0.2, 0.3, 0.5]), np.array([1.0, -0.4, -0.6])
    W = np.zeros((3, 6))
    for i in range(3):
        W[i, 2 * i : 2 * i + 2] = rng.dirichlet([1.0, 1.0])
    form = (v**2 / p).sum()
    G = through_channel(THREE, p[:2], W, "probabilities")
    assert v[:2] @ fisher.stated(THREE, p[:2], "probabilities") @ v[:2] == pytest.approx(form, rel=1e-12)
    assert v[:2] @ G @ v[:2] == pytest.approx(form, rel=1e-12)
    for power in (0.0, 0.5, 2.0):  # sum v^2 / p^power is another metric
        before, after = (v**2 / p**power).sum(), ((v @ W) ** 2 / (p @ W) ** power).sum()
        assert abs(after / before - 1) > 0.1


@pytest.mark.claim("eq-chentsov-proof", how="exact")
def test_splitting_a_rational_point_to_the_uniform_one():
    k, v = (3, 2, 1), sp.Matrix([1, -sp.Rational(1, 3), -sp.Rational(2, 3)])
    N = sum(k)
    split = sp.Matrix(
        [[sp.Rational(1, k[i]) if i == j else 0 for j in range(3) for _ in range(k[j])] for i in range(3)]
    )
    p, image = sp.Matrix([sp.Rational(entry, N) for entry in k]), split.T * v
    assert split.T * p == sp.ones(N, 1) / N
    uniform = N * sum(entry**2 for entry in image)
    assert uniform == sum(v[i] ** 2 / p[i] for i in range(3))
    found = through_channel(THREE, [0.5, 1 / 3], np.array(split, dtype=float), "probabilities")
    w = np.array(v[:2], dtype=float).ravel()
    assert w @ found @ w == pytest.approx(float(uniform), rel=1e-12)
    # the symmetric forms invariant under permutations are a sum v^2 + b (sum v)^2, one factor on sum-zero vectors
    entries = sp.symbols("g0:6")
    M = sp.Matrix(3, 3, lambda i, j: entries[(0, 1, 2, 1, 3, 4, 2, 4, 5)[3 * i + j]])
    swaps = [sp.Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 1]]), sp.Matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])]
    solution = sp.solve([entry for P in swaps for entry in P.T * M * P - M], entries, dict=True)[0]
    zero_sum = sp.Matrix([sp.Symbol("x"), sp.Symbol("y"), -sp.Symbol("x") - sp.Symbol("y")])
    form = sp.factor((zero_sum.T * M.subs(solution) * zero_sum)[0] / sum(entry**2 for entry in zero_sum))
    assert not form.free_symbols & {sp.Symbol("x"), sp.Symbol("y")}


@pytest.mark.claim("eq-f-divergence", how="numeric")
@pytest.mark.parametrize("name", GENERATORS)
def test_f_divergences_share_the_quadratic_term(name):
    theta, d = np.array([2.1, 1.3]), np.array([0.7, 0.4])
    half = SIZES**2 * (d @ fisher.stated(GAMMA, theta) @ d) / 2
    values = np.array([f_divergence(GAMMA, theta, theta + s * d, name) for s in SIZES])
    assert slope(SIZES, values - half) == pytest.approx(3, abs=0.1)


@pytest.mark.claim("eq-wasserstein-normal", how="numeric")
def test_wasserstein_of_two_normals_and_its_dependence_on_units():
    for p, q in (((0.0, 1.0), (2.0, 1.5)), ((0.3, 0.01), (0.4, 0.01))):
        found = wasserstein(normal_quantile(*p), normal_quantile(*q))
        assert found**2 == pytest.approx((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2, rel=1e-8)
        hundred = [tuple(100 * value for value in pair) for pair in (p, q)]  # metres to centimetres
        assert wasserstein(*(normal_quantile(*pair) for pair in hundred)) == pytest.approx(100 * found, rel=1e-8)
        assert float(NORMAL.kl(*hundred)) == pytest.approx(float(NORMAL.kl(p, q)), rel=1e-12)


# -- distance -----------------------------------------------------------------------------------------


@pytest.mark.claim("eq-fisher-rao", how="numeric")
def test_the_distance_is_the_least_length_and_a_distance():
    p, q, r = [0.0, 1.0], [2.0, 1.0], [1.0, 0.5]
    d = geometry.distance(NORMAL, p, q).value
    best = normal_geodesic(p, q, 801)
    assert geometry.length(NORMAL, best) == pytest.approx(d, rel=1e-5)
    bump = np.sin(np.linspace(0, np.pi, 801))[:, None] * np.array([0.05, -0.05])
    for other in (best + bump, best - bump, np.array([p, q]), np.array([p, r, q])):
        assert geometry.length(NORMAL, other) > d
    assert geometry.distance(NORMAL, q, p).value == pytest.approx(d, rel=1e-12)
    assert d < geometry.distance(NORMAL, p, r).value + geometry.distance(NORMAL, r, q).value
    there = [NORMAL.convert(point, to="natural") for point in (p, q)]
    assert geometry.distance(NORMAL, *there, chart="natural").value == pytest.approx(d, rel=1e-9)


@pytest.mark.claim("eq-half-ellipse", how="symbolic")
def test_half_ellipses_solve_the_geodesic_equation():
    # the curve that normal_geodesic samples, with t = arc length / sqrt(2)
    t, c, R = sp.symbols("t c R", positive=True)
    mu, sigma = c + R * sp.tanh(t), R / (sp.sqrt(2) * sp.cosh(t))
    assert sp.simplify((mu - c) ** 2 + 2 * sigma**2 - R**2) == 0
    x, y = NORMAL.chart().symbols
    F = NORMAL.fisher((x, y))
    lagrangian_speed = F[0, 0].subs(y, sigma) * sp.diff(mu, t) ** 2 + F[1, 1].subs(y, sigma) * sp.diff(sigma, t) ** 2
    assert sp.simplify(lagrangian_speed.rewrite(sp.exp) - 2) == 0
    # Euler-Lagrange of F_mm mu'^2 + F_ss sigma'^2: momentum in mu is constant
    assert sp.simplify(sp.diff(F[0, 0].subs(y, sigma) * sp.diff(mu, t), t).rewrite(sp.exp)) == 0
    for p, q in (((0.0, 1.0), (2.0, 1.0)), ((2.0, 0.5), (-1.0, 3.0))):
        arc = half_ellipse(p, q)
        for mean, std in (p, q, *normal_geodesic(p, q, 7)):
            assert (mean - arc.centre) ** 2 + 2 * std**2 == pytest.approx(arc.radius**2, rel=1e-12)
        assert arc.centre == pytest.approx((p[0] + q[0]) / 2 + (q[1] ** 2 - p[1] ** 2) / (q[0] - p[0]), rel=1e-12)


@pytest.mark.claim("eq-normal-distance", how="numeric")
@pytest.mark.parametrize(("p", "q"), [((0.0, 1.0), (2.0, 1.0)), ((0.0, 1.0), (2.0, 1.5)), ((0.5, 0.3), (0.5, 2.0))])
def test_distance_of_two_normals(p, q):
    formula = np.sqrt(2) * np.arccosh(1 + ((p[0] - q[0]) ** 2 / 2 + (p[1] - q[1]) ** 2) / (2 * p[1] * q[1]))
    assert geometry.distance(NORMAL, p, q).value == pytest.approx(formula, rel=1e-10)
    assert geometry.distance(NORMAL, p, q, shooting=True).value == pytest.approx(formula, rel=1e-8)


@pytest.mark.claim("eq-half-ellipse-proof", how="symbolic")
def test_the_metric_in_polar_coordinates_and_the_length_of_the_arc():
    c, rho, a = sp.symbols("c rho a", positive=True)
    x, y = NORMAL.chart().symbols
    mu, sigma = c + sp.sqrt(2) * rho * sp.cos(a), rho * sp.sin(a)
    J = sp.Matrix([mu, sigma]).jacobian([rho, a])
    metric = sp.simplify(J.T * NORMAL.fisher((x, y)).subs({x: mu, y: sigma}) * J)
    assert sp.simplify(metric - sp.diag(2 / (rho**2 * sp.sin(a) ** 2), 2 / sp.sin(a) ** 2)) == sp.zeros(2)
    assert sp.simplify(sp.diff(sp.log(sp.tan(a / 2)), a) - 1 / sp.sin(a)) == 0
    p, q = (0.0, 1.0), (2.0, 1.5)
    arc = half_ellipse(p, q)
    angles = [np.arctan2(np.sqrt(2) * std, mean - arc.centre) for mean, std in (p, q)]
    length = np.sqrt(2) * abs(np.log(np.tan(angles[1] / 2) / np.tan(angles[0] / 2)))
    assert geometry.distance(NORMAL, p, q).value == pytest.approx(length, rel=1e-10)


@pytest.mark.claim("eq-kl-distance", how="numeric")
@pytest.mark.parametrize(("family", "chart", "theta", "d"), CASES[1:], ids=IDS[1:])
def test_kl_against_half_the_squared_distance(family, chart, theta, d):
    theta, d = np.array(theta), np.array(d)
    half = np.array([geometry.distance(family, theta, theta + s * d, chart).value ** 2 / 2 for s in SIZES])
    S = cubic(family, theta, d, chart).skew
    for kind, sign in (("old-new", -1), ("new-old", 1)):
        rest = kl_along(family, theta, d, SIZES, kind, chart) - half
        assert slope(SIZES, rest) == pytest.approx(3, abs=0.1)
        # at the smallest step the next order is a relative 1 %
        assert rest[0] / SIZES[0] ** 3 == pytest.approx(sign * S / 12, rel=0.02)
    mean = kl_along(family, theta, d, SIZES, "symmetrised", chart) - half
    assert slope(SIZES, mean) == pytest.approx(4, abs=0.1)


@pytest.mark.claim("eq-kl-distance-proof", how="symbolic")
@pytest.mark.parametrize(("name", "chart", "unit"), [("bernoulli", "angle", 1), ("zero-mean-normal", "log-std", 2)])
def test_cubic_terms_in_a_coordinate_of_constant_information(name, chart, unit):
    S, B = sp.symbols("S B")
    half = {B: -S / 2}
    assert sp.expand(((3 * B + S) / 6).subs(half)) == -S / 12
    assert sp.expand(((3 * B + 2 * S) / 6).subs(half)) == S / 12
    family = families.get(name)
    series = kl_series(family, chart)
    assert series.old_new[2] == series.new_old[2] == sp.Rational(unit, 2)
    assert sp.simplify(series.old_new[3] + series.new_old[3]) == 0
    at = family.convert(family.points[0], to=chart)
    skew = cubic(family, at, [1.0], chart).skew
    assert float(series.new_old[3].subs(series.symbol, at[0])) == pytest.approx(skew / 12, rel=1e-9)
