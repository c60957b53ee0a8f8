"""All exercises of the book, by name and by chapter."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import Any

import ngtools.exercises
from ngtools.exercises.checker import Exercise, Verdict

__all__ = ["all_exercises", "by_chapter", "check"]


@cache
def by_chapter() -> dict[str, tuple[Exercise, ...]]:
    """Return the exercises of each chapter, which is named by its two digits.

    A chapter keeps its exercises in ``chapterNN.py``, or in several modules ``chapterNN_idea.py``.

    Examples
    --------
    >>> [exercise.name for exercise in by_chapter()["08"]][0]
    'variance_fisher'
    """
    found: dict[str, tuple[Exercise, ...]] = {}
    for module in sorted(pkgutil.iter_modules(ngtools.exercises.__path__), key=lambda module: module.name):
        named = re.fullmatch(r"chapter(\d\d)(_\w+)?", module.name)
        if named:
            exercises = importlib.import_module(f"ngtools.exercises.{module.name}").EXERCISES
            found[named[1]] = found.get(named[1], ()) + exercises
    return found


@cache
def all_exercises() -> dict[str, Exercise]:
    """Return every exercise by name; a name used twice is an error."""
    found: dict[str, Exercise] = {}
    for exercises in by_chapter().values():
        for exercise in exercises:
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
