"""The judge itself: what it reads, what it refuses, what it says."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ngtools.exercises import Exercise, Mistake, check
from ngtools.exercises.checker import _at_generic_points

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


def test_a_choice_that_is_a_number_may_be_given_as_one():
    guess = Exercise("p", "prediction", lambda: "3", (), "Good.", choices=("2", "3"))
    assert guess.judge(3).right is True
    assert guess.judge(2).right is False


def test_unknown_exercise_lists_the_known():
    with pytest.raises(AttributeError, match="variance_fisher"):
        check.nothing_of_the_kind  # noqa: B018


def test_an_answer_of_another_shape_is_told_so():
    assert "should have the shape (2,)" in TOY.judge([1.0, 2.0, 3.0]).message
    assert "should have the shape" not in TOY.judge([1.0, 2.01]).message


def test_a_right_prediction_is_told_what_was_measured():
    guess = Exercise(
        "p", "prediction", lambda: "larger", (), "Good.", choices=("larger", "smaller"), measured=lambda: "It was 3."
    )
    assert guess.judge("larger").message == "Right. It was 3. Good."
    assert "It was 3" not in guess.judge("smaller").message


def test_no_two_symbols_have_one_value_where_formulas_are_compared():
    """A formula with two of its symbols exchanged must be another formula."""
    letters = [*"abcdefghijklmnopqrstuvwxyz", "alpha", "beta", "eta", "mu", "omega", "sigma", "tau", "theta"]
    values = [float(_at_generic_points(sp.Symbol(letter))[0][0]) for letter in letters]
    assert np.diff(sorted(values)).min() > 1e-6
    swapped = Exercise("f", "formula", lambda: sp.Symbol("k") / sp.Symbol("b") ** 2, (), "Good.")
    assert swapped.judge(sp.Symbol("b") / sp.Symbol("k") ** 2).right is False


def test_numbers_may_come_from_sympy():
    half = Exercise("h", "value", lambda: 0.5, (), "Good.")
    assert half.judge(sp.Rational(1, 2)).right is True
    assert half.judge(sp.sqrt(sp.Rational(1, 4))).right is True
    assert TOY.judge([sp.Integer(1), sp.sqrt(4)]).right is True
    assert TOY.judge(sp.Matrix([1, 2]).T.tolist()[0]).right is True
    assert "a number or an array" in half.judge(sp.Symbol("x")).message
