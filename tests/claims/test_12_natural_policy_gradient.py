"""The equations of chapter 12: the policy gradient, a policy's Fisher matrices, compatible features, bandits, Kakade's states."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import families
from ngtools.descent import natural_gradient
from ngtools.experiments import kakade2001
from ngtools.geometry.kl_remainder import slope
from ngtools.rl import bandit, mdp
from ngtools.rl.symbolic_bandit import bandit_gradients, score_function_trick

GAMMA = 0.9


def world(seed, S=4, A=3, d=5):
    rng = np.random.default_rng([12, seed])
    process, xi = mdp.random_mdp(rng, S, A), rng.standard_normal((S, A, d))
    return process, mdp.log_linear(xi), rng.standard_normal(d) / 2


def by_time(process, pi, T=400):
    """P(s_t = s), t < T, by multiplying with the chain's matrix; .9^400 is 5e-19."""
    P = np.einsum("sa,sat->st", pi, process.transition)
    rows = [process.start]
    for _ in range(T - 1):
        rows.append(rows[-1] @ P)
    return np.stack(rows)


def differences(f, theta, h=1e-5):
    """Central differences by theta, last axis; error about 1e-9."""
    return np.stack([(f(theta + e) - f(theta - e)) / (2 * h) for e in h * np.eye(len(theta))], axis=-1)


@pytest.mark.claim("eq-policy-return", how="numeric")
def test_return_is_a_sum_over_time_and_a_mean_over_rho():
    """Left by 400 steps of the chain, right by the solves; 1e-12 is rounding."""
    process, policy, theta = world(0)
    pi = mdp.probabilities(policy, theta)
    found, rows = mdp.evaluate(process, pi, GAMMA), by_time(process, pi)
    discount, reward = GAMMA ** np.arange(400), (pi * process.reward).sum(axis=1)
    assert found.expected_return == pytest.approx(discount @ rows @ reward, rel=1e-12)
    assert found.rho == pytest.approx((1 - GAMMA) * discount @ rows, abs=1e-13)
    assert found.expected_return == pytest.approx(found.rho @ reward / (1 - GAMMA), rel=1e-12)
    assert found.per_step == pytest.approx(found.rho @ reward, rel=1e-12)


@pytest.mark.claim("eq-score-function-trick", how="symbolic")
@pytest.mark.parametrize(("name", "chart", "K"), [("bernoulli", "logit", 2), ("categorical", "minimal-logits", 3)])
def test_gradient_of_an_expectation(name, chart, K):
    family = families.get(name) if K == 2 else families.get(name, K=K)
    differentiated, expected = score_function_trick(family, chart, K)
    assert (differentiated - expected).applyfunc(sp.simplify) == sp.zeros(K - 1, 1)
    assert differentiated.applyfunc(sp.simplify) != sp.zeros(K - 1, 1)
    # a constant f is a baseline
    constant = expected.subs(dict.fromkeys(sp.symbols(f"f:{K}", real=True), sp.Symbol("b", real=True)))
    assert constant.applyfunc(sp.simplify) == sp.zeros(K - 1, 1)


@pytest.mark.claim("eq-policy-gradient", how="numeric")
@pytest.mark.parametrize("gamma", [GAMMA, None])
def test_policy_gradient_theorem(gamma):
    """Against differentiation of the solves (rounding) and differences of the return (1e-9, conditioned 100)."""
    process, policy, theta = world(1)
    g = mdp.policy_gradient(process, policy, theta, gamma)
    assert g == pytest.approx(mdp.differentiated_return(process, policy, theta, gamma), rel=1e-10, abs=1e-12)
    assert g == pytest.approx(differences(lambda t: mdp.expected_return(process, policy, t, gamma), theta), abs=1e-7)
    # the third line's other form, sum rho sum Q pi', with the factor 1 - gamma
    pi = mdp.probabilities(policy, theta)
    found = mdp.evaluate(process, pi, gamma)
    pi_prime = differences(lambda t: mdp.probabilities(policy, t), theta)
    per_step = np.einsum("s,sa,sad->d", found.rho, found.advantage, pi_prime)
    assert mdp.policy_gradient(process, policy, theta, gamma, per_step=True) == pytest.approx(per_step, abs=1e-8)


