"""What can be read off a Fisher matrix whatever the coordinates: a length, and eigenvalues of one tensor against another."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg


def squared_length(g: Any, F: Any) -> float:
    """Return gᵀ F⁻¹ g, the squared length of a gradient (a covector) g in the metric F; the same in every chart.

    Examples
    --------
    >>> round(squared_length([2.0, 1.0], [[4.0, 0.0], [0.0, 0.5]]), 12)
    3.0
    """
    g, F = np.asarray(g, dtype=np.float64), np.asarray(F, dtype=np.float64)
    if F.ndim != 2 or F.shape != (len(g), len(g)):
        raise ValueError(f"F must be square and match g (got shapes {F.shape} and {g.shape})")
    return float(g @ scipy.linalg.solve(F, g, assume_a="pos"))


def relative_eigenvalues(A: Any, F: Any) -> np.ndarray:
    """Return the solutions kappa of A v = kappa F v in increasing order, shape (d,); the same in every chart.

    Both matrices must be tensors of the same kind in the same coordinates (two metrics); F positive definite.

    Examples
    --------
    >>> relative_eigenvalues([[2.0, 0.0], [0.0, 6.0]], [[1.0, 0.0], [0.0, 2.0]])
    array([2., 3.])
    """
    A, F = np.asarray(A, dtype=np.float64), np.asarray(F, dtype=np.float64)
    if A.shape != F.shape or F.ndim != 2 or F.shape[0] != F.shape[1]:
        raise ValueError(f"A and F must be square and of one shape (got {A.shape} and {F.shape})")
    return scipy.linalg.eigh(A, F, eigvals_only=True)
