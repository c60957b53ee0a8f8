"""Kakade's theorems and what is averaged in a policy's Fisher matrix, on random MDPs."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.descent import natural_gradient
from ngtools.geometry.kl_remainder import slope
from ngtools.rl import mdp
from ngtools.rl.mdp.ladder import misleading_ladder

GAMMAS = (0.9, None)


def world(seed, S=4, A=3, d=5):
    rng = np.random.default_rng([36, seed])
    process, features = mdp.random_mdp(rng, S, A), rng.standard_normal((S, A, d))
    return process, mdp.log_linear(features), features, rng.standard_normal(d) / 2


def tanh_policy(seed, S=4, A=3, d=5):
    """A policy that is not log-linear: its logits are bounded."""
    xi = np.random.default_rng([64, seed]).standard_normal((S, A, d))
    return mdp.Policy("tanh", lambda theta: 3 * jnp.tanh(jnp.asarray(xi) @ theta), d)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("seed", range(3))
def test_policy_gradient_theorem(seed, gamma):
    """For a log-linear policy and one that is not; 1e-12 is rounding of solves of condition 10 to 100."""
    process, policy, _, theta = world(seed)
    for pi in (policy, tanh_policy(seed)):
        g = mdp.policy_gradient(process, pi, theta, gamma)
        assert g == pytest.approx(mdp.differentiated_return(process, pi, theta, gamma), rel=1e-10, abs=1e-12)
        # central differences: error h^2 and 1e-16 / h
        step = 1e-5 * np.eye(5)
        ends = [[mdp.expected_return(process, pi, theta + k * e, gamma) for k in (1, -1)] for e in step]
        assert g == pytest.approx(np.diff(ends, axis=1)[:, 0] / -2e-5, abs=1e-7)


def test_per_step_gradient_is_shorter_by_the_horizon():
    process, policy, _, theta = world(0)
    whole = mdp.policy_gradient(process, policy, theta, 0.9)
    assert mdp.policy_gradient(process, policy, theta, 0.9, per_step=True) == pytest.approx(0.1 * whole, rel=1e-12)


def test_scores_have_mean_zero():
    """In every state."""
    _, policy, _, theta = world(1)
    mean = np.einsum("sa,sad->sd", mdp.probabilities(policy, theta), mdp.scores(policy, theta))
    assert np.abs(mean).max() < 1e-14


@pytest.mark.parametrize("gamma", GAMMAS)
def test_compatible_weights_are_the_natural_gradient(gamma):
    """Q and the advantage give the same weights."""
    process, policy, _, theta = world(2)
    natural = mdp.natural_policy_gradient(process, policy, theta, gamma)
    for target in ("Q", "advantage"):
        assert mdp.compatible_weights(process, policy, theta, gamma, target) == pytest.approx(natural, rel=1e-10)


def test_infinite_natural_step_is_greedy_for_log_linear_policies():
    """The natural direction's limit is greedy in f = psi . w, the gradient's in g . xi."""
    differs = 0
    for seed in range(6):
        process, policy, features, theta = world(seed)
        w = mdp.natural_policy_gradient(process, policy, theta, 0.9)
        g = mdp.policy_gradient(process, policy, theta, 0.9)
        best = mdp.greedy(mdp.scores(policy, theta) @ w)
        # far along w the largest logit is that of w . xi, and psi . w differs from it by a constant in each state
        gaps = np.sort(features @ w, axis=1)
        far = theta + 200 / (gaps[:, -1] - gaps[:, -2]).min() * w
        log_pi = np.asarray(policy.log_pi(far))
        assert (log_pi.argmax(axis=1) == best).all()
        assert (log_pi.max(axis=1) > -1e-6).all()
        differs += (mdp.greedy(features @ g) != best).any()
    assert differs >= 1


def test_first_order_change_of_the_policy():
    """Pi' = pi (1 + alpha f) + O(alpha^2)."""
    process, policy, _, theta = world(3)
    w, pi = mdp.natural_policy_gradient(process, policy, theta, 0.9), mdp.probabilities(policy, theta)
    f, rates = mdp.scores(policy, theta) @ w, np.array([0.1, 0.05, 0.025, 0.0125]) / np.linalg.norm(w)
    gaps = [np.abs(mdp.probabilities(policy, theta + a * w) - pi * (1 + a * f)).max() for a in rates]
    assert slope(rates, gaps) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_tabular_natural_gradient_forgets_the_state_weights(gamma):
    """The minimum-norm solution is A minus its unweighted mean over actions, for any rho."""
    process, _, _, _ = world(4)
    policy, theta = mdp.tabular(4, 3), np.random.default_rng(4).standard_normal(12)
    A = mdp.evaluate(process, mdp.probabilities(policy, theta), gamma).advantage
    natural = mdp.natural_policy_gradient(process, policy, theta, gamma, singular="minimum-norm")
    assert natural.reshape(4, 3) == pytest.approx(A - A.mean(axis=1, keepdims=True), abs=1e-10)
    # both sides weighted by any other positive rho
    rho = np.array([0.1, 0.2, 0.3, 0.4])
    g = np.einsum("s,sa,sa,sad->d", rho, mdp.probabilities(policy, theta), A, mdp.scores(policy, theta))
    again = natural_gradient(mdp.policy_fisher(policy, theta, rho), g, singular="minimum-norm")
    assert again == pytest.approx(natural, abs=1e-10)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_soft_policy_iteration_is_the_tabular_natural_step(gamma):
    process, _, _, _ = world(5)
    policy, theta, alpha = mdp.tabular(4, 3), np.random.default_rng(5).standard_normal(12), 0.7
    w = mdp.natural_policy_gradient(process, policy, theta, gamma, singular="minimum-norm")
    stepped = mdp.probabilities(policy, theta + alpha * w)
    assert mdp.soft_step(process, mdp.probabilities(policy, theta), gamma, alpha) == pytest.approx(stepped, abs=1e-12)


