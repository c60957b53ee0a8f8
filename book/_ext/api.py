"""The API reference: docstrings made safe for reStructuredText, and a table of every module with its first sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blocks import table
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LITERAL = re.compile(r"(``.+?``)")
# What mathematics in plain text would mean to docutils: |x| a substitution, x* emphasis, J_ a reference.
SPECIAL = re.compile(r"[*|]|(?<=\w)_(?!\w)|(?<!`)`(?!`)")


def escaped(line: str) -> str:
    """A line of a docstring with the signs of reStructuredText made plain, outside ``literals``."""
    parts = LITERAL.split(line)
    return "".join(part if LITERAL.fullmatch(part) else SPECIAL.sub(r"\\\g<0>", part) for part in parts)


def escape_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape a docstring in place, its examples and its indented formulas left alone."""
    example = False
    for number, line in enumerate(lines):
        example = line.lstrip().startswith((">>>", "...")) or (example and bool(line.strip()))
        if not example and not (number and lines[number - 1].rstrip().endswith("::")):
            lines[number] = escaped(line)


def modules(root: Path) -> Iterator[tuple[str, str]]:
    """(name, first sentence of the docstring) of every module of ngtools, packages before their modules."""
    found = {}
    for path in (root / "ngtools").rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] != "__main__":
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf8"))) or ""
            name = ".".join(part for part in parts if part != "__init__")
            found[name] = " ".join(text.split("\n\n")[0].split())
    yield from sorted(found.items())


def listed(root: Path, package: str) -> Iterator[tuple[str, str]]:
    """(name below the package, first sentence) of the modules that a table lists: for ngtools the packages themselves.

    A module whose name begins with an underscore serves its neighbours and is not listed.
    """
    for name, text in modules(root):
        below = name.removeprefix(f"{package}.")
        private = any(part.startswith("_") for part in below.split("."))
        if below != name and not private and (package != "ngtools" or "." not in below):
            yield below, text


def sentence(text: str) -> nodes.inline:
    """A sentence of a docstring as nodes, its ``literals`` set as such."""
    parts = re.split(r"`+(.+?)`+", text)
    return nodes.inline(
        "", "", *(nodes.literal("", part) if i % 2 else nodes.Text(part) for i, part in enumerate(parts))
    )


class ModulesDirective(SphinxDirective):
    """`modules`: a table of the modules below a package (of the packages themselves, for `ngtools`)."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        package = self.arguments[0]
        rows: list[list[nodes.Node]] = [
            [nodes.literal("", name), sentence(text)] for name, text in listed(Path(self.env.srcdir), package)
        ]
        return [table([nodes.Text(f"in {package}"), nodes.Text("what it holds")], rows, classes=["api-modules"])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("modules", ModulesDirective)
    # before napoleon reads the sections
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
