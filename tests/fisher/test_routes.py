"""Every route to the Fisher matrix, for every family, chart and point; and every refusal."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families, fisher

FAMILIES = [family for family in families.examples() if "all" not in family.irregular]
CASES = [(family, chart) for family in FAMILIES for chart in family.charts]
NORMAL = families.get("normal")
GAMMA, ZERO_MEAN = families.get("gamma"), families.get("zero-mean-normal")


def name(value):
    return getattr(value, "name", value)


def points(family, chart):
    return family.points_in(chart)


@pytest.mark.parametrize(("family", "chart"), CASES, ids=name)
def test_all_routes_agree_with_the_stated_matrix(family, chart):
    tried = 0
    for theta in points(family, chart):
        found = fisher.agreement(family, theta, chart)
        assert found.agree, str(found)
        tried += 1
        assert set(found.routes) | set(found.skipped) == {"stated", "by_score", "by_curvature", "by_kl"}
        assert len(found.differences) >= 2
    assert tried


@pytest.mark.parametrize(("family", "chart"), CASES, ids=name)
def test_score_has_zero_mean(family, chart):
    for theta in points(family, chart):
        if family.rows:
            continue
        F = fisher.stated(family, theta, chart)
        # in units of the score's standard deviation; beta near 0 shows errors here first
        assert np.abs(fisher.mean_score(family, theta, chart) / np.sqrt(np.diag(F))).max() < 1e-9


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_a_wrong_statement_does_not_agree(family):
    """The judges must be able to say no: a stated matrix off by a factor 1.001 is refused."""
    from dataclasses import replace

    formulas = family.formulas
    off = replace(family, formulas=replace(formulas, fisher=lambda theta, m: formulas.fisher(theta, m) * 1.001))
    theta = next(iter(points(family, family.charts[0])))
    found = fisher.agreement(off, theta)
    assert not found.agree
    assert all(difference > 9e-4 for difference in found.differences.values())
    assert "DIFFERS" in str(found)
    assert "NOT in agreement" in str(found)


@pytest.mark.parametrize("rng", [np.random.default_rng(1), jax.random.key(1)], ids=["numpy", "jax"])
@pytest.mark.parametrize("name", ["gamma", "normal", "poisson"])
def test_sampling_is_within_its_standard_error(name, rng):
    family = families.get(name)
    theta = list(family.points[0])
    found = fisher.by_sampling(family, theta, size=20_000, rng=rng)
    # 4.5 standard errors: a chance below 1e-5 for each of at most four entries, and the seed is fixed
    off = np.abs(found.value - fisher.stated(family, theta))
    assert (off <= 4.5 * found.stderr + 1e-12).all()
    assert (found.stderr > 0).any()


def test_empirical_is_the_mean_outer_product_at_the_data():
    data = np.array([0.5, -1.0, 2.0])
    sigma = 1.5
    psi = (data**2 - sigma**2) / sigma**3
    family = families.get("zero-mean-normal")
    assert fisher.empirical(family, [sigma], data) == pytest.approx(np.array([[np.mean(psi**2)]]), rel=1e-12)
    assert fisher.empirical(family, [sigma], data)[0, 0] != pytest.approx(2 / sigma**2, rel=0.05)


def test_scores_of_one_and_of_many():
    family = families.get("zero-mean-normal")
    many = fisher.scores(family, [2.0], np.array([1.0, 3.0]))
    assert many == pytest.approx(np.array([[-0.5 + 1 / 8], [-0.5 + 9 / 8]]), rel=1e-13)
    assert fisher.scores(family, [2.0], 3.0) == pytest.approx([0.625], rel=1e-13)


def test_of_density_sign_of_a_normal():
    from jax.scipy.stats import norm

    # M18: seeing only the sign of N(mu, 1) at mu = 0 keeps 2/pi of the information
    F = fisher.of_density(lambda x, theta: norm.logcdf((2 * x - 1) * theta[0]), [0.0], fisher.integers(0, 1))
    assert pytest.approx(np.array([[2 / np.pi]]), rel=1e-12) == F


def test_of_density_mixture_weight():
    from jax.scipy.stats import norm

    def log_density(x, theta):
        return jnp.logaddexp(
            jnp.log1p(-theta[0]) + norm.logpdf(x, -1.0, 1.0), jnp.log(theta[0]) + norm.logpdf(x, 2.0, 0.7)
        )

    # M20: no closed form; the reference is an independent quadrature
    F = fisher.of_density(log_density, [0.3], (-np.inf, np.inf))
    assert pytest.approx(np.array([[4.126496603366679]]), rel=1e-10) == F


def test_of_density_agrees_with_a_family():
    def log_density(x, theta):
        return (
            theta[0] * jnp.log(theta[1])
            - jax.scipy.special.gammaln(theta[0])
            + (theta[0] - 1) * jnp.log(x)
            - theta[1] * x
        )

    F = fisher.of_density(log_density, [2.3, 1.4], (0, np.inf))
    assert pytest.approx(fisher.stated(GAMMA, [2.3, 1.4]), rel=1e-11) == F


@pytest.mark.parametrize(
    ("log_density", "support", "message"),
    [
        (lambda x, t: -t[0] * x, (0, np.inf), "integrates to 0.5"),
        (lambda x, t: jnp.where(x < t[0], -jnp.log(t[0]), -jnp.inf), (0, 2.0), "zero mean"),
        (lambda x, t: -t[0] * x, (3, 1), "a < b"),
    ],
)
def test_of_density_refuses(log_density, support, message):
    with pytest.raises(ValueError, match=message):
        fisher.of_density(log_density, [2.0], support)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fisher.stated(NORMAL, [0.0, -0.3]), ValueError, r"sigma must be > 0 \(got -0.3\)"),
        (lambda: fisher.by_score(NORMAL, np.array([0, 1])), TypeError, "floating point"),
        (lambda: fisher.by_score(NORMAL, [0.0, np.nan]), ValueError, "nan at index 1"),
        (lambda: fisher.by_kl(NORMAL, [0.0]), ValueError, r"shape \(2,\)"),
        (lambda: fisher.stated(NORMAL, [0.0, 1.0], chart="mean-sd"), ValueError, "no chart 'mean-sd'"),
        (lambda: fisher.by_sampling(NORMAL, [0.0, 1.0], size=1, rng=np.random.default_rng(0)), ValueError, "rank <= 1"),
        (lambda: fisher.by_sampling(NORMAL, [0.0, 1.0], size=10, rng=7), TypeError, "Generator"),
        (lambda: fisher.empirical(GAMMA, [2.0, 1.0], np.array([1.0, -2.0])), ValueError, "support of 'gamma'.*index 1"),
        (lambda: fisher.empirical(GAMMA, [2.0, 1.0], 3.0), ValueError, "at least one observation"),
        (lambda: fisher.integers(3, 1), ValueError, "upper"),
    ],
)
def test_bad_input_is_refused_with_advice(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_irregular_families_are_refused_unless_asked():
    uniform = families.get("uniform")
    with pytest.raises(ValueError, match="support depends on theta"):
        fisher.by_score(uniform, [2.0])
    laplace = families.get("laplace")
    with pytest.raises(ValueError, match="not twice differentiable"):
        fisher.by_curvature(laplace, [0.0, 0.9])
    # the route that is refused would give 0 for the location, where the truth is 1/b^2
    shown = fisher.by_curvature(laplace, [0.0, 0.9], check=False)
    assert shown[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert fisher.by_score(laplace, [0.0, 0.9])[0, 0] == pytest.approx(1 / 0.81, rel=1e-10)


def test_agreement_renders():
    found = fisher.agreement(GAMMA, [2.3, 1.4])
    assert "all agree" in repr(found)
    assert "<caption>gamma, chart shape-rate, at (2.3, 1.4)</caption>" in found._repr_html_()
    assert found.rows()[0][2] == "the claim"
    laplace = fisher.agreement(families.get("laplace"), [0.0, 0.9])
    assert "not run" in str(laplace)


def test_a_density_that_does_not_integrate_to_one_is_refused():
    """By 2e-8 it is refused, by 5e-9 it passes; asked not to look, the route answers all the same."""
    from dataclasses import replace

    def off(by):
        right = GAMMA.formulas
        return replace(
            GAMMA, formulas=replace(right, log_density=lambda x, theta, m: right.log_density(x, theta, m) + by)
        )

    for by in (2e-8, -2e-8):
        with pytest.raises(ArithmeticError, match=r"integrates to (1.00000002|0.99999998) at \[2.0, 1.5\]"):
            fisher.by_score(off(by), [2.0, 1.5])
        assert fisher.by_score(off(by), [2.0, 1.5], check=False) == pytest.approx(
            fisher.stated(GAMMA, [2.0, 1.5]), rel=1e-7
        )
    assert fisher.by_score(off(5e-9), [2.0, 1.5]) == pytest.approx(fisher.stated(GAMMA, [2.0, 1.5]), rel=1e-7)


def test_too_few_draws_are_refused():
    """At least two, and as many as the matrix has rows: four for five outcomes."""
    five = families.get("categorical", K=5)
    rng = np.random.default_rng(0)
    for family, theta, least in ((ZERO_MEAN, [1.0], 2), (five, [0.1, -0.2, 0.3, 0.0], 4)):
        assert fisher.by_sampling(family, theta, size=least, rng=rng).size == least
        for size in (least - 1, -1):
            with pytest.raises(
                ValueError, match=rf"at least {least} \(got {size}\): .* rank <= {max(size, 0)}, with d="
            ):
                fisher.by_sampling(family, theta, size=size, rng=rng)
    for wrong in (True, 2.0):
        with pytest.raises(TypeError, match="size must be a whole number of draws"):
            fisher.by_sampling(ZERO_MEAN, [1.0], size=wrong, rng=rng)


def test_standard_error_of_a_sampled_matrix_by_hand():
    family = families.get("zero-mean-normal")
    found = fisher.by_sampling(family, [1.5], size=5, rng=np.random.default_rng(3))
    psi = fisher.scores(family, [1.5], family.sample([1.5], 5, np.random.default_rng(3)))[:, 0]
    assert found.value == pytest.approx(np.array([[np.mean(psi**2)]]), rel=1e-12)
    assert found.stderr == pytest.approx(np.array([[np.std(psi**2, ddof=1) / np.sqrt(5)]]), rel=1e-12)
    assert found.size == 5


def made_up(**changes):
    """An agreement of four routes on a matrix with a rounding in it; one was not run."""
    claim = np.array([[0.5, -9e-10], [-9e-10, 1234567.0]])
    given = {
        "family": "a family",
        "chart": "a chart",
        "theta": (0.25, -3.0),
        "routes": {"stated": claim, "by_score": claim, "by_kl": np.array([[-0.0, 1.1e-9], [2.0, 3.0]])},
        "differences": {"by_score": 1e-7, "by_kl": 1.01e-7},
        "skipped": {"by_curvature": "no second derivative"},
    }
    return fisher.Agreement(**(given | changes))


def test_an_agreement_is_written_out():
    found = made_up()
    assert found.tolerance == 1e-7
    assert not found.agree
    assert made_up(differences={"by_score": 1e-7}).agree  # a difference of the tolerance is within it
    assert made_up(differences={"by_score": 1e-7, "by_kl": 0.2}, tolerance=0.3).agree
    rows = [
        ("stated", "[0.5, 0; 0, 1.2346e+06]", "the claim"),  # what is below 1e-9 is a rounding
        ("by_score", "[0.5, 0; 0, 1.2346e+06]", "agrees"),
        ("by_kl", "[0, 1.1e-09; 2, 3]", "DIFFERS"),
        ("by_curvature", "not run", "no second derivative"),
    ]
    assert found.rows() == rows
    assert str(found) == (
        "a family / a chart at (0.25, -3)\n"
        "  stated        [0.5, 0; 0, 1.2346e+06]  the claim\n"
        "  by_score      [0.5, 0; 0, 1.2346e+06]  agrees\n"
        "  by_kl         [0, 1.1e-09; 2, 3]  DIFFERS\n"
        "  by_curvature  not run  no second derivative\n"
        "  verdict       NOT in agreement (tolerance 1e-07)"
    )
    shown = found._repr_html_()
    assert all(f"<tr><td>{r}</td><td>{e}</td><td>{v}</td></tr>" in shown for r, e, v in rows)


def test_differences_are_in_units_of_the_claim():
    """A claim that is twice the truth differs by half of itself, whatever the size of either, and of any sign."""
    from dataclasses import replace

    right = NORMAL.formulas
    for factor, difference in ((2, 1 / 2), (-4, 5 / 4)):
        off = replace(NORMAL, formulas=replace(right, fisher=lambda theta, m, k=factor: right.fisher(theta, m) * k))
        for sigma in (0.01, 100.0):
            found = fisher.agreement(off, [0.3, sigma])
            assert list(found.differences.values()) == pytest.approx([difference] * 3, rel=1e-6)
            assert found.theta == (0.3, sigma)
    assert fisher.agreement(off, [0.3, 1.0], tolerance=1.26).agree
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="tolerance must be > 0"):
            fisher.agreement(NORMAL, [0.3, 1.0], tolerance=wrong)


def test_the_place_of_an_observation_outside():
    data = [1.0, -2.0, -3.0]
    with pytest.raises(ValueError, match=r"support of 'gamma' \(got -2.0 at index 1\)"):
        fisher.scores(GAMMA, [2.0, 1.0], data)
    with pytest.raises(ValueError, match=r"\(got -3.0 at index \(1, 0\)\)"):
        fisher.scores(GAMMA, [2.0, 1.0], [[1.0, 2.0], [-3.0, -4.0]])
    with pytest.raises(ValueError, match=r"\(got -3.0 at index \(\)\)"):
        fisher.scores(GAMMA, [2.0, 1.0], -3.0)


def test_a_score_that_overflows_is_refused():
    with pytest.raises(FloatingPointError, match=r"a score of 'zero-mean-normal' is not finite at \[1e-200\]"):
        fisher.scores(ZERO_MEAN, [1e-200], [1.0])


def test_data_are_numbers_and_some():
    assert fisher.scores(ZERO_MEAN, [2.0], [3.0]) == pytest.approx(np.array([[0.625]]), rel=1e-13)  # one of them
    for call in (fisher.scores, fisher.empirical, fisher.observed):
        with pytest.raises(ValueError, match=r"data must hold at least one observation .*\(got shape \(0, 2\)\)"):
            call(ZERO_MEAN, [1.0], np.ones((0, 2)))
        with pytest.raises(TypeError, match="data must be real numbers"):
            call(ZERO_MEAN, [1.0], [True])


def test_scores_of_vectors():
    """N(m, I) in the plane: psi = x - m; one vector gives one row."""
    plane = families.get("multivariate-normal", d=2, covariance=np.eye(2))
    m, x = [0.5, -1.0], np.array([[1.0, 2.0], [0.0, 0.0], [3.0, -3.0]])
    assert fisher.scores(plane, m, x) == pytest.approx(x - m, rel=1e-13)
    assert fisher.scores(plane, m, x[0]) == pytest.approx(x[0] - m, rel=1e-13)
    assert fisher.observed(plane, m, x) == pytest.approx(np.eye(2), abs=1e-13)


def test_formulas_of_irregular_families_are_computed_when_asked_for():
    """Uniform on (0, u): psi = -1/u for every x.  Laplace: by the outer product only."""
    uniform = families.get("uniform")
    for route, value in ((fisher.by_score, 1 / 9), (fisher.by_curvature, -1 / 9)):
        with pytest.raises(ValueError, match="support depends on theta"):
            route(uniform, [3.0])
        assert route(uniform, [3.0], check=False) == pytest.approx(np.array([[value]]), rel=1e-9)
    for route in (fisher.by_kl, fisher.stated):
        with pytest.raises(ValueError, match="support depends on theta"):
            route(uniform, [3.0])
    with pytest.raises(ValueError, match="support depends on theta"):
        fisher.by_sampling(uniform, [3.0], size=3, rng=np.random.default_rng(0))
    assert fisher.mean_score(uniform, [3.0]) == pytest.approx([-1 / 3], rel=1e-9)


def test_a_sampled_matrix_of_two_parameters_by_hand():
    found = fisher.by_sampling(NORMAL, [0.5, 2.0], size=np.int64(7), rng=np.random.default_rng(3))
    z = (NORMAL.sample([0.5, 2.0], 7, np.random.default_rng(3)) - 0.5) / 2
    psi = np.stack([z, z**2 - 1]) / 2
    each = np.einsum("in,jn->ijn", psi, psi)
    assert found.value == pytest.approx(each.mean(-1), rel=1e-12)
    assert found.stderr == pytest.approx(each.std(-1, ddof=1) / np.sqrt(7), rel=1e-12)


def test_nodes_count_by_their_weight_and_density_down_to_e_to_the_minus_690():
    from ngtools.fisher.expectation import probabilities

    with jax.enable_x64(True):
        found = probabilities(jnp.array([0.5, -689.5, -690.5, np.inf, -np.inf]), jnp.array([3.0, 2.0, 2.0, 0.0, 1.0]))
        assert np.asarray(found) == pytest.approx([3 * np.exp(0.5), 2 * np.exp(-689.5), 0, 0, 0], rel=1e-14, abs=0)


def test_nodes_for_vectors_are_a_lattice_of_half_standard_deviations():
    """41 nodes an axis, from -10 to 10; the weights are the cells' volumes."""
    from ngtools.fisher.expectation import nodes_of

    cov = np.array([[4.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.25]])
    space = families.get("multivariate-normal", d=3, covariance=cov)
    nodes = nodes_of(space, np.array([1.0, 2.0, 3.0]), None)
    assert nodes.x.shape == (41**3, 3)
    assert nodes.weights == pytest.approx(np.full(41**3, np.sqrt(np.linalg.det(cov)) / 8), rel=1e-12)
    assert nodes.x.mean(axis=0) == pytest.approx([1, 2, 3], rel=1e-10)
    # a lattice of 41 halves has variance (41^2 - 1) / 12 / 4 = 35 along each axis
    assert np.cov(nodes.x.T, ddof=0) == pytest.approx(35 * cov, rel=1e-10, abs=1e-10)
    four = families.get("multivariate-normal", d=4, covariance=np.eye(4))
    with pytest.raises(NotImplementedError, match="vector observations of 'multivariate-normal'; use fisher.by_samp"):
        nodes_of(four, np.zeros(4), None)