def test_a_long_soft_step_is_greedy():
    """Exponents of 1e4 do not overflow."""
    process, _, _, _ = world(5)
    pi = np.full((4, 3), 1 / 3)
    best = mdp.greedy(mdp.evaluate(process, pi, 0.9).advantage)
    assert mdp.soft_step(process, pi, 0.9, 1e4) == pytest.approx(np.eye(3)[best], abs=1e-12)


def test_compatible_weights_are_those_of_least_norm():
    """Two features that differ by 1e-13 count as one, which they share; by 1e-10 they do not."""
    process, _, features, theta = world(15, d=2)
    one, other = features[:, :, :1], features[:, :, 1:]

    def weights(gap):
        return mdp.compatible_weights(process, mdp.log_linear(np.concatenate([one, one + gap * other], 2)), theta, 0.9)

    alone = mdp.compatible_weights(process, mdp.log_linear(one), theta.sum(keepdims=True), 0.9)
    assert weights(1e-13) == pytest.approx(np.repeat(alone / 2, 2), rel=1e-6)
    assert np.abs(weights(1e-10)).max() > 1e6


def test_how_far_along_a_direction():
    """To 1e6 by default; a shorter way is a step like any other."""
    _, policy, _, theta = world(16)
    direction = np.array([1.0, -2.0, 0.5, 3.0, 1.0])
    there = mdp.probabilities(policy, theta + direction / 2)
    assert mdp.far_along(policy, theta, direction, 0.5) == pytest.approx(there, rel=1e-13)
    # 1e6 + 1 would move a logit by 1e-6
    assert mdp.far_along(policy, theta, direction / 2e6) == pytest.approx(there, rel=1e-9)


