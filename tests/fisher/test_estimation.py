"""Nudges, Monte-Carlo errors, observed information, estimators and scoring, each against another way to the number."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from ngtools import data, families, fisher
from ngtools.fisher import estimators

ZERO_MEAN, NORMAL, GAMMA, CAUCHY = (families.get(name) for name in ("zero-mean-normal", "normal", "gamma", "cauchy"))


@pytest.mark.parametrize(("sigma", "delta"), [(0.5, 0.3), (2.0, 0.3), (1.0, -0.7)])
def test_relative_change_of_a_shifted_normal(sigma, delta):
    # chi-squared divergence of N(mu + delta, sigma^2) from N(mu, sigma^2): exp(delta^2 / sigma^2) - 1
    found = fisher.relative_change(NORMAL, [0.4, sigma], [delta, 0.0])
    assert found == pytest.approx(np.expm1(delta**2 / sigma**2), rel=1e-10)


def test_relative_change_of_a_coin_is_a_sum():
    p, q = 0.3, 0.45
    expected = (q - p) ** 2 / p + (q - p) ** 2 / (1 - p)
    assert fisher.relative_change(families.get("bernoulli"), [p], [q - p]) == pytest.approx(expected, rel=1e-12)


def test_relative_change_says_when_it_is_infinite():
    with pytest.raises(ArithmeticError, match="heavier tails"):  # variance more than doubled
        fisher.relative_change(ZERO_MEAN, [1.0], [0.5])
    with pytest.raises(ArithmeticError, match="heavier tails"):  # and far more
        fisher.relative_change(ZERO_MEAN, [1.0], [9.0])


def test_no_nudge_no_change():
    assert fisher.relative_change(NORMAL, [0.4, 2.0], [0.0, 0.0]) == 0


@pytest.mark.parametrize(("logit", "resolved"), [(-249.5, True), (-250.5, False)])
def test_what_is_likelier_than_e_to_the_minus_250_counts(logit, resolved):
    """A coin that nearly never falls, made likelier by e^130: the change is (q - p)^2 / p, nearly all of it there."""
    coin = families.get("bernoulli")
    if resolved:
        found = fisher.relative_change(coin, [logit], [130.0], "logit")
        assert found == pytest.approx(np.expm1(130.0) ** 2 * np.exp(logit), rel=1e-12)
    else:
        with pytest.raises(ArithmeticError, match="take a smaller delta"):
            fisher.relative_change(coin, [logit], [130.0], "logit")


@pytest.mark.parametrize(("share", "resolved"), [(0.9e-9, True), (1.1e-9, False)])
def test_the_tail_may_hold_a_billionth(share, resolved):
    """Three outcomes with logits (0, -300, 0): the first doubles against the third, and the second gets a share."""
    three = families.get("categorical", K=3)
    # the first and the third have 1/2 each; q = (2/3, ., 1/3): 2 (1/6)^2 / (1/2) = 1/9
    q = np.sqrt(share / 9 * np.exp(-300.0) / 2)
    delta = [np.log(2), np.log(3 * q) + 300.0]
    if resolved:
        assert fisher.relative_change(three, [0.0, -300.0], delta) == pytest.approx(1 / 9, rel=1e-8)
    else:
        with pytest.raises(ArithmeticError, match="heavier tails"):
            fisher.relative_change(three, [0.0, -300.0], delta)


def test_sampling_variance_from_the_moments_of_the_normal():
    # psi_sigma = (z^2 - 1)/sigma, psi_mu = z/sigma: E(z^2 - 1)^4 = 60, E z^4 = 3, E z^2 (z^2 - 1)^2 = 10
    sigma = 1.7
    expected = np.array([[3 - 1, 10 - 0], [10 - 0, 60 - 4]]) / sigma**4
    assert fisher.sampling_variance(NORMAL, [0.2, sigma]) == pytest.approx(expected, rel=1e-9)


def test_sampling_errors_are_those_of_the_mean():
    rng = np.random.default_rng(0)
    errors = fisher.sampling_errors(ZERO_MEAN, [2.0], sizes=[50, 800], runs=150, rng=rng)[:, 0, 0]
    expected = np.sqrt(56 / 2.0**4 / np.array([50, 800]))
    # squared errors of 150 runs scatter by about sqrt((kurtosis + 1)/150) < 25 per cent; four errors of the root
    assert errors == pytest.approx(expected, rel=0.5)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.5)


def test_observed_information_is_the_second_difference_of_the_log_likelihood():
    x, theta, h = data.load("zea_mays").values, np.array([21.0, 17.0]), 1e-3

    def height(mu, s):
        return scipy.stats.cauchy.logpdf(x, mu, s).mean()

    mixed = sum(
        sign * height(theta[0] + a * h, theta[1] + b * h)
        for a, b, sign in [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
    ) / (4 * h**2)
    first = (height(theta[0] + h, theta[1]) - 2 * height(*theta) + height(theta[0] - h, theta[1])) / h**2
    found = fisher.observed(CAUCHY, theta, x)
    # rounding of a second difference: eps |log p| / h^2 is about 1e-9, entries about 1e-3
    assert found[0] == pytest.approx([-first, -mixed], abs=1e-8)
    assert found[0, 1] == pytest.approx(found[1, 0], rel=1e-12)


@pytest.mark.parametrize("bad", [[], 3.0])
def test_observed_information_wants_a_sample(bad):
    with pytest.raises(ValueError, match="at least one observation"):
        fisher.observed(ZERO_MEAN, [1.0], bad)


def test_variance_of_an_outer_product_belongs_to_regular_families():
    with pytest.raises(ValueError, match="support depends on theta"):
        fisher.sampling_variance(families.get("uniform"), [2.0])


def test_observed_information_wants_data_in_the_support():
    with pytest.raises(ValueError, match="support of 'gamma'"):
        fisher.observed(GAMMA, [1.0, 1.0], [1.0, -1.0])


def test_invariants_do_not_move_under_a_jacobian():
    rng = np.random.default_rng(1)
    root, other, J, g = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    F, A, back = root @ root.T, other @ other.T, np.linalg.inv(J)
    assert fisher.squared_length(back.T @ g, back.T @ F @ back) == pytest.approx(fisher.squared_length(g, F), rel=1e-9)
    expected = np.sort(np.linalg.eigvals(np.linalg.solve(F, A)).real)
    assert fisher.relative_eigenvalues(back.T @ A @ back, back.T @ F @ back) == pytest.approx(expected, rel=1e-9)
    # an asymmetry of 1e-8 of the largest entry is rounding
    for off in (0.9e-8, 0.0):
        found = fisher.relative_eigenvalues([[4.0, 1.0 + 4 * off], [1.0, 4.0]], np.eye(2))
        assert found == pytest.approx([3, 5], rel=1e-7)
    np.testing.assert_allclose(fisher.relative_eigenvalues(np.zeros((2, 2)), np.eye(2)), 0, atol=1e-15)
    for wrong in ([[4.0, 1.0 + 4.4e-8], [1.0, 2.0]], [[4.0, 1.0], [1.0 + 4.4e-8, 2.0]]):
        with pytest.raises(ValueError, match=r"A is not symmetric: max \|A - A\^T\| = 4.4e-08"):
            fisher.relative_eigenvalues(wrong, np.eye(2))
    with pytest.raises(ValueError, match="A must have shape"):
        fisher.relative_eigenvalues(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="g must have shape"):
        fisher.squared_length([1.0], np.eye(2))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("n", [2, 5, 30])
def test_std_moments_are_those_of_the_chi_distribution(n, known):
    chi = scipy.stats.chi(n if known else n - 1)
    found = estimators.std_moments(1.3, n, known_mean=known)
    assert found.mean == pytest.approx(1.3 * chi.mean() / np.sqrt(n), rel=1e-9)
    assert found.variance == pytest.approx(1.3**2 * chi.var() / n, rel=1e-7)  # a difference of close numbers


def test_gamma_estimate_solves_the_likelihood_equations_and_matches_scipy():
    x = GAMMA.sample([2.3, 1.4], (3, 40), np.random.default_rng(2))
    k, b = estimators.gamma_shape_rate(x).T
    assert fisher.scores(GAMMA, [k[0], b[0]], x[0]).mean(axis=0) == pytest.approx([0, 0], abs=1e-10)
    shape, _, scale = scipy.stats.gamma.fit(x[1], floc=0)
    assert [k[1], b[1]] == pytest.approx([shape, 1 / scale], rel=1e-5)  # SciPy stops early


def test_gamma_estimate_has_converged_over_the_whole_range_of_shapes():
    k = np.geomspace(1e-2, 1e3, 40)
    gap = np.log(k) - scipy.special.digamma(k)
    spread = np.arccosh(np.exp(gap))  # a sample of two points exp(±spread) has log mean - mean log = gap
    found = estimators.gamma_shape_rate(np.exp(np.stack([-spread, spread], axis=-1)))[:, 0]
    assert found == pytest.approx(k, rel=1e-9)


def test_replicates_of_the_mean():
    rng = np.random.default_rng(3)
    means = estimators.replicate(lambda x: x.mean(-1), NORMAL, [1.0, 2.0], n=6, runs=4000, rng=rng)
    assert means.scaled[0, 0] == pytest.approx(4.0, abs=4 * means.scaled_stderr[0])  # four standard errors
    assert means.scaled_stderr[0] == pytest.approx(4 * np.sqrt(2 / 4000), rel=0.2)  # normal estimates
    assert means.mean[0] == pytest.approx(1.0, abs=4 * 2 / np.sqrt(6 * 4000))
    with pytest.raises(ValueError, match="one row a sample"):
        estimators.replicate(lambda x: 0.0, NORMAL, [1.0, 2.0], n=6, runs=10, rng=rng)
    with pytest.raises(ValueError, match="runs at least 2"):
        estimators.replicate(lambda x: x.mean(-1), NORMAL, [1.0, 2.0], n=6, runs=1, rng=rng)


def test_simple_estimators():
    x = np.array([[3.0, -4.0, 5.0, 2.0]])
    assert estimators.std_known_mean(x) == pytest.approx(np.sqrt(54 / 4))
    assert estimators.std_unknown_mean(x) == pytest.approx(np.sqrt(54 / 4 - 1.5**2))
    assert estimators.stretched_maximum(x) == pytest.approx(5 * 5 / 4)
    for estimator in (estimators.std_known_mean, estimators.std_unknown_mean, estimators.stretched_maximum):
        one = estimator(x)  # the sample lies on the last axis of as many as there are
        assert estimator(x[0]) == one[0]
        assert estimator(np.stack([x, x, 2 * x])).tolist() == [one.tolist(), one.tolist(), (2 * one).tolist()]


def test_scoring_finds_the_maximum_that_scipy_finds():
    x = data.load("zea_mays").values
    found = fisher.scoring(CAUCHY, [x.mean(), x.std()], x)
    assert found.converged
    assert found.reason == "converged"
    assert len(found.points) == len(found.log_likelihood) == found.steps + 1
    assert found.points[-1] == pytest.approx(scipy.stats.cauchy.fit(x), rel=1e-3)  # SciPy stops early
    assert fisher.scores(CAUCHY, found.points[-1], x).mean(axis=0) == pytest.approx([0, 0], abs=1e-10)


def test_scoring_is_one_step_where_the_mean_is_the_parameter():
    # in an expectation parameter one scoring step reaches the sample mean from anywhere
    counts = data.load("horse_kicks").values
    found = fisher.scoring(families.get("poisson"), [3.0], counts)
    assert found.points[1] == pytest.approx([counts.mean()], rel=1e-12)


def test_scoring_reports_how_it_ended():
    x = data.load("zea_mays").values
    left = fisher.scoring(CAUCHY, [x.mean(), x.std()], x, information="observed")
    assert not left.converged
    assert "left the domain" in left.reason
    assert "s must be > 0" in left.reason
    assert "left the domain" in fisher.scoring(CAUCHY, [-40.0, 20.0], x).reason  # scoring is no cure-all
    short = fisher.scoring(CAUCHY, [x.mean(), x.std()], x, steps=2)
    assert (short.converged, short.steps, short.reason) == (False, 2, "no convergence in 2 steps")
    with pytest.raises(ValueError, match="'expected' or 'observed'"):
        fisher.scoring(CAUCHY, [0.0, 1.0], x, information="empirical")


def test_scoring_stops_where_its_step_is_shorter_than_the_tolerance():
    """From 3 the first step is m - 3, in standard deviations of the score (m - 3) / sqrt 3; the second is rounding."""
    poisson, counts = families.get("poisson"), data.load("horse_kicks").values
    first = abs(counts.mean() - 3) / np.sqrt(3)
    assert fisher.scoring(poisson, [3.0], counts, tolerance=1.01 * first).steps == 1
    assert fisher.scoring(poisson, [3.0], counts, tolerance=0.99 * first).steps == 2
    # no square lies below the square of 1e-200, which is 0
    endless = fisher.scoring(poisson, [3.0], counts, tolerance=1e-200)
    assert (endless.steps, endless.converged, endless.reason) == (100, False, "no convergence in 100 steps")
    for wrong in (0.0, -1e-10):
        with pytest.raises(ValueError, match="tolerance must be > 0"):
            fisher.scoring(poisson, [3.0], counts, tolerance=wrong)


def test_a_short_path_by_hand():
    path = fisher.Scoring(np.array([[3.0, 4.0], [1.0, 1.0], [0.0, 3e-9], [0.0, 1e-10]]), np.zeros(4), 3, True, "")
    assert path.errors([0.0, 0.0]) == pytest.approx([5, np.sqrt(2), 3e-9], rel=1e-12, abs=0)
    assert path.errors([0.0, 1.0]) == pytest.approx([np.sqrt(18), 1, 1, 1])
    assert path.errors([0.0, 0.0], floor=1.5) == pytest.approx([5])
    # a point at the floor is dropped
    assert path.errors([0.0, 0.0], floor=5.0).tolist() == []


def test_the_first_step_of_either_kind_by_hand():
    """sigma = 2, x = 1, 3, 5: mean square 35/3, psi = (35/3 - 4)/8, F = 1/2, observed 3 (35/3)/16 - 1/4 = 31/16."""
    psi, x = (35 / 3 - 4) / 8, [1.0, 3.0, 5.0]
    for information, curvature in (("expected", 1 / 2), ("observed", 31 / 16)):
        found = fisher.scoring(ZERO_MEAN, [2.0], x, information=information, steps=1)
        assert found.points[1] == pytest.approx([2 + psi / curvature], rel=1e-12)
        heights = [scipy.stats.norm(0, sigma).logpdf(x).mean() for sigma in found.points[:, 0]]
        assert found.log_likelihood == pytest.approx(heights, rel=1e-12)
    assert fisher.scoring_rate(ZERO_MEAN, [2.0], x) == pytest.approx(31 / 8 - 1, rel=1e-12)
    assert fisher.scoring_rate(ZERO_MEAN, [2.0], [0.0, 1.0]) == pytest.approx(1 + 2 * (1 / 4 - 3 / 32), rel=1e-12)


def test_the_rate_of_scoring_is_the_same_in_every_chart_and_measured():
    x, gamma = data.load("air_conditioning").values, GAMMA
    best = estimators.gamma_shape_rate(x)
    rates = [fisher.scoring_rate(gamma, gamma.convert(best, to=chart), x, chart) for chart in gamma.charts]
    assert rates == pytest.approx([0, 0, 0], abs=1e-8)  # an exponential family: observed is expected at the maximum
    maize = data.load("zea_mays").values
    run = fisher.scoring(CAUCHY, [np.median(maize), 20.0], maize, tolerance=1e-13)
    errors = run.errors(run.points[-1])
    assert errors.min() > 1e-9
    assert errors[-1] / errors[-2] == pytest.approx(fisher.scoring_rate(CAUCHY, run.points[-1], maize), rel=1e-2)


def test_coverage_ellipse_holds_what_it_says():
    rng, covariance = np.random.default_rng(4), np.array([[2.0, 1.2], [1.2, 1.0]])
    ellipse = estimators.coverage_ellipse(covariance, [1.0, -1.0])
    distance = np.einsum("pi,ij,pj->p", ellipse - [1, -1], np.linalg.inv(covariance), ellipse - [1, -1])
    assert distance == pytest.approx(np.full(200, scipy.stats.chi2(2).ppf(0.95)))
    draws = rng.multivariate_normal([0, 0], covariance, 20_000)
    inside = np.einsum("pi,ij,pj->p", draws, np.linalg.inv(covariance), draws) < distance[0]
    assert inside.mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000))
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        estimators.coverage_ellipse(covariance, [0.0, 0.0], coverage=95)


def test_std_curves_lie_on_their_side_of_the_bound():
    (_, known), (_, unknown), (_, corrected) = estimators.std_curves(np.array([2, 5, 50]))
    assert (known < 0.5).all()
    assert (unknown < known).all()
    assert (corrected > 0.5).all()
    assert [known[1], unknown[1]] == pytest.approx([0.473, 0.466], abs=5e-4)
    assert corrected[1] == pytest.approx(known[1] / (1 - known[1] / 5), rel=1e-12)  # c^2 = 1 - n Var / n


def test_replicates_of_three_runs_by_hand():
    found = estimators.Replicates(np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]]), 4)
    assert found.mean == pytest.approx([3, 3])
    # centred: (-2, -1), (0, 3), (2, -2)
    np.testing.assert_allclose(found.covariance, np.array([[8, -2], [-2, 14]]) / 2, rtol=1e-14)
    np.testing.assert_allclose(found.scaled, 2 * np.array([[8, -2], [-2, 14]]), rtol=1e-14)
    # squares (4, 0, 4) and (1, 9, 4): variances 16/3 and 49/3 with divisor 2
    assert found.scaled_stderr == pytest.approx([4 * np.sqrt(16 / 9), 4 * np.sqrt(49 / 9)], rel=1e-14)


def test_an_estimator_may_return_one_number_or_several():
    x = NORMAL.sample([1.0, 2.0], (5, 3), np.random.default_rng(7))
    both = lambda x: np.stack([x.mean(-1), x.max(-1)], axis=-1)  # noqa: E731
    for estimator, expected in ((both, both(x)), (lambda x: x.mean(-1), x.mean(-1)[:, None])):
        rng = np.random.default_rng(7)
        found = estimators.replicate(estimator, NORMAL, [1.0, 2.0], n=3, runs=5, rng=rng)
        np.testing.assert_array_equal(found.estimates, expected)
        assert found.n == 3


@pytest.mark.parametrize(
    ("n", "runs", "estimator", "message"),
    [
        (0, 5, np.mean, r"n must be at least 1 and runs at least 2 \(got n=0, runs=5\)"),
        (1, 1, np.mean, r"\(got n=1, runs=1\)"),
        (3, 2, lambda x: x[0], r"got shape \(3,\), runs=2"),
        (3, 2, lambda x: x[..., None], r"got shape \(2, 3, 1\), runs=2"),
    ],
)
def test_what_cannot_be_replicated(n, runs, estimator, message):
    with pytest.raises(ValueError, match=message):
        estimators.replicate(estimator, NORMAL, [1.0, 2.0], n=n, runs=runs, rng=np.random.default_rng(0))


def test_least_numbers_of_observations():
    rng = np.random.default_rng(0)
    assert estimators.replicate(lambda x: x[:, 0], NORMAL, [1.0, 2.0], n=1, runs=2, rng=rng).estimates.shape == (2, 1)
    # n = 1: |x| has mean sqrt(2/pi) sigma; n = 2, mean unknown: |x - y|/2 has mean sigma/sqrt(pi)
    assert estimators.std_moments(3.0, 1) == pytest.approx((3 * np.sqrt(2 / np.pi), 9 * (1 - 2 / np.pi)), rel=1e-12)
    assert estimators.std_moments(3.0, 2, known_mean=False) == pytest.approx(
        (3 / np.sqrt(np.pi), 9 * (1 / 2 - 1 / np.pi)), rel=1e-12
    )
    with pytest.raises(ValueError, match=r"n must be at least 1 \(got 0\)"):
        estimators.std_moments(1.0, 0)
    with pytest.raises(ValueError, match=r"n must be at least 2 \(got 1\)"):
        estimators.std_moments(1.0, 1, known_mean=False)


def test_start_of_the_gamma_estimate_is_within_two_per_cent():
    k = np.geomspace(1e-2, 1e3, 60)
    gap = np.log(k) - scipy.special.digamma(k)
    assert np.abs(estimators.gamma_start(gap) / k - 1).max() < 0.016


def test_the_ellipse_is_closed_and_has_as_many_points_as_asked_for():
    ellipse = estimators.coverage_ellipse(np.diag([4.0, 1.0]), [0.0, 0.0], points=5)
    radius = np.sqrt(-2 * np.log(0.05))
    expected = radius * np.array([[2, 0], [0, 1], [-2, 0], [0, -1], [2, 0]])
    np.testing.assert_allclose(ellipse, expected, rtol=0, atol=1e-14)
    for coverage in (0, 1, -0.1):
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            estimators.coverage_ellipse(np.eye(2), [0.0, 0.0], coverage=coverage)


def test_one_distribution_read_in_two_charts():
    """sigma = 2, data 1 and 3: psi_sigma = -3/8 and 5/8; F = 1/2; in the variance v = 4 all of psi is divided by 4."""
    data, square = [1.0, 3.0], (9 + 25) / 64 / 2
    one, two = fisher.in_charts(ZERO_MEAN, [2.0], data, ["std", "variance"])
    assert (one.chart, two.chart) == ("std", "variance")
    assert [*one.eigenvalues, *two.eigenvalues] == pytest.approx([1 / 2, 1 / 32], rel=1e-12)
    assert [one.squared_length, two.squared_length] == pytest.approx([1 / 32, 1 / 32], rel=1e-12)
    assert [*one.relative, *two.relative] == pytest.approx([2 * square] * 2, rel=1e-12)
