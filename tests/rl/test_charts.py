"""Charts of a tabular policy: inverse maps, slopes, gradients, and what the steps keep."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import mdp
from ngtools.rl.charts import CHARTS, after_step, ascend, chart_gap, policy_of

Z = np.array([-1.5, 0.3, 0.8, -0.2])
PROBLEM = mdp.random_mdp(np.random.default_rng(3), 4, 2)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_charts_are_inverse_and_slopes_are_derivatives(chart):
    phi = chart.to(Z)
    assert chart.inside(phi).all()
    assert chart.back(phi) == pytest.approx(Z, abs=1e-12)
    h = 1e-6
    # central differences: h^2 truncation and 1e-16 / h rounding
    assert chart.slope(phi) == pytest.approx((chart.back(phi + h) - chart.back(phi - h)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_the_vanilla_step_is_the_policy_gradient_of_the_chart(chart):
    maps = {
        "log odds": lambda f: f,
        "rescaled log odds": lambda f: f * jnp.array([0.2, 3.0, 0.2, 3.0]),
        "probabilities": lambda f: jnp.log(f) - jnp.log1p(-f),
        "log-probabilities": lambda f: f - jnp.log(-jnp.expm1(f)),
        "angles": lambda f: 2 * jnp.log(jnp.tan(f / 2)),
    }
    back = maps[chart.name]
    policy = mdp.Policy(chart.name, lambda f: jnp.stack([jnp.zeros(4), back(f)], axis=1), 4)
    phi = chart.to(Z)
    g = mdp.policy_gradient(PROBLEM, policy, phi, 0.9, per_step=True)
    new, _ = after_step(PROBLEM, chart, phi, 0.9, "vanilla", 1e-3)
    assert (new - phi) / 1e-3 == pytest.approx(g, rel=1e-9, abs=1e-11)
    rho = mdp.evaluate(PROBLEM, policy_of(Z), 0.9).rho
    F = mdp.policy_fisher(policy, phi, rho)
    natural = np.linalg.solve(F, g)
    new, fraction = after_step(PROBLEM, chart, phi, 0.9, "bisection", 1e-4)
    step = (new - phi) / fraction
    assert step == pytest.approx(np.sqrt(2e-4 / (g @ natural)) * natural, rel=1e-8)
    assert step @ F @ step / 2 == pytest.approx(1e-4, rel=1e-9)


def test_trust_region_steps_are_exact_under_rescaling_and_of_order_one_beyond():
    # at the smallest sizes the gaps are 1e-7: rounding of the bisection is far below
    sizes = np.array([1e-4, 1e-6])
    for chart in CHARTS[1:]:
        gaps = chart_gap(PROBLEM, chart, Z, 0.9, "bisection", sizes)
        if chart.name == "rescaled log odds":
            assert gaps.max() < 1e-12
        else:
            slope = np.diff(np.log(gaps))[0] / np.diff(np.log(np.sqrt(2 * sizes)))[0]
            assert slope == pytest.approx(2, abs=0.1)
    gaps = chart_gap(PROBLEM, CHARTS[1], Z, 0.9, "vanilla", np.array([1e-2, 1e-3]))
    assert np.diff(np.log(gaps))[0] / np.log(0.1) == pytest.approx(1, abs=0.05)


def test_backtracking_keeps_the_radius_and_raises_the_surrogate():
    for chart in CHARTS:
        new, fraction = after_step(PROBLEM, chart, chart.to(Z), 0.9, "backtracking", 0.1)
        old, moved = policy_of(Z), policy_of(chart.back(new))
        found = mdp.evaluate(PROBLEM, old, 0.9)
        assert found.rho @ np.sum(old * np.log(old / moved), axis=1) <= 0.1
        assert found.rho @ np.sum(moved * found.advantage, axis=1) > 0
        assert fraction in 0.8 ** np.arange(30)


def test_vanilla_leaves_the_domain_and_says_so():
    found = ascend(PROBLEM, CHARTS[2], Z, 0.9, "vanilla", 100.0, 2)
    assert np.isfinite(found[0])
    assert np.isnan(found[1:]).all()
    assert np.isfinite(ascend(PROBLEM, CHARTS[2], Z, 0.9, "backtracking", 0.5, 3)).all()


def test_kind_is_checked():
    with pytest.raises(ValueError, match="kind must be"):
        after_step(PROBLEM, CHARTS[0], Z, 0.9, "natural", 0.1)
    with pytest.raises(ValueError, match=rf"phi must lie in the domain of the chart '{CHARTS[2].name}'"):
        after_step(PROBLEM, CHARTS[2], np.full(len(Z), -1e3), 0.9, "vanilla", 0.1)
    with pytest.raises(ValueError, match="mdp must have 2 actions: a chart has one coordinate a state"):
        after_step(mdp.random_mdp(np.random.default_rng(0), 2, 3), CHARTS[0], [0.0, 0.0], 0.9, "vanilla", 0.1)
    with pytest.raises(ValueError, match="mdp must have 2 actions"):
        after_step(mdp.random_mdp(np.random.default_rng(0), 2, 1), CHARTS[0], [0.0, 0.0], 0.9, "vanilla", 0.1)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("log odds", [-1e9, 0, 1e9], [np.nan, np.inf, -np.inf]),
        ("rescaled log odds", [-1e9, 0, 1e9], [np.nan, np.inf, -np.inf]),
        ("probabilities", [1e-9, 0.5, 1 - 1e-9], [-0.5, 0, 1, 1.5]),
        ("log-probabilities", [-1e9, -1, -1e-9], [0, 0.5, 2]),
        ("angles", [1e-9, 2, np.pi - 1e-9], [-0.5, 0, np.pi, 4]),
    ],
)
def test_a_domain_is_open(name, inside, outside):
    chart = next(chart for chart in CHARTS if chart.name == name)
    assert chart.inside(np.array(inside)).all()
    assert not chart.inside(np.array(outside)).any()


def test_a_gap_is_the_largest_difference_of_probabilities():
    """Plain steps of the log odds z: size g, and size (dphi / dz)^-2 g where phi = z / u, u = 0.2 or 3."""
    rate, found = 0.7, mdp.evaluate(PROBLEM, policy_of(Z), 0.9)
    p = 1 / (1 + np.exp(-Z))
    g = found.rho * p * (1 - p) * (found.Q[:, 1] - found.Q[:, 0])
    one, other = Z + rate * g, Z + rate * np.array([0.2, 3.0, 0.2, 3.0]) ** 2 * g
    expected = np.abs(1 / (1 + np.exp(-one)) - 1 / (1 + np.exp(-other))).max()
    assert expected > 1e-2
    assert chart_gap(PROBLEM, CHARTS[1], Z, 0.9, "vanilla", [rate]) == pytest.approx([expected], rel=1e-10)
    new, fraction = after_step(PROBLEM, CHARTS[0], Z, 0.9, "vanilla", rate)
    assert new == pytest.approx(one, rel=1e-12)
    assert fraction == 1
    with pytest.raises(ValueError, match=r"sizes\[1\] must be > 0"):
        chart_gap(PROBLEM, CHARTS[1], Z, 0.9, "vanilla", [1.0, 0.0])


def test_backtracking_takes_the_first_power_that_serves():
    size, chart = 2.0, CHARTS[4]
    phi = chart.to(Z)
    new, fraction = after_step(PROBLEM, chart, phi, 0.9, "backtracking", size)
    full = (new - phi) / fraction
    old = policy_of(Z)
    found = mdp.evaluate(PROBLEM, old, 0.9)

    def serves(power):
        there = phi + 0.8**power * full
        if not chart.inside(there).all():
            return False
        moved = policy_of(chart.back(there))
        kl, gain = (found.rho @ x.sum(axis=1) for x in (old * np.log(old / moved), moved * found.advantage))
        return kl <= size and gain > 0

    first = next(power for power in range(30) if serves(power))
    assert first > 2
    assert fraction == pytest.approx(0.8**first, rel=1e-12)


def test_a_step_that_serves_nowhere_is_given_up():
    asked = []

    def inside(phi):
        asked.append(phi)
        return np.full(len(phi), len(asked) == 1)  # the start, and nothing else

    chart = replace(CHARTS[0], inside=inside)
    with pytest.raises(RuntimeError, match="no acceptable step after 30 backtracks: take a smaller size"):
        after_step(PROBLEM, chart, Z, 0.9, "backtracking", 0.1)
    assert len(asked) == 1 + 30
    assert asked[-1] - Z == pytest.approx(0.8**29 * (asked[1] - Z), rel=1e-12)


def test_bisection_ends_on_the_radius_wherever_it_lies():
    """Beyond the full step as well as before it; a step out of the domain is one that is too long."""
    old = policy_of(Z)
    found = mdp.evaluate(PROBLEM, old, 0.9)
    fractions = []
    for chart, size in ((CHARTS[0], 3.0), (CHARTS[2], 0.5), (CHARTS[4], 0.05)):
        new, fraction = after_step(PROBLEM, chart, chart.to(Z), 0.9, "bisection", size)
        moved = policy_of(chart.back(new))
        assert found.rho @ np.sum(old * np.log(old / moved), axis=1) == pytest.approx(size, rel=1e-10)
        fractions.append(fraction)
    assert min(fractions) < 1 < max(fractions)


def test_an_ascent_begins_where_it_stands():
    assert ascend(PROBLEM, CHARTS[2], Z, 0.9, "vanilla", 100.0, 3).shape == (4,)
    here = ascend(PROBLEM, CHARTS[2], Z, 0.9, "vanilla", 100.0, 0)
    assert here == pytest.approx([mdp.evaluate(PROBLEM, policy_of(Z), 0.9).expected_return], rel=1e-12)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        ascend(PROBLEM, CHARTS[2], Z, 0.9, "vanilla", 1.0, -1)
    with pytest.raises(ValueError, match=r"size must be .*> 0 \(got 0"):
        after_step(PROBLEM, CHARTS[0], Z, 0.9, "vanilla", 0.0)
