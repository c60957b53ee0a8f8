"""Martens & Grosse 2015, "Optimizing neural networks with Kronecker-factored approximate curvature": how good the factors are.

A small tanh network with softmax outputs and random labels, small enough for the exact Fisher matrix.  By layer: the
relative error of the Kronecker product.  Between layers: how much of F and of its damped inverse lies off the
diagonal blocks.  And what a step along each approximation gains on the damped quadratic model, with the best length,
relative to the exact natural step.

Deviations: the paper's figures are for a larger network part-way through training; ours is an untrained 8-6-6-4
network on Gaussian inputs with random labels, so only the ordering is compared.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, products, trees
from ngtools.compiling import compiled_once
from ngtools.descent.adam_differences import gain
from ngtools.descent.networks import tanh_network
from ngtools.descent.supervised import loss
from ngtools.products.network import problem

__all__ = ["SETTINGS", "TOLERANCE", "check", "matrices", "run", "sample"]

SETTINGS: dict[str, Any] = {"seed": 2015, "sizes": [8, 6, 6, 4], "examples": 400, "damping": 0.01}
TOLERANCE = 1e-6


def matrices(seed: int, sizes: list[int], examples: int) -> dict[str, Any]:
    """Return F and its approximations (diagonal, block-diagonal, K-FAC), the loss gradient, and each entry's layer."""
    with jax.enable_x64(True):
        params, X, labels = jax.tree.map(jnp.asarray, problem(np.random.default_rng(seed), tuple(sizes), examples))
        F, K, diagonal, gradient = _matrices(params, X, labels)
        layer = trees.flatten(
            {n: jax.tree.map(lambda leaf, n=n: jnp.full_like(leaf, int(n)), params[n]) for n in params}
        )[0]
    same = np.asarray(layer)[:, None] == np.asarray(layer)[None, :]
    return {
        "exact": np.asarray(F),
        "block-diagonal": np.asarray(F) * same,
        "K-FAC": np.asarray(K),
        "diagonal": np.diag(np.asarray(diagonal)),
        "gradient": np.asarray(gradient),
        "layer": np.asarray(layer).astype(int),
    }


@compiled_once
def _matrices(params: Any, X: Any, labels: Any) -> Any:
    factors = kfac.factors(tanh_network, params, X, "categorical")
    return (
        products.dense(products.fisher_vector_product(tanh_network, params, X, "categorical"), params),
        products.dense(lambda v: kfac.product(factors, v), params),
        trees.flatten(products.diagonal(tanh_network, params, X, "categorical"))[0],
        trees.flatten(jax.grad(loss, argnums=2)(tanh_network, "categorical", params, (X, labels)))[0],
    )


def run(seed: int, sizes: list[int], examples: int, damping: float) -> dict[str, Any]:
    """Return errors by layer, block norms of F and of its inverse, and the gains of the steps."""
    found = matrices(seed, sizes, examples)
    F, K, g, layer = found["exact"], found["K-FAC"], found["gradient"], found["layer"]
    damped = F + damping * np.eye(len(F))
    inverse = np.linalg.inv(damped)
    layers = range(len(sizes) - 1)

    def block(M: np.ndarray, i: int, j: int) -> np.ndarray:
        return M[np.ix_(layer == i, layer == j)]

    steps = {
        name: np.linalg.solve(found[name] + damping * np.eye(len(F)), g)
        for name in ("diagonal", "K-FAC", "block-diagonal")
    }
    return {
        "error by layer": [float(np.linalg.norm(block(K - F, i, i)) / np.linalg.norm(block(F, i, i))) for i in layers],
        "block norms of F": [[float(np.abs(block(F, i, j)).mean()) for j in layers] for i in layers],
        "block norms of the inverse": [[float(np.abs(block(inverse, i, j)).mean()) for j in layers] for i in layers],
        "gain": {name: gain(x, g, damped) for name, x in ({"gradient": g} | steps).items()},
    }


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    gain = results["gain"]

    def off(norms: Any) -> float:
        # how far the farthest block falls below the geometric mean of its two diagonal ones
        return float(norms[0][-1] / np.sqrt(norms[0][0] * norms[-1][-1]))

    return {
        "K-FAC gains more than the diagonal and less than the exact blocks": gain["diagonal"]
        < gain["K-FAC"]
        < gain["block-diagonal"]
        <= 1,
        "each layer's Kronecker product is an approximation, not the block": all(
            0.02 < e < 1 for e in results["error by layer"]
        ),
        "the inverse is nearer to block-diagonal than F": off(results["block norms of the inverse"])
        < off(results["block norms of F"]),
    }


def sample() -> dict[str, Any]:
    """Return everything afresh: it takes seconds."""
    return run(**SETTINGS)
