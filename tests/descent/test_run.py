"""Runs: the traces of Alice, Bob and Carol, domain exits, and the exact flow."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools import descent, families, geometry
from ngtools.descent.flow import flow_setting
from ngtools.descent.run import run_setting

ZERO, NORMAL = families.get("zero-mean-normal"), families.get("normal")
UNIT = descent.expected_log_likelihood(ZERO, [1.0])
TRIO = ("std", "variance", "log-std")


def spread(method, alpha):
    ends = [
        descent.run(method, ZERO, ZERO.convert([3.0], to=chart), UNIT, alpha, round(1 / alpha), chart=chart)
        for chart in TRIO
    ]
    finals = [trace.distribution[-1, 0] for trace in ends]
    return max(finals) - min(finals)


def test_five_spreads_of_euler():
    found = [spread("natural-euler", alpha) for alpha in (0.2, 0.1, 0.05, 0.025, 0.0125)]
    assert [round(value, 4) for value in found] == [0.0698, 0.0326, 0.0158, 0.0078, 0.0039]


def test_five_spreads_of_the_midpoint():
    found = [spread("natural-midpoint", alpha) for alpha in (0.2, 0.1, 0.05, 0.025, 0.0125)]
    assert [f"{value:.2g}" for value in found] == ["0.0058", "0.0013", "0.00032", "7.9e-05", "2e-05"]
    assert found[1] == pytest.approx(0.00134, abs=5e-6)


@pytest.mark.parametrize("chart", ZERO.charts)
def test_the_flow_is_the_same_and_known(chart):
    trace = descent.flow("natural", ZERO, ZERO.convert([3.0], to=chart), UNIT, 1.0, chart=chart, points=11)
    # d sigma^2/dt = 1 - sigma^2: straight in the expectation parameter
    exact = np.sqrt(1 + 8 * np.exp(-trace.times))
    assert trace.distribution[:, 0] == pytest.approx(exact, rel=1e-10)


def test_likelihood_flow_is_straight_in_expectation_coordinates():
    f = descent.expected_log_likelihood(NORMAL, [0.3, 1.2])
    trace = descent.flow("natural", NORMAL, [-0.5, 2.0], f, 1.5, points=6)
    m = np.array([NORMAL.convert(theta, to="expectation") for theta in trace.theta])
    target = NORMAL.convert([0.3, 1.2], to="expectation")
    # item 19: an m-geodesic, run through exponentially
    assert m == pytest.approx(target + np.exp(-trace.times)[:, None] * (m[0] - target), rel=1e-9)


def test_gradient_flow_depends_on_the_chart():
    ends = [
        descent.flow("gradient", ZERO, ZERO.convert([3.0], to=chart), UNIT, 1.0, chart=chart, points=2).distribution[
            -1, 0
        ]
        for chart in TRIO
    ]
    assert np.ptp(ends) > 0.1


def test_trace_records_what_happened():
    trace = descent.run("gradient", ZERO, [9.0], UNIT, 0.5, 4, chart="variance")
    assert (trace.method, trace.chart, trace.steps, trace.completed) == ("gradient", "variance", 4, True)
    assert trace.theta.shape == trace.distribution.shape == (5, 1)
    assert trace.distribution[:, 0] == pytest.approx(np.sqrt(trace.theta[:, 0]), rel=1e-13)
    assert trace.objective == pytest.approx([-ZERO.kl([1.0], point) for point in trace.distribution], rel=1e-13)
    pairs = zip(trace.theta[:-1], trace.theta[1:])
    assert trace.kl == pytest.approx([ZERO.kl(old, new, chart="variance") for old, new in pairs], rel=1e-9)
    assert trace.times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert repr(trace) == "<Trace: gradient in variance, 4 steps, completed>"
    with pytest.raises(AttributeError):
        trace.kl = None


def test_an_exit_is_reported_and_nothing_is_clamped():
    trace = descent.run(
        "gradient", ZERO, [0.5], descent.expected_log_likelihood(ZERO, [0.1]), 0.5, 10, chart="variance"
    )
    assert not trace.completed
    (event,) = trace.exits
    assert event.step == trace.steps < 10
    assert event.proposal[0] < 0
    assert "v must be > 0" in event.reason
    assert (trace.theta > 0).all()
    # the proposal is the next Euler point itself
    last = trace.theta[-1]
    slope = (-1 / last + 0.01 / last**2) / 2
    assert event.proposal == pytest.approx(last + 0.5 * slope, rel=1e-10)
    assert f"left the domain at step {event.step}" in repr(trace)


def test_an_intermediate_point_outside_is_an_exit_too():
    f = descent.expected_log_likelihood(ZERO, [0.01])
    trace = descent.run("natural-midpoint", ZERO, [1.0], f, 5.0, 3)
    assert trace.exits[0].step == 0
    bernoulli = families.get("bernoulli")
    # geodesics of the coin end in finite length
    trace = descent.run("exponential-map", bernoulli, [0.5], lambda t: 10 * t[0], 2.0, 3)
    assert "geodesic" in trace.exits[0].reason


def test_flow_that_ends():
    with pytest.raises(geometry.LeftDomain, match="gradient flow"):
        descent.flow("gradient", families.get("bernoulli"), [0.5], lambda t: t[0], 1.0)
    with pytest.raises(ValueError, match="kind must be"):
        descent.flow("euler", ZERO, [1.0], UNIT, 1.0)
    with pytest.raises(ValueError, match="time must be > 0"):
        descent.flow("natural", ZERO, [1.0], UNIT, 0.0)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        descent.run("gradient", ZERO, [1.0], UNIT, 0.1, -1)


def test_angles_of_the_pushed_forward_gradient():
    f = descent.expected_log_likelihood(NORMAL, [0.0, 1.0])
    theta = np.array([2.0, 2.0])
    natural, F = descent.chart_setting(NORMAL, f).natural_gradient(theta), NORMAL.fisher(theta)
    angles = []
    for chart in ("mean-std", "mean-variance", "mean-log-std"):
        phi, J = NORMAL.convert(theta, to=chart), NORMAL.jacobian(theta, to=chart)
        back = geometry.transform_vector(descent.chart_setting(NORMAL, f, chart).gradient(phi), np.linalg.inv(J))
        angles.append(round(geometry.angle(F, natural, back), 1))
    # item 2
    assert angles == [9.4, 8.8, 44.7]


def test_a_run_of_no_steps_is_its_start():
    trace = descent.run("gradient", ZERO, [9.0], UNIT, 0.5, 0, chart="variance")
    assert (trace.steps, trace.completed, trace.theta.tolist(), trace.kl.shape) == (0, True, [[9.0]], (0,))
    with pytest.raises(ValueError, match="alpha must be > 0"):
        descent.run("gradient", ZERO, [9.0], UNIT, 0.0, 0)


def test_runs_and_flows_of_a_setting_name_what_they_ran_in():
    setting = descent.chart_setting(ZERO, UNIT, "variance")
    assert run_setting("gradient", setting, [9.0], 0.5, 0).chart == "zero-mean-normal in variance"
    flow = flow_setting("gradient", setting, [9.0], 0.1)
    assert (flow.method, flow.chart, len(flow.theta)) == ("gradient-flow", "zero-mean-normal in variance", 101)
    named = descent.flow("natural", ZERO, [9.0], UNIT, 0.1, chart="variance", points=2)
    assert (named.method, named.chart, named.completed) == ("natural-flow", "variance", True)


def test_midpoint_and_correction_by_hand():
    """In s, F = 2/s^2 and g = -1/s + 1/s^3: the natural velocity is v(s) = (1/s - s)/2; Gamma = -1/s."""
    alpha, s = 0.3, 3.0
    v = (1 / s - s) / 2
    ahead = s + alpha / 2 * v
    found = descent.step("natural-midpoint", ZERO, [s], UNIT, alpha)
    assert found == pytest.approx([s + alpha * (1 / ahead - ahead) / 2], rel=1e-13)
    found = descent.step("geodesic-correction", ZERO, [s], UNIT, alpha)
    assert found == pytest.approx([s + alpha * v + alpha**2 / 2 * v**2 / s], rel=1e-12)
    # geodesics are exponentials
    found = descent.step("exponential-map", ZERO, [s], UNIT, alpha)
    assert found == pytest.approx([s * np.exp(alpha * v / s)], rel=1e-10)
