"""Conjugate gradients under the microscope: every iterate, its residual and its error, on an explicit matrix."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.linear.cg import _solve
from ngtools.linear.damping import check_damping, damped

__all__ = [
    "Path",
    "cg_path",
    "chebyshev_bound",
    "polynomial_bound",
    "spectra",
    "steps_bound",
    "steps_needed",
    "symmetric",
]


@dataclass(frozen=True)
class Path:
    """The iterates of one solve of A x = b, A = F + lambda M, after 0, 1, ..., K steps.

    ``values`` has shape (K + 1, d).  ``residual`` is norm(b - A x) / norm(b), computed from x in 64 bits; ``reported``
    is what the recurrence says (nan after the solver stopped).  ``energy`` is norm_A(x - x*) / norm_A(x*) with
    norm_A(v)^2 = v^T A v and x* = A^+ b.  ``exact`` is x*.
    """

    values: np.ndarray
    residual: np.ndarray
    reported: np.ndarray
    energy: np.ndarray
    exact: np.ndarray


def symmetric(spectrum: Any, rng: np.random.Generator) -> np.ndarray:
    """Return a symmetric matrix with the given eigenvalues and random eigenvectors."""
    spectrum = np.asarray(spectrum, dtype=np.float64)
    Q = np.linalg.qr(rng.standard_normal((len(spectrum),) * 2))[0]
    A = (Q * spectrum) @ Q.T
    return (A + A.T) / 2


def cg_path(
    F: Any,
    b: Any,
    steps: int,
    *,
    damping: float = 0.0,
    metric: Any = None,
    preconditioner: Any = None,
    dtype: str = "float64",
) -> Path:
    """Return the iterates of ``linear.cg`` on an explicit matrix, with the errors that a real problem hides.

    Parameters
    ----------
    F, b
        A symmetric positive semi-definite matrix (d, d) and the right-hand side (d,).
    steps
        Number of steps K; no tolerance stops the solve before (a residual of exactly 0, or a curvature <= 0, does).
    damping, metric, preconditioner
        lambda; M and the preconditioner as matrices (identities by default).
    dtype
        Of the solve: "float64" or "float32".  The errors are computed in 64 bits.
    """
    check_damping(damping)
    F, b = np.asarray(F, dtype=np.float64), np.asarray(b, dtype=np.float64)
    M = np.eye(len(b)) if metric is None else np.asarray(metric, dtype=np.float64)
    A = F + damping * M
    exact = np.linalg.pinv(A, rcond=len(b) * np.finfo(np.float64).eps) @ b
    with jax.enable_x64(True):
        helper = (
            None if preconditioner is None else jax.tree_util.Partial(jnp.matmul, jnp.asarray(preconditioner, dtype))
        )
        values, reported = _iterates(jnp.asarray(A, dtype), jnp.asarray(b, dtype), helper, steps)
        values, reported = np.asarray(values, dtype=np.float64), np.asarray(reported, dtype=np.float64)
    errors = values - exact
    energy = np.sqrt(np.abs(np.einsum("ki,ij,kj->k", errors, A, errors)) / (exact @ A @ exact))
    residual = np.linalg.norm(b - values @ A, axis=1) / np.linalg.norm(b)
    return Path(values, residual, reported, energy, exact)


@partial(jax.jit, static_argnums=3)
def _iterates(A: Any, b: Any, preconditioner: Any, steps: int) -> Any:
    # one solve for each number of steps, from the start: the solver itself keeps no iterates
    solutions = jax.lax.map(lambda limit: _after(A, b, preconditioner, limit, steps), jnp.arange(steps + 1))
    return solutions.value, solutions.history[-1]


@partial(jax.jit, static_argnums=4)
def _after(A: Any, b: Any, preconditioner: Any, limit: Any, steps: int) -> Any:
    operator = damped(jax.tree_util.Partial(jnp.matmul, A), 0.0)
    return _solve(operator, b, 0.0, preconditioner, limit, max_steps=steps)


def steps_needed(F: Any, b: Any, error: float, most: int) -> int:
    """Return the first step at which the relative energy error is below ``error``; found by bisection.

    Raises
    ------
    ValueError
        It is not below ``error`` after ``most`` steps.
    """
    F, b = np.asarray(F, dtype=np.float64), np.asarray(b, dtype=np.float64)
    exact = np.linalg.solve(F, b)
    with jax.enable_x64(True):
        A, right = jnp.asarray(F), jnp.asarray(b)

        def far(steps: int) -> bool:
            e = np.asarray(_after(A, right, None, steps, most).value) - exact
            return bool(e @ F @ e >= error**2 * (exact @ F @ exact))

        if far(most):
            raise ValueError(f"the energy error is not below {error:g} after {most} steps; raise most=")
        return bisect_left(range(most), True, key=lambda steps: not far(steps))  # the error is monotone


def spectra(kappa: float, d: int) -> dict[str, np.ndarray]:
    """Return three spectra of size d between 1 and kappa (> 4), by name."""
    return {
        "even in the logarithm": np.geomspace(1, kappa, d),
        "even": np.linspace(1, kappa, d),
        "three large, the rest near 1": np.r_[np.linspace(1, 1.05, d - 3), 0.3 * kappa, 0.6 * kappa, kappa],
    }


def chebyshev_bound(kappa: float, steps: Any) -> np.ndarray:
    """Return 2 ((sqrt(kappa) - 1) / (sqrt(kappa) + 1))^k, which bounds the relative energy error after k steps."""
    root = np.sqrt(kappa)
    return 2 * ((root - 1) / (root + 1)) ** np.asarray(steps)


def steps_bound(kappa: float, error: float) -> float:
    """Return sqrt(kappa)/2 log(2/error): after so many steps the relative energy error is below ``error``."""
    return float(np.sqrt(kappa) / 2 * np.log(2 / error))


def polynomial_bound(spectrum: Sequence[float], roots: Sequence[float]) -> float:
    """Return the largest |P| on the spectrum, P(t) = prod (1 - t / root): it bounds the energy error after len(roots) steps.

    Examples
    --------
    >>> polynomial_bound([1.0, 2.0, 2.0, 9.0], roots=[1.0, 2.0, 9.0])
    0.0
    """
    t, zeros = np.asarray(spectrum, dtype=np.float64), np.asarray(roots, dtype=np.float64)
    return float(np.abs(np.prod(1 - t[:, None] / zeros, axis=1)).max())
