"""A stored output that is not what its cell shows is red: any text, table or formula, changed or dropped.

One notebook, made here with the functions that chapters show things with, is executed, one output a cell is tampered
with, and the comparison that `make test` runs over the book must name exactly those cells.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import run_notebooks

ROOT = Path(__file__).resolve().parents[2]

SHOWN = {
    "line": "say('length', 0.12345)",
    "table": "table(['a', 'b'], [[1, 2.5]])",
    "formula": "show('F', 2 / sp.Symbol('sigma') ** 2)",
    "value": "x",
    "figure": "plt.plot([0, 1])\nplt.show()",
    "nothing": "unused = 3",
}
SETUP = """\
import matplotlib.pyplot as plt
import sympy as sp

from ngtools.notebook import chapter, say, show, table

x = 2
_ = chapter(1)"""


def replaced(mime, old, new):
    def tamper(cell):
        (output,) = cell["outputs"]
        place = output if mime == "stream" else output["data"]
        key = "text" if mime == "stream" else mime
        text = "".join(place[key])
        assert old in text, f"{old!r} is not in the stored {mime}: {text!r}"
        place[key] = text.replace(old, new)

    return tamper


def without(mime):
    def tamper(cell):
        del cell["outputs"][0]["data"][mime]

    return tamper


def dropped(cell):
    cell["outputs"] = []


def added(cell):
    cell["outputs"] = [nbformat.v4.new_output("stream", name="stdout", text="as expected\n")]


def kept(cell):
    pass


# what is shown, what is done to it, and whether the comparison must be red
TAMPERED = (
    ("line", kept, False),
    ("line", replaced("stream", "0.1235", "0.1236"), True),
    ("line", replaced("stream", "length", "width"), True),
    ("line", dropped, True),
    ("table", kept, False),
    ("table", replaced("text/html", "2.5", "2.6"), True),
    ("table", replaced("text/plain", "2.5", "2.6"), True),
    ("table", without("text/html"), True),
    ("table", dropped, True),
    ("formula", kept, False),
    ("formula", replaced("text/latex", "{2}", "{3}"), True),
    ("formula", replaced("text/plain", "2/", "3/"), True),
    ("formula", without("text/latex"), True),
    ("formula", dropped, True),
    ("value", kept, False),
    ("value", replaced("text/plain", "2", "3"), True),
    ("value", dropped, True),
    ("nothing", kept, False),
    ("nothing", added, True),
    ("figure", kept, False),
    ("figure", replaced("image/svg+xml", "<svg", "<svg "), False),  # what a figure draws is tested as data
    ("figure", dropped, True),
)


@pytest.fixture(scope="module")
def red_cells(tmp_path_factory):
    """The numbers of the rows of ``TAMPERED`` that the comparison finds red."""
    folder = tmp_path_factory.mktemp("tampering")
    path = folder / "trial.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *(SHOWN[what] for what, _, _ in TAMPERED))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, path)
    run_notebooks.run(path, timeout=120)
    stored = json.loads(path.read_text(encoding="utf-8"))
    for cell, (_, tamper, _) in zip(stored["cells"][1:], TAMPERED):
        tamper(cell)
    path.write_text(json.dumps(stored), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "conftest"]
    command += [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(folder),
        "--nbval",
        "--nbval-current-env",
        str(path),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    verdicts = {int(cell): word for word, cell in re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", found.stdout, re.M)}
    assert len(verdicts) == len(cells), found.stdout[-3000:] + found.stderr[-2000:]
    return {index - 1 for index, verdict in verdicts.items() if verdict == "FAILED"}


@pytest.mark.parametrize("index", range(len(TAMPERED)), ids=lambda index: f"{TAMPERED[index][0]}-{index}")
def test_tampering_is_red_and_honesty_is_green(index, red_cells):
    assert (index in red_cells) is TAMPERED[index][2]


def test_every_kind_of_output_of_the_book_is_tried():
    tried = {"stream", "text/plain", "text/html", "text/latex", "image/svg+xml"}
    for path in sorted((ROOT / "book").rglob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                kinds = {output["output_type"]} if output["output_type"] == "stream" else set(output["data"])
                assert kinds <= tried, f"{path.name}: {kinds - tried} is shown, and no test tampers with it"
