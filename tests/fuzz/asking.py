"""How functions are asked wrongly: kinds of arguments, what is tried in their place, and what counts as an answer.

Not a test: the files of this folder load it (``load`` of each).
"""

import importlib
import inspect
import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

COUNT = int(os.environ.get("FUZZ", "3"))
REFUSALS = (ValueError, TypeError, NotImplementedError)


@dataclass(frozen=True)
class Kind:
    value: Any
    hostile: Callable[[Any], dict[str, Any]]


def spoil(array, bad):
    array = np.array(array, dtype=np.float64)
    array.reshape(-1)[-1] = bad
    return array


def array_replacements(value):
    array = np.asarray(value, dtype=np.float64)
    return {
        "nan": spoil(array, np.nan),
        "infinity": spoil(array, -np.inf),
        "longer": np.concatenate([array, array[-1:]]),
        "deeper": array[..., None],
        "words": np.full(array.shape, "x"),
        "complex": array + 1j,
    }


def vector(value):
    return Kind(value, array_replacements)


def coordinates(value):
    return Kind(value, lambda v: array_replacements(v) | {"integers": np.ones(len(v), int), "nothing": []})


def matrix(value):
    return Kind(value, lambda v: array_replacements(v) | {"a vector": np.asarray(v)[0]})


def data(value):
    """Observations: as many as one likes, but numbers, finite, and at least one."""
    kept = ("nan", "infinity", "words", "complex")
    return Kind(value, lambda v: {k: a for k, a in array_replacements(v).items() if k in kept} | {"nothing": []})


def positive(value):
    bad = {"nan": np.nan, "infinity": np.inf, "zero": 0.0, "negative": -0.5, "word": "x", "list": [1.0, 2.0]}
    return Kind(value, lambda _: bad)


def number(value):
    return Kind(value, lambda _: {"nan": np.nan, "infinity": -np.inf, "word": "x", "list": [1.0, 2.0]})


def count(value, least=1):
    bad = {"too few": least - 1, "half": 2.5, "nan": np.nan, "word": "x", "list": [1, 2]}
    return Kind(value, lambda _: bad)


def word(value):
    return Kind(value, lambda _: {"unknown": "no such word", "number": 3.5})


def tree(value):
    """A pytree of arrays: one leaf is spoilt."""

    def replacements(v):
        leaves, structure = jax.tree.flatten(v)
        return {
            name: jax.tree.unflatten(structure, [*leaves[:-1], change(leaves[-1])])
            for name, change in {
                "nan": lambda x: x.at[0].set(jnp.nan),
                "longer": lambda x: jnp.concatenate([x, x[-1:]]),
                "integers": lambda x: jnp.ones(x.shape, int),
            }.items()
        }

    return Kind(value, replacements)


def spoilt(value):
    """A pytree whose values are looked at, and whose shape decides nothing."""
    inner = tree(value)
    return Kind(value, lambda v: {"nan": inner.hostile(v)["nan"]})


@dataclass(frozen=True)
class Call:
    """``arguments`` by name; ``also`` maps an argument to other words that name it in a message."""

    arguments: dict[str, Any] = field(default_factory=dict)
    also: dict[str, str] = field(default_factory=dict)
    excused: tuple[str, ...] = ()  # "argument: replacement", each with its reason where the call is listed


# -- asking -------------------------------------------------------------------------------------------------------


def functions(packages):
    """Every function that a package names in ``__all__`` (records and constants apart), by dotted name."""
    for package in packages:
        module = importlib.import_module(f"ngtools.{package}")
        for name in module.__all__:
            if callable(getattr(module, name)) and not inspect.isclass(getattr(module, name)):
                yield f"{package}.{name}"


def found(name):
    """The function of a dotted name, or the method: "rl.policies.Policy.kl"."""
    package, _, last = name.rpartition(".")
    if package.rpartition(".")[2][:1].isupper():
        return getattr(found(package), last)
    return getattr(importlib.import_module(f"ngtools.{package}"), last)


def replacements(call):
    return [
        (argument, name, bad)
        for argument, kind in call.arguments.items()
        if isinstance(kind, Kind)
        for name, bad in kind.hostile(kind.value).items()
        if f"{argument}: {name}" not in call.excused
    ]


def right_arguments(call):
    return {name: kind.value if isinstance(kind, Kind) else kind for name, kind in call.arguments.items()}


def assert_refused_by_name(name, call, also=()):
    """A seeded few of the replacements, each of which must be refused by a message that names the argument."""
    function, tries = found(name), replacements(call)
    order = np.random.default_rng(zlib.crc32(name.encode())).permutation(len(tries))
    for index in order[:COUNT]:
        argument, what, bad = tries[index]
        try:
            answer = function(**right_arguments(call) | {argument: bad})
        except (*REFUSALS, *also) as error:
            named = rf"\b({argument}|{call.also.get(argument, argument)})\b"
            assert re.search(named, str(error)), f"{argument}, {what}: {type(error).__name__}: {error}"
        except Exception as error:
            raise AssertionError(f"{argument}, {what}: {type(error).__name__}: {error}") from error
        else:
            raise AssertionError(f"{argument}, {what}: answered {answer!r}")


def assert_answered(name, call):
    answer = found(name)(**right_arguments(call))
    assert all(np.isfinite(array).all() for array in numbers(answer)), answer


def numbers(value):
    """The floating point numbers in an answer: arrays, and what records, dictionaries and tuples hold of them."""
    if hasattr(value, "__dataclass_fields__"):
        value = vars(value)
    for leaf in jax.tree.leaves(value):
        if isinstance(leaf, (float, np.ndarray, jax.Array)) and np.asarray(leaf).dtype.kind == "f":
            yield np.asarray(leaf)
