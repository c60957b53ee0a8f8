"""Integrals with known values, over every kind of support, at scales from 1e-8 to 1e8."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special as special
import scipy.stats as st

from ngtools.families.support import Circle, Integers, Interval, Simplex, Vector
from ngtools.quadrature import _around, _grid, _shape, integrate, rule

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
    [
        (Simplex(4), "K = 3"),
        (Simplex(2), "K = 3"),
        (Vector(2), "use fisher.by_sampling"),
        (Integers(-math.inf), "finite integer"),
    ],
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


def test_numbers_of_nodes_are_fixed_since_programs_are_compiled_for_them():
    assert len(rule(st.norm.logpdf, LINE).weights) == 2 * 801
    assert len(rule(st.gamma(2).logpdf, Interval(0.0)).weights) == 2 * 801
    assert len(rule(st.vonmises(1).logpdf, Circle()).weights) == 4096
    assert rule(lambda x: np.log(x).sum(-1), Simplex(3)).x.shape == (241**2, 3)


def test_nodes_reach_as_far_as_is_said():
    """Around a width of sqrt 2, exp(pi/2 sinh 6) = 10^137.6; logarithms and logits to 700, those of a simplex to 300."""
    line = rule(st.norm.logpdf, LINE).x
    assert np.log10([line.max(), -line.min()]) == pytest.approx([137.6 + np.log10(np.sqrt(2))] * 2, abs=0.05)
    half = rule(st.expon.logpdf, Interval(0.0)).x
    assert np.log([half.max(), half.min()]) == pytest.approx([700, -700], rel=1e-10)
    assert np.log(-rule(lambda x: x, Interval(-math.inf, 0.0)).x.min()) == pytest.approx(700, rel=1e-10)
    x, y = rule(lambda x: st.beta(2, 2).logpdf(x[0]), Interval(0.0, 1.0), pairs=True).x
    assert np.log([x.min(), y.min()]) == pytest.approx([-700] * 2, rel=1e-10)
    few = rule(lambda x: -0.99 * np.log(x).sum(-1), Simplex(3)).x
    assert np.log([few[:, 0].min(), few[:, 1:].min()]) == pytest.approx([-300, -600], rel=1e-10)


def test_nodes_beyond_the_scan_weigh_nothing():
    nodes = rule(st.expon.logpdf, Interval(0.0))
    for end in (nodes.x.min(), nodes.x.max()):
        assert (nodes.x == end).sum() > 100
        assert not nodes.weights[nodes.x == end].any()
    assert (nodes.weights >= 0).all()


def test_both_ends_of_an_interval_are_met_to_their_last_digits():
    """Next to 0 a node is known to full relative precision, whether 0 is the lower end or the upper one."""
    log_density = lambda x: -np.log(3 + 0 * x)  # noqa: E731
    assert np.log(rule(log_density, Interval(0.0, 3.0)).x.min()) == pytest.approx(np.log(3) - 700, rel=1e-10)
    assert np.log(-rule(log_density, Interval(-3.0, 0.0)).x.max()) == pytest.approx(np.log(3) - 700, rel=1e-10)


def test_nodes_of_the_circle_go_round_once():
    nodes = rule(st.vonmises(1.7).logpdf, Circle())
    np.testing.assert_allclose(nodes.x, np.pi * np.arange(-2048, 2048) / 2048, rtol=0, atol=1e-14)
    found = moments(st.vonmises(1.7, loc=0.6).logpdf, Circle(), [np.sin, np.cos])
    length = special.i1e(1.7) / special.i0e(1.7)
    assert found == pytest.approx([length * math.sin(0.6), length * math.cos(0.6)], rel=1e-12)


def test_either_end_of_an_interval_is_approached_to_full_precision():
    assert 0 < rule(lambda x: -0.9 * np.log(x), Interval(0.0, 2.0)).x.min() < 1e-300
    assert -1e-300 < rule(lambda x: -0.9 * np.log(-x), Interval(-2.0, 0.0)).x.max() < 0
    # without pairs the unit interval is an interval like any other
    assert moments(st.uniform.logpdf, Interval(0.0, 1.0), [np.ones_like, np.log]) == pytest.approx(
        [1.0, -1.0], rel=1e-12
    )


def test_the_circle_is_cut_at_the_back():
    x = rule(st.vonmises(1).logpdf, Circle()).x
    assert (x[0], x[2048]) == (-np.pi, 0.0)
    assert np.diff(x) == pytest.approx(np.full(4095, 2 * np.pi / 4096), rel=1e-9)


def test_values_may_be_vectors():
    nodes = rule(st.norm.logpdf, LINE)
    values = np.stack([np.exp(st.norm.logpdf(nodes.x)), np.exp(st.norm(3, 2).logpdf(nodes.x))], axis=1)
    assert integrate(values, nodes) == pytest.approx([1.0, 1.0], rel=1e-10)


def test_a_scale_beyond_the_scan_is_met_by_the_far_nodes():
    """No width is found within 1e18; the nodes of width 1 are too few there for more than two digits."""
    assert moments(st.norm(0, 1e19).logpdf, LINE, [np.ones_like]) == pytest.approx([1.0], abs=1e-2)


def test_mode_and_widths_of_a_lopsided_density():
    """One unit is lost at 0.2 to the left of 0.3 and at 5 to the right; distances come 40 to the decade."""

    def height(v):
        return np.where(v < 0.3, (v - 0.3) / 0.2, (0.3 - v) / 5.0)

    mode, left, right = _shape(height, _grid(1e150))
    assert mode == pytest.approx(0.3, rel=1e-14)
    assert 0.2 <= left < 0.2 * 10**0.026
    assert 5.0 <= right < 5.0 * 10**0.026


def test_what_never_loses_one_unit_has_width_one():
    assert _shape(np.zeros_like, _grid(1e150))[1:] == (1.0, 1.0)


@pytest.mark.parametrize("reach", [300.0, 1e150])
def test_the_scan_is_symmetric_about_zero(reach):
    grid = _grid(reach)
    np.testing.assert_array_equal(grid, -grid[::-1])
    assert (grid == 0).sum() == 1
    assert grid[-1] == reach
    # equal steps of arcsinh: at most 0.02 of what is passed over, up to 1e18
    inner = np.arcsinh(grid[np.abs(grid) < min(1.001e18, 0.999 * reach)])
    assert np.ptp(np.diff(inner)) < 1e-9


def test_what_lies_around():
    points = np.array([10, 20, 30, 40])
    assert [_around(points, index) for index in range(4)] == [(10, 20), (10, 30), (20, 40), (30, 40)]


@pytest.mark.parametrize(
    ("height", "first", "count"),
    [
        (lambda x: -100.0 * x, 0, 2),
        (lambda x: -60 / 1024 * x, 0, 2048),  # e^-60 is left out at 1024
        (lambda x: -59.5 / 1024 * x, 0, 4096),  # a little more is not
        (lambda x: -100.0 * np.abs(x - 1000), 999, 4),
        (lambda x: -60 / 64 * np.abs(x - 5000), 4936, 256),
        (lambda x: -60 / 64 * np.abs(x - 50), 0, 128),
        (lambda x: -60 / 2**20 * x, 0, 2**21),
        (lambda x: -60 / 64 * np.abs(x - 10**13), 10**13 - 64, 256),  # a narrow one, far out
    ],
)
def test_a_sum_runs_over_all_but_e_to_the_minus_60(height, first, count):
    nodes = rule(height, Integers(0))
    np.testing.assert_array_equal(nodes.x, np.arange(first, first + count))
    assert (nodes.weights == 1).all()


def test_the_longest_sum():
    with pytest.raises(ValueError, match="more than 2097152 terms"):
        rule(lambda x: -59.9 / 2**20 * x, Integers(0))


def test_a_finite_sum_is_complete_up_to_4096_terms():
    assert len(rule(lambda x: 0.0 * x, Integers(3, 4098)).x) == 4096
    assert len(rule(lambda x: 0.0 * x, Integers(3, 4099)).x) == 2**14  # one more: a window, doubled until it holds all
    longer = rule(lambda x: 0.0 * x, Integers(3, 4100))
    assert len(longer.x) == 2**14  # a power of two, since a program is compiled for each
    assert longer.weights.sum() == 4098
    assert longer.x.max() == 4100


def test_the_last_term_of_a_long_finite_sum_may_be_the_largest():
    nodes = rule(lambda x: 100.0 * (x - 9004), Integers(5, 9004))
    assert nodes.x.tolist() == [9003, 9004, 9004, 9004]  # four, a power of two
    assert nodes.weights.tolist() == [1, 1, 0, 0]


def test_terms_that_have_no_value_are_left_out():
    nodes = rule(lambda x: np.where(x > 10**6, np.nan, -x / 10), Integers(0))
    assert nodes.x.tolist() == list(range(2048))
    assert integrate(np.exp(-nodes.x / 10), nodes) == pytest.approx(1 / (1 - np.exp(-0.1)), rel=1e-12)


@pytest.mark.parametrize("rate", [0.5, 1e7])
def test_a_sum_may_start_anywhere(rate):
    shifted = st.poisson(rate, loc=-40)
    found = moments(shifted.logpmf, Integers(-40), [np.ones_like, lambda x: (x + 40) / rate])
    assert found == pytest.approx([1.0, 1.0], abs=1e-12 + 4e-15 * rate)


def test_a_density_on_the_simplex_may_be_nan_where_it_has_no_value():
    def log_density(x):
        with np.errstate(all="ignore"):
            return np.where(x[..., 0] < 1e-60, np.nan, (0.5 * np.log(x)).sum(-1))

    nodes = rule(log_density, Simplex(3))
    p = np.exp(np.nan_to_num(log_density(nodes.x), nan=-np.inf))
    # Dirichlet(3/2, 3/2, 3/2): the constant is Gamma(3/2)^3 / Gamma(9/2)
    assert integrate(p, nodes) == pytest.approx(math.gamma(1.5) ** 3 / math.gamma(4.5), rel=1e-10)
