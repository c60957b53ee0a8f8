"""One step of a tanh network and of its sigmoid twin: do the two models still agree?"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, products, trees
from ngtools.compiling import compiled_once
from ngtools.descent.networks import as_sigmoid, initial, sigmoid_network, tanh_network
from ngtools.descent.supervised import loss

__all__ = ["layerwise_defects"]

STEPS = ("gradient", "diagonal", "K-FAC, damped", "K-FAC", "natural")


def layerwise_defects(
    rng: np.random.Generator, sizes: tuple[int, ...] = (3, 4, 2), examples: int = 60, rate: float = 0.5
) -> dict[str, float]:
    """Return, by method, how far the outputs of the twins are apart after one step from the same function.

    The largest difference over the examples, relative to the largest change that the step made.  Layers are affine
    maps of one another, so a step that is invariant under them gives rounding.

    Parameters
    ----------
    rng
        Draws inputs and labels; the outputs are unit-variance normal means.
    sizes, examples, rate
        Layer sizes, batch size and learning rate.

    Raises
    ------
    ValueError
        Fewer outputs than parameters: F is singular then, and the natural step has no one direction.
    """
    parameters = sum((inputs + 1) * outputs for inputs, outputs in zip(sizes, sizes[1:]))
    if examples * sizes[-1] < parameters:
        raise ValueError(
            f"examples must be at least {-(-parameters // sizes[-1])} (got {examples}): with {sizes[-1]} outputs each, fewer "
            f"leave the Fisher matrix of {parameters} parameters singular"
        )
    with jax.enable_x64(True):
        params = initial(jax.random.key(int(rng.integers(2**31))), sizes)
        X = jnp.asarray(rng.standard_normal((examples, sizes[0])))
        Y = jnp.asarray(rng.standard_normal((examples, sizes[-1])))
        twins = ((tanh_network, params), (sigmoid_network, as_sigmoid(params)))
        before = jax.vmap(tanh_network, (None, 0))(params, X)
        found = [_outputs_after(model, start, X, Y, rate) for model, start in twins]
        one, two, before = jax.tree.map(np.asarray, (*found, before))
        return {
            method: float(np.abs(one[method] - two[method]).max() / np.abs(one[method] - before).max())
            for method in STEPS
        }


@partial(compiled_once, static=(0,))
def _outputs_after(model: Any, params: Any, X: Any, Y: Any, rate: Any) -> Any:
    g = jax.grad(loss, argnums=2)(model, "unit-normal", params, (X, Y))
    flat, unflatten = trees.flatten(g)
    F = products.dense(products.fisher_vector_product(model, params, X, "unit-normal"), params)
    factors = kfac.factors(model, params, X, "unit-normal")
    directions = {
        "gradient": g,
        "diagonal": unflatten(flat / jnp.diag(F)),
        "K-FAC, damped": kfac.solve(factors, g, damping=0.01).value,
        "K-FAC": kfac.solve(factors, g, damping=0.0).value,
        "natural": unflatten(jnp.linalg.solve(F, flat)),
    }

    def after(direction: Any) -> Any:
        return jax.vmap(model, (None, 0))(trees.axpy(-rate, direction, params), X)

    stacked = jax.vmap(after)(jax.tree.map(lambda *leaves: jnp.stack(leaves), *(directions[name] for name in STEPS)))
    return dict(zip(STEPS, stacked))
