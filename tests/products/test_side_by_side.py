"""Matrices side by side, populations by quadrature and moments of gradients, from single examples in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import products
from ngtools.products.policy_estimates import policy_estimates


def softmax_policy(W, x):
    return x @ W


STATES = np.array([[1.0, 0.5], [-0.3, 2.0], [0.7, -1.0], [0.2, 0.1]])
LABELS = np.array([2, 0, 0, 1])
WEIGHTS = np.array([[0.3, -1.0, 0.4], [0.8, 0.5, -0.2]])


def by_hand(weigh):
    """Mean over the states of (xi xi^T) (x) (sum over actions of weigh(p, n)_a (e_a - p)(e_a - p)^T)."""
    found = np.zeros((6, 6))
    for n, xi in enumerate(STATES):
        p = np.exp(xi @ WEIGHTS)
        p /= p.sum()
        for a, weight in enumerate(weigh(p, n)):
            score = np.outer(xi, np.eye(3)[a] - p).ravel()
            found += weight * np.outer(score, score) / len(STATES)
    return found


def test_all_matrices_of_a_softmax_policy_without_draws():
    found = products.side_by_side(softmax_policy, WEIGHTS, (STATES, LABELS), "categorical")
    F, labels = by_hand(lambda p, n: p), by_hand(lambda p, n: np.eye(3)[LABELS[n]])
    assert found.sampled is None
    np.testing.assert_allclose(found.fisher, F, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.empirical, labels, rtol=0, atol=1e-14)
    # logits are linear in the weights: the Hessian is the Gauss-Newton matrix, and for softmax both are F
    np.testing.assert_allclose(found.ggn, F, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.hessian, F, rtol=0, atol=1e-14)
    errors = found.errors()
    assert list(errors) == ["empirical", "ggn", "hessian"]
    assert errors["empirical"] == pytest.approx(np.linalg.norm(labels - F) / np.linalg.norm(F), rel=1e-12)


def test_sampled_labels_come_near():
    key = jax.random.key(0)
    few, many = (
        products.side_by_side(softmax_policy, WEIGHTS, (STATES, LABELS), "categorical", key, samples=n).errors()
        for n in (1, 4000)
    )
    assert list(many) == ["sampled", "empirical", "ggn", "hessian"]
    assert many["sampled"] < 0.1 < few["sampled"]
    with pytest.raises(ValueError, match="samples must be at least 1"):
        products.side_by_side(softmax_policy, WEIGHTS, (STATES, LABELS), "categorical", key, samples=0)


def test_a_population_by_quadrature_has_the_moments_of_the_normal():
    """Exact for polynomials up to degree 2 nodes - 1 in each coordinate, and not beyond."""
    x, weights = products.normal_population(2, nodes=3)
    assert x.shape == (9, 2)
    assert weights.sum() == pytest.approx(1, rel=1e-14)
    for i, j, moment in [(2, 0, 1), (4, 0, 3), (2, 2, 1), (4, 2, 3), (5, 1, 0), (0, 4, 3)]:
        assert weights @ (x[:, 0] ** i * x[:, 1] ** j) == pytest.approx(moment, abs=1e-13)
    assert weights @ x[:, 0] ** 6 == pytest.approx(9)  # 15 needs a fourth node
    assert products.normal_population(1)[0].shape == (8, 1)
    assert products.normal_population(1, nodes=1)[0].tolist() == [[0.0]]


def test_moments_of_the_gradients_of_single_examples():
    moments = products.gradient_moments(softmax_policy, WEIGHTS, (STATES, LABELS), "categorical")
    logits = STATES @ WEIGHTS
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    each = np.stack([np.outer(x, q - np.eye(3)[a]).ravel() for x, q, a in zip(STATES, p, LABELS)])
    np.testing.assert_allclose(moments.mean, each.mean(axis=0), rtol=0, atol=1e-15)
    np.testing.assert_allclose(moments.square, (each**2).mean(axis=0), rtol=0, atol=1e-15)
    for size in (1, 3):
        expected = each.mean(axis=0) ** 2 + each.var(axis=0) / size
        np.testing.assert_allclose(moments.of_batches(size), expected, rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match=r"size must be at least 1 \(got 0\)"):
        moments.of_batches(0)
    with pytest.raises(ValueError, match="label"):
        products.gradient_moments(softmax_policy, WEIGHTS, (STATES, LABELS + 1), "categorical")


def test_errors_of_four_estimates_of_a_policy_s_matrix():
    """The same actions, drawn again from the same key; outer products written out."""
    key = jax.random.key(3)
    found = policy_estimates(softmax_policy, WEIGHTS, STATES, LABELS, key)
    with jax.enable_x64(True):
        one, two = jax.random.split(key)
        own = np.asarray(jax.random.categorical(one, jnp.asarray(STATES @ WEIGHTS)))
        uniform = np.asarray(jax.random.randint(two, (4,), 0, 3))
    F, eye = by_hand(lambda p, n: p), np.eye(3)
    expected = {
        "actions of the policy": by_hand(lambda p, n: eye[own[n]]),
        "actions of a uniform behaviour": by_hand(lambda p, n: eye[uniform[n]]),
        "the same, weighted": by_hand(lambda p, n: eye[uniform[n]] * p * 3),
        "labels of a data set": by_hand(lambda p, n: eye[LABELS[n]]),
    }
    assert list(found) == list(expected)
    for name, matrix in expected.items():
        assert found[name] == pytest.approx(np.linalg.norm(matrix - F) / np.linalg.norm(F), rel=1e-9)


def test_one_label_an_example_is_drawn_by_default():
    key = jax.random.key(5)
    found, one = (
        products.side_by_side(softmax_policy, WEIGHTS, (STATES, LABELS), "categorical", key, **given)
        for given in ({}, {"samples": 1})
    )
    np.testing.assert_array_equal(found.sampled, one.sampled)
    assert np.linalg.matrix_rank(found.sampled, tol=1e-12) <= 4  # a row an example


def test_matrices_of_a_weighted_batch():
    """A weight of 2 counts an example twice, one of 0 leaves it out."""
    weighted = products.side_by_side(
        softmax_policy, WEIGHTS, (STATES, LABELS), "categorical", weights=np.array([2.0, 0.0, 1.0, 1.0])
    )
    picked = [0, 0, 2, 3]
    repeated = products.side_by_side(softmax_policy, WEIGHTS, (STATES[picked], LABELS[picked]), "categorical")
    for name in ("fisher", "empirical", "ggn", "hessian"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=0, atol=1e-15)


def test_whole_numbers_among_the_inputs_stay_whole():
    """An input may be the index of a row; parameters in 32 bits become 64."""
    found = products.side_by_side(
        lambda W, i: STATES[i.astype(int)] @ W if i.dtype.kind == "f" else jnp.asarray(STATES)[i] @ W,
        WEIGHTS.astype(np.float32),
        (np.arange(4), LABELS),
        "categorical",
    )
    assert found.fisher.dtype == np.float64
    np.testing.assert_allclose(found.fisher, by_hand(lambda p, n: p), rtol=0, atol=1e-7)


@pytest.mark.parametrize("count", [3, 5])
def test_as_many_labels_as_inputs(count):
    with pytest.raises(ValueError, match=rf"labels must be 4 observations, one an example \(got shape \({count},\)\)"):
        products.side_by_side(softmax_policy, WEIGHTS, (STATES, np.zeros(count, int)), "categorical")
