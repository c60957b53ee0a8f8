"""The functional environments against Gymnasium's own, and the bookkeeping of episodes."""

from dataclasses import replace

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import envs, policies

STEPS = 4000
CARTPOLE, PENDULUM = envs.make("CartPole-v1"), envs.make("Pendulum-v1")


def recorded(name, actions, seed=0):
    """States before and after each step of Gymnasium's environment, with rewards, ends and observations."""
    env = gym.make(name, disable_env_checker=True)
    seen, _ = env.reset(seed=seed)
    rows = []
    for action in actions:
        before = np.array(env.unwrapped.state, dtype=np.float64)
        shown, reward, terminated, truncated, _ = env.step(action)
        rows.append((before, seen, np.array(env.unwrapped.state), shown, reward, terminated, truncated))
        seen = env.reset()[0] if terminated or truncated else shown
    return [np.array(column) for column in zip(*rows)]


@pytest.mark.parametrize("x64", [True, False])
def test_cartpole_moves_like_gymnasiums(x64, rng):
    actions = rng.integers(0, 2, STEPS)
    before, seen, after, _, rewards, terminated, _ = recorded("CartPole-v1", actions)
    with jax.enable_x64(x64):
        state, reward, ended = jax.vmap(CARTPOLE.step)(jnp.asarray(before, float), jnp.asarray(actions))
    assert 100 < terminated.sum() < 400
    # entries are of order 1; one step adds a handful of roundings
    np.testing.assert_allclose(state, after, atol=1e-14 if x64 else 2e-6, rtol=0)
    np.testing.assert_array_equal(reward, rewards)
    if x64:
        np.testing.assert_array_equal(ended, terminated)
    np.testing.assert_allclose(seen, before, atol=2e-7)  # Gymnasium shows the state rounded to 32 bits


@pytest.mark.parametrize("x64", [True, False])
def test_pendulum_moves_like_gymnasiums(x64, rng):
    actions = rng.uniform(
        -3, 3, (STEPS, 1)
    )  # beyond the bounds, too; in 32 bits Gymnasium would round the torque's effect
    before, seen, after, _, rewards, terminated, truncated = recorded("Pendulum-v1", actions)
    with jax.enable_x64(x64):
        state, reward, ended = jax.vmap(PENDULUM.step)(jnp.asarray(before, float), jnp.asarray(actions))
        shown = jax.vmap(PENDULUM.observe)(jnp.asarray(before, float))
    assert truncated.sum() == STEPS // 200
    # angles grow to about 100; the cost is a square of angles up to pi
    np.testing.assert_allclose(state, after, atol=1e-12 if x64 else 1e-4, rtol=0)
    np.testing.assert_allclose(reward, rewards, atol=1e-6 if x64 else 1e-3)
    np.testing.assert_allclose(shown, seen, atol=1e-6 if x64 else 1e-4)
    assert not ended.any()
    assert not terminated.any()


def test_first_states_have_gymnasiums_ranges():
    keys = jax.random.split(jax.random.key(0), 2000)
    for env, bounds in ((CARTPOLE, [0.05] * 4), (PENDULUM, [np.pi, 1.0])):
        states = np.asarray(jax.vmap(env.reset)(keys))
        assert (np.abs(states) <= np.array(bounds, np.float32)).all()
        # uniform: variance bound^2 / 3, its estimate within 5 standard errors (relative error sqrt(.8 / n) = .02)
        np.testing.assert_allclose(states.var(axis=0), np.square(bounds) / 3, rtol=0.1)


def balance(observations):
    """A hand-made controller that never falls."""
    return (observations @ np.array([0.1, 0.5, 1.0, 1.0]) > 0).astype(int)


@pytest.mark.parametrize("controller", [balance, lambda seen: 1 - balance(seen)], ids=["truncated", "terminated"])
def test_an_episode_ends_where_gymnasiums_does(controller):
    own = gym.make("CartPole-v1", disable_env_checker=True)
    own.reset(seed=3)
    with jax.enable_x64(True):
        env = envs.make("CartPole-v1", num_envs=1)
        fresh = jnp.full((1, 4), 0.01)
        actors = envs.Actors(jnp.asarray(own.unwrapped.state)[None], jnp.zeros(1, int), jnp.zeros(1))
        advance = jax.jit(lambda actors, actions: envs.advance(env, actors, actions, fresh))
        count, done = 0, False
        while not done:
            count += 1
            action = controller(own.unwrapped.state)
            # open loop, rounding grows exponentially along the pole's unstable direction: follow Gymnasium's state
            actors = replace(actors, state=jnp.asarray(own.unwrapped.state)[None])
            _, _, terminated, truncated, _ = own.step(action)
            actors, transition = advance(actors, jnp.array([action]))
            assert (bool(transition.terminated[0]), bool(transition.truncated[0])) == (terminated, truncated)
            done = terminated or truncated
            assert bool(np.isnan(transition.episode_returns[0])) != done
        np.testing.assert_allclose(transition.next_observations[0], own.unwrapped.state, atol=1e-14)
        assert float(transition.episode_returns[0]) == count
        assert (count == 500) == truncated
        np.testing.assert_array_equal(actors.state, fresh)  # the next episode has begun
        assert (int(actors.elapsed[0]), float(actors.returns[0])) == (0, 0.0)


