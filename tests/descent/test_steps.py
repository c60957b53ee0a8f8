"""Each step against its own definition, by another route."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from ngtools import descent, families
from ngtools.geometry.half_plane import normal_geodesic

NORMAL = families.get("normal")
TARGET, START = [0.3, 1.2], [-0.5, 0.8]
F_NORMAL = descent.expected_log_likelihood(NORMAL, TARGET)
# a family's chart has no layers, so nothing for K-FAC
OWN = [name for name in descent.METHODS if name not in ("mirror", "k-fac")]


def start_in(chart):
    return NORMAL.convert(START, to=chart)


def take(name, chart, alpha=0.1, family=NORMAL, objective=F_NORMAL):
    return descent.step(name, family, start_in(chart), objective, alpha, chart=chart)


def poisoned(message="a step went through another chart"):
    """The normal family without any way into its charts from outside: only decoding is left."""

    def refuse(*arguments, **keywords):
        raise AssertionError(message)

    records = tuple(
        record if index == 0 else dataclasses.replace(record, from_home=refuse)
        for index, record in enumerate(NORMAL.chart_records)
    )
    return dataclasses.replace(NORMAL, chart_records=records)


@pytest.mark.parametrize("name", OWN)
def test_steps_stay_in_their_own_coordinates(name, monkeypatch):
    family = poisoned()
    for chart in ("mean-variance", "natural"):
        expected = take(name, chart)
        f = descent.expected_log_likelihood(family, TARGET)
        found = descent.step(name, family, start_in(chart), f, 0.1, chart=chart)
        assert found == pytest.approx(expected, rel=1e-12)


def test_the_poison_works():
    family = poisoned()
    with pytest.raises(AssertionError, match="another chart"):
        family.convert(START, to="natural")
    f = descent.expected_log_likelihood(family, TARGET)
    with pytest.raises(AssertionError, match="another chart"):
        descent.step("mirror", family, start_in("mean-variance"), f, 0.1, chart="mean-variance")


def test_first_order_steps_by_hand():
    theta, target = np.array(START), np.array(TARGET)
    mu, s = theta
    g = np.array([(target[0] - mu) / s**2, -1 / s + (target[1] ** 2 + (target[0] - mu) ** 2) / s**3])
    F = np.diag([1 / s**2, 2 / s**2])
    assert take("gradient", "mean-std") == pytest.approx(theta + 0.1 * g, rel=1e-13)
    assert take("natural-euler", "mean-std") == pytest.approx(theta + 0.1 * np.linalg.solve(F, g), rel=1e-13)
    assert take("damped", "mean-std") == pytest.approx(theta + 0.1 * np.linalg.solve(F + 0.1 * np.eye(2), g), rel=1e-13)
    assert take("adam", "mean-std") == pytest.approx(theta + 0.1 * g / (np.abs(g) + 1e-8), rel=1e-7)
    # the diagonal of F, in a chart where F has more
    J = NORMAL.jacobian(theta, to="natural")
    g_eta, F_eta = np.linalg.solve(J.T, g), NORMAL.fisher(start_in("natural"), chart="natural")
    assert take("diagonal", "natural") == pytest.approx(start_in("natural") + 0.1 * g_eta / np.diag(F_eta), rel=1e-11)


def test_momentum_remembers():
    trace = descent.run("momentum", NORMAL, START, F_NORMAL, 0.1, 2)
    setting = descent.chart_setting(NORMAL, F_NORMAL)
    m = setting.natural_gradient(trace.theta[0])
    assert trace.theta[1] == pytest.approx(trace.theta[0] + 0.1 * m, rel=1e-14)
    m = 0.9 * m + setting.natural_gradient(trace.theta[1])
    assert trace.theta[2] == pytest.approx(trace.theta[1] + 0.1 * m, rel=1e-14)


def test_adam_is_the_rule_of_its_paper():
    trace = descent.run("adam", NORMAL, START, F_NORMAL, 0.05, 5)
    setting = descent.chart_setting(NORMAL, F_NORMAL)
    m = v = 0.0
    theta = np.array(START)
    for t in range(1, 6):
        g = setting.gradient(theta)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta + 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        assert trace.theta[t] == pytest.approx(theta, rel=1e-10)


@pytest.mark.parametrize("chart", NORMAL.charts)
def test_exponential_map_lands_on_the_half_ellipse(chart):
    end = NORMAL.convert(take("exponential-map", chart, alpha=0.7), to="mean-std", chart=chart)
    setting = descent.chart_setting(NORMAL, F_NORMAL)
    v = setting.natural_gradient(START)
    length = 0.7 * np.sqrt(v @ setting.fisher(START) @ v)
    # the closed form parametrised by arc length, from the start through the end
    curve = normal_geodesic(START, end, 3)
    from ngtools import geometry

    assert geometry.distance(NORMAL, START, end).value == pytest.approx(length, rel=1e-9)
    first = normal_geodesic(START, end, 100_001)[1] - np.array(START)
    assert first / np.linalg.norm(first) == pytest.approx(v / np.linalg.norm(v), abs=1e-4)
    assert len(curve) == 3


def test_correction_is_the_second_order_part():
    # against the exponential map: error of third order, slope 3
    gaps = [
        np.linalg.norm(take("geodesic-correction", "mean-variance", a) - take("exponential-map", "mean-variance", a))
        for a in (0.04, 0.02, 0.01)
    ]
    assert np.log2(np.array(gaps[:-1]) / gaps[1:]) == pytest.approx([3, 3], abs=0.15)


@pytest.mark.parametrize("family_start", [("gamma", [2.0, 1.5], [3.0, 1.0]), ("normal", START, TARGET)])
def test_proximal_step_against_scipy(family_start):
    name, start, target = family_start
    family = families.get(name)
    f = descent.expected_log_likelihood(family, target)
    found = descent.step("kl-proximal", family, start, f, 0.4)

    def loss(u):
        return family.kl(target, u) + family.kl(start, u) / 0.4

    twin = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 5000})
    # a simplex search resolves the arguments to the root of rounding
    assert found == pytest.approx(twin.x, rel=1e-6)
    assert loss(found) <= twin.fun + 1e-14


@pytest.mark.parametrize("chart", ["mean-std", "mean-log-std", "natural"])
def test_constrained_step_against_scipy(chart):
    alpha = 0.5
    found = take("kl-constrained", chart, alpha)
    start, target = start_in(chart), NORMAL.convert(TARGET, to=chart)
    # the constraint holds with equality, and nothing on the level set is better
    assert NORMAL.kl(start, found, chart=chart) == pytest.approx(alpha**2 / 2, rel=1e-10)
    from ngtools import geometry

    ring = geometry.kl_ball(NORMAL, start, alpha**2 / 2, chart=chart, points=400)
    losses = [NORMAL.kl(target, u, chart=chart) for u in ring]
    best = NORMAL.kl(target, found, chart=chart)
    assert best <= min(losses) + 1e-12
    assert best == pytest.approx(min(losses), rel=1e-3)  # the ring is 400 points


def test_constrained_step_inside_the_ball_is_the_maximum():
    assert take("kl-constrained", "mean-std", 5.0) == pytest.approx(TARGET, rel=1e-6)


def test_trust_region_meets_its_budget_on_the_ray():
    for chart in NORMAL.charts:
        start = start_in(chart)
        new = take("trust-region", chart, 0.3)
        assert NORMAL.kl(start, new, chart=chart) == pytest.approx(0.045, rel=1e-12)
        v = descent.chart_setting(NORMAL, F_NORMAL, chart).natural_gradient(start)
        move = new - start
        assert move / np.linalg.norm(move) == pytest.approx(v / np.linalg.norm(v), rel=1e-10)


def test_backtracking_is_a_discrete_choice():
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [1.0])
    fractions = {}
    for chart in family.charts:
        start = family.convert([3.0], to=chart)
        setting = descent.chart_setting(family, f, chart)
        from ngtools.descent.trust_region import full_step

        new = descent.step("trust-region-backtracking", family, start, f, 0.1, chart=chart)
        fractions[chart] = ((new - start) / full_step(setting, start, 0.005))[0]
    # item 17
    assert fractions == pytest.approx({"std": 0.8, "variance": 0.8, "log-std": 0.8, "precision": 1.0}, rel=1e-9)


def test_backtracking_that_finds_nothing_stays():
    # where the gradient vanishes there is no step at all
    assert take("trust-region-backtracking", "mean-std", 0.3, objective=lambda t: 0.0 * t[0]).tolist() == START
    assert take("trust-region", "mean-std", 0.3, objective=lambda t: 0.0 * t[0]).tolist() == START
    assert take("kl-constrained", "mean-std", 0.3, objective=lambda t: 0.0 * t[0]).tolist() == START


def test_any_jax_function_is_an_objective():
    found = descent.step("natural-euler", NORMAL, START, lambda t: jnp.sin(t[0]) * t[1], 0.1)
    s = START[1]
    g = np.array([np.cos(-0.5) * s, np.sin(-0.5)])
    assert found == pytest.approx(np.array(START) + 0.1 * g * np.array([s**2, s**2 / 2]), rel=1e-13)


def test_refusals():
    with pytest.raises(ValueError, match=r"no method 'natural-eler'; did you mean 'natural-euler'\?"):
        take("natural-eler", "mean-std")
    with pytest.raises(ValueError, match="alpha must be > 0"):
        take("gradient", "mean-std", 0.0)
    with pytest.raises(ValueError, match="damping must be >= 0"):
        take(descent.method("damped").having(damping=-1.0), "mean-std")
    with pytest.raises(ValueError, match="zero on its diagonal"):
        descent.METHODS["diagonal"].rule(
            dataclasses.replace(
                descent.chart_setting(NORMAL, F_NORMAL), metric=lambda t, c: jnp.diag(jnp.array([0.0, 1.0]))
            ),
            np.array(START),
            0.1,
        )


def test_a_proximal_step_without_a_maximiser_says_so():
    # f grows faster than KL(start || u) / alpha
    with pytest.raises(RuntimeError, match="did not converge"):
        take("kl-proximal", "mean-std", 1.0, objective=lambda t: 10 * t[0] ** 2)


def test_zero_damping_is_natural_euler():
    found = take(descent.method("damped").having(damping=0.0), "natural")
    assert found == pytest.approx(take("natural-euler", "natural"), rel=1e-14)
