"""What a layer hears: the patches of an image, in order, and a layer that is not there."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.products.listening import dense, patches


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


def test_an_image_has_channels():
    with pytest.raises(ValueError, match=r"image must have shape \(height, width, channels\) \(got \(4, 5\)\)"):
        patches(jnp.zeros((4, 5)), (2, 2))


def test_layers_with_a_bias_and_without():
    params = {"0": {"kernel": jnp.array([[1.0], [2.0]]), "bias": jnp.array([10.0])}, "1": {"kernel": jnp.ones((2, 1))}}
    assert dense(params, "0", jnp.array([3.0, 4.0])).tolist() == [21.0]
    assert dense(params, "1", jnp.array([3.0, 4.0])).tolist() == [7.0]
    with pytest.raises(ValueError, match=r"no layer with the name '2'; they have \['0', '1'\]"):
        dense(params, "2", jnp.ones(2))
