"""Every exercise is asked once in its notebook, answered in a tagged cell, and solved in full."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from ngtools.exercises import by_chapter
from ngtools.exercises.count import CHAPTERS

BOOK = Path(__file__).parents[2] / "book"


def section(chapter: str) -> list[dict]:
    (path,) = BOOK.glob(f"{chapter}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    start = next(number for number, cell in enumerate(cells) if "## Exercises" in "".join(cell["source"]))
    return cells[start:]


def prose(chapter: str) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in section(chapter) if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_is_checked_once_in_a_tagged_cell(chapter):
    answers = [cell for cell in section(chapter) if cell["cell_type"] == "code"]
    assert all(cell["metadata"].get("tags") == ["exercise"] for cell in answers)
    checked = [re.findall(r"^check\.(\w+)\(", "".join(cell["source"]), re.MULTILINE) for cell in answers]
    assert all(len(names) == 1 for names in checked)
    assert sorted(name for (name,) in checked) == sorted(exercise.name for exercise in by_chapter()[chapter])


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_is_stored_unanswered(chapter):
    for cell in section(chapter):
        if cell["cell_type"] == "code":
            (output,) = cell["outputs"]
            assert "".join(output["data"]["text/plain"]).startswith("Not answered yet.")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_has_one_folded_solution(chapter):
    text = prose(chapter)
    asked = re.findall(r"^:::\{exercise\}[^\n]*\n:label: (ex-\d\d-[a-z0-9-]+)$", text, re.MULTILINE)
    solved = re.findall(r"^:::\{solution\} (\S+)\n:class: dropdown$", text, re.MULTILINE)
    assert asked == solved
    assert len(set(asked)) == len(asked) == len(by_chapter()[chapter])
    assert all(label.startswith(f"ex-{chapter}-") for label in asked)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_solution_shows_a_program_that_the_check_uses(chapter):
    """At least the programs of values and functions are shown; a prediction may be solved in words."""
    text = prose(chapter)
    shown = set(re.findall(r"^:pyobject: (\w+)$", text, re.MULTILINE))
    for exercise in by_chapter()[chapter]:
        if exercise.kind != "prediction":
            assert exercise.solution.__name__ in shown, exercise.name
    for path, name in re.findall(r"\{literalinclude\} (\S*exercises\S*)\n(?::\w+: \w+\n)*?:pyobject: (\w+)", text):
        assert re.search(rf"^def {name}\(", (BOOK / path).read_text(encoding="utf-8"), re.MULTILINE), name


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter < "10"])
def test_a_program_that_is_shown_fits_its_box(chapter):
    """At most 82 characters in a line: what the box of a solution holds on a page of 1280 pixels without wrapping."""
    for path, name in re.findall(
        r"\{literalinclude\} (\S*exercises\S*)\n(?::\w+: \w+\n)*?:pyobject: (\w+)", prose(chapter)
    ):
        source = (BOOK / path).read_text(encoding="utf-8")
        (found,) = [node for node in ast.parse(source).body if getattr(node, "name", "") == name]
        lines = source.splitlines()[found.lineno - 1 : found.end_lineno]
        assert max(map(len, lines)) <= 82, f"{path}: {name}"
