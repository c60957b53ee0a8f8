"""What pages print: the same on every processor, and refused where it would not fit."""

from __future__ import annotations

import sys

import jax
import matplotlib as mpl
import numpy as np
import pytest
import sympy as sp

from ngtools import notebook


def test_a_chapter_has_generators_of_its_own():
    with mpl.rc_context({"backend": "agg"}):
        (rng, key), (again, same) = notebook.chapter(3), notebook.chapter(3)
    assert rng.random() == again.random() == np.random.default_rng(3).random()
    assert (jax.random.key_data(key) == jax.random.key_data(same)).all()
    assert (jax.random.key_data(key) == jax.random.key_data(jax.random.key(3))).all()
    for wrong, error in ((-1, ValueError), (2.5, TypeError)):
        with pytest.raises(error, match="n must be"):
            notebook.chapter(wrong)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (None, "-"),
        (sp.Symbol("x") ** 2, "x**2"),
        (sp.Rational(2, 3), "0.6667"),
        (np.int64(123456), "123456"),
        (123456.0, "1.235e+5"),
        (0.000012345, "1.234e-5"),
        (9.9e-13, "0"),
        (1.1e-12, "1.1e-12"),
        (-9.9e-13, "0"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ([1, 2.0], "(1, 2)"),
        ([[1.0, 0.5], [0.0, 2 / 3]], "[(1, 0.5), (0, 0.6667)]"),
    ],
)
def test_numbers_as_text(value, text):
    assert notebook.number(value) == text


def test_digits_are_counted():
    assert [notebook.number(np.pi, digits) for digits in (1, 2, 6)] == ["3", "3.1", "3.14159"]
    with pytest.raises(ValueError, match="digits must be at least 1"):
        notebook.number(1.0, 0)


def test_a_line_with_and_without_values(capsys):
    notebook.say("heading")
    notebook.say("two", 1 / 3, [1.0, 2.0], digits=2)
    assert capsys.readouterr().out.splitlines() == ["heading", "two: 0.33, (1, 2)"]


def test_a_formula_is_typeset_on_a_page_and_plain_elsewhere(monkeypatch, capsys):
    import IPython
    import IPython.display

    right, shown = 2 / sp.Symbol("sigma") ** 2, []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    notebook.show("F", right)
    assert capsys.readouterr().out == "F = 2/sigma**2\n"
    assert shown == []
    monkeypatch.setattr(IPython, "get_ipython", object)
    notebook.show("F", right)
    assert [one._repr_latex_() for one in shown] == [r"$\displaystyle F = \frac{2}{\sigma^{2}}$"]
    assert capsys.readouterr().out == ""
    monkeypatch.setitem(sys.modules, "IPython", None)  # not installed
    notebook.show("F", right)
    assert capsys.readouterr().out == "F = 2/sigma**2\n"


def test_a_table_as_text_and_on_a_page():
    made = notebook.table(["a<b", "c"], [["x", 1 / 3], ["long", True]], digits=2, caption="A & B")
    assert repr(made).splitlines() == ["A & B", "a<b   c", "x     0.33", "long  yes"]
    page = made._repr_html_()
    assert "<caption>A &amp; B</caption>" in page
    assert '<th scope="col">a&lt;b</th><th scope="col">c</th>' in page
    assert page.count("<tr>") == 3
    assert "<td>long</td><td>yes</td>" in page
    bare = notebook.table(["a"], [[1]])
    assert "caption" not in bare._repr_html_()
    assert repr(bare) == "a\n1"
    with pytest.raises(ValueError, match=r"every row must have 2 cells, one a column \(got 1: \('1',\)\)"):
        notebook.table(["a", "b"], [[1]])