def test_softmax_bandit():
    """On one state: F^+ r-gradient is r - mean(r), its step multiplicative weights, g is in range(F)."""
    r, theta, alpha = np.array([1.0, -0.5, 2.0, 0.3]), np.array([0.3, 1.0, -0.7, 0.1]), 0.8
    bandit, policy = mdp.MDP(np.ones((1, 4, 1)), r[None]), mdp.tabular(1, 4)
    p = mdp.probabilities(policy, theta)[0]
    F, g = mdp.policy_fisher(policy, theta, [1.0]), mdp.policy_gradient(bandit, policy, theta, 0.0)
    assert np.abs(F @ np.ones(4)).max() < 1e-15
    assert np.linalg.matrix_rank(F, tol=1e-12) == 3
    assert g == pytest.approx(p * (r - p @ r), abs=1e-15)
    x = natural_gradient(F, g, singular="minimum-norm")
    assert x == pytest.approx(r - r.mean(), abs=1e-12)
    assert F @ x == pytest.approx(g, abs=1e-14)
    weights = p * np.exp(alpha * r)
    for solution in (x, r - p @ r, x + 5):  # any solution gives the same policy
        assert pytest.approx(g, abs=1e-13) == F @ solution
        stepped = mdp.probabilities(policy, theta + alpha * solution)[0]
        assert stepped == pytest.approx(weights / weights.sum(), abs=1e-14)


def test_the_limit_of_paths_is_200_000():
    """One state, one step, as many actions; one more is refused, and the Fisher matrix is the variance of the features."""

    def listed(actions):
        process, xi = mdp.MDP(np.ones((1, actions, 1)), np.zeros((1, actions))), np.arange(actions) % 2
        return mdp.path_fisher(process, mdp.log_linear(xi[None, :, None]), [0.0], 1)

    assert listed(200_000) == pytest.approx(1 / 4)
    with pytest.raises(ValueError, match=r"200001\^1 paths are too many to list \(limit 200000\)"):
        listed(200_001)


@pytest.mark.parametrize("T", [1, 2, 4])
def test_trajectory_fisher_by_listing_every_path(T):
    process, policy, _, theta = world(6, S=3, A=2)
    listed = mdp.path_fisher(process, policy, theta, T)
    assert mdp.trajectory_fisher(process, policy, theta, T) == pytest.approx(listed, abs=1e-12)


def test_path_fisher_per_step_from_the_stationary_start():
    """Equal to Kakade's matrix at every T."""
    process, policy, _, theta = world(7, S=2, A=2)
    rho = mdp.stationary_distribution(process, mdp.probabilities(policy, theta))
    F = mdp.policy_fisher(policy, theta, rho)
    for T in (2, 6):
        assert mdp.path_fisher(process, policy, theta, T, rho) / T == pytest.approx(F, abs=1e-13)


def test_path_fisher_per_step_from_elsewhere():
    """The difference falls like 1/T."""
    process, policy, _, theta = world(8)
    F = mdp.policy_fisher(policy, theta, mdp.stationary_distribution(process, mdp.probabilities(policy, theta)))
    times = np.array([50, 100, 200, 400])
    start = [1.0, 0, 0, 0]
    gaps = [np.abs(mdp.trajectory_fisher(process, policy, theta, T, start) / T - F).max() for T in times]
    assert slope(times, gaps) == pytest.approx(-1, abs=0.02)


def test_discounted_sum_of_fishers():
    """sum_t gamma^t E F(s_t) = F_rho / (1 - gamma), rho the normalised discounted distribution."""
    process, policy, _, theta = world(9)
    pi = mdp.probabilities(policy, theta)
    marginals = mdp.state_marginals(process, pi, 400)
    total = np.einsum("t,ts,sij->ij", 0.9 ** np.arange(400), marginals, mdp.state_fishers(policy, theta))
    F = mdp.policy_fisher(policy, theta, mdp.evaluate(process, pi, 0.9).rho)
    assert total == pytest.approx(F / 0.1, abs=1e-12)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_joint_fisher_is_the_covariance_of_the_joint_score(gamma):
    """And not Kakade's matrix: the part of the states is there, positive semidefinite."""
    process, policy, _, theta = world(10)
    pi = mdp.probabilities(policy, theta)
    rho = mdp.evaluate(process, pi, gamma).rho
    # finite differences of log (rho pi): error 1e-10 for h = 1e-5
    h = 1e-5
    ends = []
    for e in h * np.eye(5):
        sides = [mdp.probabilities(policy, theta + k * e) for k in (1, -1)]
        logs = [np.log(p * mdp.evaluate(process, p, gamma).rho[:, None]) for p in sides]
        ends.append((logs[0] - logs[1]) / (2 * h))
    score = np.stack(ends, axis=-1)
    expected = np.einsum("sa,sai,saj->ij", rho[:, None] * pi, score, score)
    joint = mdp.joint_fisher(process, policy, theta, gamma)
    assert joint == pytest.approx(expected, abs=1e-7)
    extra = np.linalg.eigvalsh(joint - mdp.policy_fisher(policy, theta, rho))
    assert extra.min() > -1e-13
    assert extra.max() > 1e-3


