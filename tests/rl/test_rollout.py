"""Rollouts: rows that follow each other, episodes that are counted once, and two kinds of environment that agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import envs, policies
from ngtools.rl.rollout import collect, collect_gymnasium, episodes

HORIZON, COPIES, STEPS = 30, 4, 200


@pytest.fixture(scope="module")
def rolled():
    env = envs.make("CartPole-v1", num_envs=COPIES, horizon=HORIZON)
    policy = policies.linear(env)
    run = jax.jit(lambda actors, key: collect(env, policy, policy.init(key), actors, key, STEPS))
    actors, first = run(envs.begin(env, jax.random.key(0)), jax.random.key(1))
    _, second = run(actors, jax.random.key(2))
    return env, jax.tree.map(np.asarray, first), jax.tree.map(np.asarray, second)


def test_rows_follow_the_dynamics_and_restart_after_an_end(rolled):
    env, rollout, _ = rolled
    states = jnp.asarray(rollout.observations).reshape(-1, 4)
    after, _, terminated = jax.vmap(env.step)(states, jnp.asarray(rollout.actions).ravel())
    np.testing.assert_allclose(rollout.next_observations.reshape(-1, 4), after, atol=1e-6)
    np.testing.assert_array_equal(rollout.terminated.ravel(), terminated)
    done = rollout.terminated | rollout.truncated
    follows = (rollout.observations[1:] == rollout.next_observations[:-1]).all(axis=-1)
    np.testing.assert_array_equal(follows, ~done[:-1])
    assert (np.abs(rollout.observations[1:][done[:-1]]) <= 0.05).all()
    assert done.sum() > 10
    assert (rollout.truncated & ~rollout.terminated).sum() > 3


def test_episodes_are_timed_and_summed(rolled):
    _, rollout, _ = rolled
    for i in range(COPIES):
        length = 0
        for t in range(STEPS):
            length += 1
            assert rollout.truncated[t, i] == (length == HORIZON)
            if rollout.terminated[t, i] or rollout.truncated[t, i]:
                assert rollout.episode_returns[t, i] == length  # reward 1 a step
                length = 0
            else:
                assert np.isnan(rollout.episode_returns[t, i])


def test_the_next_rollout_goes_on_where_the_last_one_stopped(rolled):
    _, first, second = rolled
    going = ~(first.terminated | first.truncated)[-1]
    assert going.any()
    np.testing.assert_array_equal(second.observations[0][going], first.next_observations[-1][going])


def test_whole_episodes_stop_counting_at_their_end():
    env = envs.make("CartPole-v1", num_envs=20, horizon=HORIZON)
    policy = policies.linear(env)
    rollout = jax.tree.map(np.asarray, episodes(env, policy, policy.init(None), jax.random.key(0)))
    lengths = rollout.valid.sum(axis=0)
    assert rollout.valid.shape == (HORIZON, 20)
    assert (np.diff(rollout.valid.astype(int), axis=0) <= 0).all()  # valid rows come first
    ended = ~np.isnan(rollout.episode_returns)
    np.testing.assert_array_equal(ended.sum(axis=0), 1)
    np.testing.assert_array_equal(np.nansum(rollout.episode_returns, axis=0), lengths)
    np.testing.assert_array_equal(ended.argmax(axis=0), lengths - 1)
    assert (np.abs(rollout.observations[0]) <= 0.05).all()


def test_both_kinds_of_environment_give_the_same_returns():
    functional, own = envs.make("CartPole-v1", num_envs=16), envs.gymnasium("CartPole-v1", num_envs=16)
    policy = policies.linear(functional)
    params, key = policy.init(None), jax.random.key(3)
    _, one = jax.jit(lambda a, k: collect(functional, policy, params, a, k, 400))(envs.begin(functional, key), key)
    other = collect_gymnasium(policy, params, own.begin(seed=0), key, 400)
    own.close()
    a, b = (np.asarray(r.episode_returns) for r in (one, other))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    assert min(len(a), len(b)) > 200
    error = np.sqrt(a.var() / len(a) + b.var() / len(b))
    assert abs(a.mean() - b.mean()) < 4 * error  # a coin that balances: about 22 steps
    assert jax.tree.structure(one) == jax.tree.structure(other)
    assert [leaf.shape for leaf in jax.tree.leaves(one)] == [leaf.shape for leaf in jax.tree.leaves(other)]
    assert [leaf.dtype for leaf in jax.tree.leaves(one)] == [leaf.dtype for leaf in jax.tree.leaves(other)]


def test_actions_of_gymnasiums_copies_come_from_one_program():
    class Echo:
        """A policy that does what it sees, and counts how often it is traced."""

        traced = 0

        def sample(self, params, observations, key):
            self.traced += 1
            return params * observations[:, 0]

    class Walk:
        """Two copies that go where they are told."""

        observations = np.array([[1.0], [2.0]])

        def advance(self, actions):
            self.observations = actions[:, None] + 0.0
            never = np.zeros(2, bool)
            return envs.Transition(10 * actions, self.observations, never, never, np.full(2, np.nan))

    policy = Echo()
    found = collect_gymnasium(policy, 2.0, Walk(), jax.random.key(0), 4)
    assert policy.traced == 1
    assert found.observations[..., 0].tolist() == [[1, 2], [2, 4], [4, 8], [8, 16]]
    assert found.next_observations[..., 0].tolist() == found.actions.tolist() == [[2, 4], [4, 8], [8, 16], [16, 32]]
    assert found.rewards.tolist() == (10 * found.actions).tolist()
    assert found.valid is None
