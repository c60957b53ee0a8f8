"""What a layer hears: the patches of an image, in order, and a layer that is not there."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.products.heads import resolve
from ngtools.products.listening import check_layers, dense, patches, signals, signals_of


@pytest.mark.parametrize("window", [(1, 1), (2, 3), (3, 2), (4, 5)])
def test_patches_are_the_windows_row_by_row(window):
    image = np.arange(4 * 5 * 2.0).reshape(4, 5, 2)
    h, w = window
    expected = [image[i : i + h, j : j + w].ravel() for i in range(4 - h + 1) for j in range(5 - w + 1)]
    np.testing.assert_array_equal(patches(jnp.asarray(image), window), np.stack(expected))


@pytest.mark.parametrize("window", [(0, 1), (1, 0), (5, 1), (1, 6)])
def test_a_window_that_does_not_fit(window):
    with pytest.raises(ValueError, match=r"window must be between \(1, 1\) and the image of shape \(4, 5, 2\)"):
        patches(jnp.zeros((4, 5, 2)), window)


@pytest.mark.parametrize("shape", [(4, 5), (2, 4, 5, 1)])
def test_an_image_has_channels(shape):
    with pytest.raises(ValueError, match=r"image must have shape \(height, width, channels\) \(got "):
        patches(jnp.zeros(shape), (2, 2))


def test_layers_with_a_bias_and_without():
    params = {"0": {"kernel": jnp.array([[1.0], [2.0]]), "bias": jnp.array([10.0])}, "1": {"kernel": jnp.ones((2, 1))}}
    assert dense(params, "0", jnp.array([3.0, 4.0])).tolist() == [21.0]
    assert dense(params, "1", jnp.array([3.0, 4.0])).tolist() == [7.0]
    with pytest.raises(ValueError, match=r"no layer with the name '2'; they have \['0', '1'\]"):
        dense(params, "2", jnp.ones(2))


RNG = np.random.default_rng(0)
INNER = {"kernel": RNG.standard_normal((2, 4)), "bias": RNG.standard_normal(4)}
OUT = RNG.standard_normal((4, 3))
SHARED = RNG.standard_normal((3, 3))
PLACES, POINTS = RNG.standard_normal((5, 3, 2)), RNG.standard_normal((5, 3))


def pooled(params, x, dense=dense):
    """A layer with a bias at three places, summed over them, and a layer without one."""
    return dense(params, "out", jnp.tanh(dense(params, "inner", x)).sum(axis=0))


def twice(params, x, dense=dense):
    return dense(params, "shared", jnp.tanh(dense(params, "shared", x)))


def root(z):
    """B with B B^T = diag(p) - p p^T, column by column."""
    p = np.exp(z) / np.exp(z).sum()
    return [np.sqrt(p[k]) * (np.eye(3)[k] - p) for k in range(3)], p


def test_what_layers_hear_and_are_told_at_every_place():
    params = {"inner": INNER, "out": {"kernel": OUT}}
    heard, told = signals(pooled, params, PLACES, "categorical")
    assert heard["inner"].shape == (5, 3, 3)
    assert told["inner"].shape == (5, 3, 3, 4)
    assert (heard["out"].shape, told["out"].shape) == ((5, 1, 4), (5, 3, 1, 3))
    for n, x in enumerate(PLACES):
        h = np.tanh(x @ INNER["kernel"] + INNER["bias"])
        columns, _ = root(h.sum(axis=0) @ OUT)
        np.testing.assert_allclose(heard["inner"][n], np.column_stack([x, np.ones(3)]), rtol=1e-15)
        np.testing.assert_allclose(heard["out"][n], [h.sum(axis=0)], rtol=1e-14)
        for k, g in enumerate(columns):
            np.testing.assert_allclose(told["out"][n, k], [g], rtol=0, atol=1e-14)
            np.testing.assert_allclose(told["inner"][n, k], (OUT @ g) * (1 - h**2), rtol=0, atol=1e-14)


def test_a_layer_that_is_used_twice_hears_twice():
    heard, told = signals(twice, {"shared": {"kernel": SHARED}}, POINTS, "categorical")
    assert (heard["shared"].shape, told["shared"].shape) == ((5, 2, 3), (5, 3, 2, 3))
    for n, x in enumerate(POINTS):
        h = np.tanh(x @ SHARED)
        columns, _ = root(h @ SHARED)
        np.testing.assert_allclose(heard["shared"][n], [x, h], rtol=0, atol=1e-14)
        for k, g in enumerate(columns):
            np.testing.assert_allclose(told["shared"][n, k], [(SHARED @ g) * (1 - h**2), g], rtol=0, atol=1e-14)


def test_with_keys_layers_are_told_of_one_outcome():
    keys = jax.random.split(jax.random.key(2), 5)
    head = resolve("categorical", 3)
    heard, told = signals_of(twice, head, {"shared": {"kernel": jnp.asarray(SHARED)}}, jnp.asarray(POINTS), keys)
    assert (heard["shared"].shape, told["shared"].shape) == ((5, 2, 3), (5, 1, 2, 3))
    for n, x in enumerate(POINTS):
        z = np.tanh(x @ SHARED) @ SHARED
        outcome = int(jax.random.categorical(keys[n], jnp.asarray(z)))
        np.testing.assert_allclose(told["shared"][n, 0, 1], np.eye(3)[outcome] - root(z)[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("layer", [{"kernel": np.ones((2, 3))}, {"kernel": np.ones((2, 3)), "bias": np.ones(3)}])
def test_what_a_layer_may_hold(layer):
    assert check_layers({"a": layer, "b": layer}) is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"a": {"bias": np.ones(3)}}, r"of the form {name: .*, bias optional \(look at 'a'\)"),
        ({"a": {"kernel": np.ones((2, 3)), "scale": np.ones(3)}}, "look at 'a'"),
        ({"a": {"kernel": np.ones((2, 3)), "bias": np.ones(3), "scale": np.ones(3)}}, "look at 'a'"),
        ({"a": {"kernel": np.ones((2, 3))}, "b": np.ones(2)}, "look at 'b'"),
        ([np.ones((2, 3))], "look at ''"),
        ({"a": {"kernel": np.ones(3)}}, r"layer 'a': kernel must have two axes \(got shape \(3,\)\)"),
        ({"a": {"kernel": np.ones((1, 2, 3))}}, r"layer 'a': kernel must have two axes \(got shape \(1, 2, 3\)\)"),
    ],
)
def test_what_is_no_layer(params, message):
    with pytest.raises(ValueError, match=message):
        check_layers(params)


def test_layers_are_floating_point():
    with pytest.raises(TypeError, match="params must be floating point"):
        signals(pooled, {"inner": {"kernel": np.ones((2, 4), int)}, "out": {"kernel": OUT}}, PLACES, "categorical")
