"""The performance-difference lemma, TRPO's bound and its relatives, and the step that mean KL does not cover."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import rel_entr

from ngtools.rl import guarantee, mdp

GAMMAS = (0.0, 0.5, 0.9, 0.99)


def two_policies(seed, size=0.5, states=5, actions=3):
    rng = np.random.default_rng(seed)
    m = mdp.random_mdp(rng, states, actions)
    logits = rng.standard_normal((states, actions))
    soft = lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)  # noqa: E731
    return m, soft(logits), soft(logits + size * rng.standard_normal((states, actions)))


@pytest.mark.parametrize("gamma", GAMMAS)
def test_the_lemma_is_exact_for_large_moves(gamma):
    for seed in range(3):
        m, old, new = two_policies(seed, size=3.0)
        c = guarantee.compare(m, old, new, gamma)
        # two linear solves of condition 1 / (1 - gamma) each
        assert c.lemma == pytest.approx(c.gain, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", [0.01, 0.3, 3.0])
def test_the_bounds_hold_and_are_ordered(gamma, size):
    for seed in range(4):
        c = guarantee.compare(*two_policies(seed, size), gamma)
        miss = abs(c.gain - c.predicted)
        rounding = 1e-9
        assert miss <= c.mixed + rounding
        assert miss <= c.mean_only + rounding
        assert c.mixed <= c.paper / 2 + rounding
        assert c.mean_tv**2 <= c.mean_kl / 2 + rounding
    if gamma == 0:
        assert c.paper == 0


@pytest.mark.parametrize("gamma", [0.5, 0.9])
def test_what_each_bound_subtracts(gamma):
    """With divergences by SciPy; and three states that move alike, where mean and maximum are one number k."""
    m, old, new = two_policies(5)
    c, facts = guarantee.compare(m, old, new, gamma), mdp.evaluate(m, old, gamma)
    kl, scale = rel_entr(old, new).sum(axis=1), gamma / (1 - gamma) ** 2 * np.abs(facts.Q - facts.V[:, None]).max()
    assert [c.mean_kl, c.max_kl] == pytest.approx([facts.rho @ kl, kl.max()], rel=1e-12)
    assert c.mean_tv == pytest.approx(facts.rho @ np.maximum(new - old, 0).sum(axis=1), rel=1e-12)
    assert [c.paper, c.mixed, c.mean_only] == pytest.approx(
        [4 * scale * kl.max(), 2 * scale * np.sqrt(facts.rho @ kl * kl.max()), 4 * scale * np.sqrt(facts.rho @ kl / 2)],
        rel=1e-12,
    )
    alike = guarantee.compare(m, np.tile(old[0], (5, 1)), np.tile(new[0], (5, 1)), gamma)
    assert alike.mixed == pytest.approx(alike.paper / 2, rel=1e-12)
    assert alike.mean_only**2 / alike.paper == pytest.approx(guarantee.penalty(alike.largest, gamma) / 2, rel=1e-12)


def test_the_penalty_by_hand():
    """4 epsilon gamma / (1 - gamma)^2."""
    assert guarantee.penalty(0.75, 0.5) == pytest.approx(6)
    assert guarantee.penalty(0.0, 0.5) == 0


def test_a_divergence_of_rounding_costs_nothing():
    """A KL of -1e-16 has no root; the bounds take it as 0."""
    m, old = mdp.random_mdp(np.random.default_rng(3), 1, 2), np.array([[0.3, 0.7]])
    found = [guarantee.compare(m, old, old + np.array([[e, -e]]), 0.9) for e in np.geomspace(1e-16, 1e-9, 30)]
    assert min(c.mean_kl for c in found) < 0
    assert max(c.mean_kl for c in found) < 1e-15
    assert {(c.mixed, c.mean_only) for c in found if c.mean_kl < 0} == {(0, 0)}


def test_the_surrogate_misses_at_second_order():
    m, old, new = two_policies(0)
    direction = np.log(new) - np.log(old)
    sizes, miss = np.array([1e-2, 1e-3]), []
    for t in sizes:
        moved = old * np.exp(t * direction)
        c = guarantee.compare(m, old, moved / moved.sum(axis=1, keepdims=True), 0.9)
        miss.append(abs(c.gain - c.predicted))
    # next order is t / 1: 1 percent at the larger size, so the slope is 2 within a few hundredths
    assert np.diff(np.log(miss))[0] / np.diff(np.log(sizes))[0] == pytest.approx(2, abs=0.05)


def test_visits_are_the_discounted_states_from_the_start():
    """Summed over 400 steps of the chain: 0.9^400 is 5e-19."""
    m, old, _ = two_policies(6)
    P, now, total = np.einsum("sa,sat->st", old, m.transition), m.start, np.zeros(5)
    for t in range(400):
        total, now = total + 0.1 * 0.9**t * now, now @ P
    assert guarantee.visits(m, old, 0.9) == pytest.approx(total, abs=1e-14)
    assert np.abs(guarantee.visits(m, old, 0.9) - mdp.stationary_distribution(m, old)).max() > 1e-3


def test_kl_by_state_is_old_given_new():
    old, new = np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])
    assert guarantee.kl_by_state(old, new) == pytest.approx([-np.log(0.6)])


def test_the_step_that_mean_kl_accepts_lowers_the_return():
    m, policy = guarantee.misleading_ladder()
    step = guarantee.exact_step(m, policy, [0.0], 0.998, 0.01)
    c = step.comparison
    assert c.mean_kl <= 0.01
    assert c.predicted > 0
    assert c.gain < -c.predicted  # not a matter of rounding
    assert c.max_kl > 50 * 0.01
    held = guarantee.exact_step(m, policy, [0.0], 0.998, 0.01, constraint="max")
    assert held.backtracks > 2
    assert held.fraction == pytest.approx(0.8**held.backtracks)
    assert held.theta == pytest.approx(0.8**held.backtracks * held.full)
    settings = {"constraint": "max", "shrink": 0.8}
    again = guarantee.exact_step(m, policy, [0.0], 0.998, 0.01, backtracks=held.backtracks, **settings)
    assert again.comparison == held.comparison
    with pytest.raises(RuntimeError, match=f"after {held.backtracks - 1} backtracks of 0.8"):
        guarantee.exact_step(m, policy, [0.0], 0.998, 0.01, backtracks=held.backtracks - 1, **settings)
    assert held.comparison.max_kl <= 0.01
    assert held.comparison.gain > 0


def test_a_step_on_the_edge_is_taken_and_one_that_promises_nothing_is_not(monkeypatch):
    """What is measured is told: no gain, too far, and then both are right, on the edge."""
    measured, told = guarantee.compare, iter([(0.01, 0.0), (0.0101, 1.0), (0.01, 0.5)])

    def compare(*arguments):
        kl, predicted = next(told)
        return replace(measured(*arguments), mean_kl=kl, predicted=predicted)

    monkeypatch.setattr(guarantee, "compare", compare)
    assert guarantee.exact_step(*guarantee.misleading_ladder(3), [0.0], 0.9, 0.01).backtracks == 2


def test_a_step_is_shortened_sixty_times_at_most():
    """The logit rises only for the first 1e-9: 0.8^60 of a step is a thousand times as long."""
    process = mdp.MDP(np.ones((1, 2, 1)), [[0.0, 1.0]])
    policy = mdp.Policy("spike", lambda t: jnp.stack([0 * t[0], 2e-9 * jnp.tanh(1e9 * t[0]) - t[0]])[None], 1)
    with pytest.raises(RuntimeError, match="after 60 backtracks of 0.8"):
        guarantee.exact_step(process, policy, [0.0], 0.5, 0.01)


def test_the_guaranteed_step_is_guaranteed_and_tiny():
    rng = np.random.default_rng(1)
    m = mdp.random_mdp(rng, 5, 3)
    policy = mdp.log_linear(rng.standard_normal((5, 3, 4)))
    step = guarantee.guaranteed_step(m, policy, np.zeros(4), 0.9)
    c = step.comparison
    assert c.predicted - c.paper > 0
    assert c.gain >= c.predicted - c.paper
    assert c.mean_kl < 1e-3
    # the grid holds the maximum: leading order t g^T s - t^2 C k has it at half of its root
    full, _ = guarantee._full_step(m, policy, np.zeros(4), 0.9, 1.0)
    near = [guarantee.compare(m, mdp.probabilities(policy, np.zeros(4)), mdp.probabilities(policy, f * full), 0.9)
            for f in (step.fraction / 1.5, step.fraction * 1.5)]  # fmt: skip
    assert all(c.predicted - c.paper > other.predicted - other.paper for other in near)


def test_the_grid_of_the_guaranteed_step():
    """Fractions of a step of one nat in the model, 120 to seven decades; what is told is that step's."""
    rng = np.random.default_rng(1)
    m, policy, theta = mdp.random_mdp(rng, 4, 3), mdp.log_linear(rng.standard_normal((4, 3, 2))), np.array([0.3, -0.2])
    step, old = guarantee.guaranteed_step(m, policy, theta, 0.5), mdp.probabilities(policy, theta)
    F = mdp.policy_fisher(policy, theta, guarantee.visits(m, old, 0.5))
    assert step.full @ F @ step.full / 2 == pytest.approx(1, rel=1e-10)
    assert step.theta == pytest.approx(theta + step.fraction * step.full, rel=1e-14)
    assert step.comparison == guarantee.compare(m, old, mdp.probabilities(policy, step.theta), 0.5)
    assert step.backtracks == 0
    place = 120 * (1 + np.log10(step.fraction) / 7)
    assert place == pytest.approx(round(place), abs=1e-9)
    worth = [
        guarantee.compare(m, old, mdp.probabilities(policy, theta + f * step.full), 0.5)
        for f in step.fraction * 10 ** np.array([-7 / 120, 7 / 120])
    ]
    assert step.comparison.predicted - step.comparison.paper > max(c.predicted - c.paper for c in worth)


