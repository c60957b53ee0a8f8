"""What the tests of this folder share: a seeded generator, and a batch for one update."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import envs, policies
from ngtools.rl.advantages import Batch

LOGIT = policies.linear(envs.make("CartPole-v1"), head="bernoulli", bias=False)  # F has full rank: 4 weights, one logit


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def batch_of(rng, double_precision):
    """States, actions drawn by a policy, and random advantages that depend on the action; 64 bits."""

    def batch_of(policy, params, N=200, **changes):
        states = jnp.asarray(rng.standard_normal((N, 4)))
        actions = policy.sample(params, states, jax.random.key(1))
        A = rng.standard_normal(N) + (2.0 * np.asarray(actions) - 1) * np.asarray(states[:, 2])
        A = jnp.asarray((A - A.mean()) / A.std())
        return replace(Batch(states, actions, A, A, jnp.ones(())), **changes)

    return batch_of


@pytest.fixture
def problem(rng, batch_of):
    """Weights of the logistic policy ``LOGIT``, and its batch."""
    params = {"kernel": jnp.asarray(rng.standard_normal((4, 1)))}
    return params, batch_of(LOGIT, params)


@pytest.fixture
def overshooting(rng, double_precision):
    """A policy that is 95 % sure and wrong: F is small where it is, and grows on the way to the other opinion."""
    params = {"kernel": jnp.array([[3.0], [0.0], [0.0], [0.0]])}
    states = jnp.asarray(0.1 * rng.standard_normal((200, 4))).at[:, 0].add(1.0)
    actions = LOGIT.sample(params, states, jax.random.key(1))
    A = 1.0 - 2 * actions
    return params, Batch(states, actions, (A - A.mean()) / A.std(), A, A.std())
