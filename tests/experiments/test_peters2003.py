"""Peters, Vijayakumar & Schaal 2003: the optimum, the field, and checks that can fail."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from ngtools import experiments
from ngtools.experiments import peters2003
from ngtools.rl.regulator import average_cost

STORED = experiments.load("peters2003")["results"]


def test_figures():
    assert STORED["best gain"] == pytest.approx(-0.63885, abs=5e-6)
    assert STORED["least cost"] == pytest.approx(1.04472, abs=5e-6)
    assert 0.0235 < min(STORED["gain left"]["gradient"]) < max(STORED["gain left"]["gradient"]) < 0.0535
    assert 0.0035 < min(STORED["gain left"]["natural"]) < max(STORED["gain left"]["natural"]) < 0.0165


def test_field_goes_down_and_the_natural_one_is_its_fisher_image():
    k, sigma, h = -0.3, 0.6, 1e-6

    def cost(k, sigma):
        return average_cost(peters2003.SYSTEM, k, sigma**2).cost

    g = [(cost(k + h, sigma) - cost(k - h, sigma)) / (2 * h), (cost(k, sigma + h) - cost(k, sigma - h)) / (2 * h)]
    assert peters2003.field("gradient", k, sigma) == pytest.approx(-np.array(g), rel=1e-7)
    second = average_cost(peters2003.SYSTEM, k, sigma**2).second_moment
    natural = -np.array(g) * sigma**2 / np.array([second, 2])
    assert peters2003.field("natural", k, sigma) == pytest.approx(natural, rel=1e-7)
    assert peters2003.cost_grid([k], [sigma])[0, 0] == cost(k, sigma)


def test_a_path_stops_when_sigma_has_fallen():
    points = peters2003.path("natural", [-0.2, 0.9], 0.05, 0.5, 10_000)
    assert points[-1, 1] <= 0.45 < points[-2, 1]
    with pytest.raises(ValueError, match="after 3 steps"):
        peters2003.path("natural", [-0.2, 0.9], 0.01, 0.5, 3)
    with pytest.raises(ValueError, match="kind must be"):
        peters2003.field("newton", -0.2, 0.9)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["gain left"]["natural"].__setitem__(1, 0.02),
        lambda r: r["gain left"]["natural"].__setitem__(2, 0.0245),
        lambda r: r["angle"].__setitem__("natural", [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_each_claim_can_fail(spoil):
    assert all(peters2003.check(STORED).values())
    results = copy.deepcopy(STORED)
    spoil(results)
    assert not all(peters2003.check(results).values())
