"""What a numeric argument must be: checked at the public boundary, with the argument's name, its value and the remedy.

For NumPy code.  Coordinates of a chart have a check of their own (``families.chart.check_vector``), pytrees theirs
(``trees``).
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = ["metric", "number", "real_array", "whole_number"]


def real_array(value: Any, name: str, shape: tuple[int | str, ...] | None = None) -> np.ndarray:
    """Return a finite float64 array; ``shape`` may hold letters for lengths that are free but not 0.

    Examples
    --------
    >>> real_array([[1, 2]], "path", ("n", 2)).tolist()
    [[1.0, 2.0]]
    >>> real_array([1.0, float("nan")], "g")
    Traceback (most recent call last):
    ValueError: g contains nan at index 1
    """
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers (got dtype {array.dtype})")
    if shape is not None:
        lengths = dict(zip(shape, array.shape))  # of a letter that comes twice, the last: the first must equal it
        fits = len(shape) == array.ndim and all(
            length == wanted if isinstance(wanted, int) else length and length == lengths[wanted]
            for length, wanted in zip(array.shape, shape)
        )
        if not fits:
            wanted = "(" + ", ".join(map(str, shape)) + (",)" if len(shape) == 1 else ")")
            raise ValueError(f"{name} must have shape {wanted} (got {array.shape}); no broadcasting is done")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} contains {array[index]} at index {index[0] if len(index) == 1 else index}")
    return array


def metric(value: Any, name: str, dimension: int | None = None) -> np.ndarray:
    """Return a symmetric positive definite matrix in float64."""
    array = real_array(value, name, ("d", "d") if dimension is None else (dimension, dimension))
    asymmetry = float(np.abs(array - array.T).max())
    if asymmetry > 1e-8 * np.abs(array).max():
        raise ValueError(f"{name} is not symmetric: max |{name} - {name}^T| = {asymmetry:.3g}")
    scale = np.sqrt(np.maximum(np.diag(array), np.finfo(np.float64).tiny))
    # on the unit-diagonal scaling, so that units decide nothing
    lowest = np.linalg.eigvalsh(array / np.outer(scale, scale))[0]
    if not lowest > 0:
        raise ValueError(
            f"{name} must be positive definite (min eigenvalue {np.linalg.eigvalsh(array)[0]:.3g}): a metric gives every "
            "vector but 0 a length"
        )
    return array


def number(
    value: Any, name: str, above: float = -math.inf, *, least: float = -math.inf, below: float = math.inf
) -> float:
    """Return one finite number greater than ``above``, at least ``least`` and less than ``below``."""
    if isinstance(value, (bool, str)) or not (isinstance(value, Real) or _is_real_scalar(value)):
        raise TypeError(f"{name} must be one number (got {value!r})")
    if not (above < float(value) < below and float(value) >= least):  # what is not finite lies within no limits
        wanted = ["finite"] if not math.isfinite(value) else []
        wanted += [f"< {below:g}"] if below < math.inf else []
        wanted += [f">= {least:g}"] if least > -math.inf else []
        wanted += [f"> {above:g}"] if above > -math.inf else []
        raise ValueError(f"{name} must be {' and '.join(wanted[::-1])} (got {value!r})")
    return float(value)


def _is_real_scalar(value: Any) -> bool:
    """Whether a value that is no Python number is one entry of an array of real numbers (None is not)."""
    return not np.ndim(value) and getattr(value, "dtype", np.dtype(object)).kind not in "bcOUSMm"


def whole_number(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number (got {value!r})")
    if value < least:
        raise ValueError(f"{name} must be at least {least} (got {value})")
    return int(value)
