"""The exact damped solve when the batch has fewer rows than the model has parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.linear.damping import check_damping
from ngtools.linear.solution import Solution, direct, or_infinity, rounding

__all__ = ["sample_space"]


def sample_space(rows: Any, b: Any, *, damping: Any, rank_tol: float | None = None) -> Solution:
    """Solve (R^T R + lambda I) x = b through the small matrix R R^T.

    Parameters
    ----------
    rows
        R as a pytree like ``b`` with one more leading axis, of the same length M in every leaf; F = R^T R.
        ``ngtools.products.fisher_rows`` makes one (M = examples times outputs, the mean over the batch
        included).
    b
        The right-hand side.
    damping
        lambda >= 0.  With 0 the minimum-norm solution F^+ b is returned (the part of ``b`` outside the range
        of F has no preimage; ``residual`` shows its share).
    rank_tol
        Only for damping 0: eigenvalues of R R^T below ``rank_tol`` times the largest count as zero.
        Default: M times the rounding unit.

    Returns
    -------
    Solution
        ``steps`` is 0; ``residual`` is the true one; ``converged`` means residual <= 100 sqrt(rounding unit).

    Raises
    ------
    ValueError
        Shapes that do not fit, nan in ``b`` or a negative damping (concrete values).

    Notes
    -----
    The identity (lambda I + R^T R)^-1 = (I - R^T (lambda I + R R^T)^-1 R) / lambda (Woodbury).  M^2 d + M^3
    operations and M d memory, against d^3 for the dense solve: worth it for M well below d.
    """
    check_damping(damping)
    trees.check_floating(b, "b")
    trees.check_finite(b, "b")
    counts = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(rows)}
    if len(counts) != 1 or () in counts:
        raise ValueError(f"rows must have one leading axis of the same length in every leaf (got {sorted(counts)})")
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf)[1:], leaf.dtype), rows)
    trees.check_like(one, b, "a row", "b")
    return _sample_space(rows, b, damping, rank_tol)


@jax.jit
def _sample_space(rows: Any, b: Any, damping: Any, rank_tol: float | None) -> Solution:
    R = jax.vmap(lambda row: trees.flatten(row)[0])(rows)
    flat, unflatten = trees.flatten(b)
    damping = jnp.asarray(damping).astype(flat.dtype)
    eps = jnp.finfo(flat.dtype).eps
    spectrum, V = jnp.linalg.eigh(R @ R.T)
    cut = spectrum[-1] * (len(spectrum) * eps if rank_tol is None else rank_tol)
    kept = spectrum > cut
    safe = jnp.where(kept, spectrum, jnp.inf)
    coefficients = V.T @ (R @ flat)
    # the part of b in the range of F, and the solution there; written apart so that a small damping cancels nothing
    inside = R.T @ (V @ (coefficients / safe))
    x = R.T @ (V @ (coefficients / safe / (safe + damping))) + (flat - inside) / or_infinity(damping)
    residual = jnp.linalg.norm(R.T @ (R @ x) + damping * x - flat)
    size = jnp.linalg.norm(flat)
    return direct(unflatten(x), residual / or_infinity(size), rounding(flat.dtype))
