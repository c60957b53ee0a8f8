"""A sweep gives what the single runs give."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from ngtools.rl import critics, envs, policies, reinforce
from ngtools.rl.report import settle
from ngtools.rl.sweep import starts, sweep
from ngtools.rl.training import Method


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


@pytest.mark.parametrize("seeds", [3, [], [[1, 2]], [0.5], [True], ["1"]])
def test_seeds_are_a_row_of_whole_numbers(seeds):
    env = envs.make("CartPole-v1", num_envs=2)
    with pytest.raises(ValueError, match="seeds must be whole numbers, at least one"):
        starts(reinforce.METHOD, env, policies.linear(env), reinforce.Settings(), seeds)


def test_a_second_sweep_is_compiled_already():
    traced = []

    def update(policy, state, batch, settings):
        traced.append(settings)
        moved = jax.tree.map(lambda leaf: leaf + settings.learning_rate, state.params)
        params, report = settle(policy, state.params, moved, batch, 0)
        return replace(state, params=params), report

    env = envs.make("CartPole-v1", num_envs=2, horizon=3)
    policy, method = policies.linear(env), Method("addition", update)
    settings = reinforce.Settings(iterations=1, batch=4, critic=critics.none())
    states = starts(method, env, policy, settings, [7])
    for values in ([0.25, 0.5], [1.0, 2.0]):
        final, trace = sweep(method, env, policy, settings, "learning_rate", values, states)
        assert np.asarray(final.params["kernel"])[:, 0, 0, 0].tolist() == values
        assert trace.env_steps.tolist() == [[[4]], [[4]]]
    assert len(traced) == 1
