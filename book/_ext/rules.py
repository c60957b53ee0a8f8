"""What every notebook of the book keeps to, as functions that name what breaks a rule.

Each takes a parsed notebook (a dict) and yields one line for each fault; no line means that the rule holds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from pages import read_lines

Notebook = dict[str, Any]
Cell = dict[str, Any]

LONGEST, LONGEST_EXERCISE = 12, 20
WIDEST = 86  # what a page shows at 1280 pixels without scrolling
SHORTEST_ALT = 25

# What a stored output may not contain: it would differ on the next machine, or tell of trouble.
UNSTABLE = {
    "an absolute path": re.compile(r"(?<![\w.<:/])/(?:home|root|tmp|usr|Users|opt|var|work|mnt)/\w|[A-Z]:\\\\?Users"),
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{6,}\b"),
    "a raw repr": re.compile(r"<(?:[\w.]+ )?(?:object|function|class|module|bound) [^>]*>|\b[Aa]rray\(|np\.float64"),
    "a traceback": re.compile(r"Traceback \(most recent call last\)"),
    "a warning": re.compile(r"\b\w*Warning:"),
}
NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+)(?:e([+-]?\d+))?(?!\d|\.\d)")
NOT_PROSE = re.compile(
    r"\]\([^)]*\)|"  # the target of a link
    r"<https?://[^>]*>|https?://\S+|"
    r"<!--.*?-->|"
    r"^[ \t]*:[\w-]+:.*$|"  # the option of a directive
    r"^#+ .*$",  # a heading
    re.MULTILINE | re.DOTALL,
)
TAG = re.compile(r"<style.*?</style>|<[a-zA-Z/][^>]*>", re.DOTALL)
CITATION = re.compile(r"\{cite(?::\w+)?\}")


def code_cells(notebook: Notebook) -> Iterator[tuple[int, Cell, str]]:
    """(position, cell, source) of every code cell."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            yield number, cell, "".join(cell["source"])


def tags(cell: Cell) -> list[str]:
    return cell["metadata"].get("tags", [])


def import_faults(notebook: Notebook) -> Iterator[str]:
    """Every code cell imports from ngtools at its top level, and outside an exercise's answer defines nothing."""
    for number, cell, source in code_cells(notebook):
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            yield f"cell {number}: not plain Python ({error.msg})"
            continue
        imported = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
        imported += [name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names]
        if not any(name.split(".")[0] == "ngtools" for name in imported):
            yield f"cell {number}: imports nothing from ngtools"
        if "exercise" in tags(cell):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"cell {number}: defines {node.name}; a definition belongs in ngtools"
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
                yield f"cell {number}: names a lambda; a definition belongs in ngtools"


def length_faults(notebook: Notebook) -> Iterator[str]:
    """A cell has 2 to 12 lines (an exercise's answer up to 20), none wider than a page shows."""
    for number, cell, source in code_cells(notebook):
        lines, most = len(source.strip().splitlines()), LONGEST_EXERCISE if "exercise" in tags(cell) else LONGEST
        if not 2 <= lines <= most:
            yield f"cell {number}: {lines} lines; 2 to {most} are allowed"
        for line in source.splitlines():
            if len(line) > WIDEST:
                yield f"cell {number}: a line of {len(line)} characters, {WIDEST} are seen without scrolling: {line[:40]}..."


def execution_faults(notebook: Notebook) -> Iterator[str]:
    """The cells were executed once each, in order, and each shows something."""
    for expected, (number, cell, _) in enumerate(code_cells(notebook), start=1):
        if cell["execution_count"] != expected:
            yield f"cell {number}: execution count {cell['execution_count']}, expected {expected}; use `make run`"
        if not cell["outputs"]:
            yield f"cell {number}: shows nothing"


def output_faults(notebook: Notebook) -> Iterator[str]:
    """Stored outputs hold nothing that differs between machines, and no sign of trouble."""
    for number, cell, _ in code_cells(notebook):
        for output in cell["outputs"]:
            if output["output_type"] == "error" and "raises-exception" not in tags(cell):
                yield f"cell {number}: stores an error"
            if output.get("name") == "stderr":
                yield f"cell {number}: stores stderr"
        for text in output_texts(cell):
            for name, pattern in UNSTABLE.items():
                if found := pattern.search(text):
                    yield f"cell {number}: stores {name}: {found[0][:40]!r}"


def output_texts(cell: Cell) -> Iterator[str]:
    """The text of a cell's outputs: streams, and plain, HTML, LaTeX and Markdown displays; not a figure's repr."""
    for output in cell["outputs"]:
        if "text" in output:
            yield "".join(output["text"])
        data = output.get("data", {})
        is_figure = any(kind.startswith("image/") for kind in data)
        for kind, text in data.items():
            if kind in {"text/html", "text/latex", "text/markdown"} or (kind == "text/plain" and not is_figure):
                yield "".join(text)


