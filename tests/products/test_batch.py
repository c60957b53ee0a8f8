"""What all products share, piece by piece: batches and what is no batch, weights, means, pairs, what is compiled."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import products
from ngtools.products import batch, moments, network, operator, trial
from ngtools.products.expected_hessian import _matrix
from ngtools.products.policy_estimates import _estimates
from ngtools.products.side_by_side import _matrices

VALUES = np.arange(24.0).reshape(4, 3, 2)
SHARES = np.array([0.1, 0.2, 0.3, 0.4])


def softmax_policy(W, x):
    return x @ W


def test_means_are_over_the_first_axis():
    np.testing.assert_allclose(batch.mean(jnp.asarray(VALUES), None), VALUES.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(
        batch.mean(jnp.asarray(VALUES), jnp.asarray(SHARES)), sum(p * v for p, v in zip(SHARES, VALUES)), rtol=1e-14
    )


@pytest.mark.parametrize("values", [VALUES[:, 0, 0], VALUES[:, 0], VALUES])
def test_rows_times_their_shares(values):
    np.testing.assert_allclose(batch.averaged(jnp.asarray(values), None), values / 4, rtol=1e-15)
    expected = np.stack([p * v for p, v in zip(SHARES, values)])
    np.testing.assert_allclose(batch.averaged(jnp.asarray(values), jnp.asarray(SHARES)), expected, rtol=1e-15)


def test_how_many_examples_there_are():
    assert batch.count_of({"a": np.ones((5, 2)), "b": np.ones(5)}) == 5
    assert batch.count_of(np.ones((1, 7))) == 1
    for none in ((), np.float64(1.0), {"a": np.ones((5, 2)), "b": 1.0}, (np.ones(5), np.ones(4))):
        with pytest.raises(ValueError, match="every leaf of the batch needs one leading axis of the same length"):
            batch.count_of(none)
    with pytest.raises(ValueError, match="the batch is empty: a mean over 0 examples"):
        batch.count_of(np.ones((0, 3)))


def test_weights_sum_to_one():
    assert batch.weights_of(None, 3) is None
    np.testing.assert_allclose(batch.weights_of([1.0, 2.0, 5.0], 3), [0.125, 0.25, 0.625], rtol=1e-15)
    np.testing.assert_allclose(batch.weights_of(np.array([0.0, 0.0, 0.25]), 3), [0, 0, 1], rtol=1e-15)
    np.testing.assert_allclose(jax.jit(lambda w: batch.weights_of(w, 2))(jnp.array([3.0, 1.0])), [0.75, 0.25])
    for shape in ((2,), (4,), (3, 1), ()):
        with pytest.raises(ValueError, match=r"weights must have shape \(3,\), one an example"):
            batch.weights_of(np.ones(shape), 3)


@pytest.mark.parametrize(
    ("weights", "extremes"),
    [
        ([0.0, 0.0], "0.0 to 0.0"),
        ([3.0, -0.5], "-0.5 to 3.0"),
        ([1.0, np.inf], "1.0 to inf"),
        ([1.0, np.nan], "nan to nan"),
    ],
)
def test_weights_that_are_none(weights, extremes):
    with pytest.raises(ValueError, match=f"weights must be >= 0 and not all 0 .got values from {extremes}."):
        batch.weights_of(np.array(weights), 2)


def test_the_weights_of_one_process_may_all_be_zero(monkeypatch):
    """Spread over several processes, a process sees its own entries alone; their sum over all of them counts."""
    monkeypatch.setattr(batch.trees, "local", lambda leaf: np.asarray(leaf)[:2])
    np.testing.assert_allclose(batch.weights_of(np.array([0.0, 0.0, 3.0, 1.0]), 4), [0, 0, 0.75, 0.25], rtol=1e-15)
    with pytest.raises(ValueError, match="weights must be >= 0"):
        batch.weights_of(np.array([0.0, -1.0, 3.0, 1.0]), 4)


def test_a_pair_is_a_tuple_of_two():
    X, y = np.ones((2, 3)), np.ones(2)
    assert batch.pair((X, y)) == (X, y)
    for none in (X, [X, y], (X,), (X, y, y)):
        with pytest.raises(ValueError, match=r"batch must be a pair \(inputs, labels\)"):
            batch.pair(none)


@pytest.mark.parametrize("kind", [TypeError, ValueError])
def test_a_model_that_fails_on_one_example(kind):
    """Its own words come along; the advice to leave the labels out only where there may be some."""

    def broken(params, x):
        raise kind("three inputs, please")

    X, advice = np.ones((5, 2)), "pass the inputs alone"
    with pytest.raises(TypeError, match=r"model\(params, x\) fails on .*: three inputs, please$"):
        batch.head_of("categorical", broken, np.ones(3), X)
    with pytest.raises(TypeError, match=f"three inputs, please.*{advice}"):
        batch.head_of("categorical", broken, np.ones(3), (X, X[:, 0]))


def test_a_batch_with_a_nan_is_refused():
    with pytest.raises(ValueError, match=r"batch contains nan at index \(1, 0\)"):
        batch.head_of("categorical", softmax_policy, np.ones((2, 3)), np.array([[1.0, 2.0], [np.nan, 0.0]]))


class Unhashable:
    """A model that holds an array of its own."""

    __hash__ = None

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, params, x):
        return self.scale * params * x


def test_a_model_that_cannot_be_looked_up_is_linearised_all_the_same():
    model, X = Unhashable(np.array([2.0, 3.0])), np.array([[1.0, 2.0], [3.0, 5.0]])
    op = products.fisher_vector_product(model, jnp.ones(2), X, "unit-normal")
    np.testing.assert_allclose(op(jnp.ones(2)), [4 * (1 + 9) / 2, 9 * (4 + 25) / 2], rtol=1e-15)


def test_a_model_is_traced_once_for_all_linearisations():
    calls = []

    def counted(params, x):
        calls.append(1)
        return params * x

    products_of = partial(products.fisher_vector_product, counted, head="unit-normal")
    seen = []
    for scale in (1.0, 2.0, 3.0):
        before = len(calls)
        np.testing.assert_allclose(products_of(scale * jnp.ones(2), 2 * np.ones((1, 2)))(jnp.ones(2)), [4.0, 4.0])
        seen.append(len(calls) - before)
    # of a later one only the shapes are looked at, by the check of its arguments
    assert seen == [2, 1, 1]


@pytest.mark.parametrize(
    "function",
    [
        operator._apply,
        network.flat_rows,
        _matrix,
        _matrices,
        _estimates,
        moments._moments,
        trial._gradient,
        trial._divergence,
    ],
    ids=lambda function: f"{function.__module__}.{function.__name__}",
)
def test_what_runs_as_one_compiled_program(function):
    assert isinstance(function, type(jax.jit(lambda x: x)))


def test_records_of_arrays_are_compared_by_identity():
    """Entry by entry they would have no one truth value, and no hash."""
    ones = np.ones((2, 2))
    for make in (
        lambda: products.SideBySide(ones, None, ones, ones, ones),
        lambda: products.GradientMoments(ones, ones),
    ):
        first, second = make(), make()
        assert first != second
        assert hash(first) == hash(first)
