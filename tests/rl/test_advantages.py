"""Generalised advantage estimation against its definition, and what a batch is made of."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import advantages
from ngtools.rl.rollout import Rollout

GAMMA, LAM = 0.9, 0.7


@pytest.fixture
def rollout(rng):
    T, n = 40, 3
    terminated, truncated = rng.random((T, n)) < 0.08, rng.random((T, n)) < 0.08
    observations, following = rng.standard_normal((2, T, n, 1))
    return Rollout(
        observations,
        rng.integers(0, 2, (T, n)),
        rng.standard_normal((T, n)),
        following,
        terminated,
        truncated,
        np.zeros((T, n)),
    )


def by_definition(rewards, V, V_next, terminated, truncated, gamma, lam):
    """The sum over l of (gamma lambda)^l delta_{t+l}, up to and including the end of the episode or of the rollout."""
    A = np.zeros_like(rewards)
    T, n = rewards.shape
    for t in range(T):
        for i in range(n):
            for s in range(t, T):
                future = 0.0 if terminated[s, i] else V_next[s, i]
                A[t, i] += (gamma * lam) ** (s - t) * (rewards[s, i] + gamma * future - V[s, i])
                if terminated[s, i] or truncated[s, i]:
                    break
    return A


@pytest.mark.parametrize(("gamma", "lam"), [(GAMMA, LAM), (1.0, 1.0), (GAMMA, 0.0), (0.0, LAM)])
def test_gae_is_its_definition(rollout, gamma, lam):
    V, V_next = rollout.observations[..., 0], rollout.next_observations[..., 0]
    with jax.enable_x64(True):
        found = advantages.gae(rollout.rewards, V, V_next, rollout.terminated, rollout.truncated, gamma, lam)
    expected = by_definition(rollout.rewards, V, V_next, rollout.terminated, rollout.truncated, gamma, lam)
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_lambda_one_is_the_discounted_return_less_the_value(rng):
    rewards, V = rng.standard_normal((2, 12, 1))
    ends, never = np.zeros((12, 1), bool), np.zeros((12, 1), bool)
    ends[-1] = True
    with jax.enable_x64(True):
        found = advantages.gae(rewards, V, np.roll(V, -1, axis=0), ends, never, GAMMA, 1.0)
    returns = [sum(GAMMA**k * rewards[t + k, 0] for k in range(12 - t)) for t in range(12)]
    np.testing.assert_allclose(found[:, 0], np.array(returns) - V[:, 0], atol=1e-13)


def test_the_two_ends_differ_by_the_value_of_what_follows():
    one, end, no = np.ones((1, 1)), np.ones((1, 1), bool), np.zeros((1, 1), bool)
    ends = {
        (True, False): 1 - 2,
        (False, True): 1 + GAMMA * 10 - 2,
        (True, True): 1 - 2,  # the last allowed step, and the pole fell: it fell
    }
    for (terminated, truncated), expected in ends.items():
        found = advantages.gae(one, 2 * one, 10 * one, end if terminated else no, end if truncated else no, GAMMA, LAM)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def value(observations):
    return observations[..., 0]


def test_a_batch_is_flat_normalised_and_keeps_the_targets(rollout):
    with jax.enable_x64(True):
        raw = advantages.batch(rollout, value, gamma=GAMMA, lam=LAM, normalise=False)
        batch = advantages.batch(rollout, value, gamma=GAMMA, lam=LAM)
    V, V_next = value(rollout.observations), value(rollout.next_observations)
    A = by_definition(rollout.rewards, V, V_next, rollout.terminated, rollout.truncated, GAMMA, LAM).ravel()
    np.testing.assert_allclose(raw.advantages, A, atol=1e-13)
    np.testing.assert_allclose(batch.advantages, (A - A.mean()) / A.std(), atol=1e-12)
    np.testing.assert_allclose(batch.targets, A + rollout.observations[..., 0].ravel(), atol=1e-13)
    np.testing.assert_allclose(batch.spread, A.std(), rtol=1e-12)
    np.testing.assert_array_equal(batch.actions, rollout.actions.ravel())
    assert batch.observations.shape == (120, 1)
    assert batch.weights is None


def test_rows_after_the_end_have_no_weight(rollout):
    valid = np.arange(40)[:, None] < np.array([40, 7, 25])
    with jax.enable_x64(True):
        batch = advantages.batch(Rollout(**{**vars(rollout), "valid": valid}), value, gamma=GAMMA, lam=LAM)
        A = np.asarray(batch.advantages)[valid.ravel()]
        np.testing.assert_allclose([A.mean(), A.std()], [0, 1], atol=1e-12)
        np.testing.assert_allclose(batch.mean(jnp.asarray(valid.ravel(), float)), 1.0)
        np.testing.assert_allclose(batch.mean(batch.targets), np.asarray(batch.targets)[valid.ravel()].mean())


@pytest.mark.parametrize("x64", [True, False])
def test_constant_advantages_have_no_spread(x64):
    T = 64
    with jax.enable_x64(x64):
        flat = np.full((T, 2), 0.1)
        rollout = Rollout(flat[..., None], flat, flat, flat[..., None], flat > 1, flat > 1, flat)
        batch = advantages.batch(rollout, lambda s: 1e3 * jnp.asarray(s)[..., 0], gamma=1.0, lam=0.0)
        # r + V - V = 0.1 up to the rounding of V
        assert float(batch.spread) == 0
        np.testing.assert_array_equal(batch.advantages, 0)


@pytest.mark.parametrize(("name", "bad"), [("gamma", 1.1), ("lam", -0.1), ("gamma", float("nan"))])
def test_discounts_outside_the_interval_are_named(name, bad):
    one = np.ones((1, 1))
    arguments = {"gamma": 0.9, "lam": 0.9} | {name: bad}
    with pytest.raises(ValueError, match=rf"{name} must lie in \[0, 1\]"):
        advantages.gae(one, one, one, one > 2, one > 2, **arguments)


def test_rows_that_are_none():
    flag = np.zeros((2, 1), bool)
    with pytest.raises(ValueError, match=r"rewards must have shape \(T, ...\), time first, with at least one row"):
        advantages.gae(np.ones((0, 1)), np.ones((0, 1)), np.ones((0, 1)), flag[:0], flag[:0], gamma=0.9, lam=0.9)
    with pytest.raises(ValueError, match="values must have the shape of rewards"):
        advantages.gae(np.ones((2, 1)), np.ones(1), np.ones((2, 1)), flag, flag, gamma=0.9, lam=0.9)


def test_a_discount_may_be_traced():
    one, flag = np.ones((2, 1)), np.zeros((2, 1), bool)
    found = jax.jit(lambda gamma: advantages.gae(one, one, one, flag, flag, gamma=gamma, lam=0.0))(0.5)
    np.testing.assert_allclose(found, 0.5)  # 1 + gamma - 1


def played(rewards, **marks):
    """A rollout of one copy whose critic, ``value``, says 0."""
    rewards = np.asarray(rewards)[:, None]
    nothing, never = np.zeros((*rewards.shape, 1), rewards.dtype), np.zeros(rewards.shape, bool)
    return Rollout(nothing, rewards, rewards, nothing, never, never, rewards, **marks)


@pytest.mark.parametrize("x64", [True, False])
def test_a_spread_of_ten_units_of_rounding_is_no_information(x64):
    with jax.enable_x64(x64):
        eps = float(jnp.finfo(jnp.result_type(float)).eps)
        for units, expected in ((10, 0.0), (11, 11 * eps)):
            # 1 and 1 + 2 k eps are numbers of the machine, k eps from their mean
            rewards = np.array([1.0, 1.0 + 2 * units * eps], jnp.result_type(float))
            batch = advantages.batch(played(rewards), value, gamma=1.0, lam=0.0)
            assert float(batch.spread) == pytest.approx(expected, rel=1e-6)
            np.testing.assert_allclose(batch.advantages, [-1, 1] if expected else [0, 0], rtol=1e-6)


def test_no_rewards_and_no_values_are_constant_advantages():
    batch = advantages.batch(played(np.zeros(3)), value, gamma=1.0, lam=0.0)
    assert float(batch.spread) == 0
    np.testing.assert_array_equal(batch.advantages, 0)


def test_a_rollout_without_a_valid_step_is_refused():
    rewards = np.array([1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match="rollout has no valid step: there is nothing to take a mean over"):
        advantages.batch(played(rewards, valid=np.zeros((3, 1), bool)), value, gamma=1.0, lam=0.0)

    def spread(valid):
        return advantages.batch(played(rewards, valid=valid), value, gamma=1.0, lam=0.0).spread

    one = np.array([[False], [True], [True]])
    assert float(spread(one)) == pytest.approx(1.0)  # 2 and 4
    assert float(jax.jit(spread)(one)) == pytest.approx(1.0)  # marks that are traced are not looked at


@pytest.mark.parametrize("bad", [np.array([0.5, 0.6]), np.array([0.5]), True, "0.9", 2, -1])
def test_a_discount_is_one_number(bad):
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\]"):
        advantages.check_discounts(gamma=bad)


def test_a_traced_discount_does_not_hide_another():
    with pytest.raises(ValueError, match="lam must lie in"):
        jax.jit(lambda gamma: advantages.check_discounts(gamma=gamma, lam=1.5))(0.5)


def test_rewards_have_an_axis_of_time():
    with pytest.raises(ValueError, match=r"time first, with at least one row \(got \(\)\)"):
        advantages.gae(1.0, 1.0, 1.0, False, False, gamma=0.9, lam=0.9)
    flag = np.zeros((2, 1), bool)
    with pytest.raises(ValueError, match=r"next_values must have the shape of rewards, \(2, 1\) \(got \(3, 1\)\)"):
        advantages.gae(np.ones((2, 1)), np.ones((2, 1)), np.ones((3, 1)), flag, flag, gamma=0.9, lam=0.9)
    with pytest.raises(TypeError, match="terminated"):
        advantages.gae(np.ones((2, 1)), np.ones((2, 1)), np.ones((2, 1)), 1 * flag, flag, gamma=0.9, lam=0.9)
