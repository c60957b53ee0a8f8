"""Stated Fisher matrices, divergences, distances, priors and bounds against independently derived values."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest
from scipy.integrate import quad

from ngtools import families
from ngtools.engines import NUMPY

VALUES = json.loads((Path(__file__).parent.parent / "reference_values.json").read_text())


def each(kind):
    return pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["id"]) for entry in VALUES[kind]])


def family_of(entry):
    return families.get(entry["family"], **entry["constants"])


def state_distance(family, chart, first, second):
    record = family.chart(chart)
    if record.distance is not None:  # a chart of a part of the family
        return record.distance(first, second, NUMPY)
    return family.formulas.distance(record.to_home(first, NUMPY), record.to_home(second, NUMPY), NUMPY)


def close(value, rel=1e-12):
    # the values are printed to 16 digits; formulas and Jacobians round a few times
    return pytest.approx(np.array(value), rel=rel, abs=1e-13)


@each("fisher")
def test_fisher(entry):
    F = family_of(entry).fisher(entry["point"], chart=entry["chart"])
    if "entries" in entry:
        F = F[np.ix_(entry["entries"], entry["entries"])]
    assert close(entry["value"]) == F


@each("fisher")
def test_fisher_read_by_jax(entry):
    with jax.enable_x64(True):
        F = np.asarray(family_of(entry).fisher(jax.numpy.array(entry["point"]), chart=entry["chart"]))
    if "entries" in entry:
        F = F[np.ix_(entry["entries"], entry["entries"])]
    assert close(entry["value"]) == F


@each("kl")
def test_kl(entry):
    value = family_of(entry).kl(entry["first"], entry["second"], chart=entry["chart"])
    assert close(entry["value"]) == value


@each("distance")
def test_distance(entry):
    value = state_distance(family_of(entry), entry["chart"], entry["first"], entry["second"])
    assert close(entry["value"]) == value


@each("jeffreys")
def test_jeffreys_prior(entry):
    family = family_of(entry)

    def prior(theta):
        return float(np.sqrt(np.linalg.det(family.fisher(theta, chart=entry["chart"]))))

    if "point" in entry:
        assert close(entry["value"]) == prior(entry["point"])
        return
    low, high = entry["integral"]
    # the inverse square roots at the ends vanish in the coordinate low + (high - low) sin^2 t
    span = high - low
    value, _ = quad(
        lambda t: prior([low + span * np.sin(t) ** 2]) * span * np.sin(2 * t), 0, np.pi / 2, epsabs=1e-12, limit=200
    )
    assert value == pytest.approx(entry["value"], rel=1e-9)  # the tolerance of the quadrature


@each("bound")
def test_cramer_rao_bound(entry):
    F = family_of(entry).fisher(entry["point"], chart=entry["chart"])
    assert close(entry["value"]) == np.linalg.inv(entry["n"] * F)[entry["entry"], entry["entry"]]


def test_uniform_breaks_the_identities():
    (entry,) = VALUES["irregular"]
    family = family_of(entry)
    (u,) = entry["point"]
    x = (np.arange(100) + 0.5) * u / 100  # the score does not depend on x: any average is exact
    with jax.enable_x64(True):
        theta = jax.numpy.array([u])
        score = jax.vmap(jax.grad(lambda t, x: family.log_density(x, t)), (None, 0))(theta, jax.numpy.array(x))
        second = jax.vmap(jax.hessian(lambda t, x: family.log_density(x, t)), (None, 0))(theta, jax.numpy.array(x))
    score, second = np.asarray(score), np.asarray(second)
    assert float(score.mean()) == pytest.approx(entry["mean_score"], rel=1e-14)
    assert float((score**2).mean()) == pytest.approx(entry["mean_square_score"], rel=1e-14)
    assert -float(second.mean()) == pytest.approx(entry["mean_second_derivative_negated"], rel=1e-14)
