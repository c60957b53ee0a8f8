"""What may be inverted: the checks every Fisher matrix passes before it is used.

Singularity is judged after scaling to a unit diagonal, so that units decide nothing: diag(1e-12, 1e12)
is regular.  Tolerances are relative: asymmetry and negative eigenvalue 1e-8 (float32: 1e-3), zero eigenvalue 1000 eps d.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Spectrum", "spectrum", "square_matrix"]


@dataclass(frozen=True)
class Spectrum:
    """A checked Fisher matrix.

    ``matrix`` is F in float64; ``scale`` its unit-diagonal scaling s (F_ij = s_i C_ij s_j); ``null`` an
    orthonormal basis of its null space, shape (d, d - rank); ``range`` one of the orthogonal complement.
    """

    matrix: np.ndarray
    scale: np.ndarray
    null: np.ndarray
    range: np.ndarray

    @property
    def rank(self) -> int:
        return self.range.shape[1]

    @property
    def singular(self) -> bool:
        return self.null.shape[1] > 0

    def describe(self) -> str:
        """Name the rank and a null direction."""
        d = len(self.matrix)
        return f"rank {self.rank} of {d}; null direction v = {direction(self.null[:, 0])}"

    def solve(self, g: np.ndarray) -> np.ndarray:
        """F^{-1} g, or the minimum-norm solution F^+ g where F is singular."""
        if not self.singular:
            correlation = self.matrix / np.outer(self.scale, self.scale)
            scaled = g / (self.scale if g.ndim == 1 else self.scale[:, None])
            solution = np.linalg.solve(correlation, scaled)
            return solution / (self.scale if g.ndim == 1 else self.scale[:, None])
        inner = self.range.T @ self.matrix @ self.range
        return self.range @ np.linalg.solve(inner, self.range.T @ g)


def direction(v: np.ndarray) -> str:
    """A unit vector as text, its largest entry positive."""
    v = v * np.sign(v[np.argmax(np.abs(v))])
    return "(" + ", ".join(f"{entry:.3g}" for entry in np.where(np.abs(v) < 1e-12, 0.0, v)) + ")"


def square_matrix(F: Any, name: str = "F") -> np.ndarray:
    """Return F as an array; raise unless it is a finite square matrix of floats."""
    array = np.asarray(F)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise ValueError(f"{name} must be a square matrix (got shape {array.shape})")
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise TypeError(f"{name} must hold real numbers (got dtype {array.dtype})")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} contains {array[where]} at index {where}")
    return array


def spectrum(F: Any, name: str = "F") -> Spectrum:
    """Check that F is symmetric and positive semidefinite, and find its null space.

    Raises
    ------
    ValueError
        F is not square, holds nan, is asymmetric (it is never symmetrised silently) or indefinite.
    """
    array = square_matrix(F, name)
    # a float32 matrix carries float32 rounding errors, whatever it is later computed in
    kind, tolerance = (np.float32, 1e-3) if array.dtype == np.float32 else (np.float64, 1e-8)
    matrix = np.asarray(array, dtype=np.float64)
    largest = np.abs(matrix).max()
    asymmetry = np.abs(matrix - matrix.T).max()
    if asymmetry > tolerance * largest:
        raise ValueError(f"{name} is not symmetric: max |{name} - {name}^T| = {asymmetry:.3g}")
    matrix = (matrix + matrix.T) / 2  # only rounding is left to average away
    diagonal = np.diag(matrix)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    correlation = matrix / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(correlation)
    if diagonal.min() < 0 or values[0] < -tolerance * values[-1]:
        lowest = np.linalg.eigvalsh(matrix)[0]
        raise ValueError(
            f"{name} has eigenvalue {lowest:.3g} < 0; a Fisher matrix is positive semidefinite. "
            "A Hessian of the loss is not a Fisher matrix; use the generalised Gauss-Newton matrix or the KL Hessian"
        )
    zero = values <= 1000 * np.finfo(kind).eps * len(matrix) * values[-1]
    rank = int((~zero).sum())
    # the null space of F itself: undo the scaling, then make it orthonormal
    basis = np.linalg.qr(np.column_stack([vectors[:, zero] / scale[:, None], np.eye(len(matrix))]))[0]
    return Spectrum(matrix, scale, basis[:, : len(matrix) - rank], basis[:, len(matrix) - rank : len(matrix)])
