"""Saving and loading parameters and training states: arrays in an npz file, their description in JSON, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["load", "save"]

FORMAT = 1


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Write a pytree of arrays and keys (a ``State``, or parameters) to ``path``, an npz file.

    Parameters
    ----------
    path
        Written as it is given; an existing file is replaced at once or not at all.
    tree
        Any pytree.
    """
    arrays: dict[str, Any] = {}
    described = []
    for i, (place, leaf) in enumerate(jax.tree_util.tree_leaves_with_path(tree)):
        kind = str(jax.random.key_impl(leaf)) if _is_key(leaf) else ""
        array = np.asarray(jax.random.key_data(leaf) if kind else leaf)
        if array.dtype.kind not in "biufcV":
            raise TypeError(
                f"tree must hold arrays of numbers and keys (got {leaf!r} at {jax.tree_util.keystr(place)})"
            )
        arrays[f"leaf{i}"] = array
        described.append({"place": jax.tree_util.keystr(place), "key": kind})
    header = json.dumps({"format": FORMAT, "leaves": described})
    temporary = f"{os.fspath(path)}.part"
    with open(temporary, "wb") as file:
        np.savez(file, **{"header": np.array(header), **arrays})
    os.replace(temporary, path)


def load(path: str | os.PathLike[str], like: Any) -> Any:
    """Return the pytree in ``path``, which must have the structure, shapes and dtypes of ``like``.

    Parameters
    ----------
    like
        ``trpo.initial(env, policy, key, settings)`` for a training state, ``policy.init(key)`` for parameters.

    Raises
    ------
    ValueError
        The file holds something else; the message names the first difference.
    FileNotFoundError
        There is no such file.
    """
    places = jax.tree_util.tree_leaves_with_path(like)
    with open(path, "rb") as stream, _opened(stream, path) as file:
        if "header" not in file:
            raise ValueError(f"{os.fspath(path)} was not written by checkpoint.save")
        header = json.loads(str(file["header"]))
        if header["format"] != FORMAT:
            raise ValueError(f"{os.fspath(path)} has format {header['format']}; this code reads format {FORMAT}")
        found = [entry["place"] for entry in header["leaves"]]
        expected = [jax.tree_util.keystr(place) for place, _ in places]
        if found != expected:
            other = sorted(set(found) ^ set(expected))
            raise ValueError(f"{os.fspath(path)} does not have the structure of like: they differ in {other[:3]}")
        leaves = []
        for i, (entry, (_, leaf)) in enumerate(zip(header["leaves"], places)):
            array = file[f"leaf{i}"]
            kind = str(jax.random.key_impl(leaf)) if _is_key(leaf) else ""
            if entry["key"] != kind:
                raise ValueError(
                    f"{os.fspath(path)} holds {_kind(entry['key'])} at {entry['place']}, like has {_kind(kind)}"
                )
            if kind:
                leaf = jax.random.key_data(leaf)
            if array.shape != np.shape(leaf) or array.dtype != np.asarray(leaf).dtype:
                raise ValueError(
                    f"{os.fspath(path)} holds {array.dtype} of shape {array.shape} at {entry['place']}, like has "
                    f"{np.asarray(leaf).dtype} of shape {np.shape(leaf)} (was jax_enable_x64 the same?)"
                )
            found_leaf = jnp.asarray(array)
            leaves.append(jax.random.wrap_key_data(found_leaf, impl=kind) if kind else found_leaf)
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def _opened(stream: Any, path: Any) -> Any:
    """Open an npz file; what is none is said to be none."""
    try:
        file = np.load(stream, allow_pickle=False)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)} was not written by checkpoint.save: {error}") from error
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise ValueError(f"{os.fspath(path)} was not written by checkpoint.save: it holds one array")
    return file


def _kind(key: str) -> str:
    return f"a key of {key}" if key else "an array"


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