class Counting(gym.Env):
    """Shows (episode, step); reward 1, 2, 3, ...; action 1 terminates."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self):
        self.episode, self.count = -1, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.count = self.episode + 1, 0
        return np.array([self.episode, 0], np.float32), {}

    def step(self, action):
        self.count += 1
        return np.array([self.episode, self.count], np.float32), float(self.count), bool(action), False, {}


def test_gymnasium_copies_end_and_restart_where_they_should(rng):
    env = envs.gymnasium(lambda: gym.wrappers.TimeLimit(Counting(), 4), num_envs=3)
    actors = env.begin(seed=0)
    actions = rng.random((60, 3)) < 0.2
    truth = [[0, 0] for _ in range(3)]  # episode and step of each copy, by the rules
    ends = {"terminated": 0, "truncated": 0, "both": 0}
    for row in actions:
        np.testing.assert_array_equal(actors.observations, truth)
        transition = actors.advance(row.astype(int))
        for i in range(3):
            truth[i][1] += 1
            steps, limit = truth[i][1], truth[i][1] == 4
            assert transition.rewards[i] == steps
            np.testing.assert_array_equal(transition.next_observations[i], truth[i])  # before the reset
            assert (transition.terminated[i], transition.truncated[i]) == (row[i], limit)
            if row[i] or limit:
                assert transition.episode_returns[i] == steps * (steps + 1) / 2
                ends["both" if row[i] and limit else "terminated" if row[i] else "truncated"] += 1
                truth[i] = [truth[i][0] + 1, 0]
            else:
                assert np.isnan(transition.episode_returns[i])
    assert min(ends.values()) > 0, ends  # every kind of end was seen
    env.close()


def test_spaces_are_translated():
    box = gym.spaces.Box(np.array([[-1.0, -2.0]], np.float32), np.array([[1.0, 2.0]], np.float32))
    size, space, see, act = envs.vector.spaces_of(box, box)
    assert (size, space) == (2, envs.Box(2, (-1.0, -2.0), (1.0, 2.0)))
    np.testing.assert_array_equal(see(np.ones((3, 1, 2))), np.ones((3, 2)))
    np.testing.assert_array_equal(act(np.array([[5.0, -5.0]])), [[[1.0, -2.0]]])  # clipped
    size, space, see, act = envs.vector.spaces_of(gym.spaces.Discrete(3, start=5), gym.spaces.Discrete(2, start=7))
    assert (size, space) == (3, envs.Discrete(2))
    np.testing.assert_array_equal(see(np.array([6, 5])), [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(act(np.array([0, 1])), [7, 8])
    with pytest.raises(ValueError, match="FlattenObservation"):
        envs.vector.spaces_of(gym.spaces.Tuple([box]), box)
    with pytest.raises(ValueError, match="Discrete or a Box"):
        envs.vector.spaces_of(box, gym.spaces.MultiBinary(2))


def test_evaluate_plays_whole_episodes_in_gymnasium():
    env = envs.make("CartPole-v1")
    policy = policies.linear(env, head="bernoulli", bias=False)
    params = {"kernel": 50 * jnp.array([[0.1], [0.5], [1.0], [1.0]])}  # the controller above
    np.testing.assert_array_equal(envs.evaluate("CartPole-v1", policy, params, episodes=3, seed=0), 500.0)
    fallen = jax.tree.map(jnp.negative, params)
    returns = envs.evaluate("CartPole-v1", policy, fallen, episodes=5, seed=2)
    own = gym.make("CartPole-v1")
    for seed, value in zip(range(2, 7), returns):
        seen, _ = own.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            seen, reward, terminated, truncated, _ = own.step(int(1 - balance(seen)))
            total, over = total + reward, terminated or truncated
        assert total == value
    drawn = [
        envs.evaluate("CartPole-v1", policy, jax.tree.map(jnp.zeros_like, params), 20, s, False) for s in (0, 0, 1)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()
    assert 15 < drawn[0].mean() < 35  # a coin lasts about 22 steps


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match=r"no functional environment 'Acrobot-v1'.*envs.gymnasium\('Acrobot-v1'\)"):
        envs.make("Acrobot-v1")
    with pytest.raises(ValueError, match=r"num_envs must be a whole number of at least 1 \(got 0\)"):
        envs.make("CartPole-v1", num_envs=0)
    with pytest.raises(ValueError, match="horizon"):
        envs.make("Pendulum-v1", horizon=2.5)
    with pytest.raises(ValueError, match="episodes"):
        envs.evaluate("CartPole-v1", None, None, episodes=0)
