"""The equations of chapter 14: the clipped objective, what an obeyed clip would mean, penalties and their estimates."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from ngtools import families
from ngtools.rl import anatomy, clipping, kl_estimators, penalised_bandit, ppo


@pytest.fixture(scope="module")
def trial():
    return anatomy.trial(5, copies=4, steps=16)


@pytest.mark.claim("eq-ppo-clip", how="exact")
@pytest.mark.parametrize("A", [2.0, -0.5, 0.0])
@pytest.mark.parametrize("r", [0.0, 0.3, 0.8, 0.95, 1.0, 1.1, 1.2, 2.5])
def test_the_clipped_objective_case_by_case(r, A):
    """The three cases of the figure, written without minimum and clip."""
    if A > 0 and r > 1.2:
        expected = 1.2 * A
    elif A < 0 and r < 0.8:
        expected = 0.8 * A
    else:
        expected = r * A
    with jax.enable_x64(True):
        assert float(ppo.clipped(jnp.float64(r), jnp.float64(A), 0.2)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.claim("eq-ppo-first-gradient", how="numeric")
def test_the_first_gradient_is_that_of_the_surrogate(trial):
    """Two routes to g: the clipped objective differentiated, and mean(psi A) by hand; 1e-12 is rounding of the mean."""
    policy, theta, batch = trial.policy, trial.state.params, trial.batch
    with jax.enable_x64(True):
        old = policy.log_prob(theta, batch.observations, batch.actions)

        def objective(new):
            ratio = jnp.exp(policy.log_prob(new, batch.observations, batch.actions) - old)
            return batch.mean(ppo.clipped(ratio, batch.advantages, 0.2))

        g = jax.grad(objective)(theta)
        p = np.exp(np.asarray(policy.log_prob(theta, batch.observations, jnp.ones(len(old), int))))
        actions, states, A = (np.asarray(x) for x in (batch.actions, batch.observations, batch.advantages))
    # two logits, linear: psi = (one-hot - probabilities) times (observation, 1)
    taken = np.stack([1 - actions, actions], 1) - np.stack([1 - p, p], 1)
    weighted = taken * A[:, None] / len(p)
    np.testing.assert_allclose(g["kernel"], states.T @ weighted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(g["bias"], weighted.sum(axis=0), rtol=0, atol=1e-12)
    assert np.linalg.norm(g["bias"]) > 1e-3


@pytest.mark.claim("eq-ppo-obeyed", how="numeric")
@pytest.mark.parametrize("clip", [0.05, 0.2, 0.5, 0.9])
def test_no_policy_that_obeys_the_clip_diverges_further(clip):
    """Against many ratios inside the interval, and the pair that attains the bound (rounding: 1e-14)."""
    rng = np.random.default_rng(14)
    bound = clipping.divergence_if_obeyed(clip)
    old, new = clipping.worst_pair(clip)
    assert new.sum() == pytest.approx(1)
    assert -(old @ np.log(new / old)) == pytest.approx(bound, rel=1e-14)
    for _ in range(300):
        p = rng.dirichlet(np.ones(4))
        r = rng.uniform(1 - clip, 1 + clip, 4)
        if rng.random() < 0.5:
            r = np.where(r > 1, 1 + clip, 1 - clip)
        # towards 1 until the new probabilities sum to one: the interval is kept
        up, down = np.maximum(r - 1, 0), np.maximum(1 - r, 0)
        if (p @ up) * (p @ down) == 0:
            continue
        scale = min(p @ up, p @ down)
        r = 1 + up * scale / (p @ up) - down * scale / (p @ down)
        assert p @ r == pytest.approx(1)
        assert r.min() >= 1 - clip - 1e-12
        assert r.max() <= 1 + clip + 1e-12
        assert -(p @ np.log(r)) <= bound + 1e-12


@pytest.mark.claim("eq-ppo-obeyed", how="symbolic")
def test_the_bound_begins_with_half_the_square():
    epsilon = sp.Symbol("epsilon", positive=True)
    series = sp.series(-sp.log(1 - epsilon**2) / 2, epsilon, 0, 6).removeO()
    assert sp.expand(series - epsilon**2 / 2 - epsilon**4 / 4) == 0
    assert clipping.divergence_if_obeyed(0.1) == pytest.approx(float(series.subs(epsilon, 0.1)), rel=1e-4)


REF, REWARDS = np.array([0.5, 0.3, 0.15, 0.05]), np.array([0.2, -0.4, 1.0, 0.7])


def best(objective):
    """Maximise over the simplex by a quasi-Newton search in the logits."""
    found = minimize(
        lambda z: -objective(np.exp(z - z.max()) / np.exp(z - z.max()).sum()), np.zeros(len(REF)), tol=1e-14
    )
    weights = np.exp(found.x - found.x.max())
    return weights / weights.sum()


@pytest.mark.claim("eq-penalised-forward", how="numeric")
@pytest.mark.parametrize("beta", [0.2, 1.0, 5.0])
def test_the_gibbs_policy_maximises(beta):
    """Against a search; 1e-5 is the search's own accuracy in the probabilities."""
    expected = best(lambda p: p @ REWARDS - beta * p @ np.log(p / REF))
    np.testing.assert_allclose(penalised_bandit.gibbs(REF, REWARDS, beta), expected, atol=1e-5)


