"""REINFORCE, the natural policy gradient and PPO: each step against its formula, and what each reports."""

import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import envs, npg, policies, ppo, reinforce
from ngtools.rl.advantages import Batch
from ngtools.rl.training import State

pytestmark = pytest.mark.usefixtures("double_precision")
ENV = envs.make("CartPole-v1")
LOGIT = policies.linear(ENV, head="bernoulli", bias=False)
METHODS = {"REINFORCE": reinforce, "NPG": npg, "PPO": ppo}


def state_of(module, params, settings):
    memory = () if module.METHOD.optimizer is None else module.METHOD.optimizer(settings).init(params)
    return State(params, (), memory, (), jax.random.key(0), jnp.zeros((), int))


def by_hand(params, batch):
    """Ratio of probabilities at theta, g and F of the logistic policy, in NumPy."""
    X, a, A = (np.asarray(entry) for entry in (batch.observations, batch.actions, batch.advantages))
    p = 1 / (1 + np.exp(-X @ np.asarray(params["kernel"])[:, 0]))
    g = X.T @ ((a - p) * A) / len(a)
    F = (X * (p * (1 - p))[:, None]).T @ X / len(a)
    return g, F


def update(module, params, batch, settings):
    return module.update(LOGIT, state_of(module, params, settings), batch, settings)


def test_reinforce_steps_along_the_gradient(problem):
    params, batch = problem
    g, F = by_hand(params, batch)
    new, made = update(reinforce, params, batch, reinforce.Settings(learning_rate=0.7))
    np.testing.assert_allclose(new.params["kernel"][:, 0] - params["kernel"][:, 0], 0.7 * g, rtol=1e-10)
    np.testing.assert_allclose(made.predicted_kl, 0.7**2 * g @ F @ g / 2, rtol=1e-10)
    np.testing.assert_allclose(made.predicted_gain, 0.7 * g @ g, rtol=1e-10)
    np.testing.assert_allclose(made.gradient_norm, np.linalg.norm(g), rtol=1e-10)
    # for a small step the models are the measurements
    _, small = update(reinforce, params, batch, reinforce.Settings(learning_rate=1e-4))
    np.testing.assert_allclose([small.kl, small.gain], [small.predicted_kl, small.predicted_gain], rtol=1e-3)


@pytest.mark.parametrize("size", [{"delta": 0.02}, {"delta": None, "learning_rate": 0.3}])
def test_npg_steps_along_the_natural_gradient(problem, size):
    params, batch = problem
    g, F = by_hand(params, batch)
    natural = np.linalg.solve(F, g)
    new, made = update(npg, params, batch, npg.Settings(**size, cg_steps=30, cg_tol=1e-13))
    length = 0.3 if size["delta"] is None else np.sqrt(2 * 0.02 / (g @ natural))
    np.testing.assert_allclose(new.params["kernel"][:, 0] - params["kernel"][:, 0], length * natural, rtol=1e-9)
    np.testing.assert_allclose(made.predicted_kl, length**2 * g @ natural / 2, rtol=1e-9)
    if size["delta"]:
        assert float(made.kl) != pytest.approx(0.02, rel=1e-3)  # the model's divergence is not the measured one


def test_the_divergence_of_the_full_step_approaches_its_radius(problem):
    params, batch = problem
    deltas = np.array([1e-2, 1e-3, 1e-4, 1e-5])
    kls = [float(update(npg, params, batch, npg.Settings(delta=d, cg_steps=30, cg_tol=1e-13))[1].kl) for d in deltas]
    slopes = np.diff(np.log(np.abs(kls / deltas - 1))) / np.diff(np.log(deltas))
    assert ((slopes > 0.4) & (slopes < 0.6)).all()  # sqrt(delta): the cubic term of the divergence


def test_the_policy_gradient_lies_in_the_range_of_the_fisher_matrix(rng):
    # two logits, of which only the difference matters: F is singular, and F x = g is solvable all the same
    policy = policies.linear(ENV, bias=False)
    params = {"kernel": jnp.asarray(rng.standard_normal((4, 2)))}
    states = jnp.asarray(rng.standard_normal((50, 4)))
    actions = policy.sample(params, states, jax.random.key(1))
    A = jnp.asarray(rng.standard_normal(50))
    settings = npg.Settings(cg_steps=40, cg_tol=1e-10)
    state = State(params, (), (), (), jax.random.key(0), jnp.zeros((), int))
    new, made = npg.update(policy, state, Batch(states, actions, A, A, jnp.ones(())), settings)
    assert float(made.cg_residual) <= 1e-10
    step = new.params["kernel"] - params["kernel"]
    np.testing.assert_allclose(step.sum(axis=1), 0, atol=1e-10)  # minimum norm: nothing along (1, 1)