def test_dropping_the_discount_of_the_states():
    """Against the formula of its docstring, and its Jacobian against symmetry."""
    process, policy, _, theta = world(11)
    pi, gamma = mdp.probabilities(policy, theta), 0.8
    u = mdp.without_discount(process, policy, theta, gamma)
    V = mdp.evaluate(process, pi, gamma).V
    rho = mdp.evaluate(process, pi, None).rho
    drift = np.einsum("s,sd,s->d", rho, mdp.state_score(process, policy, theta, None), V)
    average = mdp.differentiated_return(process, policy, theta, None)
    assert u == pytest.approx(average - (1 - gamma) * drift, abs=1e-12)
    h = 1e-5
    sides = [[mdp.without_discount(process, policy, theta + k * e, gamma) for k in (1, -1)] for e in h * np.eye(5)]
    jacobian = np.array([(a - b) / (2 * h) for a, b in sides])
    assert np.abs(jacobian - jacobian.T).max() > 1e-3  # finite differences are good to 1e-9
    assert np.linalg.norm(u - mdp.policy_gradient(process, policy, theta, gamma, per_step=True)) > 1e-3


def test_on_policy_outer_products_estimate_the_fisher_matrix():
    """Actions drawn from the policy are draws of the model; 2 % at 20 000 draws, fixed labels are far off."""
    process, policy, _, theta = world(12)
    rng, pi = np.random.default_rng(64), mdp.probabilities(policy, theta)
    rho, psi = mdp.stationary_distribution(process, pi), mdp.scores(policy, theta)
    F = mdp.policy_fisher(policy, theta, rho)
    s = rng.choice(4, 20_000, p=rho)
    a = (rng.random(20_000)[:, None] > pi[s].cumsum(axis=1)).sum(axis=1)

    def error(actions):
        return np.linalg.norm(psi[s, actions].T @ psi[s, actions] / len(s) - F) / np.linalg.norm(F)

    assert error(a) < 0.05
    assert error(np.zeros(len(s), int)) > 0.3


@pytest.mark.parametrize("seed", range(2))
def test_hessian_of_the_return(seed):
    """By its formula and by differentiating the solves twice; and it is not symmetric by accident."""
    process, policy, _, theta = world(seed)
    for pi in (policy, tanh_policy(seed)):
        exact = mdp.differentiated_hessian(process, pi, theta, 0.9)
        assert mdp.return_hessian(process, pi, theta, 0.9) == pytest.approx(exact, rel=1e-9, abs=1e-10)
    field = mdp.asymmetry(lambda t: mdp.policy_gradient(process, policy, t, 0.9), theta)
    assert field < 1e-7
    with pytest.raises(ValueError, match="gamma must be a number"):
        mdp.return_hessian(process, policy, theta, None)


def test_asymmetry_of_a_rotation_is_two():
    assert mdp.asymmetry(lambda x: np.array([-x[1], x[0]]), [0.3, 0.4]) == pytest.approx(2, rel=1e-9)


def test_a_baseline_changes_the_variance_and_not_the_mean():
    """The variance against 200 000 draws (standard error below 1 %)."""
    process, policy, _, theta = world(13)
    rng, pi = np.random.default_rng(5), mdp.probabilities(policy, theta)
    found, psi = mdp.evaluate(process, pi, 0.9), mdp.scores(policy, theta)
    pair = rng.choice(12, 200_000, p=(found.rho[:, None] * pi).ravel())
    for weight, values in (("Q", found.Q), ("advantage", found.advantage)):
        draws = (psi * values[:, :, None]).reshape(12, -1)[pair]
        exact = mdp.estimator_variance(process, policy, theta, 0.9, weight)
        assert draws.var(axis=0).sum() == pytest.approx(exact, rel=0.03)
        # over all pairs, by the definition of a variance
        p, every = found.rho[:, None, None] * pi[:, :, None], psi * values[:, :, None]
        away = every - (p * every).sum(axis=(0, 1))
        assert exact == pytest.approx((p * away**2).sum(), rel=1e-12)
    assert mdp.estimator_variance(process, policy, theta, 0.9) == mdp.estimator_variance(
        process, policy, theta, 0.9, weight="Q"
    )
    with pytest.raises(ValueError, match="weight must be"):
        mdp.estimator_variance(process, policy, theta, 0.9, "V")


