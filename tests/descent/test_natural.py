"""The natural gradient: what it solves, what it refuses, and the steepest step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import descent, families

ENTRY = st.floats(-2, 2)


def metric_from(numbers):
    A = np.array(numbers).reshape(3, 3)
    return A @ A.T + 0.1 * np.eye(3)


@given(st.lists(ENTRY, min_size=9, max_size=9), st.lists(ENTRY, min_size=3, max_size=3), st.integers(-9, 9))
@settings(max_examples=60, deadline=None)
def test_it_solves_whatever_the_units(numbers, g, power):
    units = np.diag([10.0**power, 1.0, 10.0**-power])
    F, g = units @ metric_from(numbers) @ units, units @ np.array(g)
    x = descent.natural_gradient(F, g)
    # condition number of the scaled matrix below 1e3
    assert units @ x == pytest.approx(
        np.linalg.solve(metric_from(numbers), np.linalg.solve(units, g)), rel=1e-9, abs=1e-11
    )


@given(st.lists(ENTRY, min_size=9, max_size=9), st.lists(ENTRY, min_size=3, max_size=3), st.floats(1e-6, 3))
@settings(max_examples=60, deadline=None)
def test_budget_step_is_the_steepest(numbers, g, c):
    F, g = metric_from(numbers), np.array(g) + np.array([0.3, 0.0, 0.0])
    if np.abs(g).max() < 1e-6:
        return
    step = descent.budget_step(F, g, c)
    assert step @ F @ step / 2 == pytest.approx(c, rel=1e-10)
    assert g @ step == pytest.approx(np.sqrt(2 * c * (g @ np.linalg.solve(F, g))), rel=1e-10)
    others = np.random.default_rng(0).standard_normal((300, 3))
    others *= np.sqrt(2 * c / np.einsum("ni,ij,nj->n", others, F, others))[:, None]
    assert (others @ g).max() <= g @ step * (1 + 1e-12)


def test_large_damping_is_the_vanilla_direction():
    F, g = metric_from(range(9)), np.array([1.0, -2.0, 0.5])
    step = np.linalg.solve(F + 1e8 * np.eye(3), g)
    # 1 - cos ~ (|F| / lambda)^2
    assert 1 - step @ g / np.linalg.norm(step) / np.linalg.norm(g) < 1e-10


SOFTMAX = np.diag([0.2, 0.3, 0.5]) - np.outer([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])


@pytest.mark.parametrize(
    ("F", "g", "words"),
    [
        ([[1.0, 0.2], [0.1, 1.0]], [1.0, 1.0], r"F is not symmetric: max \|F - F\^T\| = 0.1"),
        (
            [[1.0, 0.0], [0.0, -0.5]],
            [1.0, 1.0],
            "F has eigenvalue -0.5 < 0.*Hessian of the loss is not a Fisher matrix",
        ),
        ([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0], "F has eigenvalue -1 < 0"),
        (SOFTMAX, [0.1, 0.1, -0.2], r"singular, rank 2 of 3; null direction v = \(0.577, 0.577, 0.577\)"),
        (np.eye(2), [1.0, 2.0, 3.0], r"g has shape \(3,\), F has shape \(2, 2\)"),
        (np.eye(3), [1.0, 2.0], r"g has shape \(2,\), F has shape \(3, 3\)"),
        (np.eye(2), [[1.0], [2.0]], r"g has shape \(2, 1\)"),
        (2.0, 1.0, r"F must be a square matrix \(got shape \(\)\)"),
        (np.eye(3), [1.0, np.nan, np.inf], "g contains nan at index 1"),
        ([[1.0, np.inf], [np.inf, 1.0]], [1.0, 1.0], r"F contains inf at index \(0, 1\)"),
        ([[1.0, 0.0]], [1.0], "must be a square matrix"),
    ],
)
def test_bad_input(F, g, words):
    with pytest.raises(ValueError, match=words):
        descent.natural_gradient(F, g)


def test_a_gradient_outside_the_range_always_raises():
    for singular in ("raise", "minimum-norm"):
        with pytest.raises(ValueError, match=r"component \(norm 0.577\) in the null space of F"):
            descent.natural_gradient(SOFTMAX, [1.0, 0.0, 0.0], singular=singular)
    with pytest.raises(ValueError, match="singular must be one of"):
        descent.natural_gradient(SOFTMAX, [0.1, 0.1, -0.2], singular="pinv")


def test_minimum_norm():
    p, r = np.array([0.2, 0.3, 0.5]), np.array([1.0, 3.0, -2.0])
    g = p * (r - p @ r)
    x = descent.natural_gradient(SOFTMAX, g, singular="minimum-norm")
    # the unweighted mean
    assert x == pytest.approx(r - r.mean(), abs=1e-12)
    assert x == pytest.approx(np.linalg.pinv(SOFTMAX) @ g, abs=1e-12)
    assert descent.natural_gradient(SOFTMAX, 0 * g, singular="minimum-norm").tolist() == [0, 0, 0]


@given(st.lists(st.floats(0.05, 1), min_size=4, max_size=4), st.lists(ENTRY, min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_minimum_norm_on_random_softmax(weights, r):
    p, r = np.array(weights) / sum(weights), np.array(r)
    F = np.diag(p) - np.outer(p, p)
    x = descent.natural_gradient(F, F @ r, singular="minimum-norm")
    assert x == pytest.approx(r - r.mean(), abs=1e-9)


def test_kinds_and_precision():
    F, g = jnp.array([[2.0, 0.5], [0.5, 1.0]], dtype=jnp.float32), jnp.array([1.0, -1.0], dtype=jnp.float32)
    exact = np.linalg.solve(np.asarray(F, np.float64), np.asarray(g, np.float64))
    out = descent.natural_gradient(F, g)
    assert isinstance(out, jax.Array)
    assert out.dtype == jnp.float32
    traced = jax.jit(descent.natural_gradient)(F, g)
    least = jax.jit(lambda F, g: descent.natural_gradient(F, g, singular="minimum-norm"))(
        jnp.asarray(SOFTMAX), jnp.array([0.1, 0.1, -0.2])
    )
    assert np.asarray(out) == pytest.approx(exact, rel=1e-6)
    assert np.asarray(traced) == pytest.approx(exact, rel=1e-5)
    assert np.asarray(least) == pytest.approx(np.linalg.pinv(SOFTMAX) @ [0.1, 0.1, -0.2], rel=1e-4, abs=1e-5)
    # float32 rounding leaves an asymmetry and an eigenvalue that are no mistakes
    rounded = descent.natural_gradient(SOFTMAX.astype(np.float32), [0.1, 0.1, -0.2], "minimum-norm")
    assert rounded == pytest.approx(np.linalg.pinv(SOFTMAX) @ [0.1, 0.1, -0.2], rel=1e-6)


def test_symbols():
    s, g = sp.symbols("sigma g", positive=True)
    assert descent.natural_gradient(sp.Matrix([[2 / s**2]]), sp.Matrix([g])) == sp.Matrix([g * s**2 / 2])
    F = sp.Matrix([[s, -s], [-s, s]])
    with pytest.raises(ValueError, match=r"rank 1 of 2; null direction v = \[1, 1\]"):
        descent.natural_gradient(F, sp.Matrix([g, -g]))
    with pytest.raises(ValueError, match="null space"):
        descent.natural_gradient(F, sp.Matrix([g, g]), singular="minimum-norm")
    least = descent.natural_gradient(F, sp.Matrix([g, -g]), singular="minimum-norm")
    assert sp.simplify(least - sp.Matrix([g / (2 * s), -g / (2 * s)])) == sp.zeros(2, 1)


@pytest.mark.parametrize("c", [0.0, -1.0, np.nan, np.inf])
def test_budget_refuses(c):
    with pytest.raises(ValueError, match="c must be > 0"):
        descent.budget_step([[1.0]], [1.0], c)


def test_budget_needs_a_gradient():
    with pytest.raises(ValueError, match="g is zero"):
        descent.budget_step([[1.0]], [0.0], 0.1)


def test_true_kl_of_a_budget_by_chart():
    family = families.get("zero-mean-normal")

    def true_kl(chart, c, sign):
        phi = family.convert([1.7], to=chart)
        return family.kl(phi, phi + descent.budget_step(family.fisher(phi, chart=chart), [sign], c), chart=chart)

    # item 5, to the digits given
    charts = ("std", "variance", "log-std")
    assert [round(true_kl(chart, 0.1, -1.0), 3) for chart in charts] == [0.189, 0.360, 0.125]
    assert [round(true_kl(chart, 0.1, 1.0), 3) for chart in charts] == [0.063, 0.051, 0.082]
    v = family.convert([1.7], to="variance")
    step = descent.budget_step(family.fisher(v, chart="variance"), [-1.0], 0.25)
    assert v + step == pytest.approx([0.0], abs=1e-14)
