"""The displayed equations of chapter 03."""

import itertools

import jax
import numpy as np
import pytest
import scipy.stats
import sympy as sp

from ngtools import data, families, fisher, geometry, symbolic
from ngtools.fisher import estimators

REGULAR = [
    ("normal", (0.3, 1.7)),
    ("gamma", (2.3, 1.4)),
    ("cauchy", (0.2, 0.8)),
    ("poisson", (2.5,)),
    ("bernoulli", (0.3,)),
    ("von-mises", (0.4, 1.8)),
]
regular = pytest.mark.parametrize(("name", "theta"), REGULAR, ids=[name for name, _ in REGULAR])
x, z = sp.symbols("x z", real=True)
sigma, s = sp.symbols("sigma s", positive=True)
STANDARD_NORMAL = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)


def gaussian_mean(expression):
    """E over z ~ N(0, 1), by integration."""
    return sp.simplify(sp.integrate(sp.expand(expression) * STANDARD_NORMAL, (z, -sp.oo, sp.oo)))


@pytest.mark.claim("eq-relative-change", how="numeric")
@regular
def test_a_small_nudge_changes_the_distribution_by_the_quadratic_form(name, theta):
    family, direction = families.get(name), np.array([1.0, 0.5])[: len(theta)]
    form = direction @ fisher.stated(family, theta) @ direction
    errors = []
    for t in (0.02, 0.01):
        errors.append(abs(fisher.relative_change(family, theta, t * direction) / t**2 - form) / form)
    assert errors[1] < 0.03  # first order in t, with a coefficient of order one
    assert errors[1] < 0.7 * errors[0] or errors[1] < 1e-3  # and it vanishes with t (a coin has no error at all)


@pytest.mark.claim("eq-score", how="numeric")
@regular
def test_the_score_is_the_relative_derivative_of_the_density(name, theta):
    family, h = families.get(name), 1e-5
    sample = np.asarray(family.sample(theta, 6, np.random.default_rng(0)))
    psi = fisher.scores(family, theta, sample)
    for i, unit in enumerate(np.eye(len(theta))):
        up, down = (np.exp(family.log_density(sample, np.array(theta) + sign * h * unit)) for sign in (1, -1))
        relative = (up - down) / (2 * h) / np.exp(family.log_density(sample, theta))
        assert psi[:, i] == pytest.approx(relative, rel=1e-6, abs=1e-8)  # central difference: h^2 and eps/h


@pytest.mark.claim("eq-fisher-definition", how="numeric")
@regular
def test_the_definition_by_quadrature_is_the_closed_form(name, theta):
    family = families.get(name)
    assert fisher.by_score(family, theta) == pytest.approx(fisher.stated(family, theta), rel=1e-7, abs=1e-9)


@pytest.mark.claim("eq-fisher-definition", how="symbolic")
def test_the_definition_integrated_by_hand_for_the_normal():
    mu = sp.Symbol("mu", real=True)
    family = families.get("normal")
    log_p = family.log_density(x, (mu, sigma))
    psi = sp.Matrix([sp.diff(log_p, t) for t in (mu, sigma)]).subs(x, mu + sigma * z)
    assert (psi * psi.T).applyfunc(gaussian_mean) == sp.diag(1 / sigma**2, 2 / sigma**2)
    assert sp.Matrix(family.fisher((mu, sigma))) == sp.diag(1 / sigma**2, 2 / sigma**2)
    assert symbolic.fisher(family) == sp.diag(1 / sp.Symbol("sigma", positive=True) ** 2, 2 / sigma**2)


@pytest.mark.claim("eq-zero-mean-score", how="numeric")
@regular
def test_the_score_has_mean_zero(name, theta):
    family = families.get(name)
    deviation = np.sqrt(np.diag(fisher.by_score(family, theta)))
    assert np.abs(fisher.mean_score(family, theta) / deviation).max() < 1e-9


@pytest.mark.claim("eq-three-identities", "eq-three-identities-proof", how="numeric")
@regular
def test_three_ways_to_one_matrix(name, theta):
    family = families.get(name)
    F = fisher.by_score(family, theta)
    scale = np.sqrt(np.outer(np.diag(F), np.diag(F)))
    assert np.abs(fisher.by_curvature(family, theta) - F).max() <= 1e-7 * scale.max()
    assert np.abs(fisher.by_kl(family, theta) - F).max() <= 1e-7 * scale.max()
    with jax.enable_x64(True):
        slope = jax.grad(lambda phi: family.kl(np.array(theta), phi))(np.array(theta))
    assert np.abs(np.asarray(slope)).max() < 1e-9  # minus the mean score


