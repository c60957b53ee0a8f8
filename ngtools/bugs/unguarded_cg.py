"""WRONG: conjugate gradients that look neither at the residual nor at the curvature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.linear.solution import CONVERGED, Solution

__all__ = ["cg"]


def cg(
    matvec: Callable[[Any], Any],
    b: Any,
    *,
    damping: Any = 0.0,
    max_steps: int,
    tol: Any = 0.0,
    preconditioner: Any = None,
    metric: Any = None,
) -> Solution:
    """``linear.cg`` as a fixed number of steps; tol, preconditioner and metric are ignored."""
    x = trees.scale(0, b)
    r = p = b
    rr = trees.dot(r, r)
    # wrong: goes on after convergence, and up a hill as well as down a valley
    for _ in range(max_steps):
        image = trees.axpy(damping, p, matvec(p))
        alpha = rr / trees.dot(p, image)
        x, r = trees.axpy(alpha, p, x), trees.axpy(-alpha, image, r)
        new = trees.dot(r, r)
        p, rr = trees.axpy(new / rr, p, r), new
    residual = trees.norm(r) / trees.norm(b)
    history = jnp.full(max_steps + 1, np.nan)
    report = jnp.asarray(True), history, jnp.asarray(CONVERGED)
    return Solution(x, jnp.asarray(max_steps), residual, *report)
