"""`SOLUTIONS=no` builds the exercises without the solutions: not on the pages, not in what they offer for download."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from solutions import notebook_without_solutions, without_solutions

ROOT = Path(__file__).parents[2]
CONF = """
import sys
sys.path.insert(0, {ext!r})
extensions = ["myst_nb", "sphinx_exercise", "solutions"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
nb_execution_mode = "off"
html_theme = "basic"
html_sourcelink_suffix = ""
"""


def exercise_sections() -> list[dict]:
    """The cells of the exercise sections of all chapters, answer cells included."""
    cells = []
    for path in sorted((ROOT / "book").glob("[0-9][0-9]_*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        sources = ["".join(cell["source"]) for cell in notebook["cells"]]
        asking = [number for number, source in enumerate(sources) if "## Exercises" in source]
        cells += notebook["cells"][asking[0] :] if asking else []
    return [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]


def built(folder: Path, solutions: str) -> Path:
    """Build one page with all exercises of the book; returns the folder of the HTML."""
    source, page = folder / "book", {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    source.mkdir()
    (folder / "ngtools").symlink_to(ROOT / "ngtools")  # where the solutions include their programs from
    (source / "conf.py").write_text(CONF.format(ext=str(ROOT / "book" / "_ext")))
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# All exercises\n"]}
    (source / "index.ipynb").write_text(json.dumps({**page, "cells": [title, *exercise_sections()]}))
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(folder / "html")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SOLUTIONS": solutions})
    return folder / "html"


def markdown_of(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.fixture(scope="module", params=["yes", "no"])
def pages(request, tmp_path_factory):
    return request.param, built(tmp_path_factory.mktemp(request.param), request.param)


def test_the_pages_show_every_exercise_and_solutions_only_if_wanted(pages):
    solutions, html = pages
    text = (html / "index.html").read_text(encoding="utf-8")
    asked = markdown_of(html.parent / "book" / "index.ipynb").count("{exercise}")
    assert len(re.findall(r'class="[^"]*\bexercise\b[^"]*admonition', text)) == asked
    assert len(re.findall(r'class="[^"]*\bsolution\b[^"]*admonition', text)) == (asked if solutions == "yes" else 0)
    programs = re.findall(r'<span class="nf">(\w+)</span>', text)  # defined on the page: a program that is included
    assert bool(programs) is (solutions == "yes")


def test_the_downloads_hold_no_hidden_solution(pages):
    solutions, html = pages
    asked = markdown_of(html.parent / "book" / "index.ipynb").count("{exercise}")
    offered = markdown_of(html / "_sources" / "index.ipynb")
    assert offered.count("{exercise}") == asked
    assert offered.count("{solution}") == (asked if solutions == "yes" else 0)
    assert ("{literalinclude}" in offered) is (solutions == "yes")
    assert offered.count("## Sources") == offered.count("## Exercises") > 8


def test_what_stands_beside_a_solution_stays():
    text = "before\n\n:::{solution} ex-1\n:class: dropdown\nIt is 3.\n\n```{literalinclude} x.py\n```\n:::\n\nafter\n"
    assert without_solutions(text) == "before\n\nafter\n"
    nested = "::::{solution} ex-1\n:::{note}\nhm\n:::\n::::\nafter\n"
    assert without_solutions(nested) == "after\n"
    cell = {"cell_type": "markdown", "metadata": {}, "source": [":::{solution} ex-1\n", "It is 3.\n", ":::"]}
    answer = {"cell_type": "code", "metadata": {}, "source": ["check.it(...)"], "outputs": []}
    assert notebook_without_solutions({"cells": [cell, answer]})["cells"] == [answer]