@pytest.mark.claim("eq-three-identities-proof", how="symbolic")
def test_the_hessian_of_a_logarithm():
    a, b = sp.symbols("a b", real=True)
    p = sp.Function("p", positive=True)(a, b)
    psi = sp.Matrix([sp.diff(p, t) / p for t in (a, b)])
    claimed = sp.hessian(p, (a, b)) / p - psi * psi.T
    assert (sp.hessian(sp.log(p), (a, b)) - claimed).applyfunc(sp.simplify) == sp.zeros(2, 2)


@pytest.mark.claim("eq-sensitivity", how="numeric")
def test_the_quadratic_form_is_the_variance_of_a_combined_score():
    family, theta, rng = families.get("gamma"), [2.3, 1.4], np.random.default_rng(1)
    F = fisher.stated(family, theta)
    draws = np.asarray(family.sample(theta, 200_000, rng))
    for v in ([1.0, 0.0], [1.0, -1.0], [0.5, 1.0]):
        combined = fisher.scores(family, theta, draws) @ v
        error = np.std((combined - combined.mean()) ** 2) / np.sqrt(len(draws))
        assert combined.var() == pytest.approx(np.array(v) @ F @ v, abs=4 * error)


@pytest.mark.claim("eq-sensitivity", how="exact")
def test_a_direction_that_changes_nothing_has_form_zero():
    softmax, logits, ones = families.get("categorical", K=3), np.array([1.0, 0.0, -1.0]), np.ones(3)
    F = fisher.stated(softmax, logits, chart="logits")
    outcomes = np.arange(3)
    assert np.linalg.eigvalsh(F)[0] > -1e-12
    assert ones @ F @ ones == pytest.approx(0, abs=1e-14)
    probability = np.exp(softmax.log_density(outcomes, logits, chart="logits"))
    psi = fisher.scores(softmax, logits, outcomes, chart="logits")
    for v in np.eye(3):  # the variance, as a sum over the three outcomes
        assert v @ F @ v == pytest.approx(probability @ (psi @ v) ** 2, rel=1e-12)
    assert fisher.scores(softmax, logits, outcomes, chart="logits") @ ones == pytest.approx(0, abs=1e-14)
    moved = softmax.log_density(outcomes, logits + 0.7 * ones, chart="logits")
    assert moved == pytest.approx(softmax.log_density(outcomes, logits, chart="logits"), abs=1e-14)


@pytest.mark.claim("eq-monte-carlo-variance", how="symbolic")
def test_the_variance_of_one_outer_product():
    psi = symbolic.score(families.get("zero-mean-normal"))[0].subs(sp.Symbol("x", real=True), sigma * z)
    fourth, second = gaussian_mean(psi**4), gaussian_mean(psi**2)
    assert sp.simplify(fourth - 60 / sigma**4) == 0
    assert sp.simplify(fourth - second**2 - 56 / sigma**4) == 0
    computed = fisher.sampling_variance(families.get("zero-mean-normal"), [2.0])[0, 0]
    assert computed == pytest.approx(56 / 2.0**4, rel=1e-9)


@pytest.mark.claim("eq-monte-carlo-variance", how="monte-carlo")
def test_the_error_of_the_estimate_falls_with_the_root_of_the_draws():
    sizes, rng = np.array([100, 1000, 10_000]), np.random.default_rng(3)
    errors = fisher.sampling_errors(families.get("zero-mean-normal"), [2.0], sizes=sizes, runs=80, rng=rng)[:, 0, 0]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.08)  # each error is known to about 10 per cent, over two decades


@pytest.mark.claim("eq-empirical-misfit", how="symbolic")
def test_the_empirical_matrix_of_a_misfit():
    psi = symbolic.score(families.get("zero-mean-normal"))[0].subs(sp.Symbol("x", real=True), s * z)
    r = s**2 / sigma**2
    assert sp.simplify(gaussian_mean(psi**2) - (3 * r**2 - 2 * r + 1) / sigma**2) == 0
    q = sp.Symbol("q", positive=True)
    assert sp.solve(sp.Eq(3 * q**2 - 2 * q + 1, 2), q) == [1]
    # least squares: y = 2x + e, score of the slope x (y - w x)
    e, w = sp.symbols("e w", real=True)
    score = sp.expand((z * ((2 - w) * z + e)) ** 2)
    over_noise = sum(gaussian_mean(z**k) * score.coeff(e, k) for k in range(3))
    assert sp.expand(gaussian_mean(over_noise) - (3 * (2 - w) ** 2 + 1)) == 0