@pytest.mark.claim("eq-penalised-reverse", how="numeric")
@pytest.mark.parametrize("beta", [0.2, 1.0, 5.0])
def test_the_reverse_optimum_maximises(beta):
    expected = best(lambda p: p @ REWARDS - beta * REF @ np.log(REF / p))
    found = penalised_bandit.reverse_optimum(REF, REWARDS, beta)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    prices = REWARDS + beta * REF / found
    # one price for all actions, above every reward; the root is good to 1e-14
    assert np.ptp(prices) < 1e-10
    assert prices.min() > REWARDS.max()


@pytest.mark.claim("eq-kl-estimators", how="exact")
@pytest.mark.parametrize("seed", range(4))
def test_mean_gradients_of_the_three_estimates(seed):
    """Against the gradients of both divergences of the categorical record, by automatic differentiation."""
    rng, family = np.random.default_rng(seed), families.get("categorical", K=4)
    theta, ref = rng.standard_normal((2, 4))
    with jax.enable_x64(True):
        forward = jax.grad(lambda t: family.kl(t, jnp.asarray(ref), "logits"))(jnp.asarray(theta))
        backward = jax.grad(lambda t: family.kl(jnp.asarray(ref), t, "logits"))(jnp.asarray(theta))
    expected = {"k1": np.zeros(4), "k2": forward, "k3": backward}
    for name, value in expected.items():
        found = kl_estimators.expected_gradient(name, family, theta, ref, "logits")
        np.testing.assert_allclose(found, value, rtol=0, atol=1e-13)
    assert np.linalg.norm(np.asarray(forward) - np.asarray(backward)) > 1e-2


def test_ten_clipped_steps_on_other_batches():
    """What the chapter says beside its figure: of 32 other batches two thirds pass the bound, one at four times it."""
    rates, bound = np.geomspace(0.003, 1, 8)[:6], clipping.divergence_if_obeyed(0.2)
    worst = np.array([np.max(clipping.updates(anatomy.trial(seed), rates).kl) for seed in range(15, 47)]) / bound
    # a batch or two lies so near the bound that rounding decides
    assert (worst > 1).sum() == pytest.approx(2 / 3 * 32, abs=2)
    assert worst.max() == pytest.approx(4, abs=0.3)
    assert np.sort(worst)[-2] < 3.5
    # the chapter's own batch, with the clip nearly taken out
    assert np.max(clipping.updates(anatomy.trial(14), rates, clip=0.999).kl) > 50 * bound
