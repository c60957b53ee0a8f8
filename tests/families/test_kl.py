"""Kullback-Leibler divergences against sums and integrals of SciPy's densities."""

import jax
import numpy as np
import pytest
import scipy.stats as st
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss

from ngtools import families
from ngtools.families.support import Integers, Simplex, Vector

EXAMPLES = families.examples()
SCALAR = [family for family in EXAMPLES if not isinstance(family.support, (Simplex, Vector))]


NODES, WEIGHTS = leggauss(60)
LEVELS = np.concatenate([10.0 ** -np.arange(15, 0, -1), [0.25, 0.5]])


def kl_of(p, q, discrete, period=None):
    """KL(p || q) in nats of two frozen SciPy distributions: a sum, or Gauss-Legendre between quantiles.

    The quantiles of both, decade by decade into the tails, cut the line into pieces on which both densities
    are smooth and change little; what lies beyond weighs 1e-15.
    """
    if discrete:
        x = np.arange(2000)  # up to where every probability in use is below 1e-60
        x = x[p.pmf(x) > 0]
        return float(np.sum(p.pmf(x) * (p.logpmf(x) - q.logpmf(x))))
    if period is None:
        cuts = np.unique([f(level) for level in LEVELS for d in (p, q) for f in (d.ppf, d.isf)])
        low, high = p.support()
        cuts = cuts[(cuts >= low) & (cuts <= high) & np.isfinite(cuts)]
    else:
        cuts = np.linspace(-period / 2, period / 2, 30)
    left, width = cuts[:-1, None], np.diff(cuts)[:, None]
    x = left + width * (1 + NODES) / 2
    density = p.pdf(x)
    log_ratio = np.where(density > 0, p.logpdf(x) - q.logpdf(x), 0.0)
    return float(np.sum(width / 2 * WEIGHTS * density * log_ratio))


@pytest.mark.parametrize("family", SCALAR, ids=lambda f: f.name)
def test_kl_is_the_integral(family, twin):
    pairs = [(a, b) for a in family.points[:2] for b in family.points[:2] if a != b]
    discrete = isinstance(family.support, Integers)
    for first, second in pairs:
        value = family.kl(list(first), list(second))
        if family.name in ("uniform", "pareto-minimum") and value == np.inf:
            # the first support is not contained in the second
            (low0, high0), (low1, high1) = twin(family, first).support(), twin(family, second).support()
            assert low0 < low1 or high0 > high1
            continue
        period = 2 * np.pi if family.name == "von-mises" else None
        expected = kl_of(twin(family, first), twin(family, second), discrete, period)
        # the tails left out (1e-15 times a log ratio below 1e4) and SciPy's densities
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("family", EXAMPLES, ids=lambda f: f.name)
def test_kl_vanishes_at_coincidence_and_is_the_same_in_every_chart(family):
    for chart in family.charts:
        first, second = family.points_in(chart)[:2]
        # terms of size up to 20 cancel
        assert family.kl(first, first, chart=chart) == pytest.approx(0, abs=1e-13)
        value = family.kl(first, second, chart=chart)
        assert value > 0
        whole = "mean-covariance" if family.name == "multivariate-normal" else family.charts[0]
        moved = [family.convert(theta, to=whole, chart=chart) for theta in (first, second)]
        assert family.kl(*moved, chart=whole) == pytest.approx(value, rel=1e-11)


def test_dirichlet_by_stick_breaking():
    # x_i / (1 - x_1 - ... - x_(i-1)) are independent beta variables, one-to-one with x
    first, second = np.array([1.7, 0.8, 3.2]), np.array([0.9, 2.0, 1.1])
    expected = 0.0
    for i in range(2):
        p = st.beta(first[i], first[i + 1 :].sum())
        q = st.beta(second[i], second[i + 1 :].sum())
        expected += kl_of(p, q, discrete=False)
    value = families.get("dirichlet", K=3).kl(first, second)
    assert value == pytest.approx(expected, rel=1e-9)