@pytest.mark.claim("eq-dropped-discount", how="numeric")
def test_direction_without_the_discount_of_the_states():
    """u = grad of the average reward - (1 - gamma) sum V grad rho; it tends to the first term, and turns."""
    process, policy, theta = world(2)
    pi, gamma = mdp.probabilities(policy, theta), 0.6
    rho_prime = differences(lambda t: mdp.stationary_distribution(process, mdp.probabilities(policy, t)), theta)
    average = mdp.differentiated_return(process, policy, theta, None)
    u = mdp.without_discount(process, policy, theta, gamma)
    assert u == pytest.approx(average - (1 - gamma) * mdp.evaluate(process, pi, gamma).V @ rho_prime, abs=1e-8)
    near = mdp.without_discount(process, policy, theta, 1 - 1e-6)
    assert near == pytest.approx(average, abs=1e-5)
    assert mdp.asymmetry(lambda t: mdp.without_discount(process, policy, t, gamma), theta) > 1e-3
    steps, one_logit = mdp.ladder()
    assert mdp.without_discount(steps, one_logit, [0.0], 0.5)[0] < 0
    assert mdp.policy_gradient(steps, one_logit, [0.0], 0.5)[0] > 0
    assert mdp.differentiated_return(steps, one_logit, [0.0], None)[0] > 0


@pytest.mark.claim("eq-policy-fisher", how="numeric")
def test_policy_fisher_is_the_hessian_of_the_mean_kl():
    process, policy, theta = world(3)
    pi = mdp.probabilities(policy, theta)
    rho = mdp.evaluate(process, pi, GAMMA).rho
    with jax.enable_x64(True):

        def mean_kl(delta):
            return jnp.sum(rho[:, None] * pi * (jnp.log(pi) - policy.log_pi(theta + delta)))

        hessian = np.asarray(jax.hessian(mean_kl)(jnp.zeros(5)))
    assert mdp.policy_fisher(policy, theta, rho) == pytest.approx(hessian, abs=1e-14)


@pytest.mark.claim("eq-trajectory-fisher", how="numeric")
@pytest.mark.parametrize("T", [1, 3])
def test_trajectory_fisher(T):
    """Outer products of the scores of all paths against the sum over time; 1e-12 is rounding of 10^3 terms."""
    process, policy, theta = world(4, S=3, A=2)
    pi = mdp.probabilities(policy, theta)
    listed = mdp.path_fisher(process, policy, theta, T)
    assert mdp.trajectory_fisher(process, policy, theta, T) == pytest.approx(listed, abs=1e-12)
    terms = np.einsum("ts,sij->ij", by_time(process, pi, T), mdp.state_fishers(policy, theta))
    assert listed == pytest.approx(terms, abs=1e-12)


@pytest.mark.claim("eq-fisher-limits", how="numeric")
def test_limits_of_the_trajectory_fisher():
    """Exact from the stationary start, 1/T from elsewhere; and the discounted sum."""
    process, policy, theta = world(5)
    pi = mdp.probabilities(policy, theta)
    stationary = mdp.stationary_distribution(process, pi)
    F = mdp.policy_fisher(policy, theta, stationary)
    assert mdp.path_fisher(process, policy, theta, 3, stationary) / 3 == pytest.approx(F, abs=1e-13)
    times, start = np.array([64, 128, 256, 512]), [0, 1.0, 0, 0]
    gaps = [np.abs(mdp.trajectory_fisher(process, policy, theta, T, start) / T - F).max() for T in times]
    assert slope(times, gaps) == pytest.approx(-1, abs=0.02)
    total = np.einsum("t,ts,sij->ij", GAMMA ** np.arange(400), by_time(process, pi), mdp.state_fishers(policy, theta))
    discounted = mdp.policy_fisher(policy, theta, mdp.evaluate(process, pi, GAMMA).rho)
    assert total == pytest.approx(discounted / (1 - GAMMA), abs=1e-12)


