"""Closed-form Fisher-Rao distances: together, two local properties determine them.

A function d with d(a, b) = sqrt(delta^T F delta) (1 + O(delta)) that solves the eikonal equation
(grad d)^T F^-1 (grad d) = 1 in its second argument is the length of the shortest curve.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families
from ngtools.engines import JAX, NUMPY

STATED = [
    pytest.param(family, chart.name, id=f"{family.name}-{chart.name}")
    for family in families.examples()
    for chart in family.chart_records
    if chart.distance is not None or (family.formulas.distance is not None and chart is family.chart_records[0])
]


def distance(family, chart, first, second, m):
    record = family.chart(chart)
    if record.distance is not None:
        return record.distance(tuple(first), tuple(second), m)
    return family.formulas.distance(record.to_home(tuple(first), m), record.to_home(tuple(second), m), m)


@pytest.mark.parametrize(("family", "chart"), STATED)
def test_eikonal_equation(family, chart):
    first, second = family.points_in(chart)[:2]
    with jax.enable_x64(True):
        for a, b in ((first, second), (second, first), (first, first * 1.1 + 0.05)):
            g = np.asarray(jax.grad(lambda t, a=a: distance(family, chart, jnp.array(a), t, JAX))(jnp.array(b)))
            # closed forms and their derivatives round a few times
            assert g @ np.linalg.solve(family.fisher(b, chart=chart), g) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("family", "chart"), STATED)
def test_close_points(family, chart):
    point = family.points_in(chart)[0]
    F = family.fisher(point, chart=chart)
    for direction in np.eye(len(point)) + 0.3:
        step = 1e-5 * direction
        value = distance(family, chart, point, point + step, NUMPY)
        # relative error O(step); points only 1e-5 apart keep six digits of their difference or more
        assert value == pytest.approx(np.sqrt(step @ F @ step), rel=1e-3)


@pytest.mark.parametrize(("family", "chart"), STATED)
def test_symmetric_and_zero_at_coincidence(family, chart):
    first, second = family.points_in(chart)[:2]
    there, back = distance(family, chart, first, second, NUMPY), distance(family, chart, second, first, NUMPY)
    assert there == pytest.approx(back, rel=1e-13)
    assert distance(family, chart, first, first, NUMPY) == 0


def test_which_families_state_one():
    assert {param.values[0].name for param in STATED} == {
        *("bernoulli", "binomial", "categorical", "cauchy", "exponential", "geometric", "gumbel", "inverse-gaussian"),
        *("laplace", "linear-regression", "log-normal", "logistic", "multivariate-normal", "negative-binomial"),
        *("normal", "pareto", "poisson", "rayleigh", "student-t", "weibull", "zero-mean-normal"),
    }
