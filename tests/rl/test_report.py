"""What a report says of an update, in words and in numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl.report import ACCEPTED, NO_ACCEPTABLE_STEP, REASONS, Report, Trace

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
    assert repr(rows()) == "<Trace: 0 updates, 0 accepted, mean return of the last batch none>"


@pytest.mark.parametrize(("record", "shown"), [(ONE, "<Report: traced>"), (rows(ACCEPTED), "<Trace: traced>")])
def test_inside_a_program_nothing_is_read(record, shown):
    seen = []
    jax.jit(lambda record: seen.append(repr(record)))(record)
    assert seen == [shown]


def test_many_reports_at_once():
    assert repr(jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), ONE)) == "<Report: batched>"
