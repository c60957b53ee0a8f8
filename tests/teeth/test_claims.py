"""Each test of an equation goes red when a formula it calls answers something else.

A claim test is run once to see which functions of ngtools it calls itself.  Then one of them after the other is made to
answer with the opposite sign, with its first entry a quarter larger, or with a tenth more, wherever it is reachable,
until the test fails.  A test that stays green whatever is changed would check the equation against itself.

`make test` draws a few quick tests; TEETH=all (`make mutants`) tries every one.
"""

import contextlib
import copy
import functools
import importlib.util
import inspect
import itertools
import os
import random
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import sympy as sp

EVERYTHING = os.environ.get("TEETH") == "all"
CLAIMS = Path(__file__).resolve().parents[1] / "claims"
COUNT = 5


def load(path):
    name = f"_claims_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def marks(function, name):
    return [mark for mark in getattr(function, "pytestmark", ()) if mark.name == name]


def arguments(function):
    """The first row of every ``parametrize``; None where a fixture is needed."""
    found = {}
    for mark in marks(function, "parametrize"):
        names = [n.strip() for n in mark.args[0].split(",")] if isinstance(mark.args[0], str) else list(mark.args[0])
        row = next(iter(mark.args[1]))
        values = row.values if hasattr(row, "values") and hasattr(row, "marks") else row if len(names) > 1 else (row,)
        found |= dict(zip(names, values))
    needed = set(inspect.signature(function).parameters)
    return found if needed == set(found) else None


def claims():
    for path in sorted(CLAIMS.glob("test_*.py")):
        module = load(path)
        for name, function in vars(module).items():
            if name.startswith("test_") and marks(function, "claim") and arguments(function) is not None:
                yield pytest.param(path, name, id=f"{path.stem.removeprefix('test_')}-{name.removeprefix('test_')}")


def drawn():
    cases = list(claims())
    if EVERYTHING:
        return cases
    quick = [
        case
        for case in cases
        if claimed(case.values) in ("exact", "numeric") and not case.id.startswith(("02", "12", "13"))
    ]
    return random.Random(3).sample(quick, COUNT)


def claimed(case):
    path, name = case
    return marks(getattr(load(path), name), "claim")[0].kwargs["how"]


def run(module, function):
    """Run a test as pytest would: in 64 bits where its module has a fixture that switches them on for all."""
    with jax.enable_x64(True) if hasattr(module, "double_precision") else contextlib.nullcontext():
        function(**arguments(function))


def called(function, path):
    """The functions of ngtools that a test calls from its own file, and whether it calls formulas that have no name."""
    seen, nameless = {}, []

    def profile(frame, event, argument):
        if event == "call" and frame.f_back is not None and frame.f_back.f_code.co_filename == str(path):
            module = frame.f_globals.get("__name__", "")
            if module.startswith("ngtools.") and frame.f_code.co_name == "<lambda>":
                nameless.append(frame.f_code.co_qualname)
            elif module.startswith("ngtools.") and not frame.f_code.co_name.startswith("_"):
                seen.setdefault((module, frame.f_code.co_qualname), None)

    sys.setprofile(profile)
    try:
        run(load(path), function)
    finally:
        sys.setprofile(None)
    return list(seen), bool(nameless)


def opposite(value):
    """The opposite sign."""
    return -value


def stretched(value):
    """A quarter more: of a number, or of the first entry of an array (a law that is homogeneous does not see the whole)."""
    if isinstance(value, sp.MatrixBase):
        return value.__class__(*value.shape, [value[0] * sp.Rational(5, 4), *list(value)[1:]])
    if np.ndim(value) == 0:
        return value * (sp.Rational(5, 4) if isinstance(value, sp.Expr) else 1.25)
    factors = np.ones(np.shape(value))
    factors.reshape(-1)[:1] = 1.25
    return value * factors.astype(value.dtype)


def shifted(value):
    """A tenth more, for what is zero."""
    if isinstance(value, sp.MatrixBase):
        return value + value.__class__(*value.shape, lambda i, j: sp.Rational(1, 10))
    return value + (sp.Rational(1, 10) if isinstance(value, sp.Expr) else 0.1)


CHANGES = (opposite, stretched, shifted)


def other(value, change, depth=0):
    """An answer with its numbers changed; what holds none is left as it is."""
    if isinstance(value, (bool, np.bool_)):
        return not value
    if isinstance(value, (float, sp.MatrixBase)) or (isinstance(value, sp.Expr) and not isinstance(value, sp.Symbol)):
        return change(value)
    if isinstance(value, (np.ndarray, np.floating, jax.Array)) and np.issubdtype(value.dtype, np.floating):
        return change(value)
    if isinstance(value, (int, np.integer)) and depth == 0:
        return value + 1  # a count
    if depth > 3:
        return value
    if isinstance(value, dict):
        return {key: other(entry, change, depth + 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        entries = [other(entry, change, depth + 1) for entry in value]
        return type(value)(*entries) if hasattr(value, "_fields") else type(value)(entries)
    if hasattr(value, "__dataclass_fields__") and type(value).__module__.startswith("ngtools") and depth <= 2:
        turned = copy.copy(value)
        for name in value.__dataclass_fields__:
            object.__setattr__(turned, name, other(getattr(value, name), change, depth + 1))
        return turned
    return value


def answering(original, change):
    if isinstance(original, property):
        return property(answering(original.fget, change))

    @functools.wraps(original)
    def answer(*args, **options):
        return other(original(*args, **options), change)

    return answer


def places(module, qualified, test_module):
    """Everywhere a function can be reached: its class, or every namespace of ngtools and of the test."""
    owner, _, name = qualified.rpartition(".")
    if owner:
        holder = getattr(sys.modules[module], owner, None)
        found = vars(holder).get(name) if holder is not None else None
        return [(holder, name, found)] if inspect.isfunction(found) or isinstance(found, property) else []
    original = getattr(sys.modules[module], name, None)
    holders = [one for key, one in list(sys.modules.items()) if key.startswith("ngtools") and one is not None]
    return [
        (holder, key, original)
        for holder in (*holders, test_module)
        for key, value in list(vars(holder).items())
        if value is original and callable(original)
    ]


@pytest.mark.parametrize(("path", "name"), drawn())
def test_another_answer_is_red(path, name, monkeypatch):
    module = load(path)
    function = getattr(module, name)
    reached, nameless = called(function, path)
    if not reached:
        pytest.skip("derives with SymPy what the page states: the page is its only input")
    red = False
    for (where, qualified), change in itertools.product(reached, CHANGES):
        with monkeypatch.context() as patch:
            for holder, key, original in places(where, qualified, module):
                patch.setattr(holder, key, answering(original, change))
            try:
                run(module, function)
            except Exception:
                red = True
                break
    if not red and nameless:
        pytest.skip("calls the formulas of a record: they are changed in test_stated_facts and tests/symbolic")
    assert red, f"{name} stays green whatever is changed: {[qualified for _, qualified in reached]}"
