"""What a report says of an update, in words and in numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl.advantages import Batch
from ngtools.rl.report import (
    ACCEPTED,
    NO_ACCEPTABLE_STEP,
    NOT_FINITE,
    REASONS,
    SATURATED,
    ZERO_GRADIENT,
    ZERO_VARIANCE,
    Report,
    Trace,
    finite_or,
    measure,
    obstacle,
    settle,
    unmeasured,
)

ONE = Report(**{name: jnp.asarray(0.0) for name in Report.__dataclass_fields__} | {"status": jnp.asarray(ACCEPTED)})
MORE = {"env_steps": 0, "mean_return": 0.0, "episodes": 0, "explained_variance": 0.0}


def rows(*status):
    same = {name: jnp.zeros(len(status)) for name in [*Report.__dataclass_fields__, *MORE]}
    return Trace(**same | {"status": jnp.asarray(status), "mean_return": jnp.arange(1.0, len(status) + 1)})


def test_a_status_in_words():
    assert (bool(ONE.accepted), ONE.reason) == (True, "accepted")
    trace = rows(ACCEPTED, NO_ACCEPTABLE_STEP)
    assert np.asarray(trace.accepted).tolist() == [True, False]
    assert trace.reason.tolist() == ["accepted", REASONS[NO_ACCEPTABLE_STEP]]
    assert len(set(REASONS)) == len(REASONS)


def test_what_is_shown():
    assert repr(ONE) == "<update: accepted, KL 0.00e+00 nats, surrogate gain 0.00e+00>"
    assert (
        repr(rows(ACCEPTED, NO_ACCEPTABLE_STEP, ACCEPTED))
        == "<Trace: 3 updates, 2 accepted, mean return of the last batch 3>"
    )
    seeds = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), rows(ACCEPTED, ACCEPTED))
    assert repr(seeds) == "<Trace: 2 seeds, 2 updates, 4 accepted, mean return of the last batch 2>"
    seeds = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), rows(ACCEPTED, ACCEPTED, NO_ACCEPTABLE_STEP))
    assert repr(seeds) == "<Trace: 2 seeds, 3 updates, 4 accepted, mean return of the last batch 3>"
    none = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), rows())
    assert repr(none) == "<Trace: 2 seeds, 0 updates, 0 accepted, mean return of the last batch none>"
    assert repr(rows()) == "<Trace: 0 updates, 0 accepted, mean return of the last batch none>"


@pytest.mark.parametrize(("record", "shown"), [(ONE, "<Report: traced>"), (rows(ACCEPTED), "<Trace: traced>")])
def test_inside_a_program_nothing_is_read(record, shown):
    seen = []
    jax.jit(lambda record: seen.append(repr(record)))(record)
    assert seen == [shown]


def test_many_reports_at_once():
    assert repr(jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), ONE)) == "<Report: batched>"


class Stub:
    """log pi = theta s a and KL = (difference of theta)^2 s^2; the sensitivity is told."""

    def __init__(self, sensitivity=1.0):
        self.told = sensitivity

    def sensitivity(self, params, observations):
        return jnp.full(len(observations), self.told)

    def log_prob(self, params, observations, actions):
        return params["a"] * observations[:, 0] * actions

    def kl(self, old, new, observations):
        return (new["a"] - old["a"]) ** 2 * observations[:, 0] ** 2


S, ACTIONS, A = np.array([1.0, -2.0, 3.0]), np.array([1.0, 1.0, -1.0]), np.array([0.5, -1.0, 2.0])
EPS = float(jnp.finfo(jnp.float32).eps)


def batch_of(spread=1.0, weights=None):
    rows = (jnp.asarray(entry, jnp.float32) for entry in (S[:, None], ACTIONS, A, A))
    return Batch(*rows, jnp.asarray(spread, jnp.float32), weights)


@pytest.mark.parametrize(
    ("size", "spread", "sensitivity", "expected"),
    [
        (1e-9, 1e-9, 2 * EPS, ACCEPTED),  # however short
        (0.0, 1.0, 1.0, ZERO_GRADIENT),
        (1.0, 0.0, 1.0, ZERO_VARIANCE),
        (0.0, 0.0, 1.0, ZERO_VARIANCE),
        (1.0, 1.0, EPS, SATURATED),  # rounding of a probability of 1
        (0.0, 0.0, 0.0, SATURATED),
        (np.inf, 0.0, 0.0, NOT_FINITE),
        (np.nan, 1.0, 1.0, NOT_FINITE),
        (1.0, np.nan, 1.0, NOT_FINITE),
        (1.0, 1.0, np.nan, NOT_FINITE),
    ],
)
def test_what_is_in_the_way_of_a_step(size, spread, sensitivity, expected):
    gradient = {"a": jnp.asarray(size)}
    assert int(obstacle(Stub(sensitivity), gradient, batch_of(spread), gradient)) == expected


@pytest.mark.parametrize("shares", [None, [0.25, 0.75, 0.0]])
def test_a_measurement_is_that_of_the_rows_that_count(shares):
    old, new = {"a": jnp.asarray(0.5)}, {"a": jnp.asarray(0.7)}
    ratio, w = np.exp(0.2 * S * ACTIONS), np.full(3, 1 / 3) if shares is None else np.array(shares)
    found = measure(Stub(), old, new, batch_of(weights=None if shares is None else jnp.asarray(shares)))
    assert found == pytest.approx(
        {
            "kl": w @ (0.04 * S**2),
            "gain": w @ ((ratio - 1) * A),
            "ratio_min": ratio[w > 0].min(),  # the third ratio is the least, where it counts
            "ratio_max": ratio.max(),
        },
        rel=1e-5,
    )
    before = unmeasured(Stub(), old, batch_of())
    assert sorted(before) == sorted(found)
    assert all(np.isnan(entry) for entry in before.values())


def test_a_proposal_is_taken_whole_or_not_at_all():
    old = {"a": jnp.asarray(0.5), "b": jnp.arange(2.0)}
    for bad in (np.nan, np.inf, -np.inf):
        proposal = {"a": jnp.asarray(0.7), "b": jnp.array([3.0, bad])}
        kept, finite = finite_or(proposal, old)
        assert (bool(finite), float(kept["a"]), kept["b"].tolist()) == (False, 0.5, [0, 1])
        params, report = settle(Stub(), old, proposal, batch_of(), jnp.asarray(ACCEPTED))
        assert (float(params["a"]), params["b"].tolist(), report.reason) == (0.5, [0, 1], "not finite")
        _, report = settle(Stub(), old, proposal, batch_of(), jnp.asarray(SATURATED))
        assert report.reason == "policy is saturated"  # what the method says stays
    proposal = {"a": jnp.asarray(0.7), "b": jnp.array([3.0, 4.0])}
    params, report = settle(Stub(), old, proposal, batch_of(), jnp.asarray(ACCEPTED), backtracks=3)
    assert (float(params["a"]), params["b"].tolist(), bool(report.accepted)) == (pytest.approx(0.7), [3, 4], True)
    assert (report.backtracks, bool(np.isnan(report.cg_steps))) == (3, True)
    params, report = settle(Stub(), old, proposal, batch_of(), jnp.asarray(NO_ACCEPTABLE_STEP))
    assert (float(params["a"]), params["b"].tolist(), bool(report.accepted)) == (0.5, [0, 1], False)
    assert [float(getattr(report, name)) for name in ("kl", "gain", "ratio_min", "ratio_max")] == [0, 0, 1, 1]
    # a step that is measured to lead out of the numbers is none
    for name in ("kl", "gain"):
        told = measure(Stub(), old, proposal, batch_of()) | {name: jnp.asarray(np.inf)}
        params, report = settle(Stub(), old, proposal, batch_of(), jnp.asarray(ACCEPTED), told)
        assert (float(params["a"]), report.reason, float(report.kl)) == (0.5, "not finite", 0)