@pytest.mark.parametrize(
    ("name", "chart", "theta"),
    [
        ("bernoulli", "logit", [0.4]),
        ("bernoulli", "probability", [0.3]),
        ("bernoulli", "probability", [1e-4]),
        ("bernoulli", "probability", [1 - 1e-4]),
        ("poisson", "rate", [1e-4]),
        ("poisson", "rate", [30.0]),
        ("normal", "natural", [0.5, -0.01]),
        ("normal", None, [0.5, 2.0]),
    ],
)
def test_a_differenced_divergence_stays_in_its_domain(name, chart, theta):
    """Next to an end of the domain a step of a standard deviation would leave it: it is cut by the distance instead."""
    from ngtools.fisher.divergence import differenced

    family, theta = families.get(name), np.array(theta)
    found = differenced(lambda phi: float(family.kl(theta, phi, chart)), family, theta, chart)
    F = fisher.stated(family, theta, chart)
    unit = np.sqrt(np.outer(np.diag(F), np.diag(F)))
    # a divergence of (0.06 / 16)^2 / 2 is known to 1e-16 over that, and where 1 - p is small to 1e-16 / (1 - p)
    assert found / unit == pytest.approx(F / unit, abs=2e-5 if theta[0] == 1 - 1e-4 else 1e-7)