@pytest.mark.claim("eq-empirical-misfit", how="monte-carlo")
def test_the_empirical_matrix_of_a_misfit_over_data():
    family, rng = families.get("zero-mean-normal"), np.random.default_rng(4)
    sample = family.sample([1.0], 200_000, rng)
    squares = fisher.scores(family, [2.0], sample)[:, 0] ** 2
    r = 1 / 4
    expected = (3 * r**2 - 2 * r + 1) / 4
    found = fisher.empirical(family, [2.0], sample)[0, 0]
    assert found == pytest.approx(expected, abs=4 * squares.std() / np.sqrt(len(sample)))  # four standard errors
    assert abs(found - fisher.stated(family, [2.0])[0, 0]) > 0.3


CHARTS = [("mean-std", 1.0), ("mean-std", 1000.0), ("mean-variance", 1.0), ("mean-log-std", 1000.0), ("natural", 1.0)]


@pytest.mark.claim("eq-fisher-chart-change", how="numeric")
@pytest.mark.parametrize("chart", families.get("normal").charts[1:])
def test_the_fisher_matrix_changes_by_the_jacobian_twice(chart):
    family, theta = families.get("normal"), np.array([0.3, 1.7])
    J, phi = family.jacobian(theta, to=chart), family.convert(theta, to=chart)
    F_phi = fisher.by_score(family, phi, chart)  # from the density in the other chart, no Jacobian of F involved
    assert J.T @ F_phi @ J == pytest.approx(fisher.by_score(family, theta), rel=1e-8, abs=1e-9)


@pytest.mark.claim("eq-invariants", how="numeric")
def test_what_does_not_depend_on_the_chart():
    family, speeds, found, spectra = families.get("normal"), data.load("michelson").values, [], []
    for chart, unit in CHARTS:
        theta = family.convert([8.0 * unit, 100.0 * unit], to=chart)
        sample = unit * (speeds - 792)
        F, F_emp = fisher.stated(family, theta, chart), fisher.empirical(family, theta, sample, chart)
        g = fisher.scores(family, theta, sample, chart).mean(axis=0)
        found.append([fisher.squared_length(g, F), *fisher.relative_eigenvalues(F_emp, F)])
        spectra.append(np.linalg.eigvalsh(F)[0])
    assert np.array(found) == pytest.approx(np.tile(found[0], (len(CHARTS), 1)), rel=1e-7)
    assert max(spectra) / min(spectra) > 1e6  # while eigenvalues wander over decades


@pytest.mark.claim("eq-invariants", how="symbolic")
def test_the_invariants_for_a_general_jacobian():
    F, A, J = (sp.Matrix(2, 2, sp.symbols(f"{name}:4")) for name in "FAJ")
    F, A = F.subs(F[1, 0], F[0, 1]), A.subs(A[1, 0], A[0, 1])
    g, kappa = sp.Matrix(sp.symbols("g:2")), sp.Symbol("kappa")
    there = J.T * F * J
    length = (g.T * J * there.adjugate() / there.det() * J.T * g)[0]
    assert sp.simplify(length - (g.T * F.adjugate() * g)[0] / F.det()) == 0
    pencil = (J.T * A * J - kappa * there).det() - J.det() ** 2 * (A - kappa * F).det()
    assert sp.expand(pencil) == 0


@pytest.mark.claim("eq-additivity", how="exact")
@pytest.mark.parametrize("p", [0.3, 0.85])
def test_information_of_nine_tosses_by_enumeration(p):
    coin = families.get("bernoulli")
    sequences = np.array(list(itertools.product([0, 1], repeat=9)))
    psi = fisher.scores(coin, [p], sequences.reshape(-1)).reshape(sequences.shape).sum(axis=1)
    probability = np.exp(coin.log_density(sequences, [p]).sum(axis=1))
    assert probability.sum() == pytest.approx(1, rel=1e-12)
    assert probability @ psi**2 == pytest.approx(9 * fisher.stated(coin, [p])[0, 0], rel=1e-12)


