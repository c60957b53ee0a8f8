"""Settings: what a bare one leaves open, the same problem in other coordinates, and distances between distributions."""

from __future__ import annotations

import dataclasses
import importlib
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import descent, families
from ngtools.descent.objectives import Objective
from ngtools.descent.setting import Pin
from ngtools.geometry.distance import chord, distance

MATRIX, SLOPE = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])


def quadratic(old, new, constants):
    return (new - old) @ jnp.asarray(MATRIX) @ (new - old) / 2


def bare(**more):
    """KL(old || new) = (new - old)^T A (new - old) / 2, and a linear objective."""
    return descent.Setting(
        "flat",
        2,
        objective=lambda u, constants: jnp.asarray(SLOPE) @ u,
        metric=lambda u, constants: jnp.asarray(MATRIX),
        divergence=quadratic,
        decode=lambda u, constants: u,
        **more,
    )


def test_what_a_bare_setting_leaves_open():
    setting, theta = bare(), np.array([0.5, 1.0])
    assert setting.outside(theta) == ""
    assert setting.outside(np.array([np.inf, 0.0])) == "theta is not finite: [inf, 0.0]"
    assert setting.kl_gradient(theta, theta + 1) == pytest.approx([5, 3], rel=1e-14)
    assert setting.kl_hessian(theta, theta) == pytest.approx(MATRIX, rel=1e-14)
    assert setting.hessian(theta).tolist() == [[0, 0], [0, 0]]
    assert repr(setting) == "<setting flat: 2 coordinates>"
    assert (setting.geometry.dimension, setting.geometry.redundant) == (2, False)
    with pytest.raises(ValueError, match="setting 'flat' defines no distance between distributions"):
        setting.distance(theta, theta)
    with pytest.raises(descent.NoSuchStep, match="setting 'flat' names no chart to pin the mirror step to"):
        descent.METHODS["mirror"].rule(setting, theta, 0.1)
    with pytest.raises(descent.NoSuchStep, match="setting 'flat' says nothing of a matrix for K-FAC"):
        descent.METHODS["k-fac"].rule(setting, theta, 0.1)
    # a singular Fisher matrix is an error unless the coordinates are said to be redundant
    flat = dataclasses.replace(
        setting,
        metric=lambda u, constants: jnp.array([[1.0, 2.0], [2.0, 4.0]]),
        objective=lambda u, constants: u[0] + 2 * u[1],
    )
    with pytest.raises(ValueError, match="Fisher matrix is singular"):
        flat.natural_gradient(theta)
    redundant = dataclasses.replace(flat, redundant=True)
    assert redundant.natural_gradient(theta) == pytest.approx([1 / 5, 2 / 5], rel=1e-12)


def test_records_with_functions_are_told_apart_by_identity():
    setting = bare()
    pin = Pin(setting, np.copy, np.copy)
    objective = Objective(np.sum)
    for one in (setting, pin, objective):
        assert len({one, one, dataclasses.replace(one)}) == 2
    assert objective.constants == ()


def test_the_kfac_step_takes_the_matrix_of_its_setting():
    K = np.array([[3.0, 1.0], [1.0, 5.0]])
    setting = bare(matrices={"K-FAC": lambda u, constants: jnp.asarray(K)})
    theta = np.array([0.5, 1.0])
    found = descent.METHODS["k-fac"].rule(setting, theta, 0.3)
    assert found == pytest.approx(theta + 0.3 * np.linalg.solve(K, SLOPE), rel=1e-14)
    told = bare(matrices={"K-FAC": "there are no layers here"})
    with pytest.raises(descent.NoSuchStep, match="there are no layers here"):
        told.matrix("K-FAC", theta)


def bend(psi, constants):
    """theta = c (psi_0, psi_1 + psi_0^2), and further coordinates of no effect."""
    return constants * jnp.array([psi[0], psi[1] + psi[0] ** 2])


def unbend(theta):
    return np.array([theta[0] / 3, theta[1] / 3 - (theta[0] / 3) ** 2])


