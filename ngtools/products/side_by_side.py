"""The matrices that are called "Fisher" somewhere, of one model at one point, dense and side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.checks import whole_number
from ngtools.compiling import compiled_once
from ngtools.products.batch import count_of, head_of
from ngtools.products.fisher import fisher_vector_product
from ngtools.products.losses import ggn_vector_product, hessian_vector_product
from ngtools.products.observed import empirical_fisher_vector_product, sampled_fisher_vector_product

__all__ = ["SideBySide", "normal_population", "side_by_side"]


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Five matrices of shape (d, d), means over one batch.

    ``fisher`` is exact: the expectation over the model's labels is taken in closed form.  ``sampled`` draws labels from
    the model (None where none were drawn), ``empirical`` takes those of the data.  ``ggn`` and ``hessian`` are of the
    loss -log p at the data labels.
    """

    fisher: np.ndarray
    sampled: np.ndarray | None
    empirical: np.ndarray
    ggn: np.ndarray
    hessian: np.ndarray

    def errors(self) -> dict[str, float]:
        """Return the relative distance (Frobenius norm) of each of the others from ``fisher``."""
        size = float(np.linalg.norm(self.fisher))
        return {
            name: float(np.linalg.norm(getattr(self, name) - self.fisher)) / size
            for name in ("sampled", "empirical", "ggn", "hessian")
            if getattr(self, name) is not None
        }


def side_by_side(
    model: Any,
    params: Any,
    batch: tuple[Any, Any],
    head: Any,
    key: jax.Array | None = None,
    *,
    samples: int = 1,
    weights: Any = None,
) -> SideBySide:
    """Return exact, sampled and empirical Fisher matrix, GGN and Hessian of one model at one point, in 64 bits.

    Parameters
    ----------
    model, params, batch, head, weights
        As in ``empirical_fisher_vector_product``.
    key, samples
        As in ``sampled_fisher_vector_product``: labels drawn for each example.  Without a key nothing is sampled.
    """
    samples = whole_number(samples, "samples")
    with jax.enable_x64(True):
        params, batch = jax.tree.map(_double, (params, batch))
        record = head_of(head, model, params, batch[0])
        record.check_labels(batch[1], count_of(batch[0]))
        found = _matrices(model, record, samples, params, batch, key, weights)
        stored: list[Any] = [None if matrix is None else np.asarray(matrix) for matrix in found]
        return SideBySide(*stored)


@partial(compiled_once, static=(0, 1, 2))  # one compilation for all of them
def _matrices(model: Any, head: Any, samples: int, params: Any, batch: Any, key: Any, weights: Any) -> Any:
    flat, unflatten = trees.flatten(params)
    inputs = batch[0]

    def matrix(op: Any) -> Any:
        return jax.vmap(lambda e: trees.flatten(op(unflatten(e)))[0])(jnp.eye(flat.size)).T

    sampled = None
    if key is not None:
        sampled = matrix(
            sampled_fisher_vector_product(model, params, inputs, head, key=key, samples=samples, weights=weights)
        )
    return (
        matrix(fisher_vector_product(model, params, inputs, head, weights=weights)),
        sampled,
        matrix(empirical_fisher_vector_product(model, params, batch, head, weights=weights)),
        matrix(ggn_vector_product(model, params, batch, head, weights=weights)),
        matrix(hessian_vector_product(model, params, batch, head, weights=weights)),
    )


def normal_population(dimension: int, nodes: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Return points (nodes^dimension, dimension) and weights of a standard normal population.

    A Gauss-Hermite rule: weighted means over the points are the expectations of polynomials of degree up to
    2 nodes - 1 in each coordinate, so that "infinitely many data" is a batch.

    Examples
    --------
    >>> x, weights = normal_population(1)
    >>> [round(float(weights @ x[:, 0] ** k), 10) for k in (2, 4)]
    [1.0, 3.0]
    """
    dimension, nodes = whole_number(dimension, "dimension"), whole_number(nodes, "nodes")
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    grid = np.stack(np.meshgrid(*[points] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)
    shares = np.prod(np.stack(np.meshgrid(*[weights] * dimension, indexing="ij"), axis=-1), axis=-1).ravel()
    return grid, shares / shares.sum()


def _double(leaf: Any) -> Any:
    leaf = np.asarray(leaf)
    return leaf.astype(np.float64) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf
