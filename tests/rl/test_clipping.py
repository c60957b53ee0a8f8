"""What PPO's clip does to an update, and what an update does not depend on."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families, trees
from ngtools.rl import anatomy, clipping, ppo, reinforce, trpo, twins


@pytest.fixture(scope="module")
def trial():
    return anatomy.trial(14, copies=4, steps=32)


def test_slopes_against_finite_differences():
    """Away from the two corners; the objective is piecewise linear, so a difference quotient is exact to rounding."""
    r = np.array([0.3, 0.7, 0.9, 1.05, 1.3, 1.9])
    for A in (1.5, -0.7):
        _, slope = clipping.clipped_slopes(r, A, 0.2)
        h = 1e-4
        quotient = (clipping.clipped_slopes(r + h, A, 0.2)[0] - clipping.clipped_slopes(r - h, A, 0.2)[0]) / (2 * h)
        np.testing.assert_allclose(slope, quotient, atol=1e-10)
        assert (slope * A >= 0).all()
        assert (slope == 0).any()
        assert (slope == A).any()


def test_one_step_does_not_see_the_clip(trial):
    """The first Adam step is the same for every epsilon, and its KL grows like the square of a small rate."""
    wide, narrow = (clipping.updates(trial, [0.001, 0.002], clip=clip, epochs=1) for clip in (0.5, 0.01))
    np.testing.assert_array_equal(wide.kl, narrow.kl)
    # the cubic term is of relative size rate, a few thousandths
    assert wide.kl[1] / wide.kl[0] == pytest.approx(4, rel=0.02)
    assert wide.gradient_norm[0] == pytest.approx(np.linalg.norm(trial.g), rel=1e-12)


def test_a_narrow_clip_matters_from_the_second_step_on(trial):
    wide, narrow = (clipping.updates(trial, [0.02], clip=clip, epochs=6) for clip in (0.5, 0.02))
    assert narrow.kl[0] < 0.5 * wide.kl[0]
    assert narrow.ratio_max[0] > 1.02  # and it is not obeyed


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.7])
def test_the_divergence_of_ratios_that_obey(clip):
    """All pairs of two ratios a < 1 < b of the interval, with the probability of a that makes their mean 1."""
    a, b = np.meshgrid(np.linspace(1 - clip, 1, 50)[:-1], np.linspace(1, 1 + clip, 50)[1:])
    q = (b - 1) / (b - a)
    kl = -(q * np.log(a) + (1 - q) * np.log(b))
    # the largest of the grid is at its corner, which the grid holds
    assert clipping.divergence_if_obeyed(clip) == pytest.approx(kl.max(), rel=1e-12)
    old, new = clipping.worst_pair(clip)
    assert [old.sum(), new.sum()] == pytest.approx([1, 1])
    coin = families.get("categorical", K=2)
    assert float(coin.kl(old[:1], new[:1], "probabilities")) == pytest.approx(kl.max(), rel=1e-12)


def test_slopes_of_any_shape():
    """Ratios by row and advantages by entry; a ratio may be 0, and one ratio may have many advantages."""
    r, A = np.array([[0.0, 1.1, 1.3], [0.5, 0.9, 2.0]]), np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
    value, slope = clipping.clipped_slopes(r, A, 0.2)
    assert value == pytest.approx(np.array([[0.0, 2.2, 3.6], [-0.8, -1.8, -6.0]]))
    assert slope.tolist() == [[1, 2, 0], [0, -2, -3]]
    assert clipping.clipped_slopes(1.3, [1.0, -2.0], 0.2)[1].tolist() == [0, -2]


def test_an_update_has_ten_epochs_and_a_clip_of_a_fifth(trial):
    by_default = clipping.updates(trial, [0.02])
    np.testing.assert_array_equal(by_default.kl, clipping.updates(trial, [0.02], clip=0.2, epochs=10).kl)


@pytest.mark.parametrize("clip", [0.0, -0.1, 1.0, 1.5, np.nan, "wide"])
def test_a_clip_that_is_none(clip):
    with pytest.raises((ValueError, TypeError), match="clip"):
        clipping.divergence_if_obeyed(clip)


def test_units_of_rewards_and_features(trial):
    """TRPO is blind to both (to rounding through conjugate gradients), Adam to the first, a gradient step to neither."""
    N = len(trial.batch.advantages)
    methods = {
        "gradient": (reinforce.METHOD, reinforce.Settings(learning_rate=0.1)),
        "ppo": (ppo.METHOD, ppo.Settings(learning_rate=0.01, epochs=3, minibatch=N, max_grad_norm=None)),
        "trpo": (trpo.METHOD, trpo.Settings(cg_steps=100, cg_tol=1e-12)),
    }
    told = twins.twins(trial, methods, 10.0, [1, 1, 10, 0.1])
    assert max(told["trpo"].apart) < 1e-9
    # KL is quadratic in a gradient step; the cubic term shows at ten times the step
    assert told["gradient"].kl_advantages / told["gradient"].kl == pytest.approx(100, rel=0.1)
    assert told["gradient"].apart[1] > 1e-3
    # the constant 1e-5 beside root mean squares of about 1e-2
    assert told["ppo"].kl_advantages / told["ppo"].kl == pytest.approx(1, rel=0.02)
    assert told["ppo"].apart[1] > 1e-2


@pytest.mark.parametrize(
    ("factor", "units", "sign"), [(0.5, [1, -1, 10, 0.1], 1), (10.0, [2, 1, 3, -0.5], 1), (0.5, [1, -1, 10, 0.1], -1)]
)
def test_twins_of_a_gradient_step(trial, factor, units, sign):
    """Where a feature is u times as large, its weight's gradient is as well, and the weight counts u times: u^2.

    The opposite weights make the other action the rare one, whose probability changes most.
    """
    with jax.enable_x64(True):
        trial = replace(trial, state=replace(trial.state, params=jax.tree.map(lambda x: sign * x, trial.state.params)))
    method = {"gradient": (reinforce.METHOD, reinforce.Settings(learning_rate=0.1))}
    told = twins.twins(trial, method, factor, units)["gradient"]
    policy, batch, units = trial.policy, trial.batch, np.array(units)
    with jax.enable_x64(True):
        start, back = trees.flatten(trial.state.params)
        of = lambda new: batch.mean(policy.log_prob(new, batch.observations, batch.actions) * batch.advantages)  # noqa: E731
        step = jax.tree.map(lambda leaf: 0.1 * leaf, jax.grad(of)(trial.state.params))
        flat = trees.flatten(step)[0]
        scaled = {**step, "kernel": step["kernel"] * units[:, None] ** 2}
        steps = [np.asarray(one) for one in (flat, factor * flat, trees.flatten(scaled)[0])]
        both = [jnp.full(len(batch.actions), a) for a in (0, 1)]
        logs = [
            np.stack([policy.log_prob(back(start + jnp.asarray(s)), batch.observations, a) for a in both])
            for s in steps
        ]
    assert [told.kl, told.kl_advantages, told.kl_features] == pytest.approx([trial.kl(s) for s in steps], rel=1e-9)
    assert told.apart == pytest.approx([np.abs(log - logs[0]).max() for log in logs[1:]], rel=1e-9)


def test_units_that_are_none(trial):
    with pytest.raises(ValueError, match="factor must be > 0"):
        twins.twins(trial, {}, 0.0, [1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"units must have shape \(4,\)"):
        twins.twins(trial, {}, 10.0, [1, 1, 1])
    with pytest.raises(ValueError, match="units must not be 0"):
        twins.twins(trial, {}, 10.0, [1, 0, 1, 1])


def test_arguments_that_are_none(trial):
    with pytest.raises(ValueError, match=r"ratios of probabilities must be >= 0 \(got -0.5\)"):
        clipping.clipped_slopes([1.0, -0.5], 1.0, 0.2)
    with pytest.raises(ValueError, match=r"one shape, or one of them be a number \(got \(2,\) and \(3,\)\)"):
        clipping.clipped_slopes([1.0, 0.5], [1.0, 1.0, 1.0], 0.2)
    with pytest.raises(ValueError, match=r"one shape, or one of them be a number \(got \(3,\) and \(2,\)\)"):
        clipping.clipped_slopes([1.0, 0.5, 1.0], [1.0, 1.0], 0.2)
    with pytest.raises(ValueError, match=r"learning_rates must be > 0 \(got -0.1\)"):
        clipping.updates(trial, [0.1, -0.1])
    with pytest.raises(ValueError, match=r"learning_rates must be > 0 \(got 0\)"):
        clipping.updates(trial, [0.1, 0.0])