def test_supports_of_a_density_on_the_integers():
    assert (fisher.integers(3, 3).lower, fisher.integers(3, 3).upper) == (3, 3)
    assert (fisher.integers(-(2**53), 2**53).lower, fisher.integers(-(2**53), -(2**53)).upper) == (-(2**53), -(2**53))
    assert fisher.integers(0).upper == np.inf
    for call in (lambda: fisher.integers(-(2**53) - 1), lambda: fisher.integers(0, -(2**53) - 1)):
        with pytest.raises(ValueError, match=f"must be at least -{2**53}"):
            call()
    with pytest.raises(ValueError, match=r"upper must not be below lower \(got 3, 2\)"):
        fisher.integers(3, 2)
    for wrong in (2.0, -np.inf, "inf"):
        with pytest.raises(TypeError, match="upper must be a whole number"):
            fisher.integers(0, wrong)


def slanted(slope, start=0.0):
    """N(0, theta^2) whose log density has an extra start + slope (theta - 1)."""
    from jax.scipy.stats import norm

    return lambda x, theta: norm.logpdf(x, 0.0, theta[0]) + start + slope * (theta[0] - 1)


def test_of_density_allows_a_millionth_of_mass_and_of_mean_score():
    """The mass may be off by 1e-6, and the mean score by 1e-5 of its standard deviation, here sqrt 2."""
    line = (-np.inf, np.inf)
    assert fisher.of_density(slanted(0.0, start=0.9e-6), [1.0], line) == pytest.approx(np.array([[2.0]]), rel=1e-5)
    for start in (1.1e-6, -1.1e-6):
        with pytest.raises(ValueError, match="must be normalised over its support"):
            fisher.of_density(slanted(0.0, start=start), [1.0], line)
    found = fisher.of_density(slanted(0.9e-5 * np.sqrt(2)), [1.0], line)
    assert found == pytest.approx(np.array([[2.0]]), rel=1e-4)
    with pytest.raises(ValueError, match="score does not have zero mean"):
        fisher.of_density(slanted(-1.1e-5 * np.sqrt(2)), [1.0], line)
    # unless nothing is checked
    assert fisher.of_density(slanted(1.0), [1.0], line, check=False) == pytest.approx(np.array([[3.0]]), rel=1e-9)