@pytest.mark.claim("eq-joint-fisher", how="numeric")
@pytest.mark.parametrize("gamma", [GAMMA, None])
def test_joint_fisher(gamma):
    """Hessian of KL of rho(s) pi(a|s), by differences of differences of KL: 1e-5 for steps of 1e-3."""
    process, policy, theta = world(6, d=3)

    def joint(t):
        pi = mdp.probabilities(policy, t)
        return pi * mdp.evaluate(process, pi, gamma).rho[:, None]

    p, h = joint(theta), 1e-3

    def kl(delta):
        return float((p * np.log(p / joint(theta + delta))).sum())

    e = h * np.eye(3)
    hessian = np.array([[(kl(a + b) - kl(a - b) - kl(b - a) + kl(-a - b)) / (4 * h**2) for a in e] for b in e])
    found = mdp.joint_fisher(process, policy, theta, gamma)
    assert found == pytest.approx(hessian, abs=2e-5)
    assert np.abs(found - mdp.policy_fisher(policy, theta, p.sum(axis=1))).max() > 1e-3


@pytest.mark.claim("eq-compatible-weights", how="numeric")
@pytest.mark.parametrize("gamma", [GAMMA, None])
def test_compatible_weights(gamma):
    """The normal equations at the natural gradient, and least squares on Q and on A."""
    process, policy, theta = world(7)
    pi, psi = mdp.probabilities(policy, theta), mdp.scores(policy, theta)
    found, w = mdp.evaluate(process, pi, gamma), mdp.natural_policy_gradient(process, policy, theta, gamma)
    for values in (found.Q, found.advantage, found.Q + np.arange(4)[:, None]):
        residual = np.einsum("s,sa,sad,sa->d", found.rho, pi, psi, psi @ w - values)
        assert residual == pytest.approx(np.zeros(5), abs=1e-11)
    for target in ("Q", "advantage"):
        assert mdp.compatible_weights(process, policy, theta, gamma, target) == pytest.approx(w, rel=1e-10)


@pytest.mark.claim("eq-npg-greedy", how="numeric")
def test_ratios_of_probabilities_after_any_step():
    """Exact for a log-linear policy, at any alpha and any direction; false for a bounded one."""
    process, policy, theta = world(8)
    w, psi = mdp.natural_policy_gradient(process, policy, theta, GAMMA), mdp.scores(policy, theta)
    f, before = psi @ w, np.log(mdp.probabilities(policy, theta))
    for alpha in (0.3, 5.0):
        after = np.log(mdp.probabilities(policy, theta + alpha * w))
        ratios = after - after[:, :1]
        assert ratios == pytest.approx(before - before[:, :1] + alpha * (f - f[:, :1]), abs=1e-11)
    assert (mdp.far_along(policy, theta, w).argmax(axis=1) == mdp.greedy(f)).all()
    assert mdp.far_along(policy, theta, w).max(axis=1) == pytest.approx(1)
    bounded = mdp.Policy("tanh", lambda t: jnp.tanh(policy.logits(t)), 5)
    assert mdp.far_along(bounded, theta, w).max() < 0.9


@pytest.mark.claim("eq-npg-first-order", how="numeric")
@pytest.mark.parametrize("kind", ["log-linear", "tanh"])
def test_a_short_step_to_first_order(kind):
    """Slope 2, for any smooth policy."""
    process, policy, theta = world(9)
    if kind == "tanh":
        inner = policy.logits
        policy = mdp.Policy("tanh", lambda t: 2 * jnp.tanh(inner(t)), 5)
    w, pi = mdp.natural_policy_gradient(process, policy, theta, GAMMA), mdp.probabilities(policy, theta)
    f, rates = mdp.scores(policy, theta) @ w, np.array([0.04, 0.02, 0.01, 0.005]) / np.linalg.norm(w)
    gaps = [np.abs(mdp.probabilities(policy, theta + a * w) - pi * (1 + a * f)).max() for a in rates]
    assert slope(rates, gaps) == pytest.approx(2, abs=0.05)


