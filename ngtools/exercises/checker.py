"""Judge an answer: right, wrong with the misconception that produces it, or not yet given.

An exercise knows the program that gives the right answer and, for each misconception it foresees, the
*wrong program*.  A wrong answer is recognised because the wrong program produces it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
import sympy as sp

__all__ = ["Exercise", "Mistake", "Verdict"]

Kind = Literal["value", "formula", "function", "prediction"]


@dataclass(frozen=True)
class Mistake:
    """A misconception: its name, the program that follows it, and what to tell the reader."""

    misconception: str
    program: Callable[..., Any]
    feedback: str


@dataclass(frozen=True, repr=False)
class Verdict:
    """The judgement of one answer; ``right`` is None while there is no answer."""

    right: bool | None
    message: str
    misconception: str = ""

    def __repr__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Exercise:
    """One exercise and its judge.

    Parameters
    ----------
    name
        The attribute of ``check``; words with underscores.
    kind
        ``"value"``: a number, vector or matrix.  ``"formula"``: a SymPy expression (symbols are matched by
        name).  ``"function"``: a function, compared at ``inputs``.  ``"prediction"``: one of ``choices``.
    solution
        The right program: called without arguments it gives the answer; for a function it *is* the answer.
    mistakes
        Foreseen wrong answers, each computed by its own wrong program (same convention as ``solution``).
    praise
        What to say to a right answer: one sentence that adds something.
    tolerance
        Relative; a rounded answer of four digits passes at the default.
    measured
        What the experiment of a prediction found, told with a right prediction.
    """

    name: str
    kind: Kind
    solution: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    praise: str
    inputs: tuple[tuple[Any, ...], ...] = ()
    choices: tuple[str, ...] = ()
    tolerance: float = 5e-4
    hint: str = field(default="Compare your answer with the definition, term by term.")
    measured: Callable[[], str] | None = None

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on an answer; ``...`` and None count as no answer."""
        if answer is None or answer is ...:
            options = f" Choose one of: {', '.join(self.choices)}." if self.choices else ""
            return Verdict(None, f"Not answered yet. Replace the ... by your answer and run the cell again.{options}")
        try:
            given = self._read(answer)
        except _Unanswered:
            return self.judge(...)
        except _Unreadable as error:
            return Verdict(False, f"Not readable: {error}")
        if self._same(given, self._read(self._produce(self.solution))):
            found = f" {self.measured()}" if self.measured else ""
            return Verdict(True, f"Right.{found} {self.praise}")
        for mistake in self.mistakes:
            if self._same(given, self._read(self._produce(mistake.program))):
                return Verdict(False, f"Not yet: {mistake.feedback}", mistake.misconception)
        return Verdict(False, f"Not yet. {self._shapes(given)}{self.hint}")

    def _shapes(self, given: Any) -> str:
        """A sentence on the shape of the answer, if it is not the one asked for."""
        if self.kind not in ("value", "function") or not given:
            return ""
        asked = self._read(self._produce(self.solution))[0].shape
        if given[0].shape == asked:
            return ""
        return f"The answer should have the shape {asked or 'of a single number'}, yours has {given[0].shape}. "

    def _produce(self, program: Callable[..., Any]) -> Any:
        return program if self.kind == "function" else _answer_of(program)

    def _read(self, answer: Any) -> Any:
        """Turn an answer into something comparable: a list of arrays, or a string."""
        if self.kind == "prediction":
            if str(answer) not in self.choices:  # a choice that is a number may be given as one
                raise _Unreadable(f"choose one of {', '.join(self.choices)} (got {answer!r})")
            return str(answer)
        if self.kind == "formula":
            return _at_generic_points(answer)
        if self.kind == "value":
            return [_as_array(answer)]
        if not callable(answer):
            raise _Unreadable(f"a function is asked for (got {type(answer).__name__})")
        found = []
        for arguments in self.inputs:
            try:
                value = answer(*arguments)
                if value is ...:
                    raise _Unanswered
                found.append(_as_array(value))
            except (_Unreadable, _Unanswered):
                raise
            except Exception as error:  # the reader's function may fail in any way; it is told how
                raise _Unreadable(f"your function raised {type(error).__name__}: {error}") from error
        return found

    def _same(self, given: Any, other: Any) -> bool:
        if isinstance(given, str):
            return given == other
        return len(given) == len(other) and all(
            a.shape == b.shape and np.allclose(a, b, rtol=self.tolerance, atol=1e-9) for a, b in zip(given, other)
        )


@cache
def _answer_of(program: Callable[[], Any]) -> Any:
    """What a program without arguments answers; an experiment runs once, however many answers are judged."""
    return program()


class _Unreadable(Exception):
    pass


class _Unanswered(Exception):
    """A function that still returns ``...``."""


def _as_array(answer: Any) -> np.ndarray:
    try:
        if isinstance(answer, sp.MatrixBase):
            answer = answer.tolist()
        array = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _Unreadable(f"a number or an array of numbers is asked for (got {type(answer).__name__})") from error
    if array.size == 1 and array.ndim > 1:
        array = array.reshape(())
    if not np.isfinite(array).all():
        raise _Unreadable("the answer contains nan or inf")
    return array


def _at_generic_points(answer: Any) -> list[np.ndarray]:
    """Values at three generic points; equal expressions give equal values whatever their form."""
    try:
        expression = sp.Matrix(answer) if isinstance(answer, (list, sp.MatrixBase)) else sp.sympify(answer)
    except (sp.SympifyError, TypeError) as error:
        raise _Unreadable(f"a SymPy expression is asked for (got {answer!r})") from error
    symbols = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    values = []
    for start in (0.37, 0.59, 0.83):
        point = {s: start + zlib.crc32(s.name.encode()) % 997 / 6000 for s in symbols}
        numeric = expression.subs(point)
        entries = list(numeric) if isinstance(numeric, sp.MatrixBase) else [numeric]
        try:
            values.append(np.array([float(entry) for entry in entries]))
        except TypeError as error:
            raise _Unreadable(f"the formula has no numerical value at a generic point: {answer}") from error
    return values
