"""The functional environments against Gymnasium's own, and the bookkeeping of episodes."""

import sys
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


def test_the_records_say_what_gymnasium_says():
    for env in (CARTPOLE, PENDULUM):
        own = gym.make(env.name, disable_env_checker=True)
        size, space, _, _ = envs.vector.spaces_of(own.observation_space, own.action_space)
        assert (env.observation_size, env.action_space) == (size, space)
        assert env.horizon == own.spec.max_episode_steps
        assert replace(env) != env  # a record is itself alone: its functions are compiled by what they are
    both = CARTPOLE, envs.gymnasium("CartPole-v1")
    assert [env.num_envs for env in both] == [16, 16]  # a batch of 2048 is 128 steps of each
    assert repr(both[1]) == "<Gymnasium environment CartPole-v1: 16 copies>"
    both[1].close()


def test_cartpole_ends_beyond_its_limits_and_not_on_them():
    own = gym.make("CartPole-v1", disable_env_checker=True).unwrapped
    limits = {0: own.x_threshold, 2: own.theta_threshold_radians}
    assert limits == pytest.approx({0: 2.4, 2: np.deg2rad(12)})
    seen = []
    with jax.enable_x64(True):
        for place, limit in limits.items():
            for size in (limit, np.nextafter(limit, 9)):
                for sign in (-1, 1):
                    state = np.zeros(4)
                    state[place] = sign * size  # at rest: the step leaves it there
                    own.reset(seed=0)
                    own.state = state
                    after, reward, terminated = CARTPOLE.step(jnp.asarray(state), 1)
                    assert bool(terminated) == own.step(1)[2]
                    assert float(reward) == 1
                    np.testing.assert_allclose(after, own.state, atol=1e-15)
                    seen.append(bool(terminated))
    assert seen == 2 * [False, False, True, True]


def test_pendulum_is_held_to_its_bounds():
    own = gym.make("Pendulum-v1", disable_env_checker=True).unwrapped
    own.reset(seed=0)
    with jax.enable_x64(True):
        # speeds and torques beyond the bounds, angles beside the one that counts as a full turn
        for angle in (-9.5, -np.pi + 1e-9, 0.4, np.pi - 1e-9, 3.2):
            for spin, torque in ((7.9, 5.0), (-7.9, -5.0), (0.5, 1.9), (0.5, 2.1), (-0.5, -2.1)):
                own.state = np.array([angle, spin])
                _, expected, *_ = own.step(np.array([torque]))
                state, reward, _ = PENDULUM.step(jnp.array([angle, spin]), jnp.array([torque]))
                np.testing.assert_allclose(state, own.state, atol=1e-13)
                assert float(reward) == pytest.approx(float(expected), rel=1e-12)


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


def test_where_an_episode_ends_every_leaf_of_the_state_is_a_fresh_one():
    traced = []

    def reset(key):
        traced.append(key)
        return {"age": jnp.zeros(()), "grid": jax.random.uniform(key, (2, 3))}

    def step(state, action):
        state = {"age": state["age"] + 1, "grid": state["grid"] + action}
        return state, 10.0 * state["age"], action == 3

    env = envs.Environment("grid", 1, envs.Discrete(4), 5, 4, reset, step, lambda state: state["age"][None])
    actors, again = (envs.begin(env, jax.random.key(seed)) for seed in (0, 1))
    assert len(traced) == 1  # the program of the first call serves the second
    assert actors.elapsed.tolist() == actors.returns.tolist() == [0, 0, 0, 0]
    assert (actors.state["grid"] != again.state["grid"]).all()
    # the third copy has played longer than the limit, under another one say: it is at its end as well
    actors = replace(actors, elapsed=jnp.array([0, 4, 7, 0]), returns=jnp.array([1.0, 2.0, 3.0, 4.0]))
    fresh = {"age": jnp.full(4, -7.0), "grid": jnp.full((4, 2, 3), -7.0)}
    after, made = envs.advance(env, actors, jnp.array([1, 1, 1, 3]), fresh)
    assert made.truncated.tolist() == [False, True, True, False]
    assert made.terminated.tolist() == [False, False, False, True]
    assert made.next_observations.ravel().tolist() == [1, 1, 1, 1]
    np.testing.assert_array_equal(made.episode_returns, [np.nan, 12, 13, 14])
    assert after.state["age"].tolist() == [1, -7, -7, -7]
    np.testing.assert_array_equal(after.state["grid"][0], actors.state["grid"][0] + 1)
    np.testing.assert_array_equal(after.state["grid"][1:], fresh["grid"][1:])
    assert after.elapsed.tolist() == [1, 0, 0, 0]
    assert after.returns.tolist() == [11, 0, 0, 0]


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
    assert repr(env) == "<Gymnasium environment Counting: 3 copies>"  # made by a function: its class names it
    env.close()


