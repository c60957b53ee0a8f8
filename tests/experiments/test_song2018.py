"""Song, Song & Ermon 2018: the figures of the reproduction, and a check that can fail."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from ngtools import descent, experiments, families
from ngtools.experiments import song2018

STORED = experiments.load("song2018")["results"]


def test_figures_after_three_steps():
    third = {name: curve[3] for name, curve in STORED["spread"].items()}
    assert third["natural-euler"] == pytest.approx(0.120, abs=5e-4)
    assert third["natural-midpoint"] == pytest.approx(0.0195, abs=5e-5)
    assert third["geodesic-correction"] == pytest.approx(0.0106, abs=5e-5)
    assert max(STORED["spread"]["exact flow"]) < 1e-11


def test_the_four_parameterizations_agree_on_the_start():
    theta = [1.0, 1.3]
    f = descent.expected_log_likelihood(families.get("gamma"), [2.0, 1.0])
    for setting, start in song2018.gamma_settings(f, theta).values():
        assert setting.distribution(start) == pytest.approx(theta, rel=1e-14)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: [r["spread"][name].__setitem__(3, 1e-3) for name in song2018.METHODS],
        lambda r: r["spread"]["geodesic-correction"].__setitem__(3, 0.05),
        lambda r: r["spread"]["exact flow"].__setitem__(5, 1e-6),
        lambda r: r["slopes"]["natural-midpoint"].__setitem__("one_step", 2.5),
        lambda r: r["slopes"]["natural-euler"].__setitem__("fixed_time", 1.5),
    ],
)
def test_each_claim_can_fail(spoil):
    assert all(song2018.check(STORED).values())
    results = copy.deepcopy(STORED)
    spoil(results)
    assert list(song2018.check(results).values()).count(False) >= 1


def test_negative_log_likelihood_is_the_mean_over_the_data():
    from scipy.stats import gamma

    settings = song2018.SETTINGS
    data = np.random.RandomState(1234).gamma(20, 1 / 20, 10_000)
    assert STORED["nll"]["natural-euler"]["(a, b)"][0] == pytest.approx(
        -gamma(1, scale=1).logpdf(data).mean(), rel=1e-12
    )
    assert settings["start"] == [1.0, 1.0]