def test_ppo_takes_adams_steps_on_the_clipped_surrogate(problem):
    params, batch = problem
    settings = ppo.Settings(epochs=3, minibatch=200, learning_rate=0.05, clip=0.1, max_grad_norm=0.02)
    new, made = update(ppo, params, batch, settings)
    # full batches: the order does not matter, and three Adam steps can be taken by hand
    X, a, A = (np.asarray(entry) for entry in (batch.observations, batch.actions, batch.advantages))
    theta = start = np.asarray(params["kernel"])[:, 0]
    sign = 2.0 * a - 1
    m = v = np.zeros(4)

    def probability(theta):
        return 1 / (1 + np.exp(-sign * (X @ theta)))

    for t in range(1, 4):
        ratio = probability(theta) / probability(start)
        active = np.where(A > 0, ratio <= 1.1, ratio >= 0.9)
        g = X.T @ (active * A * ratio * sign * (1 - probability(theta))) / 200
        g *= min(1, 0.02 / np.linalg.norm(g))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta + 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-5)
    np.testing.assert_allclose(new.params["kernel"][:, 0], theta, rtol=1e-8)
    ratio = probability(theta) / probability(start)
    np.testing.assert_allclose([made.ratio_min, made.ratio_max], [ratio.min(), ratio.max()], rtol=1e-8)
    np.testing.assert_allclose(made.clip_fraction, (np.abs(ratio - 1) > 0.1).mean())
    assert 0 < float(made.clip_fraction) < 1
    count = new.optimizer[1][0].count
    assert int(count) == 3


def test_the_clipped_surrogate_is_the_lower_of_two():
    ratio = jnp.array([0.5, 0.5, 1.0, 1.5, 1.5])
    A = jnp.array([1.0, -1.0, 2.0, 1.0, -1.0])
    np.testing.assert_allclose(ppo.clipped(ratio, A, 0.2), [0.5, -0.8, 2.0, 1.2, -1.5])


def test_clipping_bounds_neither_ratio_nor_divergence(problem):
    params, batch = problem
    settings = ppo.Settings(epochs=10, minibatch=200, learning_rate=0.5, clip=0.2, max_grad_norm=None)
    _, made = update(ppo, params, batch, settings)
    assert float(made.ratio_max) > 1.3 or float(made.ratio_min) < 0.7
    assert made.reason == "accepted"


def test_ppo_stops_at_a_target_divergence(problem):
    params, batch = problem
    settings = ppo.Settings(epochs=30, minibatch=200, learning_rate=0.05, max_grad_norm=None)
    free, a = update(ppo, params, batch, settings)
    held, b = update(ppo, params, batch, replace(settings, target_kl=0.005))
    assert float(b.kl) < 0.02 < float(a.kl)  # checked before each step: one step may pass 1.5 times the target
    assert int(held.optimizer[1][0].count) < int(free.optimizer[1][0].count) == 30


def test_the_target_is_that_of_the_divergence_from_the_old_policy(overshooting):
    """From certainty to doubt KL(old || new) is the smaller one: the other direction would stop before this one is reached."""
    params, batch = overshooting
    settings = ppo.Settings(epochs=60, minibatch=200, learning_rate=0.1, max_grad_norm=None, clip=10.0, target_kl=0.1)
    new, made = update(ppo, params, batch, settings)
    backward = batch.mean(LOGIT.kl(new.params, params, batch.observations))
    assert float(backward) > 1.3 * float(made.kl)
    # a step that begins below 1.5 times the target is taken; a tenth of the way is a fifth of the divergence
    assert 0.15 < float(made.kl) < 0.18


def test_minibatches_cover_the_batch_in_a_new_order_each_pass(problem):
    # with weight on one row only, each pass takes that row's minibatch once, wherever it is
    params, batch = problem
    weights = jnp.zeros(200).at[17].set(1.0)
    settings = ppo.Settings(epochs=2, minibatch=50, learning_rate=0.01, max_grad_norm=None)
    new, _ = update(ppo, params, replace(batch, weights=weights), settings)
    assert int(new.optimizer[1][0].count) == 8
    assert np.abs(new.params["kernel"] - params["kernel"]).max() > 0.01
    first, second = (
        ppo.update(LOGIT, replace(state_of(ppo, params, settings), key=jax.random.key(k)), batch, settings)[0]
        for k in (0, 1)
    )
    assert (first.params["kernel"] != second.params["kernel"]).any()