@pytest.mark.claim("eq-cramer-rao", "eq-cramer-rao-proof", how="monte-carlo")
def test_unbiased_estimators_of_a_normal_respect_the_bound():
    # sample mean and unbiased sample variance: covariance diag(v/n, 2 v^2/(n - 1)), above diag(v/n, 2 v^2/n)
    family, n, theta, rng = families.get("normal"), 10, [0.5, 4.0], np.random.default_rng(5)
    cloud = estimators.replicate(
        lambda x: np.stack([x.mean(-1), x.var(-1, ddof=1)], -1),
        family, theta, n=n, runs=40_000, rng=rng, chart="mean-variance",
    )  # fmt: skip
    bound = geometry.cramer_rao(family, theta, n, chart="mean-variance")
    assert bound == pytest.approx(np.diag([0.4, 3.2]))
    assert np.diag(cloud.scaled) == pytest.approx([4.0, 2 * 16 * 10 / 9], abs=5 * cloud.scaled_stderr.max())
    assert np.linalg.eigvalsh(cloud.covariance - bound).min() > -4 * cloud.scaled_stderr[0] / n


@pytest.mark.claim("eq-cramer-rao-proof", how="monte-carlo")
def test_the_covariance_of_an_unbiased_estimator_with_the_score_is_the_identity():
    family, n, theta, rng = families.get("normal"), 4, [0.5, 4.0], np.random.default_rng(6)
    samples = family.sample(theta, (100_000, n), rng, chart="mean-variance")
    T = np.stack([samples.mean(-1), samples.var(-1, ddof=1)], -1)
    psi = fisher.scores(family, theta, samples.reshape(-1), "mean-variance").reshape(*samples.shape, 2).sum(1)
    mixed = (T - theta)[:, :, None] * psi[:, None, :]
    assert mixed.mean(0) == pytest.approx(np.eye(2), abs=4 * (mixed.std(0) / np.sqrt(len(mixed))).max())


@pytest.mark.claim("eq-cramer-rao-proof", how="symbolic")
def test_the_bound_is_a_covariance_matrix():
    C, F = (sp.Matrix([[a, b], [b, c]]) for a, b, c in (sp.symbols("c:3"), sp.symbols("f:3")))
    back = F.inv()
    residual = C - sp.eye(2) * back - back * sp.eye(2) + back * F * back
    assert (residual - (C - back)).applyfunc(sp.simplify) == sp.zeros(2, 2)


@pytest.mark.claim("eq-nuisance", how="numeric")
def test_unknown_nuisance_parameters_never_help():
    family = families.get("gamma")
    F, bound = fisher.by_score(family, [2.3, 1.4]), geometry.cramer_rao(family, [2.3, 1.4])
    assert [bound[0, 0], 1 / F[0, 0]] == pytest.approx([9.2803, 1.8432], rel=1e-4)
    rng = np.random.default_rng(7)
    for _ in range(50):
        root = rng.normal(size=(4, 4))
        F = root @ root.T
        assert (np.diag(np.linalg.inv(F)) >= 1 / np.diag(F) * (1 - 1e-12)).all()


@pytest.mark.claim("eq-std-moments", how="exact")
@pytest.mark.parametrize(("known", "at_five"), [(True, 0.473), (False, 0.466)])
def test_moments_of_the_estimated_standard_deviation(known, at_five):
    for n in (2, 5, 20):
        m = n if known else n - 1
        c = float(sp.sqrt(sp.Rational(2, n)) * sp.gamma(sp.Rational(m + 1, 2)) / sp.gamma(sp.Rational(m, 2)))
        found = estimators.std_moments(1.3, n, known_mean=known)
        assert found.mean == pytest.approx(1.3 * c, rel=1e-12)
        assert n * found.variance == pytest.approx((m - n * c**2) * 1.3**2, rel=1e-9)
        assert found.variance == pytest.approx(1.3**2 * scipy.stats.chi(m).var() / n, rel=1e-7)
    assert 5 * estimators.std_moments(1.0, 5, known_mean=known).variance == pytest.approx(at_five, abs=5e-4)


@pytest.mark.claim("eq-biased-bound", how="numeric")
@pytest.mark.parametrize("n", [2, 5, 30, 200])
def test_the_biased_bound_holds_where_the_naive_one_does_not(n):
    family = families.get("zero-mean-normal")
    F = fisher.stated(family, [1.0])[0, 0]
    found, h = estimators.std_moments(1.0, n), 1e-3
    slope = (estimators.std_moments(1 + h, n).mean - estimators.std_moments(1 - h, n).mean) / (2 * h)  # 1 + beta'
    assert slope**2 / (n * F) <= found.variance < 1 / (n * F)