def test_a_problem_pulled_back_is_the_same_problem():
    def check(theta):
        if theta[1] < 0:
            raise ValueError("below the axis")

    setting = bare(check=check)
    setting = dataclasses.replace(setting, pin=Pin(setting, lambda theta: theta + 1, lambda eta: eta - 1))
    pulled = descent.pull_back(setting, "bent", bend, unbend, constants=3.0)
    psi, other = np.array([0.7, -0.2]), np.array([0.4, 0.3])
    theta, new = (np.asarray(bend(place, 3.0)) for place in (psi, other))
    J = 3 * np.array([[1.0, 0.0], [1.4, 1.0]])
    assert (pulled.name, pulled.dimension, pulled.redundant) == ("bent", 2, False)
    assert pulled.value(psi) == pytest.approx(setting.value(theta), rel=1e-6)
    assert pulled.gradient(psi) == pytest.approx(J.T @ SLOPE, rel=1e-14)
    assert pulled.fisher(psi) == pytest.approx(J.T @ MATRIX @ J, rel=1e-14)
    assert pulled.kl(psi, other) == pytest.approx((new - theta) @ MATRIX @ (new - theta) / 2, rel=1e-5)
    assert pulled.distribution(psi) == pytest.approx(theta, rel=1e-6)
    assert pulled.outside(np.array([0.1, -0.5])) == "below the axis"
    assert pulled.outside(psi) == ""
    # a mirror step pinned to theta + 1: A is constant, so that it is the Euler step of theta
    moved = theta + 0.01 * np.linalg.solve(MATRIX, SLOPE)
    assert descent.METHODS["mirror"].rule(pulled, psi, 0.01) == pytest.approx(unbend(moved), rel=1e-5)
    assert descent.pull_back(bare(), "bent", bend, unbend, constants=3.0).pin is None
    # what replaces F is not carried along
    assert dict(pulled.matrices) == {}
    more = descent.pull_back(setting, "more", bend, unbend, constants=3.0, dimension=3)
    assert (more.dimension, more.redundant) == (3, True)
    assert more.fisher(np.array([0.7, -0.2, 5.0])).shape == (3, 3)
    redundant = dataclasses.replace(setting, redundant=True)
    assert descent.pull_back(redundant, "still", bend, unbend, constants=3.0).redundant


def test_charts_are_redundant_where_they_have_more_coordinates():
    three = families.get("categorical", K=3)
    found = {chart: descent.chart_setting(three, lambda p: p[0], chart).redundant for chart in three.charts}
    assert found == {"minimal-logits": False, "logits": True, "probabilities": False}
    with pytest.raises(ValueError, match="redundant"):
        descent.chart_defects(three, "logits", lambda p: p[0])
    views = descent.chart_views(three, [0.4, -0.3], lambda p: p[0])
    assert [view.chart for view in views] == ["minimal-logits", "probabilities"]


def test_a_family_without_natural_parameters_is_pinned_to_its_reference_chart():
    zero = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(zero, [1.0])
    end = descent.step("natural-euler", zero, [3.0], f, 0.1, chart="std")[0]
    assert descent.step("mirror", zero, [9.0], f, 0.1, chart="variance") == pytest.approx([end**2], rel=1e-13)
    pinned = descent.chart_setting(zero, f, "std", pinned="variance")
    variance = descent.step("natural-euler", zero, [9.0], f, 0.1, chart="variance")[0]
    assert descent.METHODS["mirror"].rule(pinned, np.array([3.0]), 0.1) == pytest.approx([variance**0.5], rel=1e-13)


