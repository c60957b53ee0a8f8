"""The equations of chapter 13: the lemma, the bounds, the step and its check, advantages, linear charts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.descent.natural import budget_step, natural_gradient
from ngtools.geometry.kl_remainder import slope
from ngtools.rl import anatomy, guarantee, mdp, npg, policies, trpo
from ngtools.rl.advantages import gae

EXACT = {"cg_steps": 10, "cg_tol": 1e-10}  # rank 5 in 64 bits: solved to that residual


@cache
def found():
    return anatomy.trial(2)


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def pair(seed, size, gamma=0.9, states=5, actions=3):
    """A process, an old and a new policy, and the old one's facts."""
    rng = np.random.default_rng(seed)
    process = mdp.random_mdp(rng, states, actions)
    old = softmax(rng.standard_normal((states, actions)))
    new = softmax(np.log(old) + size * rng.standard_normal(old.shape))
    return process, old, new, mdp.evaluate(process, old, gamma)


@pytest.mark.claim("eq-tr-difference", how="exact")
def test_the_lemma_by_following_the_new_policy():
    process, old, new, facts = pair(0, 3.0)
    total, now = 0.0, process.start
    for t in range(400):  # 0.9^400 is 5e-19
        total += 0.9**t * np.einsum("s,sa,sa->", now, new, facts.advantage)
        now = np.einsum("s,sa,sat->t", now, new, process.transition)
    c = guarantee.compare(process, old, new, 0.9)
    assert total == pytest.approx(c.gain, abs=1e-12)
    assert c.lemma == pytest.approx(c.gain, abs=1e-12)
    assert c.gain == pytest.approx(mdp.evaluate(process, new, 0.9).expected_return - facts.expected_return, abs=1e-12)


def logits(params, observations):
    return np.asarray(observations) @ np.asarray(params["kernel"]) + np.asarray(params["bias"])


def moved(params, step):
    flat, back = jax.flatten_util.ravel_pytree(params)
    return back(flat + step)


@pytest.mark.claim("eq-tr-surrogate", how="numeric")
def test_both_forms_of_the_surrogate():
    process, old, new, facts = pair(1, 1.0)
    by_new = np.einsum("s,sa,sa->", facts.rho, new, facts.advantage)
    by_ratio = np.einsum("s,sa,sa->", facts.rho, old, new / old * facts.advantage)
    assert by_new == pytest.approx(by_ratio, abs=1e-14)
    assert guarantee.compare(process, old, new, 0.9).predicted * (1 - 0.9) == pytest.approx(by_new, abs=1e-13)
    # and the sampled one, with softmaxes written out
    one, step = found(), 0.3 * np.random.default_rng(1).standard_normal(10)
    with jax.enable_x64(True):
        rows, actions = np.arange(len(one.batch.actions)), np.asarray(one.batch.actions)
        before, after = (
            softmax(logits(params, one.batch.observations))[rows, actions]
            for params in (one.state.params, moved(one.state.params, step))
        )
    assert one.surrogate(step) == pytest.approx(np.mean(after / before * np.asarray(one.batch.advantages)), abs=1e-12)


@pytest.mark.claim("eq-tr-first-order", how="numeric")
def test_the_surrogate_is_right_to_first_order():
    rng = np.random.default_rng(2)
    process, policy, theta = (
        mdp.random_mdp(rng, 5, 3),
        mdp.log_linear(rng.standard_normal((5, 3, 4))),
        rng.standard_normal(4),
    )
    old, h = mdp.probabilities(policy, theta), 1e-5
    assert guarantee.compare(process, old, old, 0.9).predicted == pytest.approx(0, abs=1e-13)
    g = mdp.policy_gradient(process, policy, theta, 0.9, per_step=True)
    for axis, entry in zip(np.eye(4), g):
        sides = [guarantee.compare(process, old, mdp.probabilities(policy, theta + s * h * axis), 0.9) for s in (1, -1)]
        # central differences: h^2 and 1e-15 / h
        assert (sides[0].predicted - sides[1].predicted) * (1 - 0.9) / (2 * h) == pytest.approx(entry, abs=1e-8)
        assert (sides[0].gain - sides[1].gain) * (1 - 0.9) / (2 * h) == pytest.approx(entry, abs=1e-8)


