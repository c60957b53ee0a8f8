"""`make book SOLUTIONS=no`: the book for a class that should not see the solutions.

The pages leave them out, and so do the notebooks that the pages offer for download. The checks need them, so they stay
in the source of ngtools.exercises.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

SOLUTION = re.compile(r"^(:{3,})\{solution\}.*?^\1[ \t]*$\n*", re.MULTILINE | re.DOTALL)


def hide_solutions(app: Sphinx, config: Config) -> None:
    config.hide_solutions = os.environ.get("SOLUTIONS", "yes").lower() in {"no", "0", "false"}  # type: ignore[attr-defined]


def without_solutions(text: str) -> str:
    """A Markdown text without its solution directives."""
    return SOLUTION.sub("", text)


def notebook_without_solutions(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook without its solutions, and without the Markdown cells that held nothing else."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = without_solutions("".join(cell["source"]))
            if not text.strip():
                continue
            cell = {**cell, "source": text.splitlines(keepends=True)}
        cells.append(cell)
    return {**notebook, "cells": cells}


def clean_downloads(app: Sphinx, failed: Exception | None) -> None:
    """Take the solutions out of the copies of the sources that the pages link to."""
    if failed or not app.config.hide_solutions:
        return
    for path in Path(app.outdir, "_sources").rglob("*"):
        if path.suffix == ".ipynb":
            notebook = notebook_without_solutions(json.loads(path.read_text(encoding="utf-8")))
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        elif path.suffix == ".md":
            path.write_text(without_solutions(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", hide_solutions)
    app.connect("build-finished", clean_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