def test_equal_weights_are_no_weights(problem):
    """In each minibatch too, whose weights sum to a quarter: in the steps, in the target divergence and in the report."""
    params, batch = problem
    settings = ppo.Settings(epochs=4, minibatch=50, learning_rate=0.05, max_grad_norm=None, clip=0.1, target_kl=0.005)
    weighted = replace(batch, weights=jnp.full(200, 1 / 200))
    (a, one), (b, other) = (update(ppo, params, entry, settings) for entry in (batch, weighted))
    np.testing.assert_allclose(a.params["kernel"], b.params["kernel"], rtol=1e-9)
    np.testing.assert_allclose([one.kl, one.clip_fraction], [other.kl, other.clip_fraction], rtol=1e-9)
    assert int(a.optimizer[1][0].count) == int(b.optimizer[1][0].count) < 16  # the target was reached
    assert 0 < float(one.clip_fraction) < 1


def test_a_minibatch_is_at_most_the_batch(problem):
    params, batch = problem
    settings = ppo.Settings(epochs=2, minibatch=200, max_grad_norm=None)
    (a, _), (b, _) = (update(ppo, params, batch, replace(settings, minibatch=size)) for size in (200, 201))
    np.testing.assert_allclose(a.params["kernel"], b.params["kernel"], rtol=1e-12)
    # 200 are three times 60, and what is left is not used
    assert int(update(ppo, params, batch, replace(settings, minibatch=60))[0].optimizer[1][0].count) == 2 * 3


def test_what_can_be_clipped():
    one = jnp.ones(3)
    for other in (2, 4):
        with pytest.raises(ValueError, match=rf"advantages must have the shape of ratio, \(3,\) \(got \({other},\)\)"):
            ppo.clipped(one, jnp.ones(other), 0.2)
    with pytest.raises(ValueError, match=r"clip must be > 0 \(got 0.0\)"):
        ppo.clipped(one, one, 0.0)
    for name, entries in (("ratio", (one.at[1].set(jnp.nan), one)), ("advantages", (one, one.at[1].set(jnp.inf)))):
        with pytest.raises(ValueError, match=rf"{name} contains .* at index 1"):
            ppo.clipped(*entries, 0.2)
    found = jax.jit(ppo.clipped)(jnp.array([0.5, 1.7]), jnp.array([-2.0, 3.0]), 0.25)
    assert found.tolist() == [-1.5, 3.75]


@pytest.mark.parametrize("name", METHODS)
def test_what_cannot_be_stepped_is_reported_and_changes_nothing(name, problem):
    module, (params, batch) = METHODS[name], problem
    settings = module.Settings()
    N = len(batch.actions)
    certain = {"kernel": jnp.array([[1e4], [0.0], [0.0], [0.0]])}
    cases = {
        "gradient is zero": (params, replace(batch, advantages=jnp.zeros(N))),
        "advantages have zero variance": (params, replace(batch, advantages=jnp.zeros(N), spread=jnp.zeros(()))),
        "policy is saturated": (certain, replace(batch, observations=jnp.ones((N, 4)), actions=jnp.ones(N, int))),
        "not finite": (params, replace(batch, advantages=batch.advantages.at[0].set(jnp.inf))),
    }
    compiled = jax.jit(module.update, static_argnums=(0, 3))
    for reason, (theta, data) in cases.items():
        before = state_of(module, theta, settings)
        after, made = compiled(LOGIT, before, data, settings)
        assert made.reason == reason
        assert (float(made.kl), float(made.gain)) == (0, 0)
        jax.tree.map(np.testing.assert_array_equal, (after.params, after.optimizer), (before.params, before.optimizer))


def test_a_step_out_of_the_numbers_is_not_taken(problem):
    params, batch = problem
    far = replace(batch, observations=1e200 * batch.observations)
    new, made = update(reinforce, {"kernel": 0 * params["kernel"]}, far, reinforce.Settings(learning_rate=1e200))
    assert made.reason == "not finite"
    np.testing.assert_array_equal(new.params["kernel"], 0)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(ImportError, match="PPO takes its steps by Optax: pip install optax"):
        ppo.optimizer(ppo.Settings())


def test_known_defaults_differ_from_each_other_only_where_they_do():
    assert ppo.Settings(clip=0.2, learning_rate=3e-4, epochs=10, minibatch=64, batch=2048, lam=0.95) == ppo.SB3
    assert (ppo.SPINNING_UP.batch, ppo.SPINNING_UP.epochs, ppo.SPINNING_UP.lam) == (4000, 80, 0.97)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="give either delta= or learning_rate="):
        npg.Settings(delta=0.1, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"clip must be > 0 \(got -0.2\)"):
        ppo.Settings(clip=-0.2)
    with pytest.raises(ValueError, match="minibatch must be a whole number"):
        ppo.Settings(minibatch=0)
    with pytest.raises(ValueError, match=r"learning_rate must be > 0 \(got 0\)"):
        reinforce.Settings(learning_rate=0)
