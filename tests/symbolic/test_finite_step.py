"""The series of a finite natural step against the step itself, computed with numbers."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools import families, fisher
from ngtools.symbolic.finite_step import ALPHA, G, euler_step_series

CASES = [
    (family, chart)
    for family in families.examples()
    if family.dimension() == 1
    for chart in family.charts
    if "all" not in family.irregular
]


def step(family, chart, theta, g, alpha):
    phi = family.convert([theta], to=chart)
    J = family.jacobian([theta], to=chart)
    moved = phi + alpha * (g / J[0, 0]) / fisher.stated(family, phi, chart)[0, 0]
    return family.convert(moved, to=family.charts[0], chart=chart)[0]


@pytest.mark.parametrize(("family", "chart"), CASES, ids=lambda value: getattr(value, "name", value))
def test_series_is_right_through_second_order(family, chart):
    theta, g = float(family.points[0][0]), 0.4
    symbol = family.chart().symbols[0]
    series = sp.lambdify(ALPHA, euler_step_series(family, chart).subs({symbol: theta, G: g}))
    F = fisher.stated(family, [theta])[0, 0]
    # steps of 4 % and 2 % of theta: what the series leaves out is third order, so halving divides it by 8
    alphas = np.array([0.04, 0.02]) * abs(theta) * F / g
    errors = [abs(series(alpha) - step(family, chart, theta, g, alpha)) for alpha in alphas]
    if errors[0] < 1e-13 * abs(theta):  # the step is a polynomial of degree two at most
        assert errors[1] < 1e-13 * abs(theta)
    else:
        assert 2.6 < np.log2(errors[0] / errors[1]) < 3.4 or errors[0] / errors[1] > 12
    # and the second-order term itself is no formality: without it the error is larger, or it is zero
    assert errors[1] < 1e-4 * abs(theta)


def test_more_than_one_parameter_is_refused():
    with pytest.raises(ValueError, match="one parameter"):
        euler_step_series(families.get("normal"), "mean-std")
