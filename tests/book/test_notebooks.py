"""What every notebook of the book keeps to (book/_ext/rules.py), and that each rule sees what breaks it."""

import copy
import json
from pathlib import Path

import pytest
import rules
import yaml

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


@pytest.mark.parametrize("rule", rules.EVERY_RULE, ids=lambda rule: rule.__name__.removesuffix("_faults"))
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_keeps_every_rule(path, rule):
    faults = list(rule(json.loads(path.read_text(encoding="utf8"))))
    assert not faults, "\n".join(faults)


def test_the_table_of_contents_lists_what_exists_and_all_of_it():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    listed = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    missing = [name for name in listed if not any((ROOT / f"{name}.{kind}").exists() for kind in ("ipynb", "md"))]
    assert not missing, f"_toc.yml lists pages that are not there: {missing}"
    unlisted = [path.stem for path in NOTEBOOKS if path.relative_to(ROOT).with_suffix("").as_posix() not in listed]
    assert not unlisted, f"_toc.yml does not list {unlisted}"


def code(number, source, outputs, **metadata):
    return {
        "id": f"cell-{number:02d}",
        "cell_type": "code",
        "execution_count": number,
        "metadata": metadata,
        "source": source,
        "outputs": outputs,
    }


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": [text]}


SHOWN = {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/plain": "<Figure size 6x4>"}}
FIGURE = {
    "figure": {"caption": "Two curves.", "name": "fig-curves"},
    "image": {"alt": "A blue curve rises while an orange one falls", "classes": "dark-light"},
}
GOOD = {
    "metadata": {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}},
    "cells": [
        {"id": "cell-00", "cell_type": "markdown", "metadata": {}, "source": ["# A title 1.5\n", "It is $0.25$."]},
        code(1, "from ngtools import fisher\nprint(0.25)", [stream("value 0.2500")]),
        code(2, "from ngtools.plots import curves\ncurves()", [SHOWN], mystnb=FIGURE),
        code(3, "from ngtools.exercises import check\ndef f(): ...", [stream("no answer yet")], tags=["exercise"]),
    ],
}


def changed(cell, **changes):
    """The good notebook with one cell changed."""
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][cell].update(changes)
    return notebook


@pytest.mark.parametrize("rule", rules.EVERY_RULE)
def test_a_good_notebook_has_no_fault(rule):
    assert list(rule(GOOD)) == []


LONG = "from ngtools import fisher\n" + "print(1)\n" * 12
BROKEN = [
    (rules.import_faults, changed(1, source="import numpy\nprint(1)"), "imports nothing from ngtools"),
    (rules.import_faults, changed(1, source="if 1:\n    import ngtools"), "imports nothing from ngtools"),
    (rules.import_faults, changed(1, source="import ngtools\ndef f(): ..."), "defines f"),
    (rules.import_faults, changed(1, source="import ngtools\nclass C: ..."), "defines C"),
    (rules.import_faults, changed(1, source="import ngtools\nf = lambda x: x"), "names a lambda"),
    (rules.import_faults, changed(1, source="%matplotlib inline\nimport ngtools"), "not plain Python"),
    (rules.length_faults, changed(1, source=LONG), "13 lines"),
    (rules.length_faults, changed(1, source="import ngtools"), "1 lines"),
    (rules.length_faults, changed(1, source="import ngtools\nx = 1" + " + 1" * 25), "a line of 105 characters"),
    (rules.execution_faults, changed(2, execution_count=3), "expected 2"),
    (rules.execution_faults, changed(2, execution_count=None), "expected 2"),
    (rules.execution_faults, changed(1, outputs=[]), "shows nothing"),
    (rules.output_faults, changed(1, outputs=[stream("oh", "stderr")]), "stores stderr"),
    (rules.output_faults, changed(1, outputs=[{"output_type": "error"}]), "stores an error"),
    (rules.output_faults, changed(1, outputs=[stream("see /home/me/book.py")]), "an absolute path"),
    (rules.output_faults, changed(1, outputs=[stream("at 0x7f3a2b1c")]), "a memory address"),
    (rules.output_faults, changed(1, outputs=[stream("<function f at 7>")]), "a raw repr"),
    (rules.output_faults, changed(1, outputs=[stream("np.float64(0.5)")]), "a raw repr"),
    (rules.output_faults, changed(1, outputs=[stream("x.py:3: UserWarning: beware")]), "a warning"),
    (rules.image_faults, changed(2, metadata={}), "mystnb.figure.caption"),
    (rules.image_faults, changed(2, metadata={"mystnb": {**FIGURE, "image": {"classes": "dark-light"}}}), "image.alt"),
    (rules.image_faults, changed(2, metadata={"mystnb": {**FIGURE, "image": {"alt": "A" * 40}}}), "dark-light"),
    (rules.image_faults, changed(2, outputs=[SHOWN, SHOWN]), "one name for 2 images"),
    (rules.image_faults, {**GOOD, "cells": GOOD["cells"] + GOOD["cells"][2:3]}, "a name used before"),
    (rules.image_faults, changed(0, source="![](a.svg)"), "alternative text"),
    (rules.image_faults, changed(0, source='<img src="a.svg" alt="x">'), "alternative text"),
    (rules.image_faults, changed(0, source=":::{figure} a.svg\n:name: fig-a\n\nCaption\n:::"), ":alt:"),
    (rules.identity_faults, changed(1, id="a1b2"), "cell ids"),
    (rules.identity_faults, {**GOOD, "metadata": {"jupytext": {}}}, "belong to an editor"),
    (rules.identity_faults, {**GOOD, "metadata": {"language_info": {"version": "3.11"}}}, "Python version"),
]


@pytest.mark.parametrize(("rule", "notebook", "complaint"), BROKEN)
def test_a_rule_names_what_breaks_it(rule, notebook, complaint):
    faults = list(rule(notebook))
    assert any(complaint in fault for fault in faults), faults


@pytest.mark.parametrize(
    "prose",
    [
        "It is 0.25, or 1/4, or 3.",
        "One prints 0.250.",
        "The distance is 1.86 here.",  # 1.8625 rounded
        "About $2.68\\times 10^{6}$ steps.",
        "In `code, 0.77` it is free.",
        "The paper {cite}`a2000b` reports 0.77.",
        "## Section 3.14",
        ":::{exercise}\n:label: ex-1\nTake $p = 0.77$.\n:::",
        "A [link](https://x.org/v0.77/)",
        ":::{figure} a.svg\n:width: 0.77\n:::",
    ],
)
def test_decimals_that_are_printed_or_free(prose):
    outputs = [stream("0.2500 and 1.8625"), stream("2.6800e+06")]
    notebook = {"cells": [{"cell_type": "markdown", "source": prose}, code(1, "", outputs)]}
    assert list(rules.decimal_faults(notebook)) == []


@pytest.mark.parametrize(
    "prose",
    [
        "It is 0.26.",
        "A rounding of one digit, 0.2, is too loose.",
        "The distance is 1.87.",
        "Wrong power: 2.68e5.",
        "The paper {cite}`a2000b` says so. We find 0.77.",
        ":::{solution} ex-1\nIt is 0.77.\n:::",
        "In maths, $x = 0.77\\sigma$, it counts.",
        "| table | 0.77 |",
    ],
)
def test_decimals_without_a_source(prose):
    outputs = [stream("0.2500 and 1.8625"), stream("2.6800e+06")]
    notebook = {"cells": [{"cell_type": "markdown", "source": prose}, code(1, "", outputs)]}
    assert len(list(rules.decimal_faults(notebook))) == 1
