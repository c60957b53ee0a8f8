"""How long a chapter takes to read: an estimate from its words, its equations and its cells."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks import page_link, table
from docutils import nodes
from pages import equations, passages, read_lines
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WORDS_A_MINUTE, EQUATIONS_A_MINUTE, CELLS_A_MINUTE = 150, 1, 2
FORMULA = re.compile(r"\$\$.*?\$\$(?:[ \t]*\([^()\s]+\))?|\$[^$\n]+\$", re.DOTALL)
MARKUP = re.compile(r"^[ \t]*(?::[\w-]+:.*|[:`]{3,}.*)$|\{[\w:]+\}|<[^>]*>|\]\([^)]*\)|[#*|`-]", re.MULTILINE)
WORD = re.compile(r"[^\W\d_][\w'’–-]*")


@dataclass(frozen=True)
class Length:
    """What a page holds; exercises and their solutions are counted apart."""

    words: int
    equations: int
    cells: int
    exercises: int

    @property
    def minutes(self) -> int:
        """The estimate, rounded up to five minutes."""
        exact = self.words / WORDS_A_MINUTE + self.equations / EQUATIONS_A_MINUTE + self.cells / CELLS_A_MINUTE
        return 5 * math.ceil(exact / 5)


def length(path: Path) -> Length:
    """Measure one page."""
    words = displayed = exercises = 0
    for _, text in passages(path):
        lines = list(read_lines(text))
        exercises += sum(line.lstrip(":` ").startswith("{exercise}") for line in text.splitlines())
        kept = "\n".join(line for line, inside in lines if not {"exercise", "solution"} & set(inside))
        words += len(WORD.findall(MARKUP.sub(" ", FORMULA.sub(" ", kept))))
        displayed += sum(not {"exercise", "solution"} & set(inside) for *_, inside in equations(text))
    return Length(words, displayed, cells(path), exercises)


def cells(path: Path) -> int:
    """The code cells of a notebook that are not the answer to an exercise."""
    if path.suffix != ".ipynb":
        return 0
    found = json.loads(path.read_text(encoding="utf8"))["cells"]
    return sum(one["cell_type"] == "code" and "exercise" not in one["metadata"].get("tags", []) for one in found)


class ReadingDirective(SphinxDirective):
    """`reading-times`: a row for every chapter that is built."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        rows: list[list[nodes.Node]] = []
        for path in sorted((root / "book").glob("[0-9][0-9]_*.ipynb")):
            page = path.relative_to(root).as_posix()
            if page.removesuffix(".ipynb") in self.env.found_docs:
                self.env.note_dependency(str(path))
                one = length(path)
                numbers = (one.words, one.equations, one.cells, one.exercises, one.minutes)
                rows.append([page_link(page, self.env), *(nodes.Text(str(number)) for number in numbers)])
        head = [nodes.Text(word) for word in ("chapter", "words", "equations", "cells", "exercises", "minutes")]
        return [table(head, rows, ["claim-counts"])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("reading-times", ReadingDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
