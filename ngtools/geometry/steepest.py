"""Steepest ascent: which arrow of length one climbs fastest, once a metric says what length is."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from ngtools.engines import SYMPY, engine_of
from ngtools.geometry.psd import spectrum

__all__ = ["steepest"]


def steepest(M: Any, g: Any) -> Any:
    """The arrow v with v^T M v = 1 that makes g^T v largest: M^{-1} g / sqrt(g^T M^{-1} g).

    Parameters
    ----------
    M
        The metric, shape (d, d), positive definite; the identity where the chart itself is taken for the ground.
    g
        The derivatives of the function to be climbed, shape (d,), not zero.

    Returns
    -------
    Shape (d,), NumPy float64 or SymPy.  The largest climb itself is g^T v = sqrt(g^T M^{-1} g).

    Raises
    ------
    ValueError
        M is singular (an arrow of length zero could climb for ever), or g is zero (no direction is steepest).

    Examples
    --------
    >>> steepest([[1.0, 0.0], [0.0, 4.0]], [3.0, 8.0])
    array([0.6, 0.4])
    """
    if engine_of(M, g) is SYMPY:
        M, g = sp.Matrix(M), sp.Matrix(g)
        raised = M.LUsolve(g)
        return (raised / sp.sqrt((g.T * raised)[0])).applyfunc(sp.simplify)
    g = np.asarray(g, dtype=np.float64)
    checked = spectrum(M, "M")
    if g.shape != (len(checked.matrix),):
        raise ValueError(
            f"g has shape {g.shape}, M has shape {checked.matrix.shape}; g must be a vector that matches M"
        )
    if checked.singular:
        raise ValueError(f"M is singular, {checked.describe()}: it gives no length to that direction")
    climb = g @ (raised := checked.solve(g))
    if not climb > 0:
        raise ValueError(f"g must not be zero (got {g.tolist()}): on level ground no direction is steepest")
    return raised / np.sqrt(climb)