def test_the_ladder():
    """By hand at P(up) = 1/2 and gamma = 1/2: 1/12, 1/12, and -1/36 where the discount of the states is dropped."""
    process, policy = mdp.ladder()
    assert process.transition.argmax(axis=2).tolist() == [[0, 1], [0, 2], [1, 2]]
    assert process.reward.tolist() == [[0, 0], [1, 1], [1, 0]]
    assert process.start.tolist() == [1, 0, 0]
    assert mdp.probabilities(policy, [0.7])[:, 1] == pytest.approx(3 * [1 / (1 + np.exp(-0.7))])
    assert mdp.policy_gradient(process, policy, [0.0], 0.5, per_step=True) == pytest.approx([1 / 12])
    assert mdp.policy_gradient(process, policy, [0.0], None) == pytest.approx([1 / 12])
    assert mdp.without_discount(process, policy, [0.0], 0.5) == pytest.approx([-1 / 36])


@pytest.mark.parametrize("rungs", [2, 5])
def test_the_misleading_ladder(rungs):
    """Where each action leads, what it pays, and its logits."""
    process, policy = misleading_ladder(rungs, up=-0.2, top=-2.0, sensitivity=7.0)
    down, climb = process.transition.argmax(axis=2).T.tolist()
    assert (process.transition.max(axis=2) == 1).all()
    assert down == [0, *range(rungs - 1)]
    assert climb == [*range(1, rungs), 0]
    assert process.reward.tolist() == (rungs - 1) * [[0, 0]] + [[1, -1]]
    assert process.start.tolist() == [1] + (rungs - 1) * [0]
    logits = np.asarray(policy.logits(np.array([0.5])))
    assert logits[:, 0].tolist() == rungs * [0]
    assert logits[:, 1] == pytest.approx((rungs - 1) * [0.3] + [1.5])


def test_the_misleading_ladder_of_the_book():
    """18 rungs; the logit of climbing is -0.3 + theta on the way and -3 + 15 theta on top."""
    process, policy = misleading_ladder()
    assert process.states == 18
    pi = mdp.probabilities(policy, [0.1])[:, 1]
    assert pi == pytest.approx(17 * [1 / (1 + np.exp(0.2))] + [1 / (1 + np.exp(1.5))], rel=1e-6)


def test_ascent_steps_are_what_their_names_say():
    process, policy, features, theta = world(14)
    found = mdp.ascent_steps(process, policy, theta, 0.9, c=0.02)
    g = mdp.differentiated_return(process, policy, theta, 0.9)
    assert found["gradient"] == pytest.approx(g, rel=1e-9)
    assert found["natural"] == pytest.approx(10 * mdp.natural_policy_gradient(process, policy, theta, 0.9), rel=1e-9)
    assert mdp.differentiated_hessian(process, policy, theta, 0.9) @ found["Newton"] == pytest.approx(-g, rel=1e-8)
    F = mdp.policy_fisher(policy, theta, mdp.evaluate(process, mdp.probabilities(policy, theta), 0.9).rho)
    assert found["KL budget"] @ F @ found["KL budget"] / 2 == pytest.approx(0.02, rel=1e-10)
    step = mdp.ascent_steps(process, policy, theta, 0.9)["KL budget"]
    assert step @ F @ step / 2 == pytest.approx(0.01, rel=1e-10)  # by default
    limit = mdp.far_along(policy, theta, g)
    assert (limit.argmax(axis=1) == mdp.greedy(features @ g)).all()
    assert limit.max(axis=1) == pytest.approx(1)
