"""Training as a whole: compiled, batched over seeds, continued, saved, and learning."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import advantages, checkpoint, critics, envs, npg, policies, ppo, reinforce, training, trpo
from ngtools.rl.rollout import collect

ENV = envs.make("CartPole-v1", num_envs=8)
POLICY = policies.linear(ENV)
QUICK = trpo.Settings(iterations=2, batch=256, critic=critics.quadratic())
METHODS = {"REINFORCE": reinforce, "NPG": npg, "TRPO": trpo, "PPO": ppo}


def same(a, b):
    def equal(x, y):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        np.testing.assert_array_equal(x, y)

    jax.tree.map(equal, a, b)


def test_seeds_at_once_are_the_seeds_one_by_one():
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 3)
        states, traces = jax.vmap(lambda key: trpo.train(ENV, POLICY, key, QUICK))(keys)
        assert traces.kl.shape == (3, 2)
        for i, key in enumerate(keys):
            state, trace = trpo.train(ENV, POLICY, key, QUICK)
            for name in ("kl", "gain", "gradient_norm"):
                whole, single = getattr(traces, name)[i], getattr(trace, name)
                # one update is rounding times the condition number of F
                np.testing.assert_allclose(whole[0], single[0], rtol=1e-9)
            for whole, single in zip(jax.tree.leaves((states.params, traces)), jax.tree.leaves((state.params, trace))):
                # the quadratic critic between the updates is nearly singular: its fit keeps five digits of sixteen
                np.testing.assert_allclose(whole[i], single, rtol=1e-4, atol=1e-6)
        assert not np.allclose(traces.kl[0], traces.kl[1])


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    key = jax.random.key(1)
    half, first = trpo.train(ENV, POLICY, key, QUICK)
    checkpoint.save(tmp_path / "run.npz", half)
    again = checkpoint.load(tmp_path / "run.npz", trpo.initial(ENV, POLICY, key, QUICK))
    same(again, half)
    whole, trace = trpo.train(ENV, POLICY, again, QUICK)
    straight, all_of_it = trpo.train(ENV, POLICY, key, replace(QUICK, iterations=4))
    np.testing.assert_allclose(np.concatenate([first.kl, trace.kl]), all_of_it.kl, rtol=1e-3)
    np.testing.assert_array_equal(np.concatenate([first.env_steps, trace.env_steps]), 256 * np.arange(1, 5))
    np.testing.assert_allclose(whole.params["kernel"], straight.params["kernel"], rtol=1e-2, atol=1e-4)


def test_one_update_is_the_first_of_two():
    # one update is compiled without a loop; the streams and the numbers are those of the loop
    settings = reinforce.Settings(iterations=1, batch=64, critic=critics.none())
    with jax.enable_x64(True):
        _, one = reinforce.train(ENV, POLICY, jax.random.key(2), settings)
        _, two = reinforce.train(ENV, POLICY, jax.random.key(2), replace(settings, iterations=2))
        for name in ("kl", "gain", "gradient_norm", "mean_return", "env_steps"):
            first = getattr(one, name)
            assert first.shape == (1,)
            np.testing.assert_allclose(first[0], getattr(two, name)[0], rtol=1e-9)  # rounding


def test_explained_variance_is_that_of_the_critic_before_its_fit():
    settings = reinforce.Settings(iterations=1, batch=128, critic=critics.mlp((4,)))
    with jax.enable_x64(True):
        state = reinforce.initial(ENV, POLICY, jax.random.key(4), settings)
        _, rollout = collect(ENV, POLICY, state.params, state.actors, state.key, 16)
        _, trace = training.learn(reinforce.METHOD, POLICY, settings, state, rollout)
        values = partial(settings.critic.values, state.critic)
        batch = advantages.batch(rollout, values, gamma=settings.gamma, lam=settings.lam)
        targets, V = np.asarray(batch.targets), np.asarray(values(batch.observations))
    expected = 1 - np.var(targets - V) / np.var(targets)
    assert abs(expected - 1) > 1e-3  # there is something to see
    np.testing.assert_allclose(trace.explained_variance, expected, rtol=1e-10)


def test_a_start_is_the_same_inside_a_compiled_program():
    policy = policies.mlp(ENV, (8,))
    for leaf, other in zip(
        jax.tree.leaves(policy.init(jax.random.key(3))), jax.tree.leaves(jax.jit(policy.init)(jax.random.key(3)))
    ):
        np.testing.assert_allclose(leaf, other, rtol=1e-6)  # single precision, the same draws


@pytest.mark.parametrize("name", METHODS)
def test_states_of_every_method_survive_the_disk(name, tmp_path):
    module = METHODS[name]
    settings = module.Settings(iterations=1, batch=256)
    state = module.initial(ENV, policies.mlp(ENV, (4,)), jax.random.key(0), settings)
    checkpoint.save(tmp_path / "state.npz", state)
    like = module.initial(ENV, policies.mlp(ENV, (4,)), jax.random.key(9), settings)
    same(checkpoint.load(tmp_path / "state.npz", like), state)
    assert os.listdir(tmp_path) == ["state.npz"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_to_balance(name):
    module = METHODS[name]
    env = envs.make("CartPole-v1")
    policy = policies.linear(env)
    rates = {"REINFORCE": {"learning_rate": 3.0}, "PPO": {"learning_rate": 0.02}}.get(name, {})
    settings = module.Settings(iterations=12, batch=2048, critic=critics.quadratic(), **rates)
    _, trace = module.train(env, policy, jax.random.key(0), settings)
    returns = np.asarray(trace.mean_return)
    assert returns[0] < 40  # a coin
    # seen: 150 and more; REINFORCE, whose longer steps leave the outcome to rounding, 66 to 91 on eight seeds
    assert np.nanmean(returns[-3:]) > (50 if name == "REINFORCE" else 90)
    np.testing.assert_array_equal(trace.env_steps, 2048 * np.arange(1, 13))
    assert set(trace.reason) == {"accepted"}
    if name == "TRPO":
        assert (trace.kl <= 0.01).all()
        assert (trace.gain > 0).all()
    assert "12 updates, 12 accepted" in repr(trace)


def test_pendulum_improves():
    env = envs.make("Pendulum-v1", num_envs=32)
    policy = policies.mlp(env, (16,))
    settings = trpo.Settings(iterations=25, batch=32 * 200, gamma=0.95, delta=0.03, critic=critics.mlp((32,)))
    _, trace = trpo.train(env, policy, jax.random.key(0), settings)
    returns = np.asarray(trace.mean_return)
    assert returns[:3].mean() < -1000
    assert returns[-3:].mean() > returns[:3].mean() + 250  # seen: 500 and more


def test_whole_episodes_can_be_the_sample():
    env = envs.make("CartPole-v1", num_envs=20, horizon=100)
    settings = trpo.Settings(iterations=6, sampling="episodes", critic=critics.quadratic(), lam=1.0)
    state, trace = trpo.train(env, policies.linear(env), jax.random.key(0), settings)
    np.testing.assert_array_equal(trace.episodes, 20)
    np.testing.assert_allclose(np.diff(trace.env_steps, prepend=0), 20 * np.asarray(trace.mean_return), rtol=1e-5)
    assert float(trace.mean_return[-1]) > 1.5 * float(trace.mean_return[0])
    assert int(state.env_steps) == int(trace.env_steps[-1])


def test_gymnasium_trains_through_the_same_update(capsys):
    env = envs.gymnasium("CartPole-v1", num_envs=4)
    settings = replace(QUICK, iterations=3, batch=128)
    state, trace = trpo.train(env, policies.linear(env), jax.random.key(0), settings)
    assert "updates" not in capsys.readouterr().err
    np.testing.assert_array_equal(trace.env_steps, [128, 256, 384])
    assert set(trace.reason) == {"accepted"}
    assert (np.asarray(trace.kl) <= 0.01).all()
    _, more = trpo.train(env, policies.linear(env), state, settings, progress=True)
    assert int(more.env_steps[-1]) == 768
    assert "CartPole-v1" in capsys.readouterr().err
    env.close()


def test_vector_actions_train_in_gymnasium():
    env = envs.gymnasium("Pendulum-v1", num_envs=2)
    settings = replace(QUICK, iterations=1, batch=64, critic=critics.none())
    state, trace = trpo.train(env, policies.linear(env), jax.random.key(0), settings)
    assert trace.reason[0] == "accepted"
    assert {leaf.dtype for leaf in jax.tree.leaves(state.params)} == {jnp.dtype("float32")}
    env.close()


@pytest.mark.parametrize("x64", [True, False])
def test_precision_is_that_of_the_caller(x64):
    with jax.enable_x64(x64):
        state, trace = trpo.train(ENV, POLICY, jax.random.key(0), QUICK)
        dtype = jnp.result_type(float)
        assert {leaf.dtype for leaf in jax.tree.leaves((state.params, state.critic))} == {dtype}
        assert trace.kl.dtype == dtype


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("critic", [critics.quadratic(), critics.mlp((8,))], ids=["quadratic", "network"])
def test_nothing_compiled_calls_lapack(name, critic):
    # jaxlib 0.10 on two cores stops for ever when one program holds several independent *batched* LAPACK calls
    module = METHODS[name]
    settings = module.Settings(iterations=1, batch=64, critic=critic)
    policy = policies.mlp(ENV, (8,))
    keys = jax.random.split(jax.random.key(0), 2)
    states = jax.vmap(lambda key: module.initial(ENV, policy, key, settings))(keys)
    run = jax.jit(jax.vmap(partial(training.train, module.METHOD, ENV, policy, settings=settings)))
    text = run.lower(states).as_text()
    assert "stablehlo.dot_general" in text
    assert not re.findall(r"custom_call @(\w*(?:lapack|potrf|getrf|geqrf|syevd|Qr|Eigh)\w*)", text, re.IGNORECASE)


PROGRAM = """
import jax
from ngtools.rl import critics, envs, policies, trpo
env = envs.make("CartPole-v1", num_envs=4)
policy = policies.mlp(env, (8,))
settings = trpo.Settings(iterations=3, batch=64, critic=critics.mlp((8,)))
state, trace = jax.vmap(lambda key: trpo.train(env, policy, key, settings))(jax.random.split(jax.random.key(0), 8))
print(trace.kl.shape)
"""


def test_many_seeds_on_two_cores_come_back():
    # generous: the run takes seconds, the compiler a minute on a crowded machine; a deadlock takes for ever
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=400, check=True)
    assert done.stdout == "(8, 3)\n"


def test_a_start_is_compiled_once_for_all_keys():
    class Normal:
        traced = 0

        def init(self, key):
            self.traced += 1
            return {"w": jax.random.normal(key, (2,))}

    policy, settings = Normal(), reinforce.Settings(critic=critics.none())
    one, other = (training.initial(reinforce.METHOD, ENV, policy, jax.random.key(seed), settings) for seed in (0, 1))
    assert policy.traced == 1
    assert (one.params["w"] != other.params["w"]).all()
    assert (one.critic, one.optimizer, int(one.env_steps)) == ((), (), 0)


def test_gymnasiums_copies_are_seeded_from_the_key():
    """Seeds are whole numbers below 2^30, spread over all of them."""

    class Started(Exception):
        pass

    class Vector:
        def reset(self, seed):
            raise Started(seed)

    env = envs.GymnasiumEnvironment("stub", 1, envs.Discrete(2), 1, Vector(), None, None)
    seeds = []
    for key in jax.random.split(jax.random.key(0), 200):
        state = training.State({"w": jnp.zeros(1)}, (), (), (), key, jnp.zeros((), int))
        with pytest.raises(Started) as told:
            trpo.train(env, None, state, QUICK)
        seeds.append(told.value.args[0] / 2**30)
    assert 0 <= min(seeds) < 0.02
    assert 0.98 < max(seeds) < 1
    assert len(set(seeds)) == 200


def test_a_bar_needs_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    vector = type("Vector", (), {"reset": lambda self, seed: (None, None)})()
    env = envs.GymnasiumEnvironment("stub", 1, envs.Discrete(2), 1, vector, lambda seen: seen, None)
    state = training.State({"w": jnp.zeros(1)}, (), (), (), jax.random.key(0), jnp.zeros((), int))
    with pytest.raises(ImportError, match="progress=True needs tqdm: pip install tqdm"):
        trpo.train(env, None, state, QUICK, progress=True)


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="batch must be a multiple of the 8 copies"):
        trpo.train(ENV, POLICY, jax.random.key(0), replace(QUICK, batch=100))
    with pytest.raises(ValueError, match="progress=True is for Gymnasium environments"):
        trpo.train(ENV, POLICY, jax.random.key(0), QUICK, progress=True)
    with pytest.raises(TypeError, match="env must come from"):
        trpo.train(type("Env", (), {"num_envs": 8})(), POLICY, trpo.initial(ENV, POLICY, jax.random.key(0)), QUICK)
    env = envs.gymnasium("CartPole-v1", num_envs=2)
    with pytest.raises(ValueError, match="sampling='episodes' is for functional environments"):
        trpo.train(env, POLICY, jax.random.key(0), replace(QUICK, sampling="episodes"))
    with pytest.raises(TypeError, match="one key at a time, outside jit and vmap"):
        jax.vmap(lambda key: trpo.train(env, POLICY, key, QUICK))(jax.random.split(jax.random.key(0), 2))
    env.close()
