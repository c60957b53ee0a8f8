"""First and second moments of the gradients of single examples: what Adam's running averages estimate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.compiling import compiled_once
from ngtools.products.batch import Model, count_of, head_of, pair

__all__ = ["GradientMoments", "gradient_moments"]


@dataclass(frozen=True, eq=False)
class GradientMoments:
    """Entries are vectors of length d, in the order of ``trees.flatten``.

    ``mean`` is the gradient of the mean of -log p at the data labels, ``square`` the mean over the examples of the
    squared gradient: the diagonal of the empirical Fisher matrix, which is not centred.
    """

    mean: np.ndarray
    square: np.ndarray

    def of_batches(self, size: int) -> np.ndarray:
        """Return the expected square of the mean gradient of a mini-batch of ``size`` drawn with replacement.

        mean^2 + (square - mean^2) / size: what a running average of squared mini-batch gradients settles at.
        """
        if size < 1:
            raise ValueError(f"size must be at least 1 (got {size})")
        return self.mean**2 + (self.square - self.mean**2) / size


def gradient_moments(model: Model, params: Any, batch: tuple[Any, Any], head: Any) -> GradientMoments:
    """Return the moments over a batch of the gradients of -log p(label | input), one gradient an example, in 64 bits.

    Parameters
    ----------
    model, params, batch, head
        As in ``empirical_fisher_vector_product``.  Memory: examples times parameters.
    """
    with jax.enable_x64(True):
        inputs, labels = pair(batch)
        record = head_of(head, model, params, inputs)
        record.check_labels(labels, count_of(inputs))
        mean, square = _moments(model, record, params, jnp.asarray(inputs), jnp.asarray(labels))
        return GradientMoments(np.asarray(mean), np.asarray(square))


@partial(compiled_once, static=(0, 1))
def _moments(model: Any, head: Any, params: Any, inputs: Any, labels: Any) -> Any:
    def gradient(x: Any, y: Any) -> Any:
        return trees.flatten(jax.grad(lambda p: -head.log_density(y, trees.flatten(model(p, x))[0]))(params))[0]

    each = jax.vmap(gradient)(inputs, labels).astype(jnp.float64)
    return each.mean(axis=0), (each**2).mean(axis=0)
