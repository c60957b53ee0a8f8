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
        return {
            CONVERGED: f"converged: residual {residual:.1e} after {steps} steps",
            NOT_CONVERGED: f"not converged: residual {residual:.1e} after {steps} of {len(self.history) - 1}",
            NEGATIVE_CURVATURE: f"negative curvature after {steps} steps (residual {residual:.1e}): the matrix is not "
            "positive definite",
            NOT_FINITE: f"the matrix-vector product returned nan or inf after {steps} steps",
        }[status]

    def __repr__(self) -> str:
        if trees.is_traced(self):
            return "<Solution: traced>"
        return f"<Solution: {'batched' if np.ndim(self.status) else self.message}>"


def rounding(dtype: Any) -> float:
    """Return the relative residual up to which a direct solve counts as converged."""
    return 100 * float(jnp.finfo(dtype).eps) ** 0.5


def or_infinity(size: Any) -> Any:
    """Return what a residual is divided by: the size of b, or infinity where b is 0, which is solved by 0."""
    return jnp.where(size, size, jnp.inf)


def direct(value: Any, residual: Any, tol: float) -> Solution:
    """Return the report of a solve without iterations."""
    finite, small = jnp.isfinite(residual), residual <= tol
    status = jnp.where(finite, jnp.where(small, CONVERGED, NOT_CONVERGED), NOT_FINITE)
    return Solution(value, jnp.zeros((), int), residual, status == CONVERGED, residual[None], status)
