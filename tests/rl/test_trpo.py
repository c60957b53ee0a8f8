"""TRPO's step: its parts against dense linear algebra, its guarantees, its invariance, and its reports."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families, products, trees
from ngtools.rl import envs, policies, report, trpo
from ngtools.rl.advantages import Batch
from ngtools.rl.training import State

pytestmark = pytest.mark.usefixtures("double_precision")
ENV = envs.make("CartPole-v1")
LOGIT = policies.linear(ENV, head="bernoulli", bias=False)  # F has full rank: 4 weights, one logit
EXACT = trpo.Settings(delta=0.01, cg_steps=30, cg_tol=1e-13)
ONCE = replace(EXACT, backtracks=1, shrink=1e-12)  # the full step or (in effect) none


def state_of(params):
    return State(params, (), (), (), jax.random.key(0), jnp.zeros((), int))


def dense_of(policy, params, batch):
    """g and F as arrays, from the definitions: means over the batch of A psi and of sum_a pi psi psi^T."""
    flat, unflatten = trees.flatten(params)
    score = jax.jacrev(lambda theta, a: policy.log_prob(unflatten(theta), batch.observations, a))
    g = np.asarray(score(flat, batch.actions)).T @ np.asarray(batch.advantages) / len(batch.advantages)
    F = 0
    for a in range(2):
        actions = jnp.full(len(batch.actions), a)
        psi, p = (
            np.asarray(score(flat, actions)),
            np.exp(np.asarray(policy.log_prob(params, batch.observations, actions))),
        )
        F = F + (psi * p[:, None]).T @ psi / len(p)
    return g, F


def step_of(policy, params, batch, settings):
    new, made = trpo.update(policy, state_of(params), batch, settings)
    return np.asarray(trees.flatten(new.params)[0] - trees.flatten(params)[0]), made


def test_the_full_step_is_the_dense_formula(problem):
    params, batch = problem
    step, made = step_of(LOGIT, params, batch, ONCE)
    g, F = dense_of(LOGIT, params, batch)
    natural = np.linalg.solve(F, g)
    expected = np.sqrt(2 * 0.01 / (g @ natural)) * natural
    assert int(made.backtracks) == 0
    np.testing.assert_allclose(step, expected, rtol=1e-10)
    # the quadratic model is at the radius, and the predicted gain is sqrt(2 delta g^T F^-1 g)
    np.testing.assert_allclose(step @ F @ step / 2, 0.01, rtol=1e-10)
    np.testing.assert_allclose(made.predicted_kl, 0.01, rtol=1e-10)
    np.testing.assert_allclose(made.predicted_gain, np.sqrt(2 * 0.01 * g @ natural), rtol=1e-10)
    np.testing.assert_allclose(made.gradient_norm, np.linalg.norm(g), rtol=1e-12)


def test_no_step_of_the_same_length_gains_more(problem, rng):
    params, batch = problem
    step, _ = step_of(LOGIT, params, batch, ONCE)
    g, F = dense_of(LOGIT, params, batch)
    for other in rng.standard_normal((300, 4)):
        other *= np.sqrt(2 * 0.01 / (other @ F @ other))
        assert g @ other < g @ step


def test_three_products_are_one_matrix(problem):
    params, batch = problem
    _, F = dense_of(LOGIT, params, batch)
    np.testing.assert_allclose(products.dense(LOGIT.fisher(params, batch.observations), params), F, atol=1e-14)
    hessian = products.kl_hessian_vector_product(LOGIT.model, params, batch.observations, LOGIT.head)
    np.testing.assert_allclose(products.dense(hessian, params), F, atol=1e-14)
    flat, unflatten = trees.flatten(params)

    def divergence(theta):  # reverse over reverse, the old policy stopped
        old = jax.tree.map(jax.lax.stop_gradient, params)
        return batch.mean(LOGIT.kl(old, unflatten(theta), batch.observations))

    np.testing.assert_allclose(jax.jacrev(jax.grad(divergence))(flat), F, atol=1e-13)


@pytest.mark.parametrize("delta", [0.01, 0.1, 1.0, 5.0])
def test_what_is_accepted_respects_the_radius_and_improves(delta, batch_of):
    policy = policies.mlp(ENV, (6,))
    params = policy.init(jax.random.key(3))
    params["1"]["kernel"] *= 100  # a policy with opinions
    batch = batch_of(policy, params)
    new, made = trpo.update(policy, state_of(params), batch, trpo.Settings(delta=delta))
    assert made.reason == "accepted"
    kl = float(jnp.mean(policy.kl(params, new.params, batch.observations)))
    ratio = np.exp(
        np.asarray(
            policy.log_prob(new.params, batch.observations, batch.actions)
            - policy.log_prob(params, batch.observations, batch.actions)
        )
    )
    gain = float(np.mean((ratio - 1) * np.asarray(batch.advantages)))
    assert 0 < kl <= delta
    assert gain > 0
    np.testing.assert_allclose([made.kl, made.gain], [kl, gain], rtol=1e-9)
    np.testing.assert_allclose([made.ratio_min, made.ratio_max], [ratio.min(), ratio.max()], rtol=1e-12)


def test_backtracking_takes_the_first_fraction_that_serves(overshooting):
    params, batch = overshooting
    settings = replace(EXACT, delta=0.5)
    step, made = step_of(LOGIT, params, batch, settings)
    g, F = dense_of(LOGIT, params, batch)
    natural = np.linalg.solve(F, g)
    full = np.sqrt(2 * 0.5 / (g @ natural)) * natural
    flat, unflatten = trees.flatten(params)
    log_old = LOGIT.log_prob(params, batch.observations, batch.actions)
    for j in range(11):
        new = unflatten(flat + 0.8**j * full)
        kl = jnp.mean(LOGIT.kl(params, new, batch.observations))
        gain = jnp.mean(
            (jnp.exp(LOGIT.log_prob(new, batch.observations, batch.actions) - log_old) - 1) * batch.advantages
        )
        if kl <= 0.5 and gain > 0:
            break
    assert j > 0
    assert int(made.backtracks) == j
    np.testing.assert_allclose(step, 0.8**j * full, rtol=1e-9)


@pytest.mark.parametrize("damped_length", [False, True])
def test_damping_and_the_length_as_implementations_do(problem, damped_length):
    params, batch = problem
    lam = 0.1
    step, made = step_of(LOGIT, params, batch, replace(ONCE, damping=lam, damped_length=damped_length))
    g, F = dense_of(LOGIT, params, batch)
    s = np.linalg.solve(F + lam * np.eye(4), g)
    model = s @ (F + lam * np.eye(4)) @ s if damped_length else s @ F @ s
    np.testing.assert_allclose(step, np.sqrt(2 * 0.01 / model) * s, rtol=1e-9)
    np.testing.assert_allclose(made.predicted_kl, step @ F @ step / 2, rtol=1e-9)
    assert (float(made.predicted_kl) < 0.9 * 0.01) == damped_length  # the damped length wastes radius


def test_every_tenth_state_as_in_the_paper(problem):
    params, batch = problem
    step, made = step_of(LOGIT, params, batch, replace(EXACT, fisher_stride=10))
    g, _ = dense_of(LOGIT, params, batch)
    few = replace(
        batch, observations=batch.observations[::10], actions=batch.actions[::10], advantages=batch.advantages[::10]
    )
    _, F = dense_of(LOGIT, params, few)
    natural = np.linalg.solve(F, g)
    fraction = 0.8 ** int(made.backtracks)
    np.testing.assert_allclose(step, fraction * np.sqrt(2 * 0.01 / (g @ natural)) * natural, rtol=1e-9)
    assert float(made.kl) <= 0.01  # measured on all states


def test_weights_are_repetitions(problem):
    params, batch = problem
    counts = np.arange(200) % 3
    repeated = jax.tree.map(
        lambda leaf: jnp.repeat(leaf, counts, axis=0), (batch.observations, batch.actions, batch.advantages)
    )
    weighted = replace(batch, weights=jnp.asarray(counts / counts.sum()))
    one, a = step_of(LOGIT, params, weighted, EXACT)
    two, b = step_of(
        LOGIT, params, replace(batch, observations=repeated[0], actions=repeated[1], advantages=repeated[2]), EXACT
    )
    np.testing.assert_allclose(one, two, rtol=1e-9)
    np.testing.assert_allclose(
        [a.kl, a.gain, a.ratio_max, a.ratio_min], [b.kl, b.gain, b.ratio_max, b.ratio_min], rtol=1e-9
    )


def test_every_fourth_state_keeps_its_weight(problem):
    params, batch = problem
    counts = 1 + np.arange(200) % 3
    weighted = replace(batch, weights=jnp.asarray(counts / counts.sum()))
    step, made = step_of(LOGIT, params, weighted, replace(EXACT, fisher_stride=4))
    X, a = np.asarray(batch.observations), np.asarray(batch.actions)
    p = 1 / (1 + np.exp(-X @ np.asarray(params["kernel"])[:, 0]))
    g = X.T @ (counts * (a - p) * np.asarray(batch.advantages)) / counts.sum()
    shares = (counts * p * (1 - p))[::4] / counts[::4].sum()
    F = (X[::4] * shares[:, None]).T @ X[::4]
    natural = np.linalg.solve(F, g)
    fraction = 0.8 ** int(made.backtracks)
    np.testing.assert_allclose(step, fraction * np.sqrt(2 * 0.01 / (g @ natural)) * natural, rtol=1e-9)


# -- invariance -------------------------------------------------------------------------------------------


def moved_policy(policy, params, batch, settings):
    new, made = trpo.update(policy, state_of(params), batch, settings)
    return np.exp(np.asarray(policy.log_prob(new.params, batch.observations, jnp.ones(len(batch.actions), int)))), made


def test_rescaled_features_do_not_move_the_policy_elsewhere(problem):
    params, batch = problem
    scale = np.array([1.0, 1.0, 10.0, 0.1])
    scaled = policies.linear(ENV, head="bernoulli", bias=False, scale=scale)
    there = {"kernel": params["kernel"] / scale[:, None]}
    p, _ = moved_policy(LOGIT, params, batch, ONCE)
    q, _ = moved_policy(scaled, there, batch, ONCE)
    np.testing.assert_allclose(p, q, atol=1e-12)
    # damping is what breaks it: lambda I is no tensor
    p, _ = moved_policy(LOGIT, params, batch, replace(ONCE, damping=0.1))
    q, _ = moved_policy(scaled, there, batch, replace(ONCE, damping=0.1))
    assert np.abs(p - q).max() > 1e-3


def test_any_linear_chart_gives_the_same_step(problem, rng):
    params, batch = problem
    S = jnp.asarray(rng.standard_normal((4, 4)) + 3 * np.eye(4))
    other = policies.in_chart(
        LOGIT, lambda p: {"kernel": S @ p["kernel"]}, lambda p: {"kernel": jnp.linalg.inv(S) @ p["kernel"]}
    )
    p, _ = moved_policy(LOGIT, params, batch, ONCE)
    q, _ = moved_policy(other, {"kernel": S @ params["kernel"]}, batch, ONCE)
    np.testing.assert_allclose(p, q, atol=1e-11)


def test_other_logit_charts_give_the_same_step(problem):
    # one logit, minus that logit, and two logits of which only the difference matters (F is singular there)
    params, batch = problem
    minimal = policies.linear(ENV, head=(families.get("categorical", K=2), "minimal-logits"), bias=False)
    softmax = policies.linear(ENV, bias=False)
    half = params["kernel"] / 2
    p, _ = moved_policy(LOGIT, params, batch, ONCE)
    q, _ = moved_policy(minimal, {"kernel": -params["kernel"]}, batch, ONCE)
    r, _ = moved_policy(softmax, {"kernel": jnp.concatenate([-half, half], axis=1)}, batch, replace(ONCE, cg_tol=1e-10))
    np.testing.assert_allclose(p, q, atol=1e-12)
    np.testing.assert_allclose(p, r, atol=1e-9)  # conjugate gradients stop earlier on a singular system


# -- reports ----------------------------------------------------------------------------------------------


def test_what_cannot_be_stepped_is_reported_and_changes_nothing(problem):
    params, batch = problem
    N = len(batch.actions)
    certain = {"kernel": jnp.array([[1e4], [0.0], [0.0], [0.0]])}
    far = replace(batch, observations=batch.observations.at[:, 0].set(1.0))
    bad = batch.advantages.at[3].set(jnp.nan)
    cases = {
        "gradient is zero": (params, replace(batch, advantages=jnp.zeros(N))),
        "advantages have zero variance": (params, replace(batch, advantages=jnp.zeros(N), spread=jnp.zeros(()))),
        "policy is saturated": (certain, replace(far, actions=jnp.ones(N, int))),
        "not finite": (params, replace(batch, advantages=bad)),
    }
    update = jax.jit(trpo.update, static_argnums=(0, 3))  # statuses, not exceptions
    for reason, (theta, data) in cases.items():
        new, made = update(LOGIT, state_of(theta), data, EXACT)
        assert made.reason == reason
        np.testing.assert_array_equal(new.params["kernel"], theta["kernel"])
        assert (float(made.kl), float(made.gain)) == (0, 0)
        assert (float(made.ratio_min), float(made.ratio_max)) == (1, 1)
        assert reason in repr(made)
    _, made = update(LOGIT, state_of(params), cases["gradient is zero"][1], EXACT)
    assert (float(made.predicted_kl), float(made.predicted_gain), float(made.gradient_norm)) == (0, 0, 0)
    assert int(made.backtracks) == EXACT.backtracks  # a gain of 0 is none: no fraction serves
    broken = {"kernel": params["kernel"].at[0].set(jnp.nan)}
    assert update(LOGIT, state_of(broken), batch, EXACT)[1].reason == "not finite"


def test_a_step_that_is_never_acceptable_is_given_up(overshooting):
    params, batch = overshooting
    settings = replace(EXACT, delta=0.5, backtracks=1, shrink=0.9999)
    new, made = trpo.update(LOGIT, state_of(params), batch, settings)
    assert made.reason == "no acceptable step"
    assert int(made.backtracks) == 1
    np.testing.assert_array_equal(new.params["kernel"], params["kernel"])
    assert (float(made.kl), float(made.gain)) == (0, 0)


def test_a_step_inside_the_radius_that_loses_is_shortened():
    """L = (s(4 t) - 2 s(t)) over both rows rises from t = 0 at first, and falls below its start before KL reaches 3."""
    X = jnp.zeros((2, 4)).at[:, 0].set(jnp.array([4.0, 1.0]))
    batch = Batch(X, jnp.ones(2, int), jnp.array([1.0, -2.0]), jnp.zeros(2), jnp.ones(()))
    step, made = step_of(LOGIT, {"kernel": jnp.zeros((4, 1))}, batch, trpo.Settings(delta=3.0))
    z = np.sqrt(2 * 3 / ((16 + 1) / 8)) * 0.8 ** np.arange(10)[:, None] * np.array([4, 1])
    p = 1 / (1 + np.exp(-z))
    gain, kl = (2 * p - 1) @ [0.5, -1.0], np.mean(-np.log(4 * p * (1 - p)) / 2, axis=1)
    first = np.flatnonzero(gain > 0)[0]
    assert first > 0
    assert (kl < 3).all()
    assert int(made.backtracks) == first
    np.testing.assert_allclose([made.gain, made.kl], [gain[first], kl[first]], rtol=1e-9)
    np.testing.assert_allclose(step, [z[first, 1], 0, 0, 0], rtol=1e-9)


def test_statuses_have_words():
    assert len(report.REASONS) == 6
    assert report.REASONS[report.NO_ACCEPTABLE_STEP] == "no acceptable step"
    assert report.REASONS[report.NOT_FINITE] == "not finite"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"delta": 0}, r"delta must be > 0 \(got 0\)"),
        ({"delta": float("nan")}, "delta must be > 0"),
        ({"damping": -0.1}, "damping must be >= 0"),
        ({"gamma": 1.5}, "gamma must lie in"),
        ({"iterations": 0}, "iterations must be a whole number of at least 1"),
        ({"cg_steps": 2.5}, "cg_steps must be a whole number"),
        ({"shrink": 0.0}, "shrink must be > 0"),
        ({"sampling": "both"}, "sampling must be 'steps' or 'episodes'"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        trpo.Settings(**settings)
    with pytest.raises(TypeError, match="delta must be a plain number"):
        trpo.Settings(delta=jnp.asarray(0.01))