def test_distances_are_chords_where_shooting_has_nothing_to_aim_at(monkeypatch):
    asked = []

    def far(family, first, second):
        asked.append((first, second))
        return distance(families.get("normal"), [0.0, 1.0], [0.5, 1.0])

    monkeypatch.setattr(importlib.import_module("ngtools.descent.chart_setting"), "distance", far)
    gamma, theta = families.get("gamma"), np.array([2.0, 1.5])
    setting = descent.chart_setting(gamma, lambda p: p[0])
    # F is [[trigamma(2), -1/1.5], [-1/1.5, 2/1.5^2]]: along the rate a length of 0.943 a unit
    for step, shot in ((1.05e-3, 0), (1.07e-3, 1)):
        asked.clear()
        near = theta + np.array([0.0, step])
        found = setting.distance(theta, near)
        assert len(asked) == shot
        assert shot or found == chord(gamma, theta, near)
    normal = descent.chart_setting(families.get("normal"), lambda p: p[0])
    asked.clear()
    normal.distance(np.array([0.0, 1.0]), np.array([0.0, 1.0001]))  # a closed form needs no care
    assert len(asked) == 1


def test_a_broken_law_shows_in_the_defect(monkeypatch):
    """The Fisher matrix of the other chart doubled: a relative defect of one half or one."""
    module = importlib.import_module("ngtools.descent.chart_defects")
    by_score = module.by_score
    monkeypatch.setattr(
        module, "by_score", lambda family, theta, chart=None: by_score(family, theta, chart) * (1 + bool(chart))
    )
    found = descent.chart_defects(families.get("zero-mean-normal"), "variance", lambda p: p[0] ** 2)
    assert 0.4 < found < 1.1


def test_methods_say_what_they_remember_and_what_alpha_means():
    budgets = {"kl-constrained", "trust-region", "trust-region-backtracking"}
    assert {name for name, one in descent.METHODS.items() if one.budget} == budgets
    assert {name for name, one in descent.METHODS.items() if one.remembers} == {"adam", "momentum"}
    plain = descent.Method("plain", lambda setting, theta, alpha: theta + alpha)
    assert (plain.remembers, plain.budget) == (False, False)
    assert plain.step(None, 1.0, 0.5, "nothing") == (1.5, None)
    for name in ("momentum", "trust-region"):
        other = descent.METHODS[name].having(beta=0.5)
        assert (other.remembers, other.budget) == (descent.METHODS[name].remembers, descent.METHODS[name].budget)
    with pytest.raises(ValueError, match="name: no method 'xyz'; known: gradient, adam, "):
        descent.method("xyz")
    with pytest.raises(ValueError, match="did you mean 'trust-region'"):
        descent.method("trust-regions")


def test_diagonal_steps_name_the_first_zero():
    empty = bare()
    empty = dataclasses.replace(empty, metric=lambda u, constants: jnp.diag(jnp.array([1.0, 0.0])))
    with pytest.raises(ValueError, match=r"zero on its diagonal \(index 1\)"):
        descent.METHODS["diagonal"].rule(empty, np.zeros(2), 0.1)
    with pytest.raises(ValueError, match="alpha must be > 0"):
        descent.kl_proximal_linearised(bare(), np.zeros(2), 0.0)


def test_the_first_observation_outside_the_support_is_named():
    with pytest.raises(ValueError, match=r"data\[1\] lies outside"):
        descent.mean_log_likelihood(families.get("gamma"), [1.0, -1.0, 2.0, -3.0])


def test_derivatives_of_a_divergence_are_those_in_its_second_argument():
    cubic = dataclasses.replace(bare(), divergence=lambda old, new, constants: jnp.sum(new**3 * old))
    old, new = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert cubic.kl_gradient(old, new).tolist() == [27.0, 96.0]
    assert cubic.kl_hessian(old, new).tolist() == [[18.0, 0.0], [0.0, 48.0]]


def test_what_needs_optax_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(ImportError, match="the Adam step runs Optax: pip install optax"):
        descent.METHODS["adam"].rule(bare(), np.zeros(2), 0.1)
    with pytest.raises(ImportError, match="optax_natural_gradient needs Optax: pip install optax"):
        descent.optax_natural_gradient(1.0, lambda w, x: w * x, "unit-normal")
