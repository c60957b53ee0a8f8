"""WRONG: labels of a data set where draws of the model belong; the result is the empirical Fisher matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools import products
from ngtools.experiments.takeuchi1976 import regression

__all__ = ["sampled_fisher_vector_product", "slopes"]

_right = products.sampled_fisher_vector_product


def sampled_fisher_vector_product(
    model: Any,
    params: Any,
    batch: Any,
    head: Any,
    *,
    observations: Any = None,
    behaviour: Any = None,
    **rest: Any,
) -> Any:
    """The right one, except that it does not ask where observations come from."""
    if observations is not None and behaviour is None:
        # wrong: nobody knows the density that drew these
        pair = batch, observations
        return products.empirical_fisher_vector_product(model, params, pair, head)
    rest |= {"observations": observations, "behaviour": behaviour}
    return _right(model, params, batch, head, **rest)


def slopes(labels: bool, steps: int, noise: float) -> np.ndarray:
    """The slope w of y ~ N(w x, 1) along natural steps of size 1 from w = 0, shape (steps + 1,).

    The population is y = 2 x + noise e with standard normal x and e, by quadrature.

    Parameters
    ----------
    labels
        Whether the matrix comes from the data's labels (wrong) or from the model (right).
    """
    points, weights = products.normal_population(2)
    data, path = (points[:, :1], (2 * points[:, 0] + noise * points[:, 1])[:, None]), [0.0]
    for _ in range(steps):
        found = products.side_by_side(regression, np.array(path[-1:]), data, "unit-normal", weights=weights)
        matrix = found.empirical if labels else found.fisher
        path.append(path[-1] + (2 - path[-1]) / matrix.item())
    return np.array(path)
