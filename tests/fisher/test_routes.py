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