@pytest.mark.claim("eq-tabular-natural", how="numeric")
@pytest.mark.parametrize("gamma", [GAMMA, None])
def test_tabular_natural_gradient(gamma):
    """A minus its plain mean; the block equation; and any state weights."""
    process, _, _ = world(10)
    policy, theta = mdp.tabular(4, 3), np.random.default_rng(10).standard_normal(12)
    pi = mdp.probabilities(policy, theta)
    found = mdp.evaluate(process, pi, gamma)
    A = found.advantage
    natural = mdp.natural_policy_gradient(process, policy, theta, gamma, singular="minimum-norm").reshape(4, 3)
    assert natural == pytest.approx(A - A.mean(axis=1, keepdims=True), abs=1e-10)
    g = mdp.policy_gradient(process, policy, theta, gamma, per_step=True)
    assert g == pytest.approx((found.rho[:, None] * pi * A).ravel(), abs=1e-13)
    assert mdp.policy_fisher(policy, theta, found.rho) @ A.ravel() == pytest.approx(g, abs=1e-13)


@pytest.mark.claim("eq-soft-policy-iteration", how="numeric")
@pytest.mark.parametrize("alpha", [0.1, 3.0])
def test_the_tabular_step_is_soft_policy_iteration(alpha):
    process, _, _ = world(11)
    policy, theta = mdp.tabular(4, 3), np.random.default_rng(11).standard_normal(12)
    pi = mdp.probabilities(policy, theta)
    weights = pi * np.exp(alpha * mdp.evaluate(process, pi, GAMMA).advantage)
    expected = weights / weights.sum(axis=1, keepdims=True)
    w = mdp.natural_policy_gradient(process, policy, theta, GAMMA, singular="minimum-norm")
    assert mdp.probabilities(policy, theta + alpha * w) == pytest.approx(expected, abs=1e-11)
    assert mdp.soft_step(process, pi, GAMMA, alpha) == pytest.approx(expected, abs=1e-14)


@pytest.mark.claim("eq-bandit-flows", how="numeric")
def test_flows_of_a_bandit():
    """Velocities from the library's flows (differences, 1e-6) and from F and g; and the closed solution."""
    p, r, h = np.array([0.2, 0.5, 0.3]), np.array([1.0, -0.5, 0.4]), 1e-5
    drift = r - p @ r
    replicator, gradient = p * drift, p * (p * drift - (p**2 * drift).sum())
    assert np.diff(bandit.natural_flow(p, r, [0, h]), axis=0)[0] / h == pytest.approx(replicator, abs=1e-5)
    assert np.diff(bandit.gradient_flow(p, r, [0, h]), axis=0)[0] / h == pytest.approx(gradient, abs=1e-5)
    one, policy = mdp.MDP(np.ones((1, 3, 1)), r[None]), mdp.tabular(1, 3)
    F, g = mdp.policy_fisher(policy, np.log(p), [1.0]), mdp.policy_gradient(one, policy, np.log(p), 0.0)
    assert g == pytest.approx(replicator, abs=1e-14)  # F F^+ g = g, so a natural step moves p by g
    assert F @ natural_gradient(F, g, "minimum-norm") == pytest.approx(replicator, abs=1e-14)
    assert F @ g == pytest.approx(gradient, abs=1e-14)
    solution = p * np.exp(2.0 * r)
    assert bandit.natural_flow(p, r, [2.0])[0] == pytest.approx(solution / solution.sum(), abs=1e-14)
    symbols = sp.symbols("r1:4", real=True)
    assert list(bandit_gradients(3)[1]) == [symbols[0] - symbols[2], symbols[1] - symbols[2]]


@pytest.mark.claim("eq-bandit-rates", how="numeric")
@pytest.mark.parametrize("r", [[1.0, 0.7, 0.0], [1.0, 0.2], [0.5, 0.4, 0.1, -1.0]])
def test_rates_of_a_bandit(r):
    """(K - 1) / (K t) up to log t / t: 2 % at 1e5.  e^(-Delta t) up to e^(-Delta' t)."""
    r = np.array(r)
    K, gap = len(r), np.sort(r)[-1] - np.sort(r)[-2]
    p = np.full(K, 1 / K)
    assert 1e5 * bandit.regret(bandit.gradient_flow(p, r, [0, 1e5])[1], r) == pytest.approx((K - 1) / K, rel=0.02)
    times = np.array([12.0, 14.0]) / gap
    ends = bandit.regret(bandit.natural_flow(p, r, times), r)
    assert np.log(ends[0] / ends[1]) == pytest.approx(2, rel=1e-3)


