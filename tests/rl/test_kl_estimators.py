"""What the three estimates of KL(pi || ref) are worth, as values and as losses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families
from ngtools.rl.kl_estimators import ESTIMATORS, estimates, expected_gradient, expected_value, sample_gradients

SUM = 1e-13  # sums of a few float64 terms of size one
CASES = [
    ("categorical", {"K": 4}, "minimal-logits", [0.4, -1.1, 0.7], [-0.5, 0.3, 0.2], SUM),
    ("categorical", {"K": 3}, "probabilities", [0.2, 0.5], [0.4, 0.3], SUM),
    ("bernoulli", {}, "probability", [0.7], [0.4], SUM),
    ("normal", {}, "mean-std", [0.3, 1.2], [-0.2, 0.9], 1e-10),  # quadrature
]
case = pytest.mark.parametrize(
    ("name", "constants", "chart", "theta", "ref", "tol"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else "",
)


def gradients_of_kl(family, theta, ref, chart):
    """grad KL(pi || ref) and grad KL(ref || pi) in theta, from the family's closed form."""
    with jax.enable_x64(True):
        theta, ref = jnp.asarray(theta), jnp.asarray(ref)
        forward = jax.grad(lambda t: family.kl(t, ref, chart))(theta)
        backward = jax.grad(lambda t: family.kl(ref, t, chart))(theta)
        return np.asarray(forward), np.asarray(backward)


@case
def test_k1_and_k3_are_unbiased_and_k2_is_not(name, constants, chart, theta, ref, tol):
    family = families.get(name, **constants)
    kl = float(family.kl(np.array(theta), np.array(ref), chart))
    assert abs(expected_value("k1", family, theta, ref, chart) - kl) < tol
    assert abs(expected_value("k3", family, theta, ref, chart) - kl) < tol
    assert abs(expected_value("k2", family, theta, ref, chart) - kl) > 1e-3


@case
def test_the_gradient_of_k1_has_mean_zero(name, constants, chart, theta, ref, tol):
    family = families.get(name, **constants)
    assert np.abs(expected_gradient("k1", family, theta, ref, chart)).max() < tol
    forward, _ = gradients_of_kl(family, theta, ref, chart)
    assert np.abs(forward).max() > 0.1  # and that is not because theta is a minimum


@case
def test_k2_gives_the_gradient_of_one_direction_and_k3_of_the_other(name, constants, chart, theta, ref, tol):
    family = families.get(name, **constants)
    forward, backward = gradients_of_kl(family, theta, ref, chart)
    assert np.abs(expected_gradient("k2", family, theta, ref, chart) - forward).max() < tol
    assert np.abs(expected_gradient("k3", family, theta, ref, chart) - backward).max() < tol
    assert np.abs(forward - backward).max() > 0.01


@case
def test_in_the_reward_k1_gives_the_gradient(name, constants, chart, theta, ref, tol):
    family = families.get(name, **constants)
    forward, backward = gradients_of_kl(family, theta, ref, chart)
    assert np.abs(expected_gradient("k1", family, theta, ref, chart, place="reward") - forward).max() < tol
    # loss + reward = the gradient of the expectation, which is KL(pi || ref) for k3 too
    in_reward = expected_gradient("k3", family, theta, ref, chart, place="reward")
    assert np.abs(in_reward - (forward - backward)).max() < tol


def test_the_bias_of_k2_is_of_third_order():
    coin = families.get("bernoulli")
    bias = []
    for size in (0.02, 0.01):
        kl = float(coin.kl(np.array([0.3 + size]), np.array([0.3]), "probability"))
        bias.append(expected_value("k2", coin, [0.3 + size], [0.3], "probability") - kl)
    assert abs(np.log2(bias[0] / bias[1]) - 3) < 0.1  # the next term is 0.01 of the leading one


