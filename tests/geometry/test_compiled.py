"""Compiled derivatives, free coordinates and random maps, on functions differentiated by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families
from ngtools.geometry.compiled import compiled
from ngtools.geometry.free import free_coordinates
from ngtools.geometry.metric import Metric, metric_of
from ngtools.geometry.random_maps import RandomMap, random_map


def product(a, b):
    """a_0^3 sum(b)^2"""
    return a[0] ** 3 * jnp.sum(b) ** 2


def outer(a, b):
    return jnp.outer(a, b)


A, B = np.array([2.0, 5.0]), np.array([1.0, 3.0, -1.0])  # sum(B) = 3


def test_each_derivative_in_the_argument_asked_for():
    assert compiled(product)(A, B) == 72
    assert compiled(product, "gradient")(A, B).tolist() == [108, 0]
    assert compiled(product, "gradient", 1)(A, B).tolist() == [48, 48, 48]
    assert compiled(product, "hessian")(A, B).tolist() == [[108, 0], [0, 0]]
    assert compiled(product, "hessian", 1)(A, B).tolist() == [[16] * 3] * 3
    J = compiled(outer, "jacobian", 1)(A, B)  # d (a_i b_j) / d b_k
    np.testing.assert_array_equal(J, A[:, None, None] * np.eye(3))
    np.testing.assert_array_equal(compiled(outer, "jacobian")(A, B), np.einsum("ik,j->ijk", np.eye(2), B))


def test_a_batch_runs_over_one_argument_and_shares_the_others():
    rows = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [-1.0, 0.0]])
    assert compiled(product, batch=True)(rows, B).tolist() == [9, 72, 243, -9]
    assert compiled(product, argument=1, batch=True)(A, np.array([[1.0] * 3, [2.0] * 3])).tolist() == [72, 288]
    assert compiled(lambda a: a[0] + a[1], batch=True)(rows).tolist() == [1, 2, 3, -1]


def test_everything_is_computed_in_64_bits():
    # 1 + 1e-12 is 1 in 32 bits
    found = compiled(lambda a: a - 1)(jnp.asarray([1], dtype=jnp.float32) + np.float64(1e-12))
    assert found.dtype == np.float64
    assert compiled(lambda a: a - 1)(np.array([1 + 1e-12]))[0] == pytest.approx(1e-12, rel=1e-3)
    again = compiled(product)
    assert again(A, B) == again(A, B)


def test_a_metric_knows_its_domain():
    metric = metric_of(families.get("zero-mean-normal"))
    assert [metric.inside(np.array([value])) for value in (1.0, -1.0, np.nan, np.inf)] == [True, False, False, False]
    flat = Metric(lambda theta, k: k * jnp.eye(2), 2)
    assert flat.inside(np.array([-5.0, 0.0]))
    assert not flat.inside(np.array([np.inf, 0.0]))
    assert not flat.redundant
    assert flat.at([0.0, 0.0], 3.0).tolist() == [[3, 0], [0, 3]]
    assert flat.batch(np.zeros((2, 2)), 3.0).shape == (2, 2, 2)
    three = families.get("categorical", K=3)
    assert [metric_of(three, chart).redundant for chart in ("logits", three.charts[0])] == [True, False]


# F in the free coordinate u, from dtheta/du by hand
FREE = [
    ("bernoulli", "probability", 0.3, np.log(0.3 / 0.7), 0.21),  # F = 1/(p (1 - p)), dp/du = p (1 - p)
    ("bernoulli", "logit", 0.4, 0.4, np.exp(0.4) / (1 + np.exp(0.4)) ** 2),
    ("bernoulli", "angle", 1.0, np.log(1 / (np.pi - 1)), ((np.pi - 1) / np.pi) ** 2),  # F = 1, u = log(a / (pi - a))
    ("zero-mean-normal", "std", 1.7, np.log(1.7), 2.0),
]


@pytest.mark.parametrize(("name", "chart", "theta", "u", "square"), FREE)
def test_free_coordinates(name, chart, theta, u, square):
    free = free_coordinates(families.get(name), chart)
    assert free.coordinates(np.array([theta])) == pytest.approx([u], rel=1e-13)
    assert free.metric.at(np.array([u])) == pytest.approx(np.array([[square]]), rel=1e-12)
    assert free.metric.dimension == 1


def test_free_coordinates_of_a_negative_parameter():
    normal = families.get("normal")
    free, eta = free_coordinates(normal, "natural"), normal.convert([0.5, 2.0], to="natural")
    assert free.coordinates(eta) == pytest.approx([eta[0], np.log(-eta[1])], rel=1e-13)
    J = np.diag([1.0, eta[1]])  # eta_2 = -exp(u)
    expected = J @ normal.fisher(eta, chart="natural") @ J
    assert free.metric.at(free.coordinates(eta)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_random_maps_hit_their_point_and_are_invertible(seed):
    theta = np.array([0.3, -2.0, 1.1])
    found, phi = random_map(np.random.default_rng(seed), theta)
    assert phi.shape == (3,)
    with jax.enable_x64(True):
        assert np.asarray(found(phi)) == pytest.approx(theta, rel=1e-14)
        ahead, behind = (np.asarray(found(phi + s * 1e-5 * np.eye(3)[1])) for s in (1, -1))
    assert np.linalg.norm(found.B, 2) == pytest.approx(0.9)
    assert (np.linalg.svd(found.A)[1] > 0.5).all()
    assert (np.linalg.svd(found.A)[1] < 2).all()
    # central difference: error of order h^2
    assert found.jacobian(phi)[:, 1] == pytest.approx((ahead - behind) / 2e-5, rel=1e-8)
    assert found.jacobian(phi).dtype == np.float64


def test_a_map_made_by_hand():
    made = RandomMap(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [0.5, 0.0]]), np.array([1.0, -1.0]))
    a, b = np.tanh(0.4) / 2, np.tanh(0.3) / 2
    expected = [2 * (0.6 + a) + 1, 0.6 + a + 0.4 + b - 1]
    with jax.enable_x64(True):
        assert np.asarray(made(jnp.array([0.6, 0.4]))) == pytest.approx(expected, rel=1e-14)
    inner = np.array([[1, (1 - np.tanh(0.4) ** 2) / 2], [(1 - np.tanh(0.3) ** 2) / 4, 1]])
    assert made.jacobian([0.6, 0.4]) == pytest.approx(made.A @ inner, rel=1e-13)