def test_of_density_meets_a_moving_end_at_every_scale():
    """Uniform on (0, t): psi = -1/t for every x."""
    for t, shown in ((3.0, "-0.333333"), (1e6, "-1e-06")):
        with pytest.raises(ValueError, match=rf"zero mean \(E\[score\] = \[{shown}\]"):
            fisher.of_density(lambda x, theta: jnp.where(x < theta[0], -jnp.log(theta[0]), -jnp.inf), [t], (0, t))


@pytest.mark.parametrize(("slope", "kept"), [(0.7e-13, False), (1.4e-13, True), (0.0, False), (1e-3, True)])
def test_of_density_takes_a_score_of_1e_minus_13_for_rounding(slope, kept):
    """N(slope theta, 1) at theta = 0 has the information slope^2; beside it a coordinate that is known well."""
    from jax.scipy.stats import norm

    found = fisher.of_density(lambda x, t: norm.logpdf(x, slope * t[0] + t[1]), [0.0, 0.0], (-np.inf, np.inf))
    assert found[1, 1] == pytest.approx(1, rel=1e-10)
    assert found[0] == pytest.approx([slope**2, slope] if kept else [0, 0], rel=1e-9, abs=0)
    assert found[1, 0] == found[0, 1]


def test_of_density_knows_a_large_parameter_by_its_own_size():
    """N(0, sigma^2) at sigma = 1e14: psi is of the size of 1/sigma, and F = 2/sigma^2."""
    found = fisher.of_density(slanted(0.0), [1e14], (-np.inf, np.inf))
    assert found == pytest.approx(np.array([[2e-28]]), rel=1e-9, abs=0)


def test_of_density_refuses_what_has_no_finite_information():
    from jax.scipy.stats import norm

    # the mean of 1e160 x is finite, that of its square is not
    with pytest.raises(ValueError, match=r"score of log_density is not finite at theta = \[0.0\]"):
        fisher.of_density(lambda x, t: norm.logpdf(x, 1e160 * t[0]), [0.0], (-np.inf, np.inf))
    with pytest.raises(ValueError, match="at least one coordinate"):
        fisher.of_density(lambda x, t: norm.logpdf(x), [], (-np.inf, np.inf))
    with pytest.raises(ValueError, match=r"a < b \(got \(2, 2\)\)"):
        fisher.of_density(lambda x, t: norm.logpdf(x, t[0]), [0.0], (2, 2))
