"""Charts of a tabular policy: inverse maps, slopes, gradients, and what the steps keep."""

from __future__ import annotations

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
