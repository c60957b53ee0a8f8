"""Kronecker products without forming them, and the order in which matrices are stacked into vectors.

The convention, once: vec stacks *columns*.  For a layer s = W a with W of shape (outputs, inputs),

    d s / d vec(W) = a^T (x) I,      so the Fisher block of the layer is E[a a^T] (x) E[g g^T],
    (A (x) G) vec(M) = vec(G M A^T),      (A (x) G)^-1 vec(M) = vec(G^-1 M A^-T),

A acting on inputs, G on outputs.  Code in this package stores a layer as ``kernel = W^T`` of shape
(inputs, outputs), as JAX libraries do; flattening a kernel *row by row* is vec(W).  With W flattened row by
row instead, the same block is G (x) A.  The two orders have the same eigenvalues, so a mix-up shows only when
the blocks are compared entry by entry.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.linear.damping import check_damping

__all__ = ["kron_product", "kron_solve", "kron_solve_factored", "unvec", "vec"]


def vec(M: jax.Array) -> jax.Array:
    """Return the columns of M stacked into one vector.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> vec(jnp.array([[1, 2], [3, 4]])).tolist()
    [1, 3, 2, 4]
    """
    if M.ndim != 2:
        raise ValueError(f"M must be a matrix (got shape {M.shape})")
    return M.T.reshape(-1)


def unvec(v: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """Return the matrix of the given shape whose columns are stacked in v."""
    return v.reshape(shape[::-1]).T


def kron_product(A: jax.Array, G: jax.Array, kernel: jax.Array) -> jax.Array:
    """Return (A (x) G) applied to a kernel of shape (inputs, outputs): A kernel G for symmetric factors."""
    _check_shapes(A, G, kernel)
    return A @ kernel @ G


def kron_solve(A: jax.Array, G: jax.Array, kernel: jax.Array, damping: Any = 0.0) -> jax.Array:
    """Return (A (x) G + lambda I)^-1 applied to a kernel of shape (inputs, outputs).

    The damping is exact: both factors are diagonalised, A = U diag(a) U^T and G = V diag(g) V^T, and the
    entries of U^T kernel V are divided by a_i g_j + lambda.

    Raises
    ------
    ValueError
        On concrete values, if a factor is singular and the damping is 0.
    """
    _check_shapes(A, G, kernel)
    check_solvable(A, G, damping)
    a, U = jnp.linalg.eigh(A)
    g, V = jnp.linalg.eigh(after(G, a))
    spectrum = jnp.maximum(a, 0)[:, None] * jnp.maximum(g, 0)[None, :] + jnp.asarray(damping).astype(kernel.dtype)
    return U @ ((U.T @ kernel @ V) / spectrum) @ V.T


def kron_solve_factored(A: jax.Array, G: jax.Array, kernel: jax.Array, damping: Any) -> jax.Array:
    """Return (A + pi sqrt(lambda) I)^-1 kernel (G + sqrt(lambda)/pi I)^-1, pi^2 = mean eig(A) / mean eig(G).

    The damping of Martens and Grosse (2015, section 6.3): cheaper than the exact one, and larger, since its
    product carries the cross terms A (x) I and I (x) G besides lambda I.
    """
    _check_shapes(A, G, kernel)
    check_solvable(A, G, damping)
    root = jnp.sqrt(jnp.asarray(damping).astype(kernel.dtype))
    ratio = (jnp.trace(A) / len(A)) / (jnp.trace(G) / len(G))
    # a vanishing factor has no scale to balance against
    pi = jnp.sqrt(jnp.where(jnp.isfinite(ratio) & (ratio > 0), ratio, 1))
    left = jnp.linalg.solve(A + pi * root * jnp.eye(len(A), dtype=A.dtype), kernel)
    return jnp.linalg.solve(after(G, left) + root / pi * jnp.eye(len(G), dtype=G.dtype), left.T).T


def after(value: jax.Array, previous: jax.Array) -> jax.Array:
    """Return ``value``, computed only when ``previous`` is there.

    Several matrix decompositions at once can block jaxlib 0.10 on two cores, so they are made to wait for one another
    by adding a zero that the compiler cannot foresee; an optimization barrier is gone by the time the program runs.
    """
    zero = jnp.minimum(jnp.abs(jnp.nan_to_num(previous.mean())), 0)
    return value + zero.astype(value.dtype)


def check_solvable(A: jax.Array, G: jax.Array, damping: Any, name_A: str = "A", name_G: str = "G") -> None:
    """Raise ValueError if the damping is no number >= 0, or is 0 where a factor is singular to rounding."""
    check_damping(damping)
    if trees.is_traced(A, G, damping) or damping:
        return
    for factor, name in ((A, name_A), (G, name_G)):
        spectrum = np.linalg.eigvalsh(np.asarray(factor))
        kept = spectrum > spectrum.max() * len(spectrum) * np.finfo(spectrum.dtype).eps
        if not kept.all():
            raise ValueError(
                f"{name} has rank {kept.sum()} of {len(kept)}; add damping (damping=1e-3, say) or more examples"
            )


def _check_shapes(A: jax.Array, G: jax.Array, kernel: jax.Array) -> None:
    if A.shape != (kernel.shape[0],) * 2 or G.shape != (kernel.shape[1],) * 2:
        raise ValueError(
            f"a kernel of shape {kernel.shape} = (inputs, outputs) needs A of shape {(kernel.shape[0],) * 2} and G of "
            f"shape {(kernel.shape[1],) * 2} (got {A.shape} and {G.shape})"
        )
