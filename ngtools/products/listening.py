"""Layers that can be listened to: what each of them hears, and what it is told about its outputs.

Parameters are ``{name: {"kernel": (inputs, outputs), "bias": (outputs,)}}``, bias optional, and a model applies its
layers through an argument ``dense``; in place of it this module hands in a function that takes notes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.products.batch import head_of, linearised
from ngtools.products.heads import Head

__all__ = ["check_layers", "dense", "patches", "signals", "signals_of"]

Model = Callable[..., Any]  # its keyword dense is what listens


def dense(params: Any, name: str, a: jax.Array) -> jax.Array:
    """Return a kernel + bias for layer ``name``; ``a`` has shape (..., inputs)."""
    if name not in params:
        raise ValueError(f"params have no layer with the name {name!r}; they have {sorted(params)}")
    layer = params[name]
    s = a @ layer["kernel"]
    return s + layer["bias"] if "bias" in layer else s


def patches(image: jax.Array, window: tuple[int, int]) -> jax.Array:
    """Return the patches of an image (height, width, channels), shape (places, window * channels).

    Stride 1, no padding, so that ``dense(params, name, patches(image, (3, 3)))`` is a 3 x 3 convolution at each of
    its (height - 2)(width - 2) places.
    """
    h, w = window
    if image.ndim != 3:
        raise ValueError(f"image must have shape (height, width, channels) (got {image.shape})")
    rows, columns, channels = image.shape
    if not (1 <= h <= rows and 1 <= w <= columns):
        raise ValueError(f"window must be between (1, 1) and the image of shape {image.shape} (got {window})")
    i = jnp.arange(rows - h + 1)[:, None, None, None] + jnp.arange(h)[None, None, :, None]
    j = jnp.arange(columns - w + 1)[None, :, None, None] + jnp.arange(w)[None, None, None, :]
    return image[i, j].reshape(-1, h * w * channels)


def signals(model: Model, params: Any, batch: Any, head: Any) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
    """Return what every layer hears and is told: its inputs a and its output gradients g, by name.

    Inputs have shape (N, places, inputs), with a last entry 1 where the layer has a bias.  Gradients have shape
    (N, columns, places, outputs), the columns weighted so that the *sum* over them of what is quadratic in g is the
    expectation over the model's outcomes.  For an example with one place the layer's Fisher block is the sum over the
    columns of (a a^T) (x) (g g^T).

    Parameters
    ----------
    model, params, batch, head
        As in ``kfac.factors``.
    """
    check_layers(params)
    return linearised(signals_of, model, head_of(head, model, params, batch), params, batch, None)


def signals_of(model: Model, head: Head, params: Any, batch: Any, keys: Any) -> Any:
    """Return what ``signals`` does; with keys, for one outcome an example drawn from the model."""

    def one(x: Any, key: Any) -> tuple[Any, Any]:
        probes = _probes(model, params, x)

        def listened(probes: Any) -> Any:
            heard: dict[str, list[Any]] = {}
            z = model(params, x, dense=_listener(heard, probes))
            return trees.flatten(z)[0], {name: jnp.concatenate(uses) for name, uses in heard.items()}

        z, pull, inputs = jax.vjp(listened, probes, has_aux=True)
        score = jax.grad(head.log_density, argnums=1)
        columns = head.root(z) if key is None else score(head.sample(key, z), z)[:, None]
        (gradients,) = jax.vmap(pull, in_axes=1)(columns)
        return inputs, {name: jnp.concatenate(uses, axis=1) for name, uses in gradients.items()}

    inputs, gradients = jax.vmap(one)(batch, keys)
    for name, a in inputs.items():
        if "bias" in params[name]:
            inputs[name] = jnp.concatenate([a, jnp.ones_like(a[..., :1])], axis=-1)
    return inputs, gradients


def _listener(heard: dict[str, list[Any]], probes: Any) -> Callable[..., Any]:
    def listening(params: Any, name: str, a: jax.Array) -> jax.Array:
        uses = heard.setdefault(name, [])
        s = dense(params, name, a)
        if probes is not None:
            # a probe is zero; the derivative with respect to it is the output gradient g at every place
            s = s + probes[name][len(uses)].reshape(s.shape)
        uses.append(a.reshape(-1, a.shape[-1]))
        return s

    return listening


def _probes(model: Model, params: Any, x: Any) -> Any:
    heard: dict[str, list[Any]] = {}

    def run(params: Any, x: Any) -> Any:
        model(params, x, dense=_listener(heard, None))
        return {name: list(uses) for name, uses in heard.items()}

    shapes = jax.eval_shape(run, params, x)
    heard.clear()
    outputs = {name: params[name]["kernel"].shape[1] for name in shapes}
    return {name: [jnp.zeros((len(a), outputs[name]), a.dtype) for a in uses] for name, uses in shapes.items()}


def check_layers(params: Any) -> None:
    """Raise unless the parameters are those of layers, as in the head of this module."""
    trees.check_floating(params, "params")
    wanted = '{name: {"kernel": (inputs, outputs), "bias": (outputs,)}}'
    for name, layer in params.items() if isinstance(params, dict) else [("", None)]:
        if not isinstance(layer, dict) or not {"kernel"} <= set(layer) <= {"kernel", "bias"}:
            raise ValueError(f"K-FAC needs parameters of the form {wanted}, bias optional (look at '{name}')")
        if jnp.ndim(layer["kernel"]) != 2:
            raise ValueError(f"layer '{name}': kernel must have two axes (got shape {jnp.shape(layer['kernel'])})")
