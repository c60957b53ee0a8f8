"""Parameter pytrees as vectors: inner products, sums, flattening, and checks that advise.

A pytree is any nesting of dicts, tuples and lists with arrays at its leaves.  Nothing but ``double``
changes a dtype: 32-bit leaves stay 32-bit even where 64-bit is switched on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

__all__ = [
    "axpy",
    "check_finite",
    "check_floating",
    "check_like",
    "dot",
    "double",
    "flatten",
    "is_traced",
    "local",
    "norm",
    "numbers",
    "scale",
]

Tree = Any


def dot(u: Tree, v: Tree) -> jax.Array:
    """Return the inner product of two pytrees of the same structure, summed over all leaves.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> u = {"w": jnp.ones((2, 3)), "b": jnp.array([1.0, 2.0])}
    >>> float(dot(u, u))
    11.0
    """
    products = jax.tree.map(jnp.vdot, u, v)
    return sum(jax.tree.leaves(products), start=jnp.zeros((), _dtype(u)))


def norm(u: Tree) -> jax.Array:
    """Return the Euclidean norm over all leaves."""
    return jnp.sqrt(dot(u, u))


def double(tree: Tree) -> Tree:
    """Return the pytree with every leaf a NumPy array in 64 bits, whatever JAX's setting is.

    Examples
    --------
    >>> double({"w": [1, 2]})["w"][1].dtype
    dtype('float64')
    """
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def scale(alpha: Any, u: Tree) -> Tree:
    """Return alpha u, each leaf in its own dtype."""
    return jax.tree.map(lambda x: jnp.asarray(alpha).astype(x.dtype) * x, u)


def axpy(alpha: Any, x: Tree, y: Tree) -> Tree:
    """Return alpha x + y, each leaf in the dtype of y's."""
    return jax.tree.map(lambda a, b: jnp.asarray(alpha).astype(b.dtype) * a + b, x, y)


def flatten(tree: Tree) -> tuple[jax.Array, Callable[[jax.Array], Tree]]:
    """Return all entries as one vector (leaves in order, each row by row) and the function back."""
    return ravel_pytree(tree)


def is_traced(*trees: Tree) -> bool:
    """Return whether any leaf is a tracer: then values cannot be looked at, only shapes."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(trees))


def check_like(tree: Tree, like: Tree, name: str, like_name: str) -> None:
    """Raise ValueError unless two pytrees have the same structure and the same shapes; no broadcasting.

    ``like`` may hold arrays or ``jax.ShapeDtypeStruct`` leaves.
    """
    structure: Any = jax.tree.structure(tree)
    expected: Any = jax.tree.structure(like)
    if structure != expected:
        raise ValueError(
            f"{name} and {like_name} differ in structure: {name} is {structure}, {like_name} is {expected}"
        )
    for (path, leaf), other in zip(jax.tree_util.tree_leaves_with_path(tree), jax.tree.leaves(like)):
        if np.shape(leaf) != np.shape(other):
            where = jax.tree_util.keystr(path) or "(the whole)"
            raise ValueError(
                f"{name} has shape {np.shape(leaf)} at {where}, {like_name} has shape {np.shape(other)}; "
                "no broadcasting is done"
            )


def check_floating(tree: Tree, name: str) -> None:
    """Raise TypeError on a leaf that is not floating point, ValueError on a pytree without leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    if not leaves:
        raise ValueError(f"{name} is an empty pytree: there is nothing to differentiate")
    for path, leaf in leaves:
        dtype = jnp.result_type(leaf)
        if not jnp.issubdtype(dtype, jnp.floating):
            where = jax.tree_util.keystr(path) or "(the whole)"
            raise TypeError(f"{name} must be floating point (got {dtype} at {where}); use .astype(float)")


def check_finite(tree: Tree, name: str) -> None:
    """Raise ValueError naming the first nan or infinity; traced values are not looked at."""
    if is_traced(tree):
        return
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        values = local(leaf)
        if not np.isfinite(values).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
            place = f"index {index[0] if len(index) == 1 else index}" if index else "its only entry"
            where = jax.tree_util.keystr(path)
            raise ValueError(f"{name} contains {values[index]} at {place}{f' of {where}' if where else ''}")


def numbers(values: Any, name: str, kinds: tuple[Any, ...] = (jnp.floating, jnp.integer)) -> Any:
    """Return an array, or a list as one; raise unless it holds finite numbers of one of the kinds."""
    array = values if hasattr(values, "dtype") else np.asarray(values)
    if not any(jnp.issubdtype(array.dtype, kind) for kind in kinds):
        wanted = "booleans" if kinds == (jnp.bool_,) else "real numbers"
        raise TypeError(f"{name} must be {wanted} (got dtype {array.dtype})")
    check_finite(array, name)
    return array


def local(leaf: Any) -> np.ndarray:
    """Return the entries of a concrete array as NumPy: of an array spread over several processes, those of this one."""
    # NumPy, since inside a jit even a concrete array meets jax.numpy as a tracer
    if isinstance(leaf, jax.Array) and not (leaf.is_fully_addressable or leaf.is_fully_replicated):
        return np.concatenate([np.asarray(shard.data) for shard in leaf.addressable_shards])
    return np.asarray(leaf)


def _dtype(tree: Tree) -> Any:
    return jnp.result_type(*jax.tree.leaves(tree))
