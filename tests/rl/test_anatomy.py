"""On one batch, and what a damped length gives away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from ngtools.rl import npg, trpo
from ngtools.rl.anatomy import at_values, budget_shares, full_step, random_gains, trial
from ngtools.rl.training import Method

FOUND = trial(2)
# rank 5 in 64 bits: five CG steps solve it, and the tolerance stops it there
EXACT = {"cg_steps": 10, "cg_tol": 1e-10}
BEST = FOUND.g @ np.linalg.pinv(FOUND.F, rcond=1e-10, hermitian=True) @ FOUND.g


def test_the_pieces_are_those_of_the_surrogate_and_of_the_divergence():
    d, h = len(FOUND.g), 1e-5
    assert np.linalg.matrix_rank(FOUND.F, tol=1e-10) == 5
    for axis in np.eye(d):
        # central differences: h^2 and 1e-16 / h
        slope = (FOUND.surrogate(h * axis) - FOUND.surrogate(-h * axis)) / (2 * h)
        assert slope == pytest.approx(axis @ FOUND.g, abs=1e-8)
    # the surrogate itself, with the logits written out: bias, then kernel row by row
    step = 0.3 * np.random.default_rng(1).standard_normal(d)
    flat = np.concatenate([np.ravel(FOUND.state.params[name]) for name in ("bias", "kernel")])
    rows, actions = np.asarray(FOUND.batch.observations), np.asarray(FOUND.batch.actions)
    old, new = (
        softmax(rows @ theta[2:].reshape(4, 2) + theta[:2], axis=1)[np.arange(len(rows)), actions]
        for theta in (flat, flat + step)
    )
    expected = np.mean(new / old * np.asarray(FOUND.batch.advantages))
    assert FOUND.surrogate(step) == pytest.approx(expected, rel=1e-10)
    assert abs(expected) > 1e-3
    v = np.random.default_rng(0).standard_normal(d)
    # the divergence is even to third order, and the mean of +-h leaves a fourth-order remainder
    curvature = (FOUND.kl(1e-3 * v) + FOUND.kl(-1e-3 * v)) / 1e-6
    assert curvature == pytest.approx(v @ FOUND.F @ v, rel=1e-4)


def test_length_and_predicted_gain():
    deltas = np.array([1e-3, 1e-2, 0.1])
    reports = at_values(trpo.METHOD, FOUND, trpo.Settings(**EXACT), "delta", deltas)
    assert reports.predicted_kl == pytest.approx(deltas, rel=1e-10)
    assert reports.predicted_gain == pytest.approx(np.sqrt(2 * deltas * BEST), rel=1e-8)


def test_backtracking_ends_inside_and_higher():
    deltas = np.array([0.001, 0.01, 0.1, 1.0, 20.0])
    reports = at_values(trpo.METHOD, FOUND, trpo.Settings(**EXACT, backtracks=30), "delta", deltas)
    assert (reports.status == 0).all()
    assert (reports.kl <= deltas).all()
    assert (reports.gain > 0).all()
    assert reports.backtracks.max() > 0


def test_the_full_step_misses_by_the_root_of_delta():
    deltas = np.array([1e-6, 1e-4])
    reports = at_values(npg.METHOD, FOUND, npg.Settings(**EXACT), "delta", deltas)
    assert [FOUND.kl(full_step(FOUND, delta)) for delta in deltas] == pytest.approx(reports.kl, rel=1e-6)
    miss = np.abs(reports.kl / deltas - 1)
    assert np.diff(np.log(miss))[0] / np.diff(np.log(deltas))[0] == pytest.approx(0.5, abs=0.02)


def test_no_random_direction_gains_more():
    gains = random_gains(FOUND, 0.01, np.random.default_rng(0))
    assert gains.max() < 1
    along = FOUND.g @ np.linalg.pinv(FOUND.F, rcond=1e-10, hermitian=True)
    step = np.sqrt(2 * 0.01 / (along @ FOUND.F @ along)) * along
    assert step @ FOUND.g == pytest.approx(np.sqrt(2 * 0.01 * BEST), rel=1e-9)


def test_a_gain_is_the_cosine_of_the_angle_to_the_natural_gradient():
    """In the metric F, by least squares for F s = g: whatever the radius."""
    s = np.linalg.lstsq(FOUND.F, FOUND.g, rcond=1e-10)[0]
    r = np.random.default_rng(7).standard_normal((5, len(s)))
    cosines = r @ FOUND.F @ s / np.sqrt(np.einsum("ni,ij,nj->n", r, FOUND.F, r) * (s @ FOUND.F @ s))
    for delta in (0.01, 2.0):
        assert random_gains(FOUND, delta, np.random.default_rng(7), 5) == pytest.approx(cosines, rel=1e-8)


def test_a_damped_length_is_shorter_than_the_radius():
    damping = 0.1
    settings = trpo.Settings(**EXACT, damping=damping, damped_length=True)
    reports = at_values(trpo.METHOD, FOUND, settings, "delta", np.array([0.01]))
    share = budget_shares(FOUND, [damping])[0]
    assert share < 1
    # CG stops at a residual of 1e-10
    assert reports.predicted_kl[0] / 0.01 == pytest.approx(share, rel=1e-6)
    undamped = at_values(trpo.METHOD, FOUND, replace(settings, damped_length=False), "delta", np.array([0.01]))
    assert undamped.predicted_kl[0] == pytest.approx(0.01, rel=1e-9)
    with pytest.raises(ValueError, match=r"dampings must be > 0 \(got 0\): F of two logits is singular"):
        budget_shares(FOUND, [0.1, 0.0])


def test_a_radius_of_random_steps_is_positive():
    with pytest.raises(ValueError, match=r"delta must be .*> 0 \(got 0"):
        random_gains(FOUND, 0.0, np.random.default_rng(0), 5)


def test_a_trial_is_played_without_a_critic():
    """Targets are then discounted returns of ones: (1 - .99^k) / (1 - .99), k the steps to the end of episode or batch."""
    assert FOUND.g.dtype == FOUND.F.dtype == np.float64
    returns = np.asarray(FOUND.batch.targets).reshape(32, 16)  # steps, copies
    left = np.log1p(-0.01 * returns) / np.log(0.99)
    assert left == pytest.approx(np.round(left), abs=1e-9)
    steps = np.round(left).astype(int)
    assert (steps[-1] == 1).all()
    # a step nearer to the end in the next row, unless an episode has ended here
    assert ((steps[:-1] == steps[1:] + 1) | (steps[:-1] == 1)).all()
    assert (steps[:-1] == 1).any()
    # ten weights of deviation 1/2
    weights = np.concatenate([np.ravel(leaf) for leaf in FOUND.state.params.values()])
    assert 0.25 < np.sqrt(np.mean(weights**2)) < 0.9
    with pytest.raises(ValueError, match="seed must be at least 0"):
        trial(-1)
    assert trial(0, copies=2, steps=3).batch.targets.shape == (6,)


def test_gains_of_the_number_of_directions_that_was_asked_for():
    assert random_gains(FOUND, 0.1, np.random.default_rng(0)).shape == (300,)
    assert random_gains(FOUND, 0.1, np.random.default_rng(0), 1).shape == (1,)
    with pytest.raises(ValueError, match="count must be at least 1"):
        random_gains(FOUND, 0.1, np.random.default_rng(0), 0)
    with pytest.raises(ValueError, match="delta must be > 0"):
        full_step(FOUND, 0.0)


def test_values_of_a_setting_share_one_program():
    traced = []

    def update(policy, state, batch, settings):
        traced.append(settings)
        return state, settings.delta**2 + settings.shrink

    method = Method("counting", update)
    for values in ([0.5, 2.0], [3.0, 4.0]):
        found = at_values(method, FOUND, trpo.Settings(shrink=0.25), "delta", values)
        assert found == pytest.approx(np.square(values) + 0.25)
    assert len(traced) == 1
    assert found.dtype == np.float64
    assert replace(FOUND) != FOUND  # arrays are not compared: a trial is itself alone
