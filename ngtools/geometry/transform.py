"""How things change when the coordinates do: covectors, metrics and vectors.

The convention is one: J = d phi / d theta, theta the old coordinates and phi the new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ngtools.checks import number
from ngtools.engines import JAX, SYMPY, Engine, engine_of

__all__ = ["check_jacobian", "transform_gradient", "transform_metric", "transform_vector"]


def transform_gradient(g: Any, J: Any) -> Any:
    """Carry a gradient (a covector) to new coordinates: J^{-T} g.

    Parameters
    ----------
    g
        df/dtheta, shape (d,).  NumPy, JAX (traceable) or SymPy.
    J
        d phi / d theta, shape (d, d), invertible.

    Returns
    -------
    df/dphi, shape (d,), of the kind given.

    Raises
    ------
    ValueError
        Shapes do not match, an entry is nan, or J is singular.

    Examples
    --------
    >>> transform_gradient([3.0], [[2.0]])
    array([1.5])
    """
    m, g, J = _read(g, J, "g", vector=True)
    if m is SYMPY:
        return J.T.inv() * g
    return m.solve(J.T, g)


def transform_metric(F: Any, J: Any) -> Any:
    """Carry a metric (a symmetric 2-tensor, the Fisher matrix) to new coordinates: J^{-T} F J^{-1}.

    Parameters
    ----------
    F
        The metric in theta, shape (d, d).
    J
        d phi / d theta, shape (d, d), invertible.

    Returns
    -------
    The metric in phi, shape (d, d).

    Examples
    --------
    >>> transform_metric([[8.0]], [[2.0]])
    array([[2.]])
    """
    m, F, J = _read(F, J, "F", vector=False)
    if m is SYMPY:
        return J.T.inv() * F * J.inv()
    return m.solve(J.T, m.solve(J.T, F.T).T)


def transform_vector(v: Any, J: Any) -> Any:
    """Carry a vector (a velocity, a natural gradient, a small step) to new coordinates: J v.

    Parameters
    ----------
    v
        dtheta/dt, shape (d,).
    J
        d phi / d theta, shape (d, d), invertible.

    Returns
    -------
    dphi/dt, shape (d,).

    Examples
    --------
    >>> transform_vector([3.0], [[2.0]])
    array([6.])
    """
    m, v, J = _read(v, J, "v", vector=True)
    return J * v if m is SYMPY else J @ v


def check_jacobian(J: Any, h: Callable[[np.ndarray], Any], theta: Any, tolerance: float = 1e-5) -> None:
    """Compare J with central differences of the map h; raise when they do not agree.

    Parameters
    ----------
    J
        Claimed d phi / d theta at theta.
    h
        theta -> phi, on NumPy vectors.
    theta
        Where.
    tolerance
        Relative to the largest entry of J; central differences are good to about 1e-9.

    Raises
    ------
    ValueError
        The relative error exceeds ``tolerance``; says so when J is the inverse of what it should be.
    """
    tolerance = number(tolerance, "tolerance", above=0)
    _, theta, J = _read(theta, J, "theta", vector=True)
    theta, J = np.asarray(theta, dtype=np.float64), np.asarray(J, dtype=np.float64)
    columns = []
    for k in range(len(theta)):
        step = np.zeros_like(theta)
        step[k] = 1e-5 * max(abs(theta[k]), 1e-2)
        with jax.enable_x64(True), np.errstate(all="ignore"):
            ahead, behind = (_image(h, theta + sign * step, len(J)) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * step[k]))
    measured = np.stack(columns, axis=-1)

    def error(matrix: np.ndarray) -> float:
        return float(np.abs(matrix - measured).max() / max(np.abs(measured).max(), np.finfo(np.float64).tiny))

    if _is_singular(measured, 1e-10):  # what central differences leave of a zero
        raise ValueError(
            f"h is not invertible at theta = {theta.tolist()}: its Jacobian by central differences is "
            f"{measured.round(9).tolist()}, which is singular; not a valid reparameterisation here"
        )
    if not error(J) <= tolerance:
        turned = " (its inverse does: d theta / d phi was given)" if error(np.linalg.inv(J)) <= tolerance else ""
        raise ValueError(
            f"J does not match h: relative error {error(J):.3g}{turned}; the convention is J = d phi / d theta with phi = h(theta)"
        )


def _image(h: Callable[[np.ndarray], Any], theta: np.ndarray, size: int) -> np.ndarray:
    phi = np.asarray(h(theta))
    if phi.shape != (size,):
        raise ValueError(f"h(theta) has shape {phi.shape}; J has {size} rows, so phi must have shape ({size},)")
    if phi.dtype in (np.float16, np.float32):
        raise TypeError(
            f"h returns {phi.dtype}: a difference over a step of 1e-5 keeps about 2 of its digits; compute h in float64"
        )
    if not np.isfinite(phi).all():
        raise ValueError(
            f"h is not finite at theta = {theta.tolist()} (got {phi.tolist()}): theta is outside its domain"
        )
    return phi.astype(np.float64)


def _read(value: Any, J: Any, name: str, vector: bool) -> tuple[Engine, Any, Any]:
    m = engine_of(value, J)
    if m is SYMPY:
        value, J = sp.Matrix(value), sp.Matrix(J)
        shape = (J.shape[0], 1) if vector else J.shape
        if J.shape[0] != J.shape[1] or value.shape != shape:
            raise ValueError(_mismatch(name, value.shape, J.shape))
        if sp.simplify(J.det()) == 0:
            raise ValueError(_singular(0))
        return m, value, J
    xp = jnp if m is JAX else np
    for label, entry in ((name, value), ("J", J)):
        if np.iscomplexobj(entry) or (not isinstance(entry, jax.Array) and np.asarray(entry).dtype.kind not in "fiu"):
            raise TypeError(f"{label} must hold real numbers (got {entry!r})")
    value, J = (xp.asarray(entry, dtype=_float(xp, entry)) for entry in (value, J))
    if J.ndim != 2 or J.shape[0] != J.shape[1] or value.shape != (J.shape[:1] if vector else J.shape):
        raise ValueError(_mismatch(name, value.shape, J.shape))
    if not isinstance(value, jax.core.Tracer) and not isinstance(J, jax.core.Tracer):
        for label, array in ((name, np.asarray(value)), ("J", np.asarray(J))):
            if not np.isfinite(array).all():
                where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
                raise ValueError(f"{label} contains {array[where]} at index {where[0] if len(where) == 1 else where}")
        if _is_singular(np.asarray(J, dtype=np.float64), float(np.finfo(np.asarray(J).dtype).eps)):
            raise ValueError(_singular(np.linalg.det(np.asarray(J, dtype=np.float64))))
    return m, value, J


def _float(xp: Any, value: Any) -> Any:
    dtype = getattr(value, "dtype", None)
    if dtype is not None and np.issubdtype(dtype, np.floating):
        return dtype
    return np.float64 if xp is np else jnp.result_type(float)


def _is_singular(J: np.ndarray, eps: float) -> bool:
    # units decide nothing: scale rows and columns before looking at the singular values
    least = np.finfo(np.float64).tiny
    balanced = J / np.maximum(np.abs(J).max(axis=1, keepdims=True), least)
    columns = np.maximum(np.abs(balanced).max(axis=0, keepdims=True), least)
    values = np.linalg.svd(balanced / columns, compute_uv=False)
    return bool(values[-1] <= 10 * len(J) * eps * values[0])


def _singular(det: Any) -> str:
    return (
        f"Jacobian is singular (det = {float(det):.3g}): not a valid reparameterisation here. "
        "Where phi has fewer or more coordinates than theta, pull the metric back instead of pushing it forward"
    )


def _mismatch(name: str, shape: Any, J_shape: Any) -> str:
    return (
        f"{name} has shape {tuple(shape)}, J has shape {tuple(J_shape)}; J = d phi / d theta must be (d, d) "
        f"and {name} must match it (no broadcasting is done)"
    )
