"""All exercises of the book by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

import ngtools.exercises
from ngtools.exercises.checker import Exercise, Verdict

__all__ = ["all_exercises", "check"]


@cache
def all_exercises() -> dict[str, Exercise]:
    """Return every exercise by name; a name used twice is an error."""
    found: dict[str, Exercise] = {}
    for module in pkgutil.iter_modules(ngtools.exercises.__path__):
        if not module.name.startswith("chapter"):
            continue
        for exercise in importlib.import_module(f"ngtools.exercises.{module.name}").EXERCISES:
            if exercise.name in found:
                raise ValueError(f"two exercises are named '{exercise.name}'")
            found[exercise.name] = exercise
    return found


class _Check:
    """``check.NAME(answer)`` judges an answer; ``dir(check)`` lists the names."""

    def __getattr__(self, name: str) -> Any:
        exercises = all_exercises()
        if name.startswith("_") or name not in exercises:
            raise AttributeError(f"no exercise '{name}'; known: {', '.join(exercises)}")

        def judge(answer: Any = ...) -> Verdict:
            return exercises[name].judge(answer)

        return judge

    def __dir__(self) -> list[str]:
        return list(all_exercises())


check = _Check()
