"""Two rules that hold for the whole package: records cannot be changed, and every argument can be given by name."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import ngtools

MODULES = [
    found.name for found in pkgutil.walk_packages(ngtools.__path__, "ngtools.") if not found.name.endswith("__main__")
]


def own(module):
    """What a module defines itself: functions, classes, and the functions of its classes."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        yield value
        if inspect.isclass(value):
            yield from (
                f for f in vars(value).values() if inspect.isfunction(f) and f.__code__.co_filename == module.__file__
            )


@pytest.mark.parametrize("package", sorted({name.split(".")[1] for name in MODULES}))
def test_records_are_frozen_and_arguments_have_names(package):
    for name in (name for name in MODULES if name.split(".")[1] == package):
        for value in own(importlib.import_module(name)):
            if dataclasses.is_dataclass(value):
                assert value.__dataclass_params__.frozen, f"{name}.{value.__name__} can be changed"
            if inspect.isfunction(value):
                kinds = {one.kind for one in inspect.signature(value).parameters.values()}
                assert inspect.Parameter.POSITIONAL_ONLY not in kinds, f"{name}.{value.__qualname__}"
