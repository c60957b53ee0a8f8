"""A sweep gives what the single runs give."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from ngtools.rl import critics, envs, policies, reinforce
from ngtools.rl.sweep import starts, sweep


@pytest.mark.parametrize("sampling", ["steps", "episodes"])
def test_a_sweep_is_the_runs_it_is_made_of(sampling):
    env = envs.make("CartPole-v1", num_envs=4, horizon=30)
    policy = policies.linear(env)
    with jax.enable_x64(True):
        # no critic: its compilation is most of what this would cost
        shared = {"iterations": 3, "batch": 64, "critic": critics.none(), "sampling": sampling}
        make = lambda rate: reinforce.Settings(learning_rate=rate, **shared)  # noqa: E731
        states = starts(reinforce.METHOD, env, policy, make(1.0), (5, 6))
        _, trace = sweep(reinforce.METHOD, env, policy, make(1.0), "learning_rate", [0.5, 2.0], states)
        for i, rate in enumerate((0.5, 2.0)):
            state, alone = reinforce.train(env, policy, jax.random.key(6), make(rate))
            # the same operations, batched: rounding only
            assert np.asarray(trace.kl)[i, 1] == pytest.approx(np.asarray(alone.kl), rel=1e-9)
            assert np.asarray(trace.env_steps)[i, 1].tolist() == np.asarray(alone.env_steps).tolist()


def test_the_knob_is_an_entry():
    env = envs.make("CartPole-v1", num_envs=2)
    with pytest.raises(ValueError, match="knob must be an entry"):
        sweep(reinforce.METHOD, env, policies.linear(env), reinforce.Settings(), "delta", [1.0], None)
