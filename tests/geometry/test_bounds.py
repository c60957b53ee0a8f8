"""Cramér-Rao and Jeffreys."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ngtools import families, geometry

STORED = json.loads((Path(__file__).parents[1] / "reference_values.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", STORED["bound"], ids=lambda entry: entry["id"])
def test_stored_bounds(entry):
    family = families.get(entry["family"], **entry["constants"])
    bound = geometry.cramer_rao(family, entry["point"], n=entry["n"], chart=entry["chart"])
    assert np.diag(bound)[entry["entry"]] == pytest.approx(entry["value"], rel=1e-12)
    if "unbiased_estimator" in entry:
        # S^2 is unbiased and does not attain the bound
        assert entry["unbiased_estimator"] > np.diag(bound)[entry["entry"]]


def test_the_sample_mean_attains_the_bound():
    p, n = 0.3, 12
    rng = np.random.default_rng(1)
    means = rng.binomial(n, p, 200_000) / n
    # the standard error of a variance is about its value times sqrt(2 / draws)
    bound = geometry.cramer_rao(families.get("bernoulli"), [p], n)[0, 0]
    assert means.var() == pytest.approx(bound, rel=4 * np.sqrt(2 / 200_000))


def test_nuisance_parameters_never_help():
    theta = [2.3, 1.4]
    F = families.get("gamma").fisher(theta)
    bound = geometry.cramer_rao(families.get("gamma"), theta)
    # its figures
    assert (round(bound[0, 0], 2), round(1 / F[0, 0], 2)) == (9.28, 1.84)
    assert bound[0, 0] == pytest.approx(1 / (F[0, 0] - F[0, 1] ** 2 / F[1, 1]), rel=1e-12)


def test_bound_transforms_by_the_jacobian():
    family, theta = families.get("gamma"), np.array([2.3, 1.4])
    J = family.jacobian(theta, to="shape-mean")
    there = geometry.cramer_rao(family, family.convert(theta, to="shape-mean"), 3, chart="shape-mean")
    assert there == pytest.approx(J @ geometry.cramer_rao(family, theta, 3) @ J.T, rel=1e-10, abs=1e-12)


def test_bound_refuses():
    family = families.get("categorical", K=3)
    with pytest.raises(ValueError, match=r"singular, rank 2 of 3; null direction v = \(0.577, 0.577, 0.577\)"):
        geometry.cramer_rao(family, [0.2, 0.1, -0.3], chart="logits")
    for n in (0, -3):
        with pytest.raises(ValueError, match="n must be at least 1"):
            geometry.cramer_rao(family, [0.2, 0.1], n)
    with pytest.raises(TypeError, match="n must be a whole number"):
        geometry.cramer_rao(family, [0.2, 0.1], 2.5)


@pytest.mark.parametrize("entry", [e for e in STORED["jeffreys"] if "point" in e], ids=lambda entry: entry["id"])
def test_stored_priors(entry):
    family = families.get(entry["family"], **entry["constants"])
    assert geometry.jeffreys(family, entry["point"], chart=entry["chart"]) == pytest.approx(entry["value"], rel=1e-12)


def test_mass_of_the_bernoulli_prior():
    from scipy.integrate import quad

    family = families.get("bernoulli")
    # in the angle the density is 1 on (0, pi)
    assert geometry.jeffreys(family, [1.1], chart="angle") == pytest.approx(1.0, rel=1e-12)
    mass = quad(lambda p: geometry.jeffreys(family, [p]), 0.01, 0.99)[0]
    assert mass == pytest.approx(2 * (np.arcsin(np.sqrt(0.99)) - np.arcsin(np.sqrt(0.01))), rel=1e-8)
