"""What knowing the layers gives: the diagonal of F at the price of K-FAC's factors, and K-FAC's error by layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, products, trees
from ngtools.compiling import compiled_once
from ngtools.products.batch import head_of

__all__ = ["block_errors", "layer_diagonal", "trap_lengths"]

ROUND = 1000


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
            whole = jnp.einsum("nti,ncto->io", a**2, g**2) / len(a)
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
        params, batch = trees.double((params, batch))
        K, F = (np.asarray(matrix) for matrix in _both(model, head, params, batch))
        errors = {}
        for name in params:
            flags = {n: jax.tree.map(lambda leaf, mine=(n == name): np.full(leaf.shape, mine), params[n]) for n in params}
            mine = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(flags)])
            block = np.ix_(mine, mine)
            errors[name] = float(np.linalg.norm((K - F)[block]) / np.linalg.norm(F[block]))
        return errors


@partial(compiled_once, static=(0, 1))
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
        As in ``kfac.factors``; every layer has a bias and is applied once to an example.
    data
        (inputs, labels), N of them.
    damping
        lambda >= 0.
    """
    inputs, labels = (np.asarray(part) for part in data)
    N = len(inputs)
    # repeated up to a round number of examples, so that one compiled program serves many batches
    rows = np.arange(-(-N // ROUND) * ROUND) % N
    with jax.enable_x64(True):
        params = trees.double(params)
        record = head_of(head, model, params, inputs)
        found = _one_by_one(model, record, params, np.asarray(inputs[rows], np.float64), labels[rows])
    heard, told, each = jax.tree.map(lambda leaf: np.asarray(leaf)[:N], found)
    squares = {"right": 0.0, "wrong": 0.0}
    for name in params:
        a, g = heard[name][:, 0], told[name].swapaxes(0, 1)[:, :, 0]
        omega, gamma = a.T @ a / N, sum(column.T @ column for column in g) / N
        gradient = np.concatenate([each[name]["kernel"], each[name]["bias"][:, None]], axis=1).mean(axis=0).ravel()
        # the backward pass of the mean loss holds g / N, and one adds up their outer products
        for which, outer in (("right", gamma), ("wrong", gamma * N / N**2)):
            K = np.kron(omega, outer) + damping * np.eye(gradient.size)
            squares[which] += float((np.linalg.solve(K, gradient) ** 2).sum())
    return float(np.sqrt(squares["wrong"] / squares["right"]))


@partial(compiled_once, static=(0, 1))
def _one_by_one(model: Any, head: Any, params: Any, inputs: Any, labels: Any) -> Any:
    def score(x: Any, y: Any) -> Any:
        return jax.grad(lambda p: head.log_density(y, trees.flatten(model(p, x))[0]))(params)

    return (*kfac.signals(model, params, inputs, head), jax.vmap(score)(inputs, labels))
