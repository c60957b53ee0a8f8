"""Log densities against SciPy, in the body and far out in the tails; -inf outside the support."""

import jax
import numpy as np
import pytest
import scipy.stats as st
from scipy.special import expit

from ngtools import families
from ngtools.families.support import Integers, Simplex, Vector

EXAMPLES = families.examples()
SCALAR = [family for family in EXAMPLES if not isinstance(family.support, (Simplex, Vector))]
PAIRS = [pytest.param(f, p, id=f"{f.name}-{i}") for f in SCALAR for i, p in enumerate(f.points)]

# Both sides are closed forms in float64.  Each rounds sums of terms up to about 100 times the result
# (loggamma differences, x^2 in the far tail), a few ulp each: 1e-12 of the largest term.
RTOL, ATOL = 1e-11, 1e-12


def observations(frozen, discrete):
    """Quantiles from 1e-10 to 1 - 1e-12: body and both tails."""
    levels = np.array([1e-10, 1e-4, 0.03, 0.2, 0.5, 0.77, 0.98])
    x = np.concatenate([frozen.ppf(levels), frozen.isf([1e-4, 1e-8, 1e-12])])
    return np.unique(x) if discrete else x


@pytest.mark.parametrize(("family", "point"), PAIRS)
def test_log_density_is_that_of_scipy(family, point, twin):
    frozen = twin(family, point)
    discrete = isinstance(family.support, Integers)
    x = observations(frozen, discrete)
    x = x[np.asarray(family.support.contains(x))]
    assert len(x) >= 2
    expected = frozen.logpmf(x) if discrete else frozen.logpdf(x)
    assert family.log_density(x, list(point)) == pytest.approx(expected, rel=RTOL, abs=ATOL)


@pytest.mark.parametrize("family", EXAMPLES, ids=lambda f: f.name)
def test_every_chart_and_engine_reads_the_same_number(family):
    for chart in family.charts:
        for point in family.points_in(chart):
            x = family.sample(point, 6, np.random.default_rng(5), chart=chart)
            value = family.log_density(x, point, chart=chart)
            assert np.isfinite(value).all()
            whole = family.charts[-1] if family.name == "multivariate-normal" else family.charts[0]
            moved = family.convert(point, to=whole, chart=chart)
            # the way through another chart costs a few roundings
            assert family.log_density(x, moved, chart=whole) == pytest.approx(value, rel=1e-10, abs=1e-12)
            with jax.enable_x64(True):
                read = family.log_density(jax.numpy.asarray(x), jax.numpy.asarray(point), chart=chart)
            assert np.asarray(read) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_dirichlet_is_that_of_scipy():
    family = families.get("dirichlet", K=4)
    x = np.array([[0.1, 0.2, 0.3, 0.4], [0.97, 0.01, 0.01, 0.01], [1e-9, 0.5, 0.25, 0.25 - 1e-9]])
    for point in family.points:
        expected = [st.dirichlet(point).logpdf(row) for row in x]
        assert family.log_density(x, list(point)) == pytest.approx(expected, rel=RTOL, abs=ATOL)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_multivariate_normal_is_that_of_scipy(d):
    family = families.get("multivariate-normal", d=d)
    rows, columns = np.tril_indices(d)
    for theta in family.points_in("mean-covariance"):
        S = np.zeros((d, d))
        S[rows, columns] = S[columns, rows] = theta[d:]
        x = theta[:d] + np.array([[0.1] * d, [-3.0] * d, list(range(d)), [30.0] * d])
        expected = np.atleast_1d(st.multivariate_normal(theta[:d], S).logpdf(x))
        assert family.log_density(x, theta, chart="mean-covariance") == pytest.approx(expected, rel=RTOL)


def test_multivariate_normal_with_fixed_mean_and_covariance():
    mean, S = [0.5, -1.0], [[1.5, 0.4], [0.4, 0.8]]
    family = families.get("multivariate-normal", d=2, mean=mean, covariance=S)
    x = np.array([[0.0, 0.0], [2.0, -3.0]])
    expected = st.multivariate_normal([0.2, 0.1], S).logpdf(x)
    assert family.log_density(x, [0.2, 0.1], chart="mean") == pytest.approx(expected, rel=RTOL)
    expected = st.multivariate_normal(mean, [[2.0, -0.3], [-0.3, 0.9]]).logpdf(x)
    assert family.log_density(x, [2.0, -0.3, 0.9], chart="covariance") == pytest.approx(expected, rel=RTOL)