def test_the_exact_step_has_the_length_of_the_model():
    rng = np.random.default_rng(2)
    m, policy, theta = mdp.random_mdp(rng, 4, 3), mdp.log_linear(rng.standard_normal((4, 3, 5))), np.zeros(5)
    full, old = guarantee._full_step(m, policy, theta, 0.9, 0.01)
    F = mdp.policy_fisher(policy, theta, guarantee.visits(m, old, 0.9))
    assert full @ F @ full / 2 == pytest.approx(0.01, rel=1e-10)


def test_along_a_step_the_ends_are_those_of_compare():
    m, policy = guarantee.misleading_ladder(6)
    walk = guarantee.along(m, policy, [0.0], 0.9, [0.2], points=3)
    c = guarantee.compare(m, *(mdp.probabilities(policy, [t]) for t in (0.0, 0.2)), 0.9)
    before = mdp.expected_return(m, policy, [0.0], 0.9)
    assert walk.returns[[0, 2]] == pytest.approx([before, before + c.gain], rel=1e-10)
    assert walk.promised[[0, 2]] == pytest.approx([before, before + c.predicted], rel=1e-10)


def test_a_walk_has_41_places_from_its_own_start():
    m, policy = guarantee.misleading_ladder(4)
    walk = guarantee.along(m, policy, [0.3], 0.9, [0.2])
    assert walk.fractions == pytest.approx(np.arange(41) / 40)
    there = mdp.expected_return(m, policy, [0.3 + 0.2 * 7 / 40], 0.9)
    assert walk.returns[7] == pytest.approx(there, rel=1e-10)
    assert walk.rho_old.tolist() == guarantee.visits(m, mdp.probabilities(policy, [0.3]), 0.9).tolist()
    assert len(guarantee.along(m, policy, [0.3], 0.9, [0.2], points=2).returns) == 2
    with pytest.raises(ValueError, match="points must be at least 2"):
        guarantee.along(m, policy, [0.3], 0.9, [0.2], points=1)


