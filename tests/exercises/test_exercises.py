"""Every solution is right; every foreseen mistake is computed, recognised as itself, and told without the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from ngtools.exercises import all_exercises, check, misconceptions
from ngtools.exercises.checker import _answer_of

EXERCISES = list(all_exercises().values())
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
KNOWN = {m.name: m for m in vars(misconceptions).values() if isinstance(m, misconceptions.Misconception)}


def name_of(value):
    return getattr(value, "name", getattr(value, "misconception", ""))


def produced(exercise, program):
    return program if exercise.kind == "function" else _answer_of(program)


def keyed(exercise, mistake):
    """Whether the wrong answer gets the feedback of its own misconception, and not the generic one."""
    verdict = exercise.judge(produced(exercise, mistake.program))
    return (
        verdict.right is False
        and verdict.misconception == mistake.misconception
        and mistake.feedback in verdict.message
        and exercise.hint not in verdict.message
    )


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_solution_is_right(exercise):
    verdict = check.__getattr__(exercise.name)(produced(exercise, exercise.solution))
    assert verdict.right is True
    assert exercise.praise in repr(verdict)


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=name_of)
def test_mistake_gets_its_own_feedback(exercise, mistake):
    assert keyed(exercise, mistake)


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=name_of)
def test_generic_feedback_to_a_foreseen_mistake_is_noticed(exercise, mistake):
    """Without its entry in the catalogue a wrong answer gets the hint, and the test above would see it."""
    others = tuple(other for other in exercise.mistakes if other is not mistake)
    generic = replace(exercise, mistakes=others)
    assert not keyed(generic, mistake)
    assert generic.judge(produced(exercise, mistake.program)).message.endswith(exercise.hint)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_no_answer_is_said_and_names_the_choices(exercise):
    for nothing in (..., None):
        verdict = exercise.judge(nothing)
        assert verdict.right is None
        assert "Not answered yet" in verdict.message
        assert all(choice in verdict.message for choice in exercise.choices)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_mistakes_of_an_exercise_have_distinct_names_and_feedback(exercise):
    assert exercise.mistakes
    assert max(Counter(mistake.misconception for mistake in exercise.mistakes).values()) == 1
    assert max(Counter(mistake.feedback for mistake in exercise.mistakes).values()) == 1


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_an_exercise_foresees_three_mistakes_or_all_wrong_choices_there_are(exercise):
    most = len(exercise.choices) - 1 if exercise.kind == "prediction" else 3
    assert len(exercise.mistakes) >= min(3, most)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_answers_are_computed_and_not_typed(exercise):
    """A program without arguments that looks nothing up returns what somebody typed."""
    if exercise.kind != "function":
        for program in (exercise.solution, *(mistake.program for mistake in exercise.mistakes)):
            code = program.__code__
            assert [name for name in code.co_names if not name.isupper()] or code.co_freevars, program.__name__


def written_numbers(text):
    """The numbers of a text: decimals, integers and fractions."""
    for top, bottom in re.findall(r"(?<![\w.])(\d+(?:\.\d+)?)(?:/(\d+))?(?![\w.]\w)", text):
        yield float(Fraction(top) / Fraction(bottom or "1")) if bottom != "0" else float("inf")


def given_away(exercise, text):
    """Whether a text contains the answer of an exercise."""
    if exercise.kind == "prediction":
        return (
            re.search(rf"(?<![\w-]){re.escape(_answer_of(exercise.solution))}(?![\w-])", text, re.IGNORECASE)
            is not None
        )
    if exercise.kind == "value":
        entries = np.abs(np.asarray(exercise.solution(), dtype=np.float64)).ravel()
        telling = [entry for entry in entries if entry not in (0.0, 1.0, 2.0)]
        return any(np.isclose(number, telling, rtol=1e-2).any() for number in written_numbers(text))
    if exercise.kind == "formula":
        return sp.sstr(_answer_of(exercise.solution)).replace(" ", "") in text.replace(" ", "").replace("^", "**")
    return False


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_feedback_does_not_give_the_answer_away(exercise):
    for text in (exercise.hint, *(mistake.feedback for mistake in exercise.mistakes)):
        assert not given_away(exercise, text), text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("variance_fisher", "divide 1 by 162: it is 0.00617"),
        ("variance_fisher", "it is 1/162"),
        ("millimetres", "it grows: ten times larger."),
        ("squared_scale", "the answer is v**(-2)"),
    ],
)
def test_an_answer_given_away_is_noticed(name, text):
    assert given_away(all_exercises()[name], text)


def test_what_is_said_to_a_misconception_of_two_exercises_is_written_once():
    uses = Counter(mistake.misconception for exercise in EXERCISES for mistake in exercise.mistakes)
    for exercise in EXERCISES:
        for mistake in exercise.mistakes:
            if uses[mistake.misconception] > 1:
                assert mistake.misconception in KNOWN, f"{exercise.name}: '{mistake.misconception}' occurs elsewhere"
            if mistake.misconception in KNOWN:
                assert mistake.feedback.startswith(KNOWN[mistake.misconception].feedback), exercise.name
