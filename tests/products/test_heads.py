"""Heads as small records: what labels they take, and four functions that must agree on one matrix."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families
from ngtools.products.heads import resolve


def dense(head, z):
    state = head.state(z)
    return np.stack([np.asarray(head.multiply(state, e)) for e in jnp.eye(head.size, dtype=z.dtype)], axis=1)


CASES = {
    "categorical": ([0.3, -1.0, 0.7], lambda p: np.diag(p) - np.outer(p, p)),
    "normal": ([0.5, -1.0, 0.2, -0.4], lambda z: np.diag([*np.exp(-2 * z[2:]), 2, 2])),
    "unit-normal": ([0.5, -1.0, 0.2], lambda z: np.eye(3)),
}


@pytest.mark.parametrize("name", CASES)
def test_matrix_and_root_are_those_of_the_distribution(name):
    with jax.enable_x64(True):
        z, expected = CASES[name]
        z = jnp.asarray(z)
        head = resolve(name, len(z))
        matrix = expected(np.asarray(jax.nn.softmax(z) if name == "categorical" else z))
        np.testing.assert_allclose(dense(head, z), matrix, rtol=0, atol=1e-14)
        root = np.asarray(head.root(z))
        np.testing.assert_allclose(root @ root.T, matrix, rtol=0, atol=1e-14)
        # and of the divergence at coincidence
        np.testing.assert_allclose(jax.hessian(lambda u: head.kl(z, u))(z), matrix, rtol=0, atol=1e-12)


def test_densities_and_divergences_of_several_outputs_are_sums():
    with jax.enable_x64(True):
        z, w, y = jnp.array([0.5, -1.0, 0.2, -0.4]), jnp.array([0.1, 0.3, 0.0, 0.5]), jnp.array([1.0, 2.0])
        head, normal = resolve("normal", 4), families.get("normal")
        pairs = [((float(z[i]), float(np.exp(z[2 + i]))), (float(w[i]), float(np.exp(w[2 + i])))) for i in range(2)]
        expected = sum(float(normal.log_density(float(y[i]), np.array(pairs[i][0]))) for i in range(2))
        assert float(head.log_density(y, z)) == pytest.approx(expected, rel=1e-12)
        expected = sum(float(normal.kl(np.array(p), np.array(q))) for p, q in pairs)
        assert float(head.kl(z, w)) == pytest.approx(expected, rel=1e-12)
        one = resolve("unit-normal", 1)
        for label in (1.5, [1.5]):
            found = float(one.log_density(jnp.asarray(label), jnp.array([0.5])))
            assert found == pytest.approx(-0.5 - np.log(2 * np.pi) / 2, rel=1e-12)


def test_samples_are_drawn_for_every_output_on_its_own():
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.vmap(lambda key: resolve("unit-normal", 2).sample(key, jnp.array([3.0, -1.0])))(keys))
    assert drawn.shape == (4000, 2)
    # four standard errors
    np.testing.assert_allclose(drawn.mean(axis=0), [3, -1], atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(2), atol=4 * np.sqrt(2 / 4000))
    alone = jax.vmap(lambda key: resolve("unit-normal", 1).sample(key, jnp.array([3.0])))(keys)
    assert alone.shape == (4000,)
    assert float(alone.mean()) == pytest.approx(3, abs=4 / np.sqrt(4000))


def test_labels_of_a_categorical_head():
    head = resolve("categorical", 3)
    head.check_labels(np.array([0, 2]), 2)
    head.check_labels(np.array([1, 2]), 2)
    head.check_labels(np.array([2, 0], np.uint8), 2)
    jax.jit(lambda labels: head.check_labels(labels, 2))(np.array([0, 5]))  # traced: nothing to look at
    for labels, error, message in (
        ([0, 1, 2], ValueError, r"labels must be 2 observations, one an example \(got shape \(3,\)\)"),
        ([0.0, 1.0], TypeError, "labels of a categorical head must be integers"),
        ([[1, 0, 0], [0, 1, 0]], ValueError, r"labels must have shape \(2,\), not one-hot \(got shape \(2, 3\)\)"),
        ([0, 3], ValueError, r"labels must lie in 0, ..., 2 \(got 3\)"),
        ([-1, 3], ValueError, r"labels must lie in 0, ..., 2 \(got -1\)"),
        ([1, 3], ValueError, r"labels must lie in 0, ..., 2 \(got 3\)"),
        ([2, 7], ValueError, r"labels must lie in 0, ..., 2 \(got 7\)"),
        ([-5, 2], ValueError, r"labels must lie in 0, ..., 2 \(got -5\)"),
    ):
        with pytest.raises(error, match=message):
            head.check_labels(np.array(labels), 2)
    resolve("unit-normal", 3).check_labels(np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match="labels must be 2 observations"):
        resolve("unit-normal", 3).check_labels(np.ones((3, 3)), 2)


def test_a_head_is_found_by_name_family_pair_or_record():
    normal = families.get("normal")
    head = resolve(normal, 2)
    assert resolve((normal, normal.charts[0]), 2) is head
    assert resolve(head, 2) is head
    assert repr(resolve("categorical", 3)) == "<head categorical of 3 outputs>"
    for given, size, message in (
        (head, 4, "does not fit a model with 4 outputs"),
        (normal, 3, r"has 2 coordinates; the model has 3 outputs, which is no multiple"),
        (normal, 0, r"has 2 coordinates; the model has 0 outputs"),
        ("categorical", 1, r"needs at least 2 logits \(the model has 1 output\); use 'bernoulli'"),
        ("softmax", 2, r"head must be one of \['categorical', .*\(got 'softmax'\)"),
        ((normal,), 2, "head must be one of"),
        ((1, 2), 2, "head must be one of"),
        (None, 2, "head must be one of"),
    ):
        with pytest.raises(ValueError, match=message):
            resolve(given, size)
    assert resolve("categorical", 2).outcomes == 2


def test_how_many_labels_there_are():
    for head in (resolve("categorical", 3), resolve("unit-normal", 1)):
        kind = int if head.outcomes else float
        for shape in ((1,), (3,), ()):
            with pytest.raises(ValueError, match="labels must be 2 observations, one an example"):
                head.check_labels(np.zeros(shape, kind), 2)


def test_a_head_fits_its_number_of_outputs_alone():
    head = resolve("unit-normal", 2)
    for size in (1, 3):
        with pytest.raises(ValueError, match=f"does not fit a model with {size} outputs"):
            resolve(head, size)
    with pytest.raises(ValueError, match="head must be one of"):
        resolve((families.get("normal"), "mean-std", {}), 2)
    assert dataclasses.replace(head) != head  # one object, one head: compiled code is looked up by it


def test_several_observations_of_a_family_of_vectors():
    """Two means of a bivariate normal, first all first coordinates: sums over the two, by the family itself."""
    with jax.enable_x64(True):
        family = families.get("multivariate-normal", d=2, covariance=[[2.0, 0.5], [0.5, 1.0]])
        head, alone = resolve((family, "mean"), 4), resolve((family, "mean"), 2)
        z, w = jnp.array([0.3, -1.0, 0.7, 2.0]), jnp.array([0.0, 0.4, -0.2, 1.0])
        y = jnp.array([[1.0, 2.0], [-0.5, 0.3]])
        means = [(np.array([z[i], z[2 + i]]), np.array([w[i], w[2 + i]])) for i in range(2)]
        expected = sum(float(family.log_density(np.asarray(y[i]), means[i][0], "mean")) for i in range(2))
        assert float(head.log_density(y, z)) == pytest.approx(expected, rel=1e-12)
        expected = sum(float(family.kl(*pair, "mean")) for pair in means)
        assert float(head.kl(z, w)) == pytest.approx(expected, rel=1e-12)
        one = float(family.log_density(np.asarray(y[0]), means[0][0], "mean"))
        assert float(alone.log_density(y[0], jnp.asarray(means[0][0]))) == pytest.approx(one, rel=1e-12)
        # the inverse of the covariance, coordinates apart
        matrix = np.kron(np.linalg.inv([[2.0, 0.5], [0.5, 1.0]]), np.eye(2))
        np.testing.assert_allclose(dense(head, z), matrix, rtol=0, atol=1e-14)
        root = np.asarray(head.root(z))
        np.testing.assert_allclose(root @ root.T, matrix, rtol=0, atol=1e-14)
        assert head.sample(jax.random.key(0), z).shape == (2, 2)
        assert alone.sample(jax.random.key(0), z[:2]).shape == (2,)


def test_the_root_of_a_singular_matrix_is_finite():
    """Redundant logits: an eigenvalue is 0, by rounding on either side of it."""
    with jax.enable_x64(True):
        head = resolve((families.get("categorical", K=4), "logits"), 4)
        lowest = []
        for seed in range(6):
            z = jnp.asarray(np.random.default_rng(seed).standard_normal(4))
            p, root = np.asarray(jax.nn.softmax(z)), np.asarray(head.root(z))
            np.testing.assert_allclose(root @ root.T, np.diag(p) - np.outer(p, p), rtol=0, atol=1e-14)
            lowest.append(float(jnp.linalg.eigh(head.state(z))[0].min()))
        assert min(lowest) < 0 < max(lowest)