def image_faults(notebook: Notebook) -> Iterator[str]:
    """Every image has an alternative text that says what is to be seen, and every figure a caption and a name."""
    named: set[str] = set()
    for number, cell, _ in code_cells(notebook):
        images = [output for output in cell["outputs"] if any("image/" in kind for kind in output.get("data", {}))]
        if images:
            meta = cell["metadata"].get("mystnb", {})
            figure, image = meta.get("figure", {}), meta.get("image", {})
            alt = image.get("alt", "")
            if not figure.get("caption") or not str(figure.get("name", "")).startswith("fig-"):
                yield f"cell {number}: a figure without mystnb.figure.caption and name (fig-...)"
            if len(images) > 1 or figure.get("name") in named:
                yield f"cell {number}: one name for {len(images)} images, or a name used before: {figure.get('name')}"
            named.add(figure.get("name"))
            if len(alt) < SHORTEST_ALT or alt == figure.get("caption"):
                yield f"cell {number}: mystnb.image.alt says in a sentence what is to be seen (not the caption again)"
            if "dark-light" not in str(image.get("classes", "")):
                yield f"cell {number}: mystnb.image.classes is dark-light, or the dark theme paints a box over it"
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "markdown":
            yield from (f"cell {number}: {fault}" for fault in text_image_faults("".join(cell["source"])))


def text_image_faults(text: str) -> Iterator[str]:
    """The same for images written in Markdown."""
    lines = list(read_lines(text))
    plain = "\n".join(line for line, _ in lines)
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", plain):
        if len(alt) < SHORTEST_ALT:
            yield f"the image {target} needs an alternative text that says what is to be seen"
    for image in re.findall(r"<img\b[^>]*>", plain):
        if len("".join(re.findall(r'alt="([^"]*)"', image))) < SHORTEST_ALT:
            yield f"{image[:50]} needs an alternative text that says what is to be seen"
    for name in ("figure", "image"):
        directive = re.compile(rf"^[ \t]*[:`]{{3,}}\{{{name}\}} (\S+)\n((?:[ \t]*:.*\n?)*)", re.MULTILINE)
        for target, body in directive.findall(plain):
            alt = re.search(r":alt:(.*)", body)
            if alt is None or len(alt[1].strip()) < SHORTEST_ALT:
                yield f"the {name} {target} needs an :alt: that says what is to be seen"


def identity_faults(notebook: Notebook) -> Iterator[str]:
    """Cell ids are cell-00, cell-01, ...; nothing of the machine is in the metadata."""
    ids = [cell.get("id") for cell in notebook["cells"]]
    if ids != [f"cell-{number:02d}" for number in range(len(ids))]:
        yield "the cell ids are not cell-00, cell-01, ... in order; use `make run` or tools/notebook_ids.py"
    if extra := set(notebook["metadata"]) - {"kernelspec", "language_info"}:
        yield f"metadata {sorted(extra)} belong to an editor; use `make run`"
    if set(notebook["metadata"].get("language_info", {})) - {"name"}:
        yield "language_info names a Python version; use `make run`"
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code" and cell.get("attachments"):
            yield f"cell {number}: an attachment; images live in book/_static or are drawn"


def decimal_faults(notebook: Notebook) -> Iterator[str]:
    """Every decimal number of the prose occurs in a stored output of the notebook.

    A number of the prose may be a printed one rounded to two or more digits. Integers and fractions are free, and so
    are the settings in the question of an exercise, and the sentence that cites a work: it reports the work's number.
    """
    shown = [TAG.sub(" ", text) for _, cell, _ in code_cells(notebook) for text in output_texts(cell)]
    printed = [number for text in shown for number in numbers(text)]
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "markdown":
            continue
        for sentence in sentences("".join(cell["source"])):
            for written in numbers(sentence):
                if not CITATION.search(sentence) and not any(agrees(written, other) for other in printed):
                    yield f"cell {place}: {written[0]} is in no stored output: ...{' '.join(sentence.split())[:70]}"


def sentences(text: str) -> Iterator[str]:
    """The prose of a Markdown cell, sentence by sentence: no code, option, heading, link target or question."""
    kept = [line for line, inside in read_lines(text) if "exercise" not in inside]
    plain = NOT_PROSE.sub(" ", "\n".join(kept))
    plain = re.sub(r"\{(?!cite)[\w:]+\}`[^`]*`", " ", plain)
    yield from re.split(r"(?<=[.!?:;])\s+(?=[A-Z$*_(\[{])|\n\s*\n", plain)


def numbers(text: str) -> list[tuple[str, str]]:
    """(digits, exponent) of every decimal number in a text, thin spaces of TeX taken out."""
    text = re.sub(r"\\[,;!]|\{,\}|&nbsp;", "", text)
    return [(found[1], found[2] or "") for found in NUMBER.finditer(text)]


def agrees(written: tuple[str, str], printed: tuple[str, str]) -> bool:
    """Whether a number of the prose is a printed one, or that one rounded to two or more significant digits."""
    (digits, power), (shown, shown_power) = written, printed
    if power and shown_power and int(power) != int(shown_power):
        return False
    if float(digits) == float(shown):
        return True
    places, more = len(digits.split(".")[1]), len(shown.split(".")[1])
    significant = len(digits.replace(".", "").lstrip("0"))
    if significant < 2 or more <= places:
        return False
    return abs(float(digits) - float(shown)) <= 0.5 * 10.0**-places * (1 + 1e-9)


EVERY_RULE = (
    import_faults,
    length_faults,
    execution_faults,
    output_faults,
    image_faults,
    identity_faults,
    decimal_faults,
)
