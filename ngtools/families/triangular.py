"""Symmetric positive definite matrices as lists of engine scalars: triangles, factors, inverse.

Written out entry by entry, so that one text serves SymPy, NumPy and JAX, and batches of observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ngtools.engines import Engine

__all__ = ["cholesky", "inverse", "ldl", "pairs", "unpack"]

Rows = list[list[Any]]


def pairs(d: int) -> list[tuple[int, int]]:
    """Return the positions of a lower triangle, row by row: (0, 0), (1, 0), (1, 1), ..."""
    return [(a, b) for a in range(d) for b in range(a + 1)]


def unpack(triangle: Sequence[Any], d: int) -> Rows:
    """Return the symmetric matrix whose lower triangle, row by row, is given."""
    at = {pair: entry for pair, entry in zip(pairs(d), triangle)}
    return [[at[max(a, b), min(a, b)] for b in range(d)] for a in range(d)]


def ldl(S: Rows) -> tuple[Rows, list[Any]]:
    """Return a unit lower triangular L and the pivots D of S = L D Lᵀ (no square root: SymPy stays rational)."""
    d = len(S)
    L: Rows = [[0] * d for _ in range(d)]
    D: list[Any] = []
    for i in range(d):
        for j in range(i):
            L[i][j] = (S[i][j] - sum(L[i][k] * L[j][k] * D[k] for k in range(j))) / D[j]
        L[i][i] = 1
        D.append(S[i][i] - sum(L[i][k] ** 2 * D[k] for k in range(i)))
    return L, D


def cholesky(S: Rows, m: Engine) -> Rows:
    """Return the lower triangular L of S = L Lᵀ."""
    L, D = ldl(S)
    return [[L[i][j] * m.sqrt(D[j]) if j <= i else 0 for j in range(len(S))] for i in range(len(S))]


def inverse(S: Rows) -> Rows:
    """Return the inverse of S."""
    d = len(S)
    L, D = ldl(S)
    M: Rows = [[0] * d for _ in range(d)]  # the inverse of L
    for j in range(d):
        M[j][j] = 1
        for i in range(j + 1, d):
            M[i][j] = -sum(L[i][k] * M[k][j] for k in range(j, i))
    return [[sum(M[k][i] * M[k][j] / D[k] for k in range(max(i, j), d)) for j in range(d)] for i in range(d)]
