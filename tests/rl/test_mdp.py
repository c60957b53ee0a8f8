"""Tabular MDPs against brute force: long sums instead of solves, finite differences instead of theorems."""

from __future__ import annotations

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import mdp
from ngtools.rl.mdp import evaluation, fisher
from ngtools.rl.mdp.evaluation import check_policy

GAMMA = 0.9


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(12)
    process = mdp.random_mdp(rng, 4, 3)
    pi = rng.dirichlet(np.ones(3), 4)
    return process, pi


def by_powers(process, pi, gamma, T):
    """P(s_t = s) for t < T and the chain's reward, from matrix powers alone."""
    P = np.einsum("sa,sat->st", pi, process.transition)
    rows, row = [], process.start
    for _ in range(T):
        rows.append(row)
        row = row @ P
    return np.stack(rows), (pi * process.reward).sum(axis=1)


def test_discounted_values_are_sums_over_time(world):
    process, pi = world
    found = mdp.evaluate(process, pi, GAMMA)
    marginals, reward = by_powers(process, pi, GAMMA, 400)
    discount = GAMMA ** np.arange(400)  # .9^400 = 5e-19 is left out
    assert found.rho == pytest.approx((1 - GAMMA) * discount @ marginals, abs=1e-14)
    assert found.expected_return == pytest.approx(discount @ (marginals @ reward), rel=1e-13)
    assert found.per_step == pytest.approx((1 - GAMMA) * found.expected_return, rel=1e-13)
    assert found.V.tolist() == pytest.approx((pi * found.Q).sum(axis=1), rel=1e-13)
    assert found.advantage == pytest.approx(found.Q - found.V[:, None], abs=1e-14)
    assert process.start @ found.V.tolist() == pytest.approx(found.expected_return, rel=1e-13)


def test_average_reward_values_are_sums_of_differences(world):
    process, pi = world
    found = mdp.evaluate(process, pi, None)
    marginals, reward = by_powers(process, pi, None, 300)
    assert found.rho == pytest.approx(marginals[-1], abs=1e-12)
    assert found.expected_return == pytest.approx(marginals[-1] @ reward, abs=1e-12)
    P = np.einsum("sa,sat->st", pi, process.transition)
    series, row = np.zeros(4), reward - found.expected_return
    for _ in range(300):
        series, row = series + row, P @ row
    assert found.V.tolist() == pytest.approx(series, abs=1e-11)
    assert found.rho @ found.V.tolist() == pytest.approx(0, abs=1e-13)
    onwards = process.reward - found.expected_return + process.transition @ found.V
    assert np.abs(found.Q - onwards).max() < 1e-13


def test_a_discount_near_one_gives_the_average(world):
    process, pi = world
    assert mdp.evaluate(process, pi, 1 - 1e-9).per_step == pytest.approx(
        mdp.evaluate(process, pi, None).expected_return, abs=1e-7
    )


def test_a_periodic_chain_has_a_stationary_distribution():
    swap = mdp.MDP([[[0, 1]], [[1, 0]]], [[1.0], [3.0]])
    found = mdp.evaluate(swap, [[1.0], [1.0]], None)
    assert found.rho == pytest.approx([0.5, 0.5])
    assert found.expected_return == pytest.approx(2)


def test_transient_states_are_allowed():
    sink = mdp.MDP([[[0.5, 0.5]], [[0.0, 1.0]]], [[5.0], [1.0]])
    assert mdp.evaluate(sink, [[1.0], [1.0]], None).rho == pytest.approx([0, 1], abs=1e-15)


def test_optimal_values_satisfy_bellman_and_dominate(world):
    process, pi = world
    V = mdp.optimal_values(process, GAMMA)
    Q = process.reward + GAMMA * process.transition @ V
    assert Q.max(axis=1) == pytest.approx(V, rel=1e-12)
    assert (V >= mdp.evaluate(process, pi, GAMMA).V - 1e-12).all()


