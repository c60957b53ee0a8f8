"""What knowing the layers gives: the diagonal of F at the price of K-FAC's factors, and K-FAC's error by layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, products, trees
from ngtools.products.batch import head_of, outputs

__all__ = ["block_errors", "layer_diagonal", "trap_lengths"]


def layer_diagonal(model: Any, params: Any, batch: Any, head: Any) -> Any:
    """Return the exact diagonal of F, as a pytree like the parameters.

    The same numbers as ``products.diagonal``, which serves any model.  Here a layer's entry (i, j) is the mean of
    a_i^2 E[g_j^2], one matrix product for the batch, and no gradient of a single example is written out.

    Parameters
    ----------
    model, params, batch, head
        As in ``kfac.factors``.
    """
    inputs, gradients = kfac.signals(model, params, batch, head)
    result = {}
    for name, a in inputs.items():
        g = gradients[name]
        if a.shape[1] == 1:
            whole = (a[:, 0] ** 2).T @ (g[:, :, 0] ** 2).sum(axis=1) / len(a)
        else:  # a layer used at several places: their contributions to the gradient add up before the square
            whole = (jnp.einsum("nti,ncto->ncio", a, g) ** 2).sum(axis=(0, 1)) / len(a)
        bias = "bias" in params[name]
        result[name] = {"kernel": whole[:-1], "bias": whole[-1]} if bias else {"kernel": whole}
    return result


def block_errors(model: Any, params: Any, batch: Any, head: Any) -> dict[str, float]:
    """Return, by layer, the relative error (Frobenius norm) of Omega (x) Gamma_out as the layer's block of F; 64 bits.

    Parameters
    ----------
    model, params, batch, head
        As in ``kfac.factors``; few enough parameters for the dense matrix.
    """
    with jax.enable_x64(True):
        params, batch = jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(float), (params, batch))
        K, F = (np.asarray(matrix) for matrix in _both(model, head, params, batch))
        errors = {}
        for name in params:
            flags = {
                n: jax.tree.map(lambda leaf, mine=(n == name): jnp.full(leaf.shape, mine), params[n]) for n in params
            }
            mine = np.asarray(trees.flatten(flags)[0])
            block = np.ix_(mine, mine)
            errors[name] = float(np.linalg.norm((K - F)[block]) / np.linalg.norm(F[block]))
        return errors


@partial(jax.jit, static_argnums=(0, 1))
def _both(model: Any, head: Any, params: Any, batch: Any) -> Any:
    factors = kfac.factors(model, params, batch, head)
    F = products.fisher_vector_product(model, params, batch, head)
    return products.dense(lambda v: kfac.product(factors, v), params), products.dense(F, params)


def trap_lengths(model: Any, params: Any, data: Any, head: Any, damping: float) -> float:
    """Return the length of a K-FAC step with Gamma_out from gradients of the *mean* loss over that of the right step.

    The trap: those gradients are N times smaller, and the sum of their outer products is Gamma_out / N; 64 bits.

    Parameters
    ----------
    model, params, head
        As in ``kfac.factors``.
    data
        (inputs, labels), N of them.
    damping
        lambda >= 0.
    """
    with jax.enable_x64(True):
        params, data = jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(float), (params, data))
        return float(_trap(model, head, params, data, damping))


@partial(jax.jit, static_argnums=(0, 1))
def _trap(model: Any, head: Any, params: Any, data: Any, damping: Any) -> Any:
    inputs, labels = data
    record = head_of(head, model, params, inputs)

    def objective(p: Any) -> Any:
        return jnp.mean(jax.vmap(record.log_density)(labels, outputs(model, p, inputs)))

    factors = kfac.factors(model, params, inputs, head)
    _, gradients = kfac.signals(model, params, inputs, head)
    of_mean = {name: g / len(inputs) for name, g in gradients.items()}  # what the backward pass of the mean loss holds
    trap = {name: jnp.einsum("ncto,nctp->op", g, g) for name, g in of_mean.items()}
    g = jax.grad(objective)(params)
    right, wrong = (kfac.solve(f, g, damping=damping).value for f in (factors, kfac.Factors(factors.inputs, trap)))
    return trees.norm(wrong) / trees.norm(right)
