"""The numbers of every explorable are those of ngtools, on a grid.

Both sides compute in float64. They round in another order, which the tolerance of 1e-9 leaves room for; a wrong sign
or factor does not fit into it.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest

from ngtools import data, descent, families

SCRIPTS = Path(__file__).resolve().parents[2] / "book" / "_static" / "explorables"
NEAR = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(scope="module")
def mathematics(browser):
    """A function that evaluates one of an explorable's functions at each row of arguments; null becomes nan."""
    page = browser.new_page()
    page.goto("data:text/html,<title>mathematics</title>")
    for path in sorted(SCRIPTS.glob("*.js")):  # common.js comes before the explorables
        page.add_script_tag(path=path)

    def evaluate(name, function, rows):
        program = "([name, f, rows]) => rows.map(row => explorables.of(name).mathematics[f](...row))"
        return page.evaluate(program, [name, function, [list(row) for row in rows]])

    yield evaluate
    page.close()


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


SIGMAS, RATES = (0.03, 0.05, 0.08, 0.13, 0.2, 0.29), (0.0005, 0.003, 0.006, 0.01)


@pytest.fixture(scope="module")
def residuals():
    values = data.load("michelson").values
    return (values - values.mean()) / 1000


@pytest.mark.parametrize("chart", ["std", "variance", "log-std"])
def test_the_steps_of_three_learners(mathematics, residuals, chart):
    family = families.get("zero-mean-normal")
    f = descent.mean_log_likelihood(family, residuals)
    rows, expected = list(itertools.product([chart], SIGMAS, RATES)), []
    for _, sigma, alpha in rows:
        run = descent.run("gradient", family, family.convert([sigma], to=chart), f, alpha, 1, chart)
        expected.append(np.nan if run.exits else run.distribution[1, 0])
    assert chart != "variance" or np.isnan(expected).any(), "the grid holds a step that leaves the model"
    np.testing.assert_allclose(numbers(mathematics("sigma-step", "step", rows)), expected, **NEAR)


def test_the_objective_of_three_learners(mathematics, residuals):
    family, rows = families.get("zero-mean-normal"), [[sigma] for sigma in np.linspace(0.03, 0.3, 24)]
    f = descent.mean_log_likelihood(family, residuals)
    expected = [float(f(np.array(row))) for row in rows]
    np.testing.assert_allclose(numbers(mathematics("sigma-step", "value", rows)), expected, **NEAR)