def test_multivariate_normal_by_gauss_hermite():
    # log densities are quadratic: three nodes an axis are exact
    family = families.get("multivariate-normal", d=3)
    first, second = family.points_in("mean-covariance")
    rows, columns = np.tril_indices(3)
    frozen = []
    for theta in (first, second):
        S = np.zeros((3, 3))
        S[rows, columns] = S[columns, rows] = theta[3:]
        frozen.append((theta[:3], S))
    nodes, weights = hermegauss(3)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes), -1).reshape(-1, 3)
    weight = np.prod(np.stack(np.meshgrid(weights, weights, weights), -1).reshape(-1, 3), -1) / (2 * np.pi) ** 1.5
    x = frozen[0][0] + grid @ np.linalg.cholesky(frozen[0][1]).T
    p, q = (st.multivariate_normal(*pair) for pair in frozen)
    expected = weight @ (p.logpdf(x) - q.logpdf(x))
    assert family.kl(first, second, chart="mean-covariance") == pytest.approx(expected, rel=1e-12)


def test_regressions_sum_over_rows():
    X = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0]])
    w0, w1 = np.array([0.3, -0.7]), np.array([-0.2, 0.4])
    logit = [st.bernoulli(1 / (1 + np.exp(-X @ w))) for w in (w0, w1)]
    frozen = {
        "linear-regression": [[st.norm(mean, 0.6) for mean in X @ w] for w in (w0, w1)],
        "logistic-regression": [[st.bernoulli(p) for p in pair.args[0]] for pair in logit],
        "poisson-regression": [[st.poisson(rate) for rate in np.exp(X @ w)] for w in (w0, w1)],
    }
    for name, (first, second) in frozen.items():
        constants = {"sigma": 0.6} if name == "linear-regression" else {}
        expected = sum(kl_of(p, q, name != "linear-regression") for p, q in zip(first, second))
        assert families.get(name, X=X, **constants).kl(w0, w1) == pytest.approx(expected, rel=1e-9)


FAR = [
    ([0.0, 1.0], [0.0, 1.0 + 1e-6]),
    ([0.0, 1.0], [0.3, 40.0]),
    ([0.0, 40.0], [0.3, 1.0]),
    ([0.0, 0.02], [5.0, 1.0]),
    ([5.0, 1.0], [0.0, 0.02]),
    ([1000.0, 0.1], [-200.0, 3.0]),
]


@pytest.mark.parametrize(("first", "second"), FAR)
def test_quadrature_of_student_t_against_the_cauchy_closed_form(first, second):
    value = families.get("student-t", df=1).kl(first, second)
    assert value == pytest.approx(families.get("cauchy").kl(first, second), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), FAR)
@pytest.mark.parametrize("name", ["logistic", "student-t", "heavy"])
def test_quadratures_far_apart(name, first, second):
    constants = {"logistic": {}, "student-t": {"df": 4.5}, "heavy": {"df": 0.6}}[name]
    family = families.get("logistic" if name == "logistic" else "student-t", **constants)
    make = st.logistic if name == "logistic" else lambda *theta: st.t(constants["df"], *theta)
    expected = kl_of(make(*first), make(*second), discrete=False)
    assert family.kl(first, second) == pytest.approx(expected, rel=1e-10, abs=1e-11)


def test_quadratures_are_differentiable_and_say_that_they_are_quadratures():
    for family in (families.get("logistic"), families.get("student-t", df=5)):
        assert family.formulas.kl_route == "quadrature"
        with jax.enable_x64(True):
            theta = jax.numpy.array([0.4, 1.2])

            @jax.jit
            def derivatives(t, family=family, theta=theta):
                return jax.grad(family.kl, argnums=1)(theta, t), jax.hessian(family.kl, argnums=1)(theta, t)

            slope, curvature = derivatives(theta)
        assert np.asarray(slope) == pytest.approx(0, abs=1e-10)
        assert np.asarray(curvature) == pytest.approx(family.fisher([0.4, 1.2]), rel=1e-9, abs=1e-10)
        with pytest.raises(NotImplementedError, match="SymPy has no closed form"):
            family.kl(family.chart().symbols, family.chart().symbols)


def test_infinite_where_a_support_is_left():
    uniform = families.get("uniform")
    assert uniform.kl([2.0], [1.0]) == np.inf
    assert uniform.kl([1.0], [2.0]) == pytest.approx(np.log(2), rel=1e-15)
    minimum = families.get("pareto-minimum", shape=3.0)
    assert minimum.kl([1.0], [2.0]) == np.inf
    assert minimum.kl([2.0], [1.0]) == pytest.approx(3 * np.log(2), rel=1e-15)