@pytest.mark.claim("eq-tr-states", how="exact")
@pytest.mark.parametrize("size", [0.1, 3.0])
def test_the_states_move_no_faster_than_the_policy(size):
    process, old, new, facts = pair(3, size)
    P_old, P_new = (np.einsum("sa,sat->st", pi, process.transition) for pi in (old, new))
    after = guarantee.visits(process, new, 0.9)
    resolvent = np.linalg.inv(np.eye(5) - 0.9 * P_new)
    assert after - facts.rho == pytest.approx(0.9 * facts.rho @ (P_new - P_old) @ resolvent, abs=1e-13)
    tv = guarantee.compare(process, old, new, 0.9).mean_tv
    assert tv == pytest.approx(facts.rho @ np.abs(new - old).sum(axis=1) / 2, abs=1e-14)
    assert np.abs(after - facts.rho).sum() <= 2 * 0.9 / (1 - 0.9) * tv


@pytest.mark.claim("eq-tr-bound", "eq-tr-mean-bound", how="numeric")
@pytest.mark.parametrize("size", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("gamma", [0.3, 0.9])
def test_every_link_of_the_chain(size, gamma):
    for seed in range(4):
        process, old, new, facts = pair(seed, size, gamma)
        c = guarantee.compare(process, old, new, gamma)
        tv, kl = np.abs(new - old).sum(axis=1) / 2, np.sum(old * np.log(old / new), axis=1)
        epsilon = np.abs(facts.advantage).max()
        factor = 4 * epsilon * gamma / (1 - gamma) ** 2
        chain = [
            abs(c.gain - c.predicted),
            factor * (facts.rho @ tv) * tv.max(),
            factor / 2 * np.sqrt((facts.rho @ kl) * kl.max()),
            factor / 2 * kl.max(),
            factor * kl.max(),
        ]
        assert (np.diff(chain) >= -1e-12).all()
        assert [c.mixed, c.paper] == pytest.approx([chain[2], chain[4]], rel=1e-10)
        assert c.mean_only == pytest.approx(factor * np.sqrt(facts.rho @ kl / 2), rel=1e-10)
        assert chain[0] <= c.mean_only
        # what the chapter says of it: the penalty is 2 gamma / (1 - gamma) times the most that can be promised
        assert abs(c.predicted) * 2 * gamma / (1 - gamma) <= c.mean_only


@pytest.mark.claim("eq-tr-problem", how="numeric")
def test_the_constraint_is_the_mean_divergence_from_old_to_new():
    one, step = found(), 0.3 * np.random.default_rng(4).standard_normal(10)
    with jax.enable_x64(True):
        old, new = (
            softmax(logits(params, one.batch.observations))
            for params in (one.state.params, moved(one.state.params, step))
        )
    forward, backward = np.sum(old * np.log(old / new), axis=1).mean(), np.sum(new * np.log(new / old), axis=1).mean()
    assert one.kl(step) == pytest.approx(forward, rel=1e-10)
    assert abs(forward - backward) > 1e-3  # the test can tell them apart
    process, policy = guarantee.misleading_ladder(6)
    taken = guarantee.exact_step(process, policy, [0.0], 0.9, 0.01)
    old, new = mdp.probabilities(policy, [0.0]), mdp.probabilities(policy, taken.theta)
    kl = guarantee.visits(process, old, 0.9) @ np.sum(old * np.log(old / new), axis=1)
    assert taken.comparison.mean_kl == pytest.approx(kl, rel=1e-12)
    assert kl <= 0.01


@pytest.mark.claim("eq-tr-models", how="numeric")
def test_the_models_of_surrogate_and_divergence():
    one, v = found(), np.random.default_rng(5).standard_normal(10)
    sizes = np.array([1e-2, 1e-3])
    start = one.surrogate(0 * v)
    linear = [abs(one.surrogate(t * v) - start - t * one.g @ v) for t in sizes]
    quadratic = [abs(one.kl(t * v) - t**2 / 2 * v @ one.F @ v) for t in sizes]
    assert slope(sizes, linear) == pytest.approx(2, abs=0.05)
    assert slope(sizes, quadratic) == pytest.approx(3, abs=0.05)


@pytest.mark.claim("eq-tr-length", how="numeric")
def test_the_length_of_the_step():
    one, deltas = found(), np.array([1e-3, 1e-1])
    reports = anatomy.at_values(trpo.METHOD, one, trpo.Settings(**EXACT), "delta", deltas)
    best = one.g @ np.linalg.pinv(one.F, rcond=1e-10, hermitian=True) @ one.g
    assert reports.predicted_kl == pytest.approx(deltas, rel=1e-9)
    assert reports.predicted_gain == pytest.approx(np.sqrt(2 * deltas * best), rel=1e-8)
    # the same step as the constrained problem of chapter 06, in a chart without the redundant logit
    F, g = np.array([[2.0, 0.3], [0.3, 0.5]]), np.array([1.0, -0.4])
    s = np.linalg.solve(F, g)
    step = np.sqrt(2 * 0.01 / (s @ F @ s)) * s
    assert step == pytest.approx(budget_step(F, g, 0.01), rel=1e-12)
    assert step @ F @ step / 2 == pytest.approx(0.01, rel=1e-12)
    assert g @ step == pytest.approx(np.sqrt(2 * 0.01 * g @ s), rel=1e-12)


@pytest.mark.claim("eq-tr-backtracking", how="numeric")
def test_the_first_fraction_that_passes_both_tests():
    one, deltas = found(), [0.01, 0.1, 1.0]
    reports = anatomy.at_values(trpo.METHOD, one, trpo.Settings(**EXACT), "delta", deltas)
    s = np.linalg.pinv(one.F, rcond=1e-10, hermitian=True) @ one.g
    before = one.surrogate(0 * s)
    for i, delta in enumerate(deltas):
        full = np.sqrt(2 * delta / (s @ one.F @ s)) * s
        passes = [one.kl(0.8**j * full) <= delta and one.surrogate(0.8**j * full) > before for j in range(11)]
        j = passes.index(True)
        assert reports.backtracks[i] == j
        # the step of CG and that of the dense solve differ by the residual, 1e-10
        assert reports.kl[i] == pytest.approx(one.kl(0.8**j * full), rel=1e-7)
        assert reports.gain[i] == pytest.approx(one.surrogate(0.8**j * full) - before, rel=1e-7)
    assert reports.backtracks.max() > 0


@pytest.mark.claim("eq-tr-overshoot", how="numeric")
def test_the_full_step_misses_by_the_root_of_the_radius():
    deltas = np.array([1e-6, 1e-4])
    reports = anatomy.at_values(npg.METHOD, found(), npg.Settings(**EXACT), "delta", deltas)
    # the next term is of relative size sqrt(1e-4)
    assert slope(deltas, np.abs(reports.kl / deltas - 1)) == pytest.approx(0.5, abs=0.02)


@pytest.mark.claim("eq-tr-damped", how="numeric")
def test_what_a_damped_length_gives_away():
    one = found()
    settings = trpo.Settings(**EXACT, damping=0.1, damped_length=True)
    reports = anatomy.at_values(trpo.METHOD, one, settings, "delta", [0.01])
    s = np.linalg.solve(one.F + 0.1 * np.eye(10), one.g)
    share = s @ one.F @ s / (s @ one.F @ s + 0.1 * s @ s)
    assert anatomy.budget_shares(one, [0.1]) == pytest.approx([share], rel=1e-10)
    assert reports.predicted_kl[0] / 0.01 == pytest.approx(share, rel=1e-7)
    assert share < 1


@pytest.mark.claim("eq-tr-gae", "eq-tr-ends", how="exact")
def test_advantages_are_sums_of_residuals_up_to_the_end():
    rng = np.random.default_rng(6)
    rewards, values, following = rng.standard_normal((3, 8))
    terminated, truncated = np.zeros(8, bool), np.zeros(8, bool)
    terminated[2], truncated[5] = True, True
    with jax.enable_x64(True):
        for lam in (0.0, 0.7, 1.0):
            estimates = np.asarray(gae(rewards, values, following, terminated, truncated, 0.9, lam))
            residuals = rewards + 0.9 * np.where(terminated, 0, following) - values
            for t in range(8):
                end = next((u for u in range(t, 8) if terminated[u] or truncated[u]), 7)
                direct = sum((0.9 * lam) ** (u - t) * residuals[u] for u in range(t, end + 1))
                assert estimates[t] == pytest.approx(direct, abs=1e-13)
        # within an episode the values telescope for lam = 1: returns minus a baseline
        chained = np.concatenate([values[1:], following[-1:]])
        none = np.zeros(8, bool)
        ended = none.copy()
        ended[-1] = True
        estimates = np.asarray(gae(rewards, values, chained, ended, none, 0.9, 1.0))
    returns = [sum(0.9 ** (u - t) * rewards[u] for u in range(t, 8)) for t in range(8)]
    assert estimates == pytest.approx(np.array(returns) - values, abs=1e-12)


@pytest.mark.claim("eq-tr-affine", how="numeric")
def test_linear_charts_make_the_same_update():
    one = found()
    mix = np.array([[1.0, 0.4, 0, 0], [0, 2.0, 0.4, 0], [0, 0, 5.0, 0.4], [0.4, 0, 0, 0.2]])

    def back(phi):
        return {"kernel": jnp.asarray(mix) @ phi["kernel"], "bias": 3 * phi["bias"] + 1}

    def to(theta):
        return {"kernel": jnp.linalg.solve(jnp.asarray(mix), theta["kernel"]), "bias": (theta["bias"] - 1) / 3}

    with jax.enable_x64(True):
        policy, state = policies.in_chart(one.policy, to, back), replace(one.state, params=to(one.state.params))
    other = replace(one, policy=policy, state=state)
    deltas = [0.01, 1.0]
    here, there = (
        anatomy.at_values(trpo.METHOD, learner, trpo.Settings(cg_steps=20, cg_tol=1e-10), "delta", deltas)
        for learner in (one, other)
    )
    # steps to the edge of the model, and not any two that are equal
    assert here.predicted_kl == pytest.approx(deltas, rel=1e-9)
    assert here.backtracks.tolist() == there.backtracks.tolist()
    # residuals of 1e-10, amplified by the condition of F in either chart
    assert there.kl == pytest.approx(here.kl, rel=1e-6)
    assert there.gain == pytest.approx(here.gain, rel=1e-6)
    damped = [
        anatomy.at_values(trpo.METHOD, learner, trpo.Settings(**EXACT, damping=0.1), "delta", [0.01]).gain[0]
        for learner in (one, other)
    ]
    assert abs(damped[0] / damped[1] - 1) > 1e-3  # the test can tell two updates apart


@pytest.mark.claim("eq-tr-affine", how="exact")
def test_a_chart_with_more_weights_than_needed_makes_the_same_step():
    """S of full row rank and not square: S w = s though S^T F S is singular; 1e-9 is its pseudo-inverse's rounding."""
    rng = np.random.default_rng(36)
    root, S, g = rng.standard_normal((3, 3)), rng.standard_normal((3, 5)), rng.standard_normal(3)
    F = root @ root.T + np.eye(3)
    s, w = natural_gradient(F, g), natural_gradient(S.T @ F @ S, S.T @ g, singular="minimum-norm")
    assert S @ w == pytest.approx(s, abs=1e-9)
    assert w @ S.T @ F @ S @ w == pytest.approx(s @ F @ s, rel=1e-9)
    assert np.linalg.norm(S @ S.T @ g - s) > 0.1  # the plain gradient of the chart is another step