def test_walks_and_steps_are_compared_as_objects():
    """Neither == nor a hash looks at their arrays."""
    m, policy = guarantee.misleading_ladder(3)
    for make in (
        lambda: guarantee.along(m, policy, [0.0], 0.9, [0.1], points=2),
        lambda: guarantee.exact_step(m, policy, [0.0], 0.9, 0.01),
    ):
        one = make()
        assert one == one
        assert one != make()
        assert hash(one) == hash(one)


def test_the_process_of_a_random_trial():
    """Ten states, three actions, six weights, drawn one after the other."""
    rng = np.random.default_rng(5)
    m, xi, theta = mdp.random_mdp(rng, 10, 3), rng.standard_normal((10, 3, 6)), rng.standard_normal(6)
    found, policy = guarantee.random_trial(5, 0.9, 0.01), mdp.log_linear(xi)
    assert found.practical == guarantee.exact_step(m, policy, theta, 0.9, 0.01).comparison
    assert found.guaranteed == guarantee.guaranteed_step(m, policy, theta, 0.9, points=61).comparison
    with pytest.raises(ValueError, match="seed must be at least 0"):
        guarantee.random_trial(-1, 0.9, 0.01)


def test_a_random_trial_is_guaranteed_by_the_bound():
    t = guarantee.random_trial(0, 0.9, 0.01)
    assert t.guaranteed.gain >= t.guaranteed.predicted - t.guaranteed.paper > 0
    assert t.practical.mean_kl <= 0.01
    assert t.practical.mean_kl > 1000 * t.guaranteed.mean_kl


