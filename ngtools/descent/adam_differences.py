"""What stands between Adam's preconditioner and the diagonal of the Fisher matrix, one number a difference."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from ngtools import products, trees
from ngtools.compiling import compiled_once

__all__ = ["adam_differences", "gain", "moment_ratios"]


def gain(x: np.ndarray, g: np.ndarray, F: np.ndarray) -> float:
    """Return what a step along x gains on the quadratic model g.x - x.F x / 2 at its best length, relative to F^-1 g.

    Between 0 and 1, and the same whatever the length of x.
    """
    return float((g @ x) ** 2 / (x @ F @ x) / (g @ np.linalg.solve(F, g)))


def adam_differences(
    model: Any, params: Any, batch: tuple[Any, Any], head: Any, *, size: int, damping: float = 0.01
) -> dict[str, float]:
    """Measure five differences at one point, on the data of one batch, in 64 bits.

    Parameters
    ----------
    model, params, batch, head
        As in ``products.empirical_fisher_vector_product``; few enough parameters for the dense matrix.
    size
        Examples in Adam's mini-batches, which are drawn from the batch with replacement.
    damping
        Relative: every preconditioner, diagonal or not, is damped by this fraction of its mean diagonal entry.

    Returns
    -------
    "labels"
        trace of the empirical Fisher matrix over the trace of F.
    "mini-batch mean"
        median over the parameters of (expected squared mini-batch gradient) / (mean squared gradient of an example).
    "uncentred"
        the share of the squared mean gradient in the expected squared mini-batch gradient, summed over parameters.
    "diagonal"
        the gain of a step preconditioned with diag F, relative to the natural gradient's.
    "square root"
        the same for the square root of diag F.
    """
    moments = products.gradient_moments(model, params, batch, head)
    with jax.enable_x64(True):
        double = trees.double(params)
        inputs = np.asarray(batch[0], np.float64)
        F = np.asarray(_dense(model, head, double, inputs))
    g, diagonal = moments.mean, np.diag(F)
    seen = moments.square > 0  # a pixel that is never inked moves nothing
    second = moments.of_batches(size)
    damped = F + damping * diagonal.mean() * np.eye(len(F))

    def preconditioned(scale: np.ndarray) -> float:
        return gain(g / (scale + damping * scale.mean()), g, damped)

    return {
        "labels": float(moments.square.sum() / diagonal.sum()),
        "mini-batch mean": float(np.median(second[seen] / moments.square[seen])),
        "uncentred": float((moments.mean**2).sum() / second.sum()),
        "diagonal": preconditioned(diagonal),
        "square root": preconditioned(np.sqrt(diagonal)),
    }


def moment_ratios(model: Any, params: Any, batch: tuple[Any, Any], head: Any, sizes: Any) -> list[float]:
    """Return, by size of the mini-batch, the median over the parameters of (expected squared gradient) / F_ii; 64 bits.

    Parameters whose F_ii is below 1e-6 of the largest are left out: pixels that are never inked.
    """
    moments = products.gradient_moments(model, params, batch, head)
    with jax.enable_x64(True):
        double = trees.double(params)
        F = products.diagonal(model, double, np.asarray(batch[0], np.float64), head)
        F = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(F)])
    seen = np.greater(F, 1e-6 * F.max())
    return [float(np.median(moments.of_batches(size)[seen] / F[seen])) for size in sizes]


@partial(compiled_once, static=(0, 1))
def _dense(model: Any, head: Any, params: Any, inputs: Any) -> Any:
    return products.dense(products.fisher_vector_product(model, params, inputs, head), params)