@pytest.mark.claim("eq-npg-rate", how="numeric")
@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_rate_of_soft_policy_iteration(alpha):
    """On three processes with rewards in [0, 1]: below the bound at every step, and improving."""
    for seed in range(3):
        process, _, _ = world(seed)
        process = mdp.MDP(process.transition, np.random.default_rng(seed).uniform(size=(4, 3)), process.start)
        best, pi, last = process.start @ mdp.optimal_values(process, GAMMA), np.full((4, 3), 1 / 3), np.inf
        for n in range(1, 31):
            pi = mdp.soft_step(process, pi, GAMMA, alpha)
            gap = best - mdp.evaluate(process, pi, GAMMA).expected_return
            assert -1e-12 < gap <= last + 1e-12
            assert gap <= np.log(3) / ((1 - GAMMA) * alpha * n) + 1 / ((1 - GAMMA) ** 2 * n)
            last = gap
        if alpha == 10:  # the bound alone would forgive standing still, which leaves a gap of about 2
            assert gap < 1e-4


@pytest.mark.claim("eq-return-hessian", how="numeric")
def test_hessian_of_the_return():
    process, policy, theta = world(13)
    found = mdp.return_hessian(process, policy, theta, GAMMA)
    assert found == pytest.approx(mdp.differentiated_hessian(process, policy, theta, GAMMA), rel=1e-9, abs=1e-10)
    assert found == pytest.approx(
        differences(lambda t: mdp.policy_gradient(process, policy, t, GAMMA), theta), abs=1e-6
    )  # fmt: skip


@pytest.mark.claim("eq-two-state-natural", how="numeric")
@pytest.mark.parametrize("p", [(0.8, 0.1), (0.3, 0.6)])
def test_natural_gradient_of_two_states(p):
    process, policy = kakade2001.two_state()
    (p_i, p_j), (a, b) = p, (1 - p[0], 1 - p[1])
    theta = np.log(np.array(p) / [a, b])
    D, rho = (2 * p_j - p_i) / (a + b), np.array([b, a]) / (a + b)
    values = mdp.evaluate(process, [[p_i, a], [p_j, b]], None)
    assert values.rho == pytest.approx(rho, rel=1e-12)
    assert values.V[1] - values.V[0] == pytest.approx(D, rel=1e-12)
    F = np.diag(rho * np.array(p) * [a, b])
    assert mdp.policy_fisher(policy, theta, rho) == pytest.approx(F, abs=1e-14)
    natural = np.array([1 - D, 2 + D])
    assert mdp.natural_policy_gradient(process, policy, theta, None) == pytest.approx(natural, rel=1e-10)
    assert mdp.differentiated_return(process, policy, theta, None) == pytest.approx(F @ natural, rel=1e-10)
    assert kakade2001.closed_forms(theta)["natural"] == pytest.approx(natural, rel=1e-12)


@pytest.mark.claim("eq-two-state-plateau", how="numeric")
@pytest.mark.parametrize("p_j", [0.1, 0.4])
def test_directions_on_the_plateau(p_j):
    """At a = 1e-9 the ratios are the limits up to order a; and the integral gives the length of the plateau."""
    found = kakade2001.closed_forms([np.log(1e9), np.log(p_j / (1 - p_j))])
    gradient = found["fisher"] * found["natural"]
    assert gradient[1] / gradient[0] == pytest.approx(p_j / (2 - 3 * p_j), rel=1e-6)
    assert found["natural"][1] / found["natural"][0] == pytest.approx(1 / (2 - 3 * p_j), rel=1e-6)
    times = {}
    for start in (0.09, 0.1):
        flow = kakade2001.two_state_flow([0.8, start], "gradient", points=2)
        times[start] = flow["time"][-1] / (np.exp(2 / start) * start / (1 - start))
    # the start has p_i = .8, not 1: a few per cent
    assert times[0.09] == pytest.approx(times[0.1], rel=0.03)
