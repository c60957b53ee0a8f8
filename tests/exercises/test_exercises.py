"""Every solution is right, every foreseen mistake is recognised as itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import numpy as np
import pytest
import sympy as sp

import ngtools.exercises
from ngtools.exercises import Exercise, Mistake, all_exercises, check

EXERCISES = list(all_exercises().values())
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


def produced(exercise, program):
    return program if exercise.kind == "function" else program()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_solution_is_right(exercise):
    verdict = check.__getattr__(exercise.name)(produced(exercise, exercise.solution))
    assert verdict.right is True
    assert exercise.praise in repr(verdict)


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=lambda value: getattr(value, "name", getattr(value, "misconception", ""))
)
def test_mistake_gets_its_own_feedback(exercise, mistake):
    verdict = exercise.judge(produced(exercise, mistake.program))
    assert verdict.right is False
    assert verdict.misconception == mistake.misconception
    assert mistake.feedback in verdict.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_no_answer_is_said_and_names_the_choices(exercise):
    for nothing in (..., None):
        verdict = exercise.judge(nothing)
        assert verdict.right is None
        assert "Not answered yet" in verdict.message
        assert all(choice in verdict.message for choice in exercise.choices)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_each_exercise_foresees_a_mistake_with_a_distinct_name(exercise):
    names = Counter(mistake.misconception for mistake in exercise.mistakes)
    assert names
    assert max(names.values()) == 1


def test_each_chapter_has_two_exercises_at_least():
    for module in pkgutil.iter_modules(ngtools.exercises.__path__):
        if module.name.startswith("chapter"):
            assert len(importlib.import_module(f"ngtools.exercises.{module.name}").EXERCISES) >= 2, module.name


TOY = Exercise(
    "toy", "value", lambda: [1.0, 2.0], (Mistake("swapped", lambda: [2.0, 1.0], "in order, please."),), "Good."
)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1.0, 2.0, 3.0], "Not yet. "),
        ([1.0, np.nan], "nan or inf"),
        ("two", "a number or an array"),
        ([1.0, 2.01], "Not yet. "),
    ],
)
def test_other_answers(answer, message):
    verdict = TOY.judge(answer)
    assert verdict.right is False
    assert message in verdict.message


def test_formula_matches_symbols_by_name_and_refuses_what_is_no_formula():
    formula = Exercise("f", "formula", lambda: sp.Symbol("sigma", positive=True) ** 2, (), "Good.")
    assert formula.judge(sp.Symbol("sigma") * sp.Symbol("sigma")).right is True
    assert formula.judge(2 * sp.Symbol("sigma")).right is False
    assert formula.judge(sp.Symbol("mu") ** 2).right is False


def test_function_that_raises_is_reported():
    double = Exercise("g", "function", lambda x: 2 * x, (), "Good.", inputs=((1.0,), (2.5,)))
    assert double.judge(lambda x: x + x).right is True
    assert "ZeroDivisionError" in double.judge(lambda x: x / 0).message
    assert "a function is asked for" in double.judge(3.0).message
    assert double.judge(lambda x: ...).right is None


def test_prediction_must_be_one_of_the_choices():
    guess = Exercise("p", "prediction", lambda: "larger", (), "Good.", choices=("larger", "smaller"))
    assert guess.judge("larger").right is True
    assert "choose one of larger, smaller" in guess.judge("big").message


def test_unknown_exercise_lists_the_known():
    with pytest.raises(AttributeError, match="variance_fisher"):
        check.nothing_of_the_kind  # noqa: B018