def test_draws_estimate_what_the_sum_says():
    family, theta, ref = families.get("categorical", K=4), [0.4, -1.1, 0.7], [-0.5, 0.3, 0.2]
    x = family.sample(np.array(theta), 20_000, np.random.default_rng(14))
    for name in ESTIMATORS:
        value = estimates(name, family, theta, ref, x)
        error = value.std(ddof=1) / np.sqrt(len(x))
        assert abs(value.mean() - expected_value(name, family, theta, ref)) < 4 * error
        for place in ("loss", "reward"):
            g = sample_gradients(name, family, theta, ref, x, place=place)
            errors = g.std(0, ddof=1) / np.sqrt(len(x))
            exact = expected_gradient(name, family, theta, ref, place=place)
            assert g.shape == (20_000, 3)
            assert (np.abs(g.mean(0) - exact) < 4 * errors).all()
    assert (estimates("k3", family, theta, ref, x) >= 0).all()
    assert (estimates("k1", family, theta, ref, x) < 0).any()


def test_each_draw_by_hand():
    """A coin: l = log(7/4) for heads and log(3/6) for tails, the score 1/0.7 and -1/0.3."""
    coin, x = families.get("bernoulli"), [1, 0, 1]
    at = (coin, [0.7], [0.4], x, "probability")
    log_ratio, psi = np.log([7 / 4, 1 / 2, 7 / 4]), np.array([1 / 0.7, -1 / 0.3, 1 / 0.7])
    values = {"k1": log_ratio, "k2": log_ratio**2 / 2, "k3": np.array([4 / 7, 2, 4 / 7]) - 1 + log_ratio}
    slopes = {"k1": np.ones(3), "k2": log_ratio, "k3": 1 - np.array([4 / 7, 2, 4 / 7])}
    for name, value in values.items():
        assert estimates(name, *at) == pytest.approx(value, rel=1e-13)
        assert sample_gradients(name, *at)[:, 0] == pytest.approx(slopes[name] * psi, rel=1e-13)
        assert sample_gradients(name, *at, place="reward")[:, 0] == pytest.approx(value * psi, rel=1e-13)


def test_an_outcome_without_probability_counts_nothing():
    """exp(800) overflows in k3 where pi has exp(-800), which is 0."""
    family = families.get("categorical", K=3)
    ref = np.exp([0.5, 1.0, 0.0]) / np.exp([0.5, 1.0, 0.0]).sum()
    expected = np.log(0.5) - np.log(ref[1:]).mean()
    found = expected_value("k3", family, [-800.0, 0.0], [0.5, 1.0], "minimal-logits")
    # E[exp(-l)] leaves out the outcome: 1 - ref of it
    assert found == pytest.approx(expected - ref[0], rel=1e-12)


def test_what_is_not_known_is_named():
    coin = families.get("bernoulli")
    with pytest.raises(ValueError, match=r"name must be one of k1, k2, k3 \(got 'k4'\)"):
        expected_value("k4", coin, [0.5], [0.4], "probability")
    with pytest.raises(ValueError, match=r"place must be one of loss, reward \(got 'prior'\)"):
        expected_gradient("k1", coin, [0.5], [0.4], "probability", place="prior")
    with pytest.raises(ValueError, match="ref"):
        expected_value("k1", coin, [0.5], [1.4], "probability")
    with pytest.raises(ValueError, match="x must hold data from the support of 'bernoulli' along its first axis"):
        estimates("k1", coin, [0.5], [0.4], [0, 2], "probability")
    for x in (1, []):
        with pytest.raises(ValueError, match="x must hold data"):
            estimates("k1", coin, [0.5], [0.4], x, "probability")


def test_a_list_of_log_ratios_is_an_array():
    assert ESTIMATORS["k2"]([0.0, 3.0]) == pytest.approx([0, 4.5])
    assert ESTIMATORS["k2"]((0.0, 3.0)) == pytest.approx([0, 4.5])
    assert ESTIMATORS["k2"](np.ones(2, np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="log_ratio contains inf at index 1"):
        ESTIMATORS["k1"](np.array([0.0, np.inf]))
    assert ESTIMATORS["k3"]([0.0, 1.0]) == pytest.approx([0, np.exp(-1)])