def test_bad_input():
    m, old, new = two_policies(0)
    with pytest.raises(ValueError, match="gamma must be a number"):
        guarantee.compare(m, old, new, None)
    with pytest.raises(ValueError, match="constraint must be 'mean' or 'max'"):
        guarantee.exact_step(*guarantee.misleading_ladder(), [0.0], 0.9, 0.01, constraint="median")
    with pytest.raises(ValueError, match="delta must be > 0"):
        guarantee.exact_step(*guarantee.misleading_ladder(), [0.0], 0.9, 0.0)
    with pytest.raises(ValueError, match="rungs must be at least 2"):
        guarantee.misleading_ladder(1)
    with pytest.raises(RuntimeError, match="no acceptable step after 0 backtracks"):
        guarantee.exact_step(*guarantee.misleading_ladder(), [0.0], 0.998, 0.01, backtracks=0, constraint="max")
    with pytest.raises(ValueError, match=r"old and new must have one shape \(S, A\) \(got \(5, 3\) and \(5, 2\)\)"):
        guarantee.kl_by_state(old, new[:, :2])
    with pytest.raises(ValueError, match=r"old and new must have one shape \(S, A\) \(got \(5, 2\) and \(5, 3\)\)"):
        guarantee.kl_by_state(old[:, :2], new)
    with pytest.raises(ValueError, match=r"new must have positive entries \(got 0 at s=1, a=2\)"):
        guarantee.kl_by_state([[0.3, 0.3, 0.4]] * 3, [[0.3, 0.3, 0.4], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(ValueError, match=r"old row \(s=0\) sums to 0.9"):
        guarantee.compare(m, 0.9 * old, new, 0.9)
    for gamma in (1.0, -0.5):
        with pytest.raises(ValueError, match="gamma must be >= 0 and < 1"):
            guarantee.penalty(1.0, gamma)
    with pytest.raises(ValueError, match="largest must be >= 0"):
        guarantee.penalty(-0.5, 0.9)
    for shrink in (0.0, 1.0):
        with pytest.raises(ValueError, match="shrink must be > 0 and < 1"):
            guarantee.exact_step(*guarantee.misleading_ladder(), [0.0], 0.9, 0.01, shrink=shrink)
    with pytest.raises(ValueError, match="backtracks must be at least 0"):
        guarantee.exact_step(*guarantee.misleading_ladder(), [0.0], 0.9, 0.01, backtracks=-1)
