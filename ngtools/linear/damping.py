"""Damping: the solve of (F + lambda M) x = b in place of F x = b.

With M the identity the damping is no tensor: the answer then depends on the parameterization, by an amount
proportional to lambda.  A metric M that is carried along under a change of coordinates (S^T M S under
theta = S phi) keeps the answer invariant under affine maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ngtools import trees

__all__ = ["check_damping", "damped"]


def check_damping(damping: Any) -> None:
    """Raise ValueError unless the damping is a finite number >= 0; a traced value is not looked at."""
    if trees.is_traced(damping):
        return
    if np.ndim(damping):
        raise ValueError(f"damping must be one number (got shape {np.shape(damping)}); for a diagonal use metric=")
    if not (np.isfinite(damping) and damping >= 0):
        raise ValueError(f"damping must be >= 0 (got {float(damping)!r}); a negative one makes the matrix indefinite")


def damped(matvec: Callable[[Any], Any], damping: Any, metric: Any = None) -> Callable[[Any], Any]:
    """Return v -> F v + lambda M v.

    Parameters
    ----------
    matvec
        v -> F v on pytrees.
    damping
        lambda >= 0.
    metric
        M: None for the identity, a pytree like v for a diagonal, or a function v -> M v.
    """
    check_damping(damping)
    return jax.tree_util.Partial(
        _damped,
        matvec if is_pytree(matvec) else jax.tree_util.Partial(matvec),
        damping,
        jax.tree_util.Partial(metric) if callable(metric) else metric,
    )


def _damped(matvec: Any, damping: Any, metric: Any, v: Any) -> Any:
    if metric is None:
        weighted = v
    elif callable(metric):
        weighted = metric(v)
    else:
        trees.check_like(metric, v, "metric", "v")
        weighted = jax.tree.map(lambda m, x: m * x, metric, v)
    image = matvec(v)
    trees.check_like(image, v, "matvec(v)", "v")
    return trees.axpy(damping, weighted, image)


def is_pytree(value: Any) -> bool:
    return not jax.tree_util.treedef_is_leaf(jax.tree.structure(value))