@pytest.mark.claim("eq-biased-bound", how="monte-carlo")
def test_the_covariance_of_a_biased_estimator_with_the_score():
    family, n, rng = families.get("zero-mean-normal"), 5, np.random.default_rng(8)
    samples = family.sample([1.0], (100_000, n), rng)
    psi = fisher.scores(family, [1.0], samples.reshape(-1)).reshape(samples.shape).sum(1)
    product = estimators.std_known_mean(samples) * psi
    slope = estimators.std_moments(1.0, n).mean  # E T = c sigma
    assert product.mean() == pytest.approx(slope, abs=4 * product.std() / np.sqrt(len(product)))


@pytest.mark.claim("eq-uniform-breaks", how="numeric")
@pytest.mark.parametrize("theta", [0.7, 2.0])
def test_the_uniform_has_no_fisher_matrix(theta):
    family = families.get("uniform")
    assert fisher.mean_score(family, [theta]) == pytest.approx([-1 / theta], rel=1e-6)
    assert fisher.by_score(family, [theta], check=False)[0, 0] == pytest.approx(1 / theta**2, rel=1e-6)
    assert fisher.by_curvature(family, [theta], check=False)[0, 0] == pytest.approx(-1 / theta**2, rel=1e-6)
    assert family.kl([theta], [1.5 * theta]) == pytest.approx(np.log(1.5))
    assert family.kl([theta], [0.9 * theta]) == np.inf
    with pytest.raises(ValueError, match="support depends on theta"):
        fisher.by_score(family, [theta])


@pytest.mark.claim("eq-uniform-variance", how="symbolic")
def test_the_variance_of_the_stretched_maximum():
    n, theta, t = (
        sp.Symbol("n", positive=True, integer=True),
        sp.Symbol("theta", positive=True),
        sp.Symbol("t", positive=True),
    )
    density = n * t ** (n - 1) / theta**n  # of the largest of n
    first, second = (sp.simplify(sp.integrate(t**k * density, (t, 0, theta))) for k in (1, 2))
    stretch = (n + 1) / n
    assert sp.simplify(stretch * first - theta) == 0  # unbiased
    assert sp.simplify(stretch**2 * (second - first**2) - theta**2 / (n * (n + 2))) == 0


@pytest.mark.claim("eq-uniform-variance", how="monte-carlo")
def test_the_stretched_maximum_beats_the_naive_bound():
    rng = np.random.default_rng(9)
    cloud = estimators.replicate(
        estimators.stretched_maximum, families.get("uniform"), [2.0], n=10, runs=40_000, rng=rng
    )
    assert cloud.scaled[0, 0] / 10 == pytest.approx(4 / 120, abs=4 * cloud.scaled_stderr[0] / 10)
    assert cloud.mean[0] == pytest.approx(2, abs=4 * np.sqrt(4 / 120 / 40_000))


@pytest.mark.claim("eq-laplace-breaks", how="numeric")
def test_the_kink_of_laplace_hides_its_curvature():
    family, b = families.get("laplace"), 2.0
    assert fisher.by_score(family, [0.4, b])[0, 0] == pytest.approx(1 / b**2, rel=1e-9)
    assert fisher.by_curvature(family, [0.4, b], check=False)[0, 0] == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="not twice differentiable"):
        fisher.by_curvature(family, [0.4, b])
    for delta in (0.5, 1e-2):
        exact = family.kl([0.4, b], [0.4 + delta * b, b])
        assert exact == pytest.approx(np.exp(-delta) + delta - 1, rel=1e-9)
        assert exact == pytest.approx(delta**2 / 2 - delta**3 / 6, abs=delta**4 / 24)  # next term of the series
    assert family.kl([0.4, b], [0.4 - b / 2, b]) == pytest.approx(family.kl([0.4, b], [0.4 + b / 2, b]), rel=1e-12)


@pytest.mark.claim("eq-observed-information", how="monte-carlo")
def test_observed_information_is_fisher_information_on_average():
    family, theta, rng = families.get("cauchy"), [0.2, 0.8], np.random.default_rng(10)
    samples = np.asarray(family.sample(theta, (200, 500), rng))
    each = np.stack([fisher.observed(family, theta, sample) for sample in samples])
    error = each.std(0) / np.sqrt(len(each))
    assert np.abs(each.mean(0) - fisher.stated(family, theta)).max() < 4 * error.max()


