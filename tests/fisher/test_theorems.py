"""Theorems that any Fisher matrix obeys, over families, points and channels that hypothesis draws."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import families, fisher
from ngtools.fisher.channels import through_channel
from ngtools.fisher.f_divergence import GENERATORS, f_divergence
from ngtools.fisher.sampling import sampling_variance

CATEGORICAL = families.get("categorical", K=4)
ZERO_MEAN = families.get("zero-mean-normal")
quick = settings(max_examples=40, deadline=None)
logits = st.lists(st.floats(-3, 3), min_size=3, max_size=3).map(np.array)
coordinate = st.floats(-2, 2)
scale = st.floats(0.2, 5)


@given(logits)
@quick
def test_zero_mean_score(theta):
    # a sum of four terms of order one
    assert np.abs(fisher.mean_score(CATEGORICAL, theta)).max() < 1e-12
    p = np.exp(np.append(theta, 0.0))
    p /= p.sum()
    psi = fisher.scores(CATEGORICAL, theta, np.arange(4))
    assert np.abs(p @ psi).max() < 1e-12


@given(coordinate, scale)
@quick
def test_three_identities(mu, sigma):
    normal, theta = families.get("normal"), [mu, sigma]
    unit = np.diag([sigma, sigma])  # compare in units in which F does not depend on sigma
    routes = [unit @ route(normal, theta) @ unit for route in (fisher.by_score, fisher.by_curvature, fisher.by_kl)]
    for F in routes:
        assert pytest.approx(np.diag([1.0, 2.0]), abs=1e-10) == F


@given(coordinate, scale)
@quick
def test_the_reverse_divergence_has_the_same_hessian(mu, sigma):
    normal, theta = families.get("normal"), np.array([mu, sigma])
    with jax.enable_x64(True):
        reverse = jax.hessian(lambda t: normal.kl(t, jnp.asarray(theta)))(jnp.asarray(theta))
    assert np.asarray(reverse) * sigma**2 == pytest.approx(fisher.by_kl(normal, theta) * sigma**2, abs=1e-11)


@given(logits)
@quick
def test_symmetric_and_positive_semi_definite(theta):
    for chart, rank in (("minimal-logits", 3), ("logits", 3), ("probabilities", 3)):
        phi = CATEGORICAL.convert(theta, to=chart)
        F = fisher.by_score(CATEGORICAL, phi, chart)
        values = np.linalg.eigvalsh(F)
        assert np.array_equal(F, F.T) or np.abs(F - F.T).max() < 1e-13 * values[-1]
        assert values[0] > -1e-13 * values[-1]
        assert (values > 1e-9 * values[-1]).sum() == rank


@given(st.floats(0.05, 0.95), st.integers(1, 9))
@quick
def test_additivity_by_enumeration(p, n):
    """F of n coins, from all 2^n outcomes, is n times F of one."""
    outcomes = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    score = (outcomes / p - (1 - outcomes) / (1 - p)).sum(axis=1)
    probability = np.prod(np.where(outcomes, p, 1 - p), axis=1)
    one = fisher.by_score(families.get("bernoulli"), [p])[0, 0]
    assert probability @ score**2 == pytest.approx(n * one, rel=1e-11)
    assert fisher.by_score(families.get("binomial", n=n), [p])[0, 0] == pytest.approx(n * one, rel=1e-11)


@given(logits, st.integers(0, 2**32 - 1), st.integers(2, 5))
@quick
def test_processing_loses_information(theta, seed, outputs):
    W = np.random.default_rng(seed).dirichlet(np.ones(outputs), size=4)
    F = fisher.by_score(CATEGORICAL, theta)
    scale = np.trace(F)
    assert np.linalg.eigvalsh(F - through_channel(CATEGORICAL, theta, W)).min() > -1e-12 * scale
    relabelled = through_channel(CATEGORICAL, theta, np.eye(4)[[2, 0, 3, 1]])
    assert np.abs(F - relabelled).max() < 1e-12 * scale


@pytest.mark.parametrize("name", GENERATORS)
def test_f_divergences_share_the_quadratic_term(name):
    gamma, theta, direction = families.get("gamma"), np.array([2.1, 1.3]), np.array([0.7, 0.4])
    F = fisher.by_score(gamma, theta)
    left = []
    for s in (0.02, 0.01):
        model = s**2 * direction @ F @ direction / 2
        left.append(f_divergence(gamma, theta, theta + s * direction, name) - model)
        assert abs(left[-1]) < 0.05 * model  # and the quadratic term itself is right, factor included
    # a cubic remainder falls by 8 when the step is halved; the next order bends it a little
    assert abs(left[0] / left[1]) == pytest.approx(8, rel=0.15)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_error_of_the_monte_carlo_estimate(sigma):
    # Var(psi^2) = E psi^4 - F^2 = (60 - 4)/sigma^4
    assert sampling_variance(ZERO_MEAN, [sigma])[0, 0] == pytest.approx(56 / sigma**4, rel=1e-9)
    sizes, errors = (100, 1600), []
    for size in sizes:
        rng = np.random.default_rng(5)
        values = [fisher.by_sampling(ZERO_MEAN, [sigma], size=size, rng=rng).value[0, 0] for _ in range(400)]
        errors.append(np.sqrt(np.mean((np.array(values) - 2 / sigma**2) ** 2)))
        # a root mean square over 400 repetitions is known to about 5 %, more for heavy tails: three of them
        assert errors[-1] == pytest.approx(np.sqrt(56 / sigma**4 / size), rel=0.15)
    slope = np.log(errors[1] / errors[0]) / np.log(sizes[1] / sizes[0])
    assert slope == pytest.approx(-0.5, abs=0.08)