def test_options_go_to_gymnasium():
    env = envs.gymnasium("CartPole-v1", num_envs=2, max_episode_steps=3)
    assert "PassiveEnvChecker" not in str(env.vector.envs[0])  # it would look at every step
    actors = env.begin(seed=4)
    ends = [actors.advance(np.array([0, 1])).truncated.tolist() for _ in range(4)]
    assert ends == [[False, False], [False, False], [True, True], [False, False]]
    env.close()
    own = gym.make("CartPole-v1")
    for seed, seen in zip((4, 5), env.begin(seed=4).observations):
        np.testing.assert_array_equal(seen, own.reset(seed=seed)[0])


MADE = []


class Short(gym.Env):
    """Two, three or four steps an episode, by the seed, half a point each; the end is one that the seed chooses."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self):
        MADE.append(self)
        self.closed = False

    def reset(self, *, seed=None, options=None):
        self.seed, self.left = seed, 2 + seed % 3
        return np.full(1, seed, np.float32), {}

    def step(self, action):
        assert self.left > 0, "no step beyond the end"
        assert action == self.seed % 2
        self.left -= 1
        over = self.left == 0
        return np.full(1, self.seed, np.float32), 0.5, over and self.seed % 2 == 0, over and self.seed % 2 == 1, {}

    def close(self):
        self.closed = True


class Parity:
    """A policy that counts how often it is traced."""

    def __init__(self):
        self.traced = 0

    def greedy(self, params, observations):
        self.traced += 1
        return (params + observations[:, 0].astype(int)) % 2


def test_evaluate_plays_a_hundred_episodes_to_their_ends_and_no_further():
    MADE.clear()
    policy = Parity()
    returns = envs.evaluate(Short, policy, 0)
    assert [copy.seed for copy in MADE] == list(range(100))
    assert returns.tolist() == [0.5 * (2 + seed % 3) for seed in range(100)]
    assert all(copy.closed for copy in MADE)
    assert policy.traced == 1  # compiled once
    assert envs.evaluate(Short, policy, 0, episodes=1, seed=7).tolist() == [1.5]


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


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match="this environment is Gymnasium's own: pip install gymnasium"):
        envs.gymnasium("CartPole-v1")


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match=r"no functional environment 'Acrobot-v1'.*envs.gymnasium\('Acrobot-v1'\)"):
        envs.make("Acrobot-v1")
    with pytest.raises(ValueError, match=r"num_envs must be a whole number of at least 1 \(got 0\)"):
        envs.make("CartPole-v1", num_envs=0)
    with pytest.raises(ValueError, match="horizon"):
        envs.make("Pendulum-v1", horizon=2.5)
    with pytest.raises(ValueError, match=r"num_envs must be a whole number of at least 1 \(got True\)"):
        envs.gymnasium("CartPole-v1", num_envs=True)
    with pytest.raises(ValueError, match="episodes"):
        envs.evaluate("CartPole-v1", None, None, episodes=0)