def test_a_better_action_replaces_one_that_is_not_nearly_as_good():
    """One state at gamma = 0, where Q is the reward: a gap of up to 1e-12 (1 + max |Q|) is rounding."""

    def value(rewards):
        return mdp.optimal_values(mdp.MDP(np.ones((1, 2, 1)), [rewards]), 0.0)[0]

    for best, width in ((1.0, 2e-12), (1000.0, 1.001e-9)):
        assert value([best - 0.9 * width, best]) == best - 0.9 * width  # kept
        assert value([best - 1.1 * width, best]) == best
    assert value([1 - 2e-12, 1.0]) == 1 - 2e-12  # on the edge
    assert value([1.0, 0.5]) == 1.0


def test_a_greedy_step_is_taken_only_while_it_changes_something(monkeypatch):
    """The best action is the first one in state 0 and the second one in state 1: two policies are evaluated."""
    seen, evaluate = [], evaluation.evaluate
    monkeypatch.setattr(evaluation, "evaluate", lambda m, pi, gamma: seen.append(pi) or evaluate(m, pi, gamma))
    process = mdp.MDP([[[1, 0]] * 2, [[0, 1]] * 2], [[1.0, 0.0], [0.0, 3.0]])
    assert mdp.optimal_values(process, 0.5) == pytest.approx([2, 6])
    assert [pi.tolist() for pi in seen] == [[[1, 0], [1, 0]], [[1, 0], [0, 1]]]


def test_marginals_follow_the_chain(world):
    process, pi = world
    expected, _ = by_powers(process, pi, GAMMA, 7)
    assert mdp.state_marginals(process, pi, 7) == pytest.approx(expected, abs=1e-15)
    assert mdp.state_marginals(process, pi, 1, [0, 1, 0, 0])[0] == pytest.approx([0, 1, 0, 0])


