"""The two flows on the simplex against steps, limits and each other."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools.rl import bandit, mdp

P, R = np.array([0.2, 0.5, 0.3]), np.array([1.0, -0.5, 0.4])


def test_natural_flow_is_steps_put_together():
    one = bandit.multiplicative_weights(bandit.multiplicative_weights(P, R, 0.3), R, 0.9)
    assert bandit.natural_flow(P, R, [0.0, 1.2]) == pytest.approx(np.stack([P, one]), abs=1e-15)
    # a large time underflows nothing
    assert bandit.natural_flow(P, R, [1e4])[0] == pytest.approx([1, 0, 0], abs=1e-15)


def test_flows_have_the_velocities_of_their_gradients():
    """Against the exact process: d theta/dt = g and F^+ g, and a policy moves by F d theta/dt."""
    process, policy, h = mdp.MDP(np.ones((1, 3, 1)), R[None]), mdp.tabular(1, 3), 1e-5
    F, g = mdp.policy_fisher(policy, np.log(P), [1.0]), mdp.policy_gradient(process, policy, np.log(P), 0.0)
    flow = bandit.gradient_flow(P, R, [0.0, h])
    assert (flow[1] - flow[0]) / h == pytest.approx(F @ g, abs=1e-5)
    flow = bandit.natural_flow(P, R, [0.0, h])
    assert (flow[1] - flow[0]) / h == pytest.approx(g, abs=1e-5)


def test_the_gradient_flow_of_two_arms():
    """p (1 - p) = 1 / (2 + 2 cosh z) for a logit z: z + sinh z grows at the rate of the difference of the rewards."""
    p, r, times = np.array([0.3, 0.7]), np.array([0.9, 0.4]), np.array([0.5, 3.0, 50.0])
    z = [np.log(q[0] / q[1]) for q in (p, *bandit.gradient_flow(p, r, times))]
    assert z + np.sinh(z) == pytest.approx(z[0] + np.sinh(z[0]) + 0.5 * np.array([0, *times]), rel=1e-7, abs=1e-7)
    assert bandit.gradient_flow(P, R, [0.0, 1.0])[0] == pytest.approx(P, rel=1e-14)


def test_regret_by_hand():
    """The best reward is 1, P . R is 0.07; probabilities may be 0."""
    assert bandit.regret(P, R) == pytest.approx(0.93)
    assert bandit.regret([[1, 0, 0], [0, 1, 0]], R).tolist() == [0, 1.5]


@pytest.mark.parametrize("call", [lambda p: bandit.natural_flow(p, R, [0.0]), lambda p: bandit.regret(p, R)])
def test_the_sum_of_probabilities_has_a_tolerance(call):
    for wrong in (0.9e-8, -0.9e-8):
        assert np.isfinite(call(P + np.array([0, 0, wrong]))).all()
    for wrong in (1.1e-8, -1.1e-8):
        with pytest.raises(ValueError, match="sum 1"):
            call(P + np.array([0, 0, wrong]))


def test_rates_of_two_arms():
    """Natural: exponential.  Gradient: 1 / (2 t), the next term is log t / t smaller."""
    p, r = np.array([0.3, 0.7]), np.array([0.9, 0.4])
    natural = bandit.regret(bandit.natural_flow(p, r, [20.0, 21.0]), r)
    assert natural[1] / natural[0] == pytest.approx(np.exp(-0.5), rel=1e-3)
    t = 1e6
    assert t * bandit.regret(bandit.gradient_flow(p, r, [0.0, t])[1], r) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bandit.natural_flow([0.5, 0.5], R, [1.0]), "one entry for each action"),
        (lambda: bandit.natural_flow([0.25] * 4, R, [1.0]), "one entry for each action"),
        (lambda: bandit.natural_flow([], [], [1.0]), "one entry for each action"),
        (lambda: bandit.natural_flow(1.0, 2.0, [1.0]), "one entry for each action"),
        (lambda: bandit.natural_flow([P], [R], [1.0]), "one entry for each action"),
        (lambda: bandit.natural_flow([0.5, 0.5, 0.0], R, [1.0]), "positive probabilities"),
        (lambda: bandit.natural_flow([0.6, 0.6, -0.2], R, [1.0]), "positive probabilities"),
        (lambda: bandit.natural_flow([0.5, 0.4, 0.2], R, [1.0]), "sum 1.1"),
        (lambda: bandit.natural_flow(P, [1, np.nan, 0], [1.0]), "r contains nan at index 1"),
        (lambda: bandit.gradient_flow(P, R, [1.0, 0.5]), "increasing"),
        (lambda: bandit.gradient_flow(P, R, [1.0, 1.0]), "increasing"),
        (lambda: bandit.gradient_flow(P, R, [1.0]), "at least two"),
        (lambda: bandit.gradient_flow(P, R, [-0.5, 1.0]), "numbers >= 0"),
        (lambda: bandit.multiplicative_weights(P, R, np.inf), "alpha must be finite"),
        (lambda: bandit.multiplicative_weights(P, [1e300, 0, 0], 1e300), "beyond float64: take smaller ones"),
        (lambda: bandit.regret([0.5, 0.5], R), r"one entry for each action \(got shapes \(2,\) and \(3,\)\)"),
        (lambda: bandit.regret([0.25] * 4, R), r"one entry for each action \(got shapes \(4,\) and \(3,\)\)"),
        (lambda: bandit.regret([[0.5, 0.6, -0.1]], R), "p must be probabilities with sum 1 along its last axis"),
        (lambda: bandit.regret([0.5, 0.5, 0.1], R), "p must be probabilities"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_gradients_in_symbols():
    """Against the exact process at numbers, and the score-function trick for a choice among three."""
    import sympy as sp

    from ngtools import families
    from ngtools.rl.symbolic_bandit import bandit_gradients, score_function_trick

    g, natural = bandit_gradients(3)
    r = sp.symbols("r1:4", real=True)
    assert list(natural) == [r[0] - r[2], r[1] - r[2]]
    assert str(bandit_gradients(2)[1][0]) == "r1 - r2"
    place = dict(zip(sorted(g.free_symbols - set(r), key=str), np.log(P[:2] / P[2]))) | dict(zip(r, R))
    assert [float(entry.subs(place)) for entry in g] == pytest.approx(list((P * (R - P @ R))[:2]), abs=1e-12)
    one, other = score_function_trick(families.get("categorical", K=3), "minimal-logits", 3)
    assert (one - other).applyfunc(sp.simplify) == sp.zeros(2, 1)
    with pytest.raises(ValueError, match=r"outcomes must be those of 'bernoulli', 0, ..., 1 \(got 3\)"):
        score_function_trick(families.get("bernoulli"), "probability", 3)
    with pytest.raises(ValueError, match=r"0, ..., 2 \(got 2\)"):
        score_function_trick(families.get("categorical", K=3), "minimal-logits", 2)
    with pytest.raises(ValueError, match="K must be at least 2"):
        bandit_gradients(1)
