"""Samples against SciPy's distribution functions, from a NumPy generator and from a JAX key.

Seeds are fixed, so a test passes or fails for good.  About 130 p-values are taken, and each must exceed
1e-4: with correct samplers, one chance in 80 that any of them failed when the seeds were first chosen.
"""

import jax
import numpy as np
import pytest
import scipy.stats as st
from scipy.special import expit

from ngtools import families
from ngtools.families import von_mises
from ngtools.families.support import Integers, Simplex, Vector

SIZE, LEVEL = 4000, 1e-4
EXAMPLES = families.examples()
SCALAR = [family for family in EXAMPLES if not isinstance(family.support, (Simplex, Vector))]
PAIRS = [pytest.param(f, p, id=f"{f.name}-{i}") for f in SCALAR for i, p in enumerate(f.points[:2])]
SOURCES = {"numpy": lambda: np.random.default_rng(20), "jax": lambda: jax.random.key(20)}


def p_value(x, frozen, discrete):
    if not discrete:
        return st.kstest(x, frozen.cdf).pvalue
    # cells of expected count >= 10, the tails pooled
    edges = np.unique(frozen.ppf(np.linspace(0.005, 0.995, 25)))
    probabilities = np.diff(np.concatenate([[0.0], frozen.cdf(edges), [1.0]]))
    cells = np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1)
    while len(probabilities) > 1 and probabilities[-1] * len(x) < 10:
        probabilities = np.append(probabilities[:-2], probabilities[-2:].sum())
        cells = np.append(cells[:-2], cells[-2:].sum())
    assert len(cells) >= 2
    return st.chisquare(cells, probabilities * len(x)).pvalue


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("family", "point"), PAIRS)
def test_sample_follows_the_distribution(family, point, source, twin):
    x = np.asarray(family.sample(list(point), SIZE, SOURCES[source]()), dtype=np.float64)
    assert x.shape == (SIZE,)
    assert np.asarray(family.support.contains(x)).all()
    assert p_value(x, twin(family, point), isinstance(family.support, Integers)) > LEVEL


@pytest.mark.parametrize("source", SOURCES)
def test_dirichlet_sample(source):
    # stick breaking: x1 is beta(a1, a2 + a3) and x2/(1 - x1) an independent beta(a2, a3)
    family = families.get("dirichlet", K=3)
    a = np.array([1.7, 0.6, 3.0])
    x = np.asarray(family.sample(a, SIZE, SOURCES[source]()), dtype=np.float64)
    assert x.sum(-1) == pytest.approx(1, abs=1e-6)  # 32 bits in JAX
    assert np.isfinite(family.log_density(family.sample(a, SIZE, SOURCES[source]()), a)).all()
    first, second = st.beta(a[0], a[1] + a[2]).cdf(x[:, 0]), st.beta(a[1], a[2]).cdf(x[:, 1] / (x[:, 1] + x[:, 2]))
    assert st.kstest(first, "uniform").pvalue > LEVEL
    assert st.kstest(second, "uniform").pvalue > LEVEL
    assert st.spearmanr(first, second).pvalue > LEVEL


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chart", ["mean", "covariance", "cholesky", "mean-covariance", "mean-cholesky"])
def test_multivariate_normal_sample(source, chart):
    family = families.get("multivariate-normal", d=2, mean=[0.5, -1.0], covariance=[[1.5, 0.4], [0.4, 0.8]])
    theta = family.points_in(chart)[0]
    home = family.convert(theta, to="mean-covariance", chart=chart)
    S = np.array([[home[2], home[3]], [home[3], home[4]]])
    x = np.asarray(family.sample(theta, SIZE, SOURCES[source](), chart=chart), dtype=np.float64)
    z = np.linalg.solve(np.linalg.cholesky(S), (x - home[:2]).T)
    for direction in ([1, 0], [0, 1], [0.6, 0.8], [0.6, -0.8]):
        assert st.kstest(np.array(direction) @ z, "norm").pvalue > LEVEL


@pytest.mark.parametrize("source", SOURCES)
def test_regression_samples(source):
    X, w = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0]]), np.array([0.3, -0.7])
    eta = X @ w
    y = np.asarray(families.get("linear-regression", X=X, sigma=0.6).sample(w, SIZE, SOURCES[source]()))
    z = (y - eta) / 0.6
    for column in (*z.T, (z[:, 0] + z[:, 1]) / np.sqrt(2), (z[:, 1] - z[:, 2]) / np.sqrt(2)):
        assert st.kstest(column, "norm").pvalue > LEVEL
    y = np.asarray(families.get("logistic-regression", X=X).sample(w, SIZE, SOURCES[source]()))
    for column, p in zip(y.T, expit(eta)):
        assert p_value(column, st.bernoulli(p), True) > LEVEL
    y = np.asarray(families.get("poisson-regression", X=X).sample(w, SIZE, SOURCES[source]()))
    for column, rate in zip(y.T, np.exp(eta)):
        assert p_value(column, st.poisson(rate), True) > LEVEL


@pytest.mark.parametrize("family", EXAMPLES, ids=lambda f: f.name)
def test_sizes(family):
    theta = list(family.points[0])
    entry = np.shape(family.sample(theta, 1, np.random.default_rng(0)))[1:]
    for size in ((2, 3), (), 0):
        expected = ((size,) if isinstance(size, int) else size) + entry
        assert np.shape(family.sample(theta, size, np.random.default_rng(0))) == expected
    once, again = (family.sample(theta, 5, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(once, again)


# one family of each kind of draw: compiling JAX's rejection samplers for each shape takes seconds
@pytest.mark.parametrize("name", ["normal", "laplace", "categorical", "multivariate-normal", "von-mises"])
def test_sizes_from_a_key(name):
    family = next(f for f in EXAMPLES if f.name == name)
    drawn = family.sample(list(family.points[0]), (2, 3), jax.random.key(0))
    assert isinstance(drawn, jax.Array)
    assert drawn.shape == (2, 3) + ((2,) if name == "multivariate-normal" else ())


def test_sampling_refuses_what_it_cannot_use():
    family = families.get("normal")
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator or a jax key \(got int\)"):
        family.sample([0.0, 1.0], 3, 42)
    with pytest.raises(ValueError, match="size must not be negative"):
        family.sample([0.0, 1.0], -1, np.random.default_rng(0))


def test_rows_of_a_regression_draw_one_answer_each():
    for name in ("linear-regression", "logistic-regression", "poisson-regression"):
        family = next(f for f in EXAMPLES if f.name == name)
        assert len(family.rows) == len(family.constants["X"])
        assert np.shape(family.rows[0].sample([0.3, -0.7], 4, np.random.default_rng(0))) == (4,)


@pytest.mark.parametrize("kappa", [0.05, 1.7, 300.0])
def test_von_mises_accepts_two_of_three_proposals(kappa, monkeypatch):
    # after one round, what has not been accepted lies at the mean itself
    monkeypatch.setattr(von_mises, "ROUNDS", 1)
    x = families.get("von-mises").sample([0.5, kappa], SIZE, np.random.default_rng(4))
    assert np.mean(np.abs(x - 0.5) > 1e-12) > 0.63
    monkeypatch.setattr(von_mises, "ROUNDS", 12)
    x = families.get("von-mises").sample([0.5, kappa], SIZE, np.random.default_rng(4))
    assert np.mean(np.abs(x - 0.5) < 1e-12) < 1e-3
    assert (x >= -np.pi).all()
    assert (x < np.pi).all()
