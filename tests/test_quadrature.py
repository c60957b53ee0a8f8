"""Integrals with known values, over every kind of support, at scales from 1e-8 to 1e8."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats as st

from ngtools.families.support import Circle, Integers, Interval, Simplex, Vector
from ngtools.quadrature import integrate, rule

LINE = Interval()


def moments(log_density, support, functions):
    nodes = rule(log_density, support)
    p = np.exp(log_density(nodes.x))
    return [float(integrate(p * f(nodes.x), nodes)) for f in functions]


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("location", [0.0, 3.0, -1e4])
def test_normal_moments(location, scale):
    # nodes next to a far location lose digits: (x - location)/scale is known to eps * location / scale
    lost = 1e-16 * abs(location) / scale
    found = moments(st.norm(location, scale).logpdf, LINE, [np.ones_like, lambda x: ((x - location) / scale) ** 2])
    assert found == pytest.approx([1.0, 1.0], abs=1e-12 + 50 * lost)


def test_cauchy_second_moment_of_the_score_needs_far_nodes():
    # E[4 x^2/(1+x^2)^2] = 1/2: the Fisher information of the location
    found = moments(
        st.cauchy.logpdf,
        LINE,
        [np.ones_like, lambda x: 4 / np.square(x + 1 / x, where=np.abs(x) < 1e100, out=np.full_like(x, np.inf))],
    )
    assert found == pytest.approx([1.0, 0.5], abs=1e-12)


@pytest.mark.parametrize("shape", [0.1, 1.0, 40.0, 1e5])
def test_gamma_mean(shape):
    # E[log x] = digamma(shape) sees the singularity at 0 when the shape is small
    found = moments(st.gamma(shape).logpdf, Interval(0.0), [np.ones_like, np.log])
    from scipy.special import digamma

    assert found == pytest.approx([1.0, digamma(shape)], rel=2e-12 * max(1.0, math.sqrt(shape)))


def test_kink_at_the_mode_is_no_obstacle():
    found = moments(st.laplace(0.3, 0.2).logpdf, LINE, [np.ones_like, lambda x: np.abs(x - 0.3)])
    assert found == pytest.approx([1.0, 0.2], rel=1e-12)


def test_finite_and_half_infinite_intervals():
    assert moments(st.uniform(2, 3).logpdf, Interval(2.0, 5.0), [np.ones_like, lambda x: x]) == pytest.approx(
        [1.0, 3.5], rel=1e-12
    )
    assert moments(lambda x: x, Interval(-math.inf, 0.0), [np.ones_like, lambda x: x]) == pytest.approx(
        [1.0, -1.0], rel=1e-12
    )


def test_unit_interval_gives_the_complement_to_full_precision():
    nodes = rule(lambda x: st.beta(0.3, 0.2).logpdf(x[0]), Interval(0.0, 1.0), pairs=True)
    x, y = nodes.x
    assert y[x > 0.999999].min() < 1e-40  # 1 - x in floating point would be 0
    p = x ** (0.3 - 1) * y ** (0.2 - 1) * math.gamma(0.5) / (math.gamma(0.3) * math.gamma(0.2))
    assert integrate(p, nodes) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("rate", [0.01, 3.0, 1e3, 1e6])
def test_sum_over_counts(rate):
    # 1e6 terms of a log probability each good to 1e-16 * rate * log(rate)
    found = moments(st.poisson(rate).logpmf, Integers(0), [np.ones_like, lambda x: x / rate])
    assert found == pytest.approx([1.0, 1.0], abs=1e-12 + 4e-15 * rate)


def test_finite_sum_is_complete():
    assert moments(st.binom(7, 0.3).logpmf, Integers(0, 7), [np.ones_like, lambda x: x]) == pytest.approx(
        [1.0, 2.1], rel=1e-14
    )
    assert moments(st.randint(5, 9005).logpmf, Integers(5, 9004), [np.ones_like]) == pytest.approx([1.0], rel=1e-12)


def test_circle_and_simplex():
    assert moments(st.vonmises(1.7).logpdf, Circle(), [np.ones_like]) == pytest.approx([1.0], rel=1e-13)
    alpha = np.array([1.7, 0.4, 3.2])
    log_beta = sum(map(math.lgamma, alpha)) - math.lgamma(alpha.sum())
    found = moments(
        lambda x: ((alpha - 1) * np.log(x)).sum(-1) - log_beta,
        Simplex(3),
        [lambda x: 1 + 0 * x[..., 0], lambda x: x[..., 1]],
    )
    assert found == pytest.approx([1.0, 0.4 / 5.3], rel=1e-11)


@pytest.mark.parametrize(
    ("support", "message"),
    [(Simplex(4), "K = 3"), (Vector(2), "pass the nodes"), (Integers(-math.inf), "finite integer")],
)
def test_what_is_not_covered_is_said(support, message):
    with pytest.raises(NotImplementedError, match=message):
        rule(lambda x: -(x**2), support)


def test_a_density_that_is_nowhere_finite_is_refused():
    with pytest.raises(ValueError, match="not finite anywhere"):
        rule(lambda x: np.full(np.shape(x), np.nan), LINE)


def test_a_sum_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="by_sampling"):
        rule(lambda x: np.log1p(-1e-9) * x, Integers(0))
