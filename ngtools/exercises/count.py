"""How many exercises, of which kind, and how many wrong answers with feedback of their own, chapter by chapter."""

from __future__ import annotations

from dataclasses import dataclass

from ngtools.exercises.checker import Exercise
from ngtools.exercises.registry import by_chapter

__all__ = ["CHAPTERS", "FEWEST", "MOST", "Count", "count", "listing"]

# The tests ask every chapter for this many, of all three kinds.
CHAPTERS = tuple(f"{number:02d}" for number in range(1, 16))
FEWEST, MOST = 5, 8


@dataclass(frozen=True)
class Count:
    """The exercises of one chapter in numbers; a formula counts as a value."""

    chapter: str
    exercises: int
    values: int
    functions: int
    predictions: int
    mistakes: int


def count(chapter: str, exercises: tuple[Exercise, ...]) -> Count:
    """Count the exercises of one chapter.

    Examples
    --------
    >>> count("00", ())
    Count(chapter='00', exercises=0, values=0, functions=0, predictions=0, mistakes=0)
    """
    kinds = [exercise.kind for exercise in exercises]
    return Count(
        chapter,
        len(exercises),
        kinds.count("value") + kinds.count("formula"),
        kinds.count("function"),
        kinds.count("prediction"),
        sum(len(exercise.mistakes) for exercise in exercises),
    )


def listing() -> str:
    """Return the counts of all chapters as text."""
    counts = [count(chapter, exercises) for chapter, exercises in by_chapter().items()]
    lines = ["chapter  exercises  values  functions  predictions  wrong answers with feedback"]
    lines += [
        f"{c.chapter:>7}  {c.exercises:>9}  {c.values:>6}  {c.functions:>9}  {c.predictions:>11}  {c.mistakes:>27}"
        for c in counts
    ]
    total = sum(c.exercises for c in counts), sum(c.mistakes for c in counts)
    return "\n".join([*lines, f"{total[0]} exercises, {total[1]} wrong answers with feedback"])