GOOD = ([[[0.5, 0.5], [1, 0]], [[0, 1], [0.3, 0.7]]], [[1.0, 0], [0, 2.0]])
STAY = mdp.MDP([[[1, 0]], [[0, 1]]], [[1.0], [2.0]])
PROCESS = mdp.MDP(*GOOD)
UNIFORM = np.full((2, 2), 0.5)
LINEAR = mdp.log_linear(np.ones((2, 2, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mdp.MDP([[[0.2, 0.7]] * 2] * 2, GOOD[1]), r"transition row \(s=0, a=0\) sums to 0.9"),
        (
            lambda: mdp.MDP([[[1, 0], [0.7, 0.3]], [[1.2, -0.2], [1.1, -0.1]]], GOOD[1]),
            r"\(s=1, a=0\) contains the negative probability -0.2",
        ),
        (lambda: mdp.MDP([[[np.nan, 1]] * 2] * 2, GOOD[1]), r"\(s=0, a=0\) contains nan"),
        (lambda: mdp.MDP(GOOD[0], [1.0, 2.0]), r"reward must have shape \(S, A\) = \(2, 2\)"),
        (lambda: mdp.MDP(GOOD[0], [[1, 2, 0], [3, 4, 0]]), r"reward must have shape \(S, A\) = \(2, 2\)"),
        (lambda: mdp.MDP(GOOD[0], [[1, np.inf], [np.nan, np.nan]]), r"reward contains inf at \(s=0, a=1\)"),
        (lambda: mdp.MDP(np.ones((1, 2, 2)), [[0, 0]]), r"transition must have shape \(S, A, S\)"),
        (lambda: mdp.MDP(np.ones((2, 2)), GOOD[1]), r"transition must have shape \(S, A, S\)"),
        (lambda: mdp.MDP(np.ones((2, 2, 2, 2)), GOOD[1]), r"transition must have shape \(S, A, S\)"),
        (lambda: mdp.MDP(np.ones((2, 0, 2)), np.ones((2, 0))), r"transition must have shape \(S, A, S\)"),
        (lambda: mdp.MDP(np.ones((2, 3, 1)), GOOD[1]), r"transition must have shape \(S, A, S\)"),
        (lambda: mdp.MDP(*GOOD, [0.5, 0.6]), "start sums to 1.1"),
        (lambda: mdp.MDP(*GOOD, [1.0]), r"start must have shape \(S,\) = \(2,\)"),
        (lambda: mdp.MDP(*GOOD, [0.5, 0.3, 0.2]), r"start must have shape \(S,\) = \(2,\)"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, 1.0), r"gamma must be in \[0, 1\) \(got 1.0\); .* gamma=None"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, -0.1), r"gamma must be in \[0, 1\)"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, 1.5), r"gamma must be in \[0, 1\)"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, float("nan")), r"gamma must be in \[0, 1\)"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, False), "gamma must be one number or None"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, np.array([0.5])), "gamma must be one number or None"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM, 0.5j), "gamma must be one number or None"),
        (lambda: mdp.evaluate(PROCESS, [0.5, 0.5], 0.9), r"pi must have shape \(S, A\)"),
        (lambda: mdp.evaluate(PROCESS, np.full((3, 2), 0.5), 0.9), r"pi must have shape \(S, A\) = \(2, 2\)"),
        (lambda: check_policy(PROCESS, UNIFORM * 0.9, "old"), r"old row \(s=0\) sums to 0.9"),
        (lambda: check_policy(PROCESS, UNIFORM * 0.9, "sigma"), r"sigma row \(s=0\) sums to 0.9"),
        (lambda: mdp.evaluate(PROCESS, UNIFORM * 0.9, 0.9), r"policy row \(s=0\) sums to 0.9"),
        (lambda: mdp.evaluate(STAY, [[1], [1]], None), r"not unique: .* classes \{0\}, \{1\}"),
        (
            lambda: mdp.differentiated_return(STAY, mdp.tabular(2, 1), [0, 0], None),
            "stationary distribution is not unique",
        ),
        (lambda: mdp.state_marginals(PROCESS, UNIFORM, 0), "T must be at least 1"),
        (lambda: mdp.state_marginals(PROCESS, UNIFORM, 1, [0.5, 0.6]), "start sums to 1.1"),
        (lambda: mdp.optimal_values(PROCESS, None), "gamma must be a number"),
        (lambda: mdp.log_linear(np.ones((2, 2))), r"features must have shape \(S, A, d\)"),
        (lambda: mdp.log_linear(np.full((1, 2, 1), np.nan)), r"features contains nan at index \(0, 0, 0\)"),
        (lambda: mdp.tabular(0, 2), "must be at least 1"),
        (lambda: mdp.probabilities(LINEAR, np.zeros(2)), r"theta must have shape \(3,\)"),
        (lambda: mdp.probabilities(LINEAR, np.zeros(4)), r"theta must have shape \(3,\)"),
        (lambda: mdp.probabilities(LINEAR, [0, np.nan, 0]), "theta contains nan at index 1"),
        (
            lambda: mdp.probabilities(mdp.tabular(2, 3), [0.0, 0.0, 0.0, 900.0, 0.0, 100.0]),
            "saturated: log-prob of action 1 in state 1 is -900",
        ),
        (
            lambda: mdp.probabilities(mdp.Policy("root", lambda t: jnp.sqrt(jnp.outer(t, t - 3)), 2), [4.0, -1.0]),
            "the logits of state 0 contain nan or inf",
        ),
        (lambda: mdp.policy_fisher(LINEAR, np.zeros(3), [0.5, 0.4]), "rho sums to 0.9"),
        (lambda: mdp.policy_fisher(LINEAR, np.zeros(3), [1.0]), r"rho must have shape \(S,\) = \(2,\)"),
        (lambda: mdp.policy_fisher(LINEAR, np.zeros(3), [0.2, 0.3, 0.5]), r"rho must have shape \(S,\) = \(2,\)"),
        (
            lambda: mdp.path_fisher(mdp.random_mdp(np.random.default_rng(0), 2, 3), mdp.tabular(2, 3), np.zeros(6), 7),
            r"6\^7 paths are too many to list \(limit 200000\)",
        ),
        (lambda: mdp.compatible_weights(PROCESS, LINEAR, np.zeros(3), 0.9, "V"), "target must be"),
        (lambda: mdp.without_discount(PROCESS, LINEAR, np.zeros(3), None), "none to drop"),
        (lambda: mdp.soft_step(PROCESS, UNIFORM, 0.9, 0.0), "alpha must be > 0"),
        (lambda: mdp.far_along(LINEAR, np.zeros(3), np.ones(3), 0.0), "length must be > 0"),
        (lambda: mdp.asymmetry(lambda x: x, [1.0], 0.0), "step must be > 0"),
        (lambda: mdp.ascent_steps(PROCESS, LINEAR, np.zeros(3), 0.9, 0.0), "c must be > 0"),
        (lambda: mdp.greedy([1.0, 2.0]), r"values must have shape \(S, A\)"),
        (lambda: mdp.greedy(np.ones((1, 2, 3))), r"values must have shape \(S, A\)"),
        (lambda: mdp.greedy([[1.0, np.nan]]), "values contain nan"),
        (lambda: mdp.random_mdp(np.random.default_rng(0), 0, 1), "must be at least 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_two_closed_classes_are_found_behind_a_transient_state():
    split = mdp.MDP([[[0, 0.5, 0.5]], [[0, 1, 0]], [[0, 0, 1]]], [[0.0]] * 3)
    with pytest.raises(ValueError, match=r"classes \{1\}, \{2\}"):
        mdp.stationary_distribution(split, np.ones((3, 1)))
    # the discounted problem is well posed all the same
    assert mdp.evaluate(split, np.ones((3, 1)), 0.5).rho.sum() == pytest.approx(1)
    assert mdp.differentiated_return(split, mdp.tabular(3, 1), np.zeros(3), 0.5).tolist() == [0, 0, 0]
    two_pairs = mdp.MDP(np.eye(4)[[[1], [0], [3], [2]]], [[0.0]] * 4)
    with pytest.raises(ValueError, match=r"classes \{0, 1\}, \{2, 3\}"):
        mdp.stationary_distribution(two_pairs, np.ones((4, 1)))


def test_unvisited_states_have_no_score():
    process = mdp.MDP([[[1, 0], [1, 0]], [[1, 0], [1, 0]]], [[0.0, 1.0]] * 2)
    with pytest.raises(ValueError, match=r"states \[1\] are never visited"):
        mdp.state_score(process, mdp.tabular(2, 2), np.zeros(4), None)


def test_records_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        PROCESS.reward[0, 0] = 3


def test_the_sum_of_probabilities_has_a_tolerance():
    for wrong in (0.9e-8, -0.9e-8):
        assert mdp.MDP(*GOOD, [0.5, 0.5 + wrong]).start[1] == 0.5 + wrong
    for wrong in (1.1e-8, -1.1e-8):
        with pytest.raises(ValueError, match="start sums to 1; probabilities must sum to 1 .tolerance 1e-08"):
            mdp.MDP(*GOOD, [0.5, 0.5 + wrong])


def test_records_of_arrays_are_compared_as_objects():
    """Neither == nor a hash looks at the arrays."""
    policy = mdp.tabular(2, 2)
    for record, again in (
        (PROCESS, mdp.MDP(*GOOD)),
        (mdp.evaluate(PROCESS, UNIFORM, 0.5), mdp.evaluate(PROCESS, UNIFORM, 0.5)),
        (policy, mdp.Policy(policy.name, policy.logits, policy.d)),
    ):
        assert record == record
        assert record != again
        assert hash(record) == hash(record)


def test_values_of_actions_are_real_numbers():
    with pytest.raises(TypeError, match="values must be real numbers .got dtype complex128"):
        mdp.greedy([[1j, 2.0]])
    assert mdp.greedy([[1, 1], [0, 2]]).tolist() == [0, 1]  # the first one among equals


def test_a_state_of_less_than_no_probability_is_not_visited(monkeypatch):
    """Rounding in the solve may leave it."""
    monkeypatch.setattr(fisher, "evaluate", lambda *_: SimpleNamespace(rho=np.array([1.0, -1e-17])))
    with pytest.raises(ValueError, match=r"states \[1\] are never visited"):
        mdp.state_score(PROCESS, mdp.tabular(2, 2), np.zeros(4), None)