def test_regressions_are_products_of_scipy_densities():
    X = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0]])
    w = np.array([0.3, -0.7])
    eta = X @ w
    y = np.array([[0.2, 1.4, -3.0], [1.0, 0.0, 2.0]])
    linear = families.get("linear-regression", X=X, sigma=0.6)
    assert linear.log_density(y, w) == pytest.approx(st.norm(eta, 0.6).logpdf(y).sum(-1), rel=RTOL)
    count = np.array([[0, 3, 1], [2, 0, 0]])
    poisson = families.get("poisson-regression", X=X)
    assert poisson.log_density(count, w) == pytest.approx(st.poisson(np.exp(eta)).logpmf(count).sum(-1), rel=RTOL)
    binary = np.array([[0, 1, 1], [1, 0, 0]])
    logistic = families.get("logistic-regression", X=X)
    assert logistic.log_density(binary, w) == pytest.approx(st.bernoulli(expit(eta)).logpmf(binary).sum(-1), rel=RTOL)


@pytest.mark.parametrize(("df", "r", "minimum"), [(0.7, 0.3, 1.5), (40.0, 12.5, 0.2)])
def test_constants_need_not_be_whole(df, r, minimum):
    x = np.array([2.0, 7.0])
    student = families.get("student-t", df=df).log_density(x, [0.5, 1.2])
    assert student == pytest.approx(st.t(df, 0.5, 1.2).logpdf(x), rel=RTOL)
    negative = families.get("negative-binomial", r=r).log_density(x, [0.4])
    assert negative == pytest.approx(st.nbinom(r, 0.4).logpmf(x), rel=RTOL)
    pareto = families.get("pareto", minimum=minimum).log_density(x, [1.7])
    assert pareto == pytest.approx(st.pareto(1.7, scale=minimum).logpdf(x), rel=RTOL)


OUTSIDE = {
    "bernoulli": (-1.0, 2.0, 0.5),
    "beta": (-0.1, 0.0, 1.0, 1.3),
    "binomial": (-1.0, 8.0, 2.5),
    "categorical": (-1.0, 3.0, 0.5),
    "dirichlet": ([0.5, 0.5, 0.1], [1.2, -0.1, -0.1]),
    "exponential": (-0.1, 0.0),
    "gamma": (-0.1, 0.0),
    "geometric": (0.0, -2.0, 1.5),
    "inverse-gamma": (-0.1, 0.0),
    "inverse-gaussian": (-0.1, 0.0),
    "log-normal": (-0.1, 0.0),
    "logistic-regression": ([0.0, 1.0, 2.0, 0.0],),
    "negative-binomial": (-1.0, 0.5),
    "pareto": (0.99, -1.0),
    "pareto-minimum": (1.49, 0.0, -1.0),
    "poisson": (-1.0, 1.5),
    "poisson-regression": ([0.0, 1.0, -1.0, 0.0], [0.0, 0.5, 1.0, 2.0]),
    "rayleigh": (-0.1, 0.0),
    "uniform": (-0.1, 2.01, 50.0),
    "weibull": (-0.1, 0.0),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_minus_infinity_outside_the_support(name):
    family = next(f for f in EXAMPLES if f.name == name)
    theta = np.array(family.points[0])
    for x in OUTSIDE[name]:
        x = np.array(x)
        assert family.log_density(x, theta) == -np.inf
        assert family.log_density(jax.numpy.asarray(x), jax.numpy.asarray(theta)) == -np.inf
        # the derivative must not be poisoned by the point left out
        slope = jax.grad(lambda t, x=x: family.log_density(jax.numpy.asarray(x), t))(jax.numpy.asarray(theta))
        assert np.isfinite(np.asarray(slope)).all()


def test_every_bounded_support_is_tried():
    unbounded = {"cauchy", "gumbel", "laplace", "linear-regression", "logistic", "multivariate-normal", "normal"}
    unbounded |= {"student-t", "von-mises", "zero-mean-normal"}
    assert {family.name for family in EXAMPLES} == unbounded | set(OUTSIDE)


def test_logits_keep_what_probabilities_lose():
    # log(1 - p) at logit 40 is -40 although p rounds to 1
    assert families.get("bernoulli").log_density(0, [40.0], chart="logit") == pytest.approx(-40, rel=1e-15)
    value = families.get("binomial", n=3).log_density(0, [800.0], chart="logit")
    assert value == pytest.approx(-2400, rel=1e-15)
    value = families.get("categorical", K=3).log_density(2, [0.0, 900.0], chart="minimal-logits")
    assert value == pytest.approx(-900, rel=1e-15)


def test_beta_takes_the_pair_x_and_one_minus_x():
    family = families.get("beta")
    # at x = 1 - 1e-20, which float64 rounds to 1: log density of 1 - x under Beta(b, a) at 1e-20
    value = family.log_density((1.0, 1e-20), [2.2, 0.3])
    assert value == pytest.approx(st.beta(0.3, 2.2).logpdf(1e-20), rel=RTOL)
