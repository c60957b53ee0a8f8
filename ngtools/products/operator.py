"""A matrix known by its products: the record, its dense form for small checks, and the check that it is symmetric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import number

__all__ = ["Operator", "check_operator", "dense"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Operator:
    """v -> F v on parameter pytrees.

    A pytree itself: the linearised model is its content, so an operator is handed through ``jit``, ``vmap`` and
    ``scan`` like an array, and a function compiled for one linearisation serves the next.  Called outside
    ``jit`` it runs compiled.

    Parameters
    ----------
    residuals
        What one linearisation leaves behind: arrays.
    rule
        ``rule(residuals, v)`` -> F v, a function of module level.
    like
        Structure, shapes and dtypes of the parameters.
    name
        What matrix this is.
    """

    residuals: Any
    rule: Callable[[Any, Any], Any] = field(metadata={"static": True})
    like: Any = field(metadata={"static": True})
    name: str = field(metadata={"static": True}, default="operator")

    def __call__(self, v: Any) -> Any:
        structure, avals = self.like
        like = jax.tree.unflatten(structure, avals)
        trees.check_like(v, like, "v", "params")
        for (path, leaf), aval in zip(jax.tree_util.tree_leaves_with_path(v), avals):
            if jnp.result_type(leaf) != aval.dtype:
                raise TypeError(
                    f"v has dtype {jnp.result_type(leaf)} at {jax.tree_util.keystr(path) or '(the whole)'}, params has "
                    f"{aval.dtype}; convert v with .astype({aval.dtype})"
                )
        return _apply(self, v)

    def __repr__(self) -> str:
        return f"<{self.name}: v -> F v, {sum(aval.size for aval in self.like[1])} parameters>"


@jax.jit
def _apply(operator: Operator, v: Any) -> Any:
    return operator.rule(operator.residuals, v)


def like_of(params: Any) -> Any:
    """Return structure, shapes and dtypes of a pytree, hashable."""
    leaves, structure = jax.tree.flatten(params)
    return structure, tuple(jax.ShapeDtypeStruct(jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)


def dense(op: Callable[[Any], Any], like: Any) -> jax.Array:
    """Return the matrix of a linear map on pytrees, shape (d, d); for small checks.

    Parameters
    ----------
    op
        v -> F v.
    like
        A pytree of the shape of v, the parameters say; d is the number of its entries, and rows and columns are
        in the order of ``trees.flatten``.

    Returns
    -------
    The matrix as the products give it: not symmetrised.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> dense(lambda v: {"a": 2 * v["b"], "b": v["a"]}, {"a": jnp.zeros(1), "b": jnp.zeros(1)}).tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    trees.check_floating(like, "like")
    flat, unflatten = trees.flatten(like)
    columns = jax.lax.map(
        lambda e: trees.flatten(op(unflatten(e)))[0], jnp.eye(flat.size, dtype=flat.dtype), batch_size=64
    )
    return columns.T


def check_operator(op: Callable[[Any], Any], like: Any, key: jax.Array, tol: float | None = None) -> None:
    """Raise ValueError unless a product is linear, symmetric, not negative and not zero on two random vectors.

    Parameters
    ----------
    op
        v -> F v.
    like
        A pytree of the shape of v.
    key
        A JAX key: the vectors are standard normal.
    tol
        Relative; default eps^(2/3), 4e-11 in 64 bits and 2e-5 in 32.

    Notes
    -----
    What it catches: a Hessian of KL(new || new), which is zero because the gradient of the first argument was
    not stopped; dropout or sampling that draws anew at each product; a product with different
    linearisation points in its two halves; an indefinite Hessian of a loss.
    """
    flat, unflatten = trees.flatten(like)
    tol = float(jnp.finfo(flat.dtype).eps) ** (2 / 3) if tol is None else number(tol, "tol", above=0)
    first, second = jax.random.split(key)
    u = jax.random.normal(first, flat.shape, flat.dtype)
    v = jax.random.normal(second, flat.shape, flat.dtype)

    def apply(w: Any) -> Any:
        return trees.flatten(op(unflatten(w)))[0]

    Fu, Fv, Fsum = apply(u), apply(v), apply(u + 2 * v)
    size = float(jnp.linalg.norm(Fu) * jnp.linalg.norm(v) + jnp.linalg.norm(Fv) * jnp.linalg.norm(u))
    if not jnp.isfinite(size):
        raise ValueError("the product of a random vector is nan or inf; look at parameters and batch")
    if not size:
        raise ValueError(
            "F v = 0 for two random v: in a KL Hessian the first argument must be stop_gradient(old), and the outputs "
            "must depend on the parameters"
        )
    left, right = float(u @ Fv), float(v @ Fu)
    if abs(left - right) > tol * size:
        raise ValueError(
            f"u.Fv != v.Fu ({left:.6g} against {right:.6g}): the product must be the Hessian of "
            "KL(stop_gradient(old) || new) at new = old, with the same random numbers at each call"
        )
    defect = float(jnp.linalg.norm(Fsum - Fu - 2 * Fv)) / float(jnp.linalg.norm(Fu) + 2 * jnp.linalg.norm(Fv))
    if defect > tol:
        raise ValueError(f"F(u + 2v) != Fu + 2Fv (relative difference {defect:.1e}): the product is not linear")
    for w, Fw in ((u, Fu), (v, Fv)):
        if float(w @ Fw) < -tol * float(jnp.linalg.norm(w) * jnp.linalg.norm(Fw)):
            raise ValueError(
                f"v.Fv = {float(w @ Fw):.6g} < 0: a Fisher matrix is positive semi-definite. A Hessian of the loss is "
                "not a Fisher matrix; use the GGN or the KL Hessian"
            )
