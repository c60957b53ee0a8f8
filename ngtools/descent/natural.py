"""The natural gradient F^{-1} g, and what to do when F has no inverse."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ngtools.checks import number, real_array
from ngtools.engines import JAX, SYMPY, engine_of
from ngtools.geometry.psd import spectrum

__all__ = ["budget_step", "natural_gradient", "solve_traced"]

SINGULAR = ("raise", "minimum-norm")


def natural_gradient(F: Any, g: Any, singular: str = "raise") -> Any:
    """The natural gradient: the solution x of F x = g.

    Parameters
    ----------
    F
        Fisher matrix, shape (d, d): symmetric and positive semidefinite.  NumPy, JAX or SymPy.
    g
        Gradient of the objective in the same coordinates, shape (d,).
    singular
        ``"raise"``: an F without inverse is an error that names a null direction.
        ``"minimum-norm"``: the solution F^+ g of least Euclidean norm.  The change of the
        *distribution* it induces does not depend on that choice; its coordinates do.

    Returns
    -------
    Shape (d,), of the kind given.  Under ``jit`` nothing is checked: see `solve_traced`.

    Raises
    ------
    ValueError
        F is asymmetric (relative 1e-8), has a negative eigenvalue (relative 1e-8), is singular (zero
        eigenvalue of the unit-diagonal scaling, 1000 eps d) and ``singular="raise"``; g has a component in
        the null space of F (relative 1e-8; 32 bits: 1e-3), whatever ``singular``; shapes differ; an entry is nan.

    Examples
    --------
    >>> natural_gradient([[8.0]], [3.0])
    array([0.375])
    >>> natural_gradient([[1.0, -1.0], [-1.0, 1.0]], [1.0, -1.0], singular="minimum-norm")
    array([ 0.5, -0.5])
    """
    if singular not in SINGULAR:
        raise ValueError(f"singular must be one of {SINGULAR} (got {singular!r})")
    m = engine_of(F, g)
    if m is SYMPY:
        return _symbolic(sp.Matrix(F), sp.Matrix(g), singular)
    if isinstance(F, jax.core.Tracer) or isinstance(g, jax.core.Tracer):
        return solve_traced(F, g, singular)
    gradient = np.asarray(g)
    if gradient.dtype.kind not in "fiu":
        raise TypeError(f"g must hold real numbers (got dtype {gradient.dtype})")
    kinds = (gradient.dtype, np.asarray(F).dtype)
    dtype = np.result_type(*kinds, np.float32)
    if gradient.shape != np.shape(F)[:1]:
        raise ValueError(
            f"g has shape {gradient.shape}, F has shape {np.shape(F)}: a gradient of shape (d,) needs an F of "
            "shape (d, d); no broadcasting is done"
        )
    if not np.isfinite(gradient).all():
        index = int(np.flatnonzero(~np.isfinite(gradient))[0])
        raise ValueError(f"g contains {gradient[index]} at index {index}")
    checked = spectrum(F)
    gradient = gradient.astype(np.float64)
    if checked.singular:
        # one part in 32 bits is enough to carry its rounding into the product with the null space
        kind, tolerance = (np.float32, 1e-3) if np.float32 in kinds else (np.float64, 1e-8)
        outside = float(np.linalg.norm(checked.null.T @ gradient))
        # the floor is rounding in units of the score, for gradients that vanish
        floor = 5e3 * float(np.finfo(kind).eps) * np.sqrt(np.trace(checked.matrix))
        allowed = tolerance * np.linalg.norm(gradient) + floor
        if outside > allowed:
            raise ValueError(
                f"gradient has a component (norm {outside:.3g}) in the null space of F ({checked.describe()}): the "
                "objective depends on a direction that does not change the distribution"
            )
        if singular == "raise":
            raise ValueError(
                f"Fisher matrix is singular, {checked.describe()}: use singular='minimum-norm', a chart without "
                "redundant coordinates, or damping"
            )
    solution = checked.solve(gradient)
    if m is JAX:
        return jnp.asarray(solution, dtype=dtype)
    return solution


def solve_traced(F: Any, g: Any, singular: str = "raise") -> Any:
    """The same solve for use inside ``jit``: no checks, in the caller's precision.

    ``"raise"`` is a Cholesky solve, which gives nan where F is not positive definite;
    ``"minimum-norm"`` uses eigenvalues above 1e3 eps d of the largest.
    """
    if singular not in SINGULAR:
        raise ValueError(f"singular must be one of {SINGULAR} (got {singular!r})")
    F, g = jnp.asarray(F), jnp.asarray(g)
    if singular == "raise":
        return jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(F), g)
    return jnp.linalg.pinv(F, rtol=1e3 * jnp.finfo(F.dtype).eps * len(F), hermitian=True) @ g


def budget_step(F: Any, g: Any, c: float) -> np.ndarray:
    """The step that maximises g^T Delta subject to 1/2 Delta^T F Delta <= c.

    Delta = sqrt(2 c / g^T F^{-1} g) F^{-1} g; its predicted gain g^T Delta is sqrt(2 c g^T F^{-1} g).
    c is the value of a quadratic *model* of a divergence, in nats; the divergence itself differs.

    Raises
    ------
    ValueError
        c is not positive, g is zero (every direction is as good), or F cannot be inverted.

    Examples
    --------
    >>> budget_step([[2.0]], [-5.0], 0.01)
    array([-0.1])
    """
    c, F, g = number(c, "c", above=0), real_array(F, "F"), real_array(g, "g")
    natural = natural_gradient(F, g)
    square = float(g @ natural)
    if not square > 0:
        raise ValueError("g is zero: no direction is steepest, and the step of a given length is undefined")
    return np.sqrt(2 * c / square) * natural


def _symbolic(F: sp.Matrix, g: sp.Matrix, singular: str) -> sp.Matrix:
    if F.shape[0] != F.shape[1] or g.shape != (F.shape[0], 1):
        raise ValueError(f"g has shape {g.shape}, F has shape {F.shape}: no broadcasting is done")
    if sp.simplify(F - F.T) != sp.zeros(*F.shape):
        raise ValueError("F is not symmetric")
    if sp.simplify(F.det()) != 0:
        return (F.inv() * g).applyfunc(sp.simplify)
    null = F.nullspace()
    outside = [sp.simplify(v.dot(g)) for v in null]
    if any(entry != 0 for entry in outside):
        raise ValueError(
            f"gradient has a component in the null space of F (direction {list(null[0])}): the objective depends on a "
            "direction that does not change the distribution"
        )
    if singular == "raise":
        raise ValueError(
            f"Fisher matrix is singular, rank {F.rank()} of {F.shape[0]}; null direction v = {list(null[0])}: "
            "use singular='minimum-norm'"
        )
    return (F.pinv() * g).applyfunc(sp.simplify)
