"""Spreads over charts, what a budget costs in truth, straight lines of a chart, and the linearised proximal step."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools import descent, families, geometry, invariance, symbolic

FAMILY, NORMAL = families.get("zero-mean-normal"), families.get("normal")
F = descent.expected_log_likelihood(FAMILY, [1.0])


def test_one_step_spread_is_that_of_the_ends_by_hand():
    alpha, g = 0.5, -8 / 27
    ends = [3 + alpha * 9 * g / 2, np.sqrt(9 + alpha * 27 * g), 3 * np.exp(alpha * 3 * g / 2)]
    found = descent.spreads("natural-euler", FAMILY, [3.0], F, [alpha], ("std", "variance", "log-std"))
    # float64, square roots and an exponential
    assert found == pytest.approx([max(ends) - min(ends)], rel=1e-12)


def test_a_path_ends_at_its_time_or_is_refused():
    with pytest.raises(ValueError, match=r"time = 1.0 is no whole number of steps of 0.3"):
        descent.spreads("natural-euler", FAMILY, [3.0], F, [0.3], ("std", "variance"), time=1.0)
    with pytest.raises(geometry.LeftDomain, match=r"natural-euler in 'variance' at rate 1.2"):
        descent.spreads("natural-euler", FAMILY, [3.0], F, [1.2], ("std", "variance"))


def test_spent_on_either_side_of_the_cliff():
    # old || new with r = v / v': (r - 1 - log r) / 2
    for c in (0.01, 0.2):
        r = 1 / (1 - 2 * np.sqrt(c))
        assert descent.spent(FAMILY, [2.0], [-3.0], [c], "variance") == pytest.approx(
            [(r - 1 - np.log(r)) / 2], rel=1e-10
        )
    assert descent.spent(FAMILY, [1.3], [-3.0], [0.25, 0.3], "variance").tolist() == [np.inf, np.inf]
    assert np.isfinite(descent.spent(FAMILY, [1.3], [-3.0], [0.2499], "variance")).all()


def test_straight_lines_are_straight_where_they_say():
    a, b = [-1.5, 0.6], [1.0, 1.2]
    for chart in ("natural", "expectation", "mean-std"):
        line = geometry.straight_line(NORMAL, a, b, chart, 5)
        phi = np.stack([NORMAL.convert(point, to=chart) for point in line])
        assert np.diff(phi, 2, axis=0) == pytest.approx(0, abs=1e-10)
        assert line[[0, -1]] == pytest.approx(np.array([a, b]), rel=1e-12)
    assert list(geometry.straight_lines(NORMAL, a, b)) == ["Fisher-Rao geodesic", "m-line", "e-line"]


def test_the_linearised_step_maximises_the_linearised_objective():
    f = descent.expected_log_likelihood(NORMAL, [0.4, 0.7])
    setting, theta, alpha = descent.chart_setting(NORMAL, f), np.array([-0.5, 2.0]), 0.3
    end = descent.kl_proximal_linearised(setting, theta, alpha)
    # stationary: alpha g = grad KL, in Fisher length 1e-9
    assert alpha * setting.gradient(theta) == pytest.approx(setting.kl_gradient(theta, end), abs=1e-8)


def test_distance_to_the_flow_by_hand():
    # sigma^2 follows 1 + 8 exp(-t): the flow is straight in the expectation parameter E x^2
    exact, euler = np.sqrt(1 + 8 * np.exp(-0.1)), 3 - 0.1 * 4 / 3
    found = invariance.flow_gap("natural-euler", FAMILY, [3.0], F, 0.1)
    assert found == pytest.approx(np.sqrt(2) * np.log(exact / euler), rel=1e-8)


def test_requests_that_make_no_sense():
    with pytest.raises(ValueError, match="one parameter is needed: 'normal' has 2"):
        symbolic.information_about(NORMAL, sp.log)
    with pytest.raises(ValueError, match="d must be 1, 2 or 3"):
        symbolic.euler_gap(4)


def test_a_path_ends_at_its_time_to_a_billionth():
    for off, fits in ((0.9e-9, True), (1.1e-9, False)):
        rates = [1 + off]
        if fits:
            found = descent.spreads("natural-euler", FAMILY, [3.0], F, rates, ("std", "log-std"), time=2.0)
            ends = []
            for chart in ("std", "log-std"):
                run = descent.run("natural-euler", FAMILY, FAMILY.convert([3.0], to=chart), F, rates[0], 2, chart=chart)
                ends.append(run.distribution[-1, 0])
            assert found == pytest.approx([max(ends) - min(ends)], rel=1e-12)
        else:
            with pytest.raises(ValueError, match="no whole number of steps"):
                descent.spreads("natural-euler", FAMILY, [3.0], F, rates, ("std", "log-std"), time=2.0)


def test_the_spread_of_another_coordinate():
    """Mean and variance are two coordinates: Euler steps of the mean agree, those of s and of s^2 do not."""
    f = descent.expected_log_likelihood(NORMAL, [0.3, 1.2])
    arguments = ("natural-euler", NORMAL, [-0.5, 0.8], f, [0.2], ("mean-std", "mean-variance"))
    g = -1 / 0.8 + (1.2**2 + 0.8**2) / 0.8**3
    ends = [0.8 + 0.2 * g * 0.8**2 / 2, np.sqrt(0.8**2 + 0.2 * g * 0.8**3)]
    assert descent.spreads(*arguments, coordinate=1) == pytest.approx([abs(ends[0] - ends[1])], rel=1e-10)
    assert descent.spreads(*arguments) == pytest.approx([0], abs=1e-14)


def test_budgets_are_spent_in_the_reference_chart_unless_said():
    """In s the step is -sqrt(c) s: r = v / v' = 1 / (1 - sqrt(c))^2."""
    c = np.array([0.04, 0.09])
    r = 1 / (1 - np.sqrt(c)) ** 2
    assert descent.spent(FAMILY, [2.0], [-3.0], c) == pytest.approx((r - 1 - np.log(r)) / 2, rel=1e-10)
    with pytest.raises(ValueError, match="budgets must have shape"):
        descent.spent(FAMILY, [2.0], [-3.0], 0.1)


def test_what_a_budget_costs_a_coin():
    """F = 1 / (p q), so that the step in p is sqrt(2 c p q), and the divergence is that of two coins."""
    p = 0.3
    new = p + np.sqrt(2 * 0.01 * p * (1 - p))
    expected = p * np.log(p / new) + (1 - p) * np.log((1 - p) / (1 - new))
    assert descent.spent(families.get("bernoulli"), [p], [2.0], [0.01]) == pytest.approx([expected], rel=1e-10)
