"""Kakade 2001: closed forms against the exact processes, the figures of the reproduction, checks that can fail."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from ngtools import experiments
from ngtools.experiments import kakade2001
from ngtools.rl import mdp

STORED = experiments.load("kakade2001")["results"]


@pytest.mark.parametrize("theta", [[1.4, -2.2], [0.3, 0.8], [3.0, -0.5]])
def test_closed_forms_are_those_of_the_decision_process(theta):
    process, policy = kakade2001.two_state()
    pi = mdp.probabilities(policy, theta)
    found, exact = kakade2001.closed_forms(theta), mdp.evaluate(process, pi, None)
    assert found["reward"] == pytest.approx(exact.expected_return, rel=1e-13)
    assert found["rho"] == pytest.approx(exact.rho, rel=1e-13)
    assert np.diag(found["fisher"]) == pytest.approx(mdp.policy_fisher(policy, theta, exact.rho), abs=1e-15)
    assert found["natural"] == pytest.approx(mdp.natural_policy_gradient(process, policy, theta, None), rel=1e-11)
    g = mdp.differentiated_return(process, policy, theta, None)
    assert found["fisher"] * found["natural"] == pytest.approx(g, rel=1e-11)


def test_figures_of_the_two_states():
    flows = STORED["two states"]["0.8, 0.1"]
    assert flows["gradient"]["time"] == pytest.approx(2.68e6, rel=3e-3)
    assert flows["gradient"]["least rho_j"] == pytest.approx(1.3e-6, rel=0.01)
    assert flows["natural, damping 0"]["time"] == pytest.approx(2.26, abs=5e-3)
    assert flows["natural, damping 0.001"]["time"] == pytest.approx(2.40, abs=5e-3)
    assert flows["natural, damping 0.001"]["least rho_j"] == pytest.approx(0.0525, abs=5e-5)
    assert flows["natural, damping 0.1"]["time"] == pytest.approx(3.4e4, rel=0.02)
    mild = STORED["two states"]["0.8, 0.2"]
    assert mild["gradient"]["time"] == pytest.approx(306, abs=0.5)
    assert mild["natural, damping 0"]["time"] == pytest.approx(1.69, abs=5e-3)


def test_figures_of_the_regulator():
    reached = STORED["regulator"]
    assert kakade2001.regulator_forms([-0.8, -0.8], [1, 1])[0] == pytest.approx(33.784, abs=5e-4)
    assert reached["gradient"]["1, 1"] == pytest.approx([14.64, 244.3, 1969], rel=5e-4)
    assert reached["gradient"]["10, 1"] == pytest.approx([9.616, 162.2, 1309], rel=5e-4)
    assert reached["gradient"]["1, 10"] == pytest.approx([5.094, 84.62, 679.4], rel=5e-4)
    assert reached["natural, 1e-3 I"]["1, 1"] == pytest.approx([1.255, 4.472, 11.19], rel=5e-4)
    assert reached["natural, exact"]["1, 1"] == pytest.approx([1.240, 4.227, 9.223], rel=5e-4)
    assert [times[1] for times in reached["natural, 1e-3 I"].values()] == pytest.approx([4.472, 4.389, 4.312], abs=5e-4)


def test_regulator_gradient_and_fisher_matrix_in_theta():
    """The gradient by central differences; F is the covariance of the sufficient statistics (s1 u^2, s2 x u)."""
    scales, theta, h = np.array([10.0, 2.0]), np.array([-0.08, -0.4]), 1e-7
    cost, g, F = kakade2001.regulator_forms(theta, scales)
    ends = [[kakade2001.regulator_forms(theta + s * e, scales)[0] for s in (1, -1)] for e in h * np.eye(2)]
    assert g == pytest.approx([(a - b) / (2 * h) for a, b in ends], rel=1e-6)
    assert cost == pytest.approx(kakade2001.regulator_forms([-0.8, -0.8], [1, 1])[0], rel=1e-13)
    k, v = -0.5, 0.625
    moments = [0.0]
    for _ in range(19):
        moments.append(0.2**2 * moments[-1] + v + 1)
    q = np.mean(moments)
    natural = np.array([[2 * v**2 + 4 * k**2 * q * v, 2 * k * q * v], [2 * k * q * v, q * v]])
    assert pytest.approx(np.outer(scales, scales) * natural, rel=1e-12) == F


def test_a_flow_starts_where_it_is_told_and_ends_at_its_target():
    flow = kakade2001.two_state_flow([0.7, 0.4], "natural", target=1.8, points=50)
    assert flow["policy"][:, 0] == pytest.approx([0.7, 0.4], abs=2e-3)  # time 1e-3 later
    assert flow["reward"][-1] == pytest.approx(1.8, abs=1e-6)
    for bad in (
        lambda: kakade2001.two_state_flow([0.7, 1.0], "natural"),
        lambda: kakade2001.two_state_flow([0.7, 0.4], "x"),
    ):
        with pytest.raises(ValueError, match="must be"):
            bad()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["two states"]["0.8, 0.1"]["gradient"].__setitem__("time", 1e4),
        lambda r: r["two states"]["0.8, 0.1"]["natural, damping 0.001"].__setitem__("least rho_j", 0.04),
        lambda r: r["two states"]["0.8, 0.1"]["natural, damping 0.1"].__setitem__("time", 10.0),
        lambda r: r["two states"]["0.8, 0.0867"]["gradient"].__setitem__("least rho_j", 2e-7),
        lambda r: r["regulator"]["gradient"].__setitem__("1, 10", [5.0, 20.0, 600.0]),
        lambda r: r["regulator"]["natural, exact"].__setitem__("1, 10", [1.24, 4.228, 9.22]),
        lambda r: r["regulator"]["natural, 1e-3 I"].update({key: [1.255, 4.472, 11.19] for key in ("10, 1", "1, 10")}),
    ],
)
def test_each_claim_can_fail(spoil):
    assert all(kakade2001.check(STORED).values())
    results = copy.deepcopy(STORED)
    spoil(results)
    assert not all(kakade2001.check(results).values())
