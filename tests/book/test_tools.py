"""The tools that edit notebooks change nothing that they were not asked to change."""

import json

import mutants_covering
import mutants_score
import nbformat
import notebook_ids
import pytest
import run_notebooks
import text_window

SOURCE = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "cells": [
        {"id": "cell-00", "cell_type": "markdown", "metadata": {}, "source": "# Title\n\n$$ a = b $$ (eq-a)"},
        {
            "id": "cell-01",
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {
                "mystnb": {"image": {"alt": "Two curves that cross", "classes": "dark-light"}},
                "tags": ["exercise"],
            },
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "value 2\n"}],
            "source": "x = 1 + 1\nprint('value', x)",
        },
    ],
}


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook on disk, below a root that the text window takes for the project."""
    monkeypatch.setattr(text_window, "ROOT", tmp_path)
    monkeypatch.setattr(text_window, "TEXT", tmp_path / "text")
    path = tmp_path / "book" / "01_trial.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.from_dict(SOURCE), path)
    return path


def test_the_text_window_closes_on_the_same_notebook(notebook):
    before = json.loads(notebook.read_text())
    text_window.open_text([notebook])
    opened = notebook.parents[1] / "text" / "book" / "01_trial.md"
    assert "(eq-a)" in opened.read_text()
    text_window.fold_text()
    after = json.loads(notebook.read_text())
    assert after["cells"] == before["cells"]
    assert "jupytext" not in after["metadata"]
    assert not opened.exists()


def test_an_edit_in_the_text_window_reaches_the_notebook_and_keeps_other_outputs(notebook):
    text_window.open_text([notebook])
    opened = notebook.parents[1] / "text" / "book" / "01_trial.md"
    opened.write_text(opened.read_text().replace("# Title", "# Another"))
    text_window.fold_text()
    cells = json.loads(notebook.read_text())["cells"]
    assert cells[0]["source"][0] == "# Another\n"
    assert cells[1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": ["value 2\n"]}]


def test_running_twice_gives_the_same_bytes(notebook):
    run_notebooks.run(notebook, timeout=60)
    once = notebook.read_bytes()
    run_notebooks.run(notebook, timeout=60)
    assert notebook.read_bytes() == once
    stored = json.loads(once)
    assert stored["cells"][1]["outputs"][0]["text"] == ["value 2\n"]
    assert stored["metadata"]["language_info"] == {"name": "python"}


def test_cells_are_numbered_in_order():
    notebook = nbformat.from_dict({**SOURCE, "cells": SOURCE["cells"][::-1]})
    notebook_ids.number_cells(notebook)
    assert [cell["id"] for cell in notebook.cells] == ["cell-00", "cell-01"]


def test_what_a_cell_prints_is_stored_in_one_piece():
    pieces = [("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "c\n"), ("stdout", "d\n")]
    outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
    cell = nbformat.v4.new_code_cell("print()", outputs=outputs)
    run_notebooks.join_streams(cell)
    assert [(output.name, output.text) for output in cell.outputs] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
        ("stdout", "d\n"),
    ]


def test_an_equivalent_mutant_is_left_out_of_the_score_with_its_reason(tmp_path, monkeypatch, capsys):
    (tmp_path / "module.py").write_text("def f(x):\n    return x[0]\n")
    listing = tmp_path / "equivalent.toml"
    entry = '[[mutant]]\npath = "module.py"\nbefore = "return x[0]"\nafter = "return x[-1]"\nwhy = "x has one entry"\n'
    listing.write_text(entry)
    same = mutants_score.equivalents(listing, tmp_path)
    assert same == {("module.py", "return x[0]", "return x[-1]"): "x has one entry"}
    assert mutants_score.equivalents(tmp_path / "none.toml", tmp_path) == {}
    listing.write_text(entry.replace('after = "return x[-1]"', 'operator = "NumberReplacer"'))
    anything = mutants_score.equivalents(listing, tmp_path)
    assert anything == {("module.py", "return x[0]", "NumberReplacer"): "x has one entry"}

    lived = {"area": "all", "path": "module.py", "line": 2, "before": "return x[0]", "outcome": "survived"}
    found = [lived | {"after": "return x[-1]"}, lived | {"after": "return x[1]"}]
    found.append(lived | {"after": "return x[2]", "outcome": "killed"})
    monkeypatch.setattr(mutants_score, "results", lambda: found)
    monkeypatch.setattr(mutants_score, "equivalents", lambda: same)
    assert mutants_score.report() == 0
    score, *rest = capsys.readouterr().out.splitlines()
    assert "1 of    2 killed: 50.0%" in score
    assert rest == [
        "equivalent: module.py:2  return x[0]  ->  return x[-1]",
        "    since x has one entry",
        "survived: module.py:2  return x[0]  ->  return x[1]",
    ]
    monkeypatch.setattr(mutants_score, "equivalents", lambda: anything)
    found = [lived | {"after": "return x[1]", "operator": name} for name in ("NumberReplacer", "Unary")]
    assert mutants_score.report() == 0
    assert "equivalent: module.py:2  return x[0]  ->  return x[1]\n    since x has one entry" in capsys.readouterr().out
    assert [one["outcome"] for one in found] == ["equivalent", "survived"]


def test_an_equivalent_mutant_of_a_line_that_is_gone_is_an_error(tmp_path):
    (tmp_path / "module.py").write_text("y = 2\n")
    entry = '[[mutant]]\npath = "module.py"\nbefore = "{}"\nafter = "y = 3"\nwhy = "{}"\n'
    listing = tmp_path / "equivalent.toml"
    for before, why, message in (
        ("y = 1", "so", "no line of module.py is any more: y = 1"),
        ("y = 2", " ", "no reason"),
    ):
        listing.write_text(entry.format(before, why))
        with pytest.raises(ValueError, match=message):
            mutants_score.equivalents(listing, tmp_path)


def test_every_equivalent_mutant_still_stands():
    reasons = mutants_score.equivalents()
    assert reasons
    assert all(reasons.values())


def test_the_tests_that_run_a_line_are_those_of_its_statement(tmp_path, monkeypatch):
    source = "def f(\n    x,\n):\n    if x:\n        return g(\n            x,\n        )\n    return 0\n"
    assert [list(mutants_covering.statement(source, line)) for line in (2, 4, 6, 8)] == [
        [1, 2, 3],
        [4],
        [5, 6, 7],
        [8],
    ]
    (tmp_path / "f.py").write_text(source)
    monkeypatch.setattr(mutants_covering, "ROOT", tmp_path)
    seen = {1: {""}, 4: {"t.py::b", "t.py::a"}, 5: {"t.py::a"}}
    monkeypatch.setattr(mutants_covering, "contexts", lambda path: seen)
    assert mutants_covering.covering("f.py", 6) == ["t.py::a"]
    assert mutants_covering.covering("f.py", 4) == ["t.py::a", "t.py::b"]
    assert mutants_covering.covering("f.py", 2) is None  # import runs it
    assert mutants_covering.covering("f.py", 8) is None  # nothing does


def test_without_a_record_of_what_ran_nothing_is_guessed(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants_covering, "DATA", tmp_path / ".coverage")
    with pytest.raises(FileNotFoundError, match="first make coverage ARGS=--cov-context=test"):
        mutants_covering.contexts("ngtools/nothing.py")
