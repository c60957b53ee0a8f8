"""Number the ids of a notebook's cells (cell-00, cell-01, ...), so that re-creating it changes no id.

usage: python tools/notebook_ids.py book/01_....ipynb ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat


def number_cells(notebook: nbformat.NotebookNode) -> None:
    """Give the cells of one notebook the ids cell-00, cell-01, ... in order."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"


def main() -> None:
    for name in sys.argv[1:]:
        notebook = nbformat.read(Path(name), as_version=4)
        number_cells(notebook)
        nbformat.write(notebook, Path(name))


if __name__ == "__main__":
    main()
