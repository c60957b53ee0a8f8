"""Read the pages of the book as text: their prose without code, and their displayed equations."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

DISPLAYED = re.compile(r"\$\$(?P<tex>.+?)\$\$(?:[ \t]*\((?P<label>[^()\s]+)\))?", re.DOTALL)
INLINE_CODE = re.compile(r"(?<![`\\}])(`+)(?!`).+?(?<!`)\1(?!`)")
FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*(?:\{(?P<name>[^}]+)\})?(?P<rest>[^`]*)$")
# Directives whose body is not Markdown; a backtick fence without a directive's name is code as well.
CODE = ("code", "code-block", "code-cell", "literalinclude", "raw", "eval-rst", "toctree", "tableofcontents")


def pages(root: Path) -> list[Path]:
    """The notebooks and texts of the book."""
    book = root / "book"
    found = [*book.rglob("*.ipynb"), *book.rglob("*.md")]
    return sorted(path for path in found if not any(part[0] in "._" for part in path.relative_to(book).parts))


def passages(path: Path) -> Iterator[tuple[str, str]]:
    """(place, Markdown) of a page: each Markdown cell of a notebook, or the whole text."""
    if path.suffix == ".md":
        yield "text", path.read_text(encoding="utf8")
        return
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf8"))["cells"]):
        if cell["cell_type"] == "markdown":
            yield f"cell {number}", "".join(cell["source"])


def read_lines(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each line of a Markdown text with its code blanked, and the directives around it, outermost first."""
    directives: list[tuple[str, str]] = []  # (fence, name) of those open
    code = ""  # the fence of the code block we are in
    for line in text.splitlines():
        found = FENCE.match(line)
        fence, name, rest = found.group("fence", "name", "rest") if found else ("", None, "")
        bare = bool(fence) and not name and not rest.strip()
        is_code = bool(code)
        if code:
            code = "" if bare and fence.startswith(code) else code
        elif bare and any(fence == opened for opened, _ in directives):
            while directives.pop()[0] != fence:
                pass
        elif name and name.strip() not in CODE:
            directives.append((fence, name.strip()))
        elif name or fence.startswith(("`", "~")):
            code, is_code = fence, True
        plain = "" if is_code else INLINE_CODE.sub(lambda match: " " * len(match[0]), line)
        yield plain, tuple(name for _, name in directives)


def without_code(text: str) -> str:
    """The text with code blocks and inline code blanked, every line break kept."""
    return "\n".join(line for line, _ in read_lines(text))


def equations(text: str) -> Iterator[tuple[int, str, str | None, tuple[str, ...]]]:
    """(line, TeX, label, directives around it) of each displayed equation of a Markdown text, from line 1."""
    lines = list(read_lines(text))
    plain = "\n".join(line for line, _ in lines)
    for match in DISPLAYED.finditer(plain):
        number = plain.count("\n", 0, match.start())
        yield number + 1, match["tex"].strip(), match["label"], lines[number][1]
    number = 0
    for inside, group in itertools.groupby(lines, key=lambda line: line[1]):
        body = [line for line, _ in group]
        if inside[-1:] == ("math",):  # ```{math} with an optional :label:
            label = [line.split()[1] for line in body if line.startswith(":label:")]
            tex = "\n".join(line for line in body[1:] if not line.startswith(":"))
            yield number + 1, tex.strip(), label[0] if label else None, inside[:-1]
        number += len(body)
