"""What a solver reports: the answer, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees

__all__ = ["CONVERGED", "NEGATIVE_CURVATURE", "NOT_CONVERGED", "NOT_FINITE", "Solution"]

CONVERGED, NOT_CONVERGED, NEGATIVE_CURVATURE, NOT_FINITE = range(4)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Solution:
    """The answer of a solver and its report; a pytree, so it passes through ``jit``, ``vmap`` and ``scan``.

    Parameters
    ----------
    value
        x, a pytree like the right-hand side b.
    steps
        Iterations taken (0 for a direct solve).
    residual
        Relative residual norm(A x - b) / norm(b), A including the damping.  An iterative solver reports
        its own recurrence, which is the residual it stopped on; in 32-bit arithmetic the true one levels
        off earlier.
    converged
        Whether the residual reached the tolerance.
    history
        Relative residuals after 0, 1, ... steps; nan after ``steps``.
    status
        0 converged, 1 not converged, 2 negative curvature, 3 not finite.
    """

    value: Any
    steps: Any
    residual: Any
    converged: Any
    history: Any
    status: Any

    @property
    def message(self) -> str:
        """The report in words (concrete values only)."""
        status, steps, residual = int(self.status), int(self.steps), float(self.residual)
        if status == CONVERGED:
            return f"converged: residual {residual:.1e} after {steps} steps"
        if status == NEGATIVE_CURVATURE:
            return (
                f"negative curvature after {steps} steps (residual {residual:.1e}): the matrix is not positive definite"
            )
        if status == NOT_FINITE:
            return f"the matrix-vector product returned nan or inf after {steps} steps"
        return f"not converged: residual {residual:.1e} after {steps} of {np.shape(self.history)[-1] - 1}"

    def __repr__(self) -> str:
        if trees.is_traced(self):
            return "<Solution: traced>"
        return f"<Solution: {self.message if np.ndim(self.status) == 0 else 'batched'}>"


def direct(value: Any, residual: Any, tol: float) -> Solution:
    """Return the report of a solve without iterations."""
    finite, small = jnp.isfinite(residual), residual <= tol
    status = jnp.where(finite, jnp.where(small, CONVERGED, NOT_CONVERGED), NOT_FINITE)
    return Solution(value, jnp.zeros((), int), residual, status == CONVERGED, residual[None], status)
