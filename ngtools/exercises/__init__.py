"""Exercises that answer back: ``check.NAME(answer)`` in a notebook.

A chapter's exercises are in ``chapterNN.py`` or in several ``chapterNN_idea.py``; they are found by name.

Examples
--------
>>> from ngtools.exercises import check
>>> check.variance_fisher(...)
Not answered yet. Replace the ... by your answer and run the cell again.
"""

from ngtools.exercises.checker import Exercise, Mistake, Verdict
from ngtools.exercises.registry import all_exercises, by_chapter, check

__all__ = ["Exercise", "Mistake", "Verdict", "all_exercises", "by_chapter", "check"]