@pytest.mark.claim("eq-observed-information", how="exact")
def test_observed_is_expected_where_the_page_says_so():
    coin, heads = families.get("bernoulli"), np.array([1] * 3 + [0] * 7)
    for labels in (heads, 1 - heads, np.zeros(4)):  # natural parameter: whatever the data
        assert fisher.observed(coin, [0.9], labels, "logit") == pytest.approx(fisher.stated(coin, [0.9], "logit"))
    assert fisher.observed(coin, [0.3], heads) == pytest.approx(fisher.stated(coin, [0.3]))  # at the maximum
    assert fisher.observed(coin, [0.4], heads)[0, 0] == pytest.approx(0.3 / 0.16 + 0.7 / 0.36)
    X = np.array([[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, 0.1]])
    logistic = families.get("logistic-regression", X=X)
    for labels in itertools.product([0, 1], repeat=4):  # canonical link: any responses
        found = fisher.observed(logistic, [0.3, -0.8], np.array([labels]))
        assert found == pytest.approx(fisher.stated(logistic, [0.3, -0.8]), rel=1e-9)


@pytest.mark.claim("eq-fisher-scoring", how="exact")
def test_a_scoring_step_solves_the_fisher_system():
    family, sample, theta = families.get("cauchy"), data.load("zea_mays").values, np.array([20.0, 18.0])
    run = fisher.scoring(family, theta, sample, steps=1)
    u = (sample - 20) / 18
    mean_score = [np.mean(2 * u / (1 + u**2)) / 18, np.mean((u**2 - 1) / (u**2 + 1)) / 18]
    assert run.points[1] - run.points[0] == pytest.approx(2 * 18**2 * np.array(mean_score), rel=1e-10)


@pytest.mark.claim("eq-fisher-scoring", how="numeric")
def test_scoring_is_newton_for_a_logistic_regression():
    X = np.array([[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, 0.1], [1.0, -0.4]])
    logistic, y = families.get("logistic-regression", X=X), np.array([[1, 0, 0, 1, 0]])
    scoring, newton = (fisher.scoring(logistic, [0.0, 0.0], y, information=how) for how in ("expected", "observed"))
    assert scoring.converged
    assert scoring.points == pytest.approx(newton.points, rel=1e-8, abs=1e-10)


@pytest.mark.claim("eq-scoring-rate", how="numeric")
def test_the_rate_of_scoring_is_that_of_two_tensors():
    family, sample = families.get("cauchy"), data.load("zea_mays").values
    run = fisher.scoring(family, [np.median(sample), 20.0], sample, tolerance=1e-14)
    best = run.points[-1]
    M = np.eye(2) - np.linalg.solve(fisher.stated(family, best), fisher.observed(family, best, sample))
    errors = run.points - best
    for k in range(5, 9):  # small enough for the square to vanish, large enough for the rounding
        assert errors[k + 1] == pytest.approx(M @ errors[k], abs=0.02 * np.linalg.norm(errors[k + 1]))


@pytest.mark.claim("eq-jeffreys-measure", how="numeric")
@pytest.mark.parametrize("chart", families.get("normal").charts[1:])
def test_jeffreys_measure_does_not_depend_on_the_chart(chart):
    family, theta = families.get("normal"), np.array([0.3, 1.7])
    J, phi = family.jacobian(theta, to=chart), family.convert(theta, to=chart)
    there = abs(np.linalg.det(J)) * geometry.jeffreys(family, phi, chart)
    assert there == pytest.approx(geometry.jeffreys(family, theta), rel=1e-9)
    assert there == pytest.approx(np.sqrt(2) / 1.7**2, rel=1e-9)


@pytest.mark.claim("eq-jeffreys-measure", how="numeric")
@pytest.mark.parametrize("chart", families.get("zero-mean-normal").charts)
def test_jeffreys_mass_of_a_set_of_distributions(chart):
    family = families.get("zero-mean-normal")
    ends = [family.convert([value], to=chart) for value in (1.0, 2.0)]
    # one segment, integrated by eight-point Gauss quadrature
    assert geometry.length(family, ends, chart) == pytest.approx(np.sqrt(2) * np.log(2), rel=1e-6)
