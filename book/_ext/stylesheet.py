"""One stylesheet for all pages, of the rules that some page can use.

Theme and extensions bring a dozen stylesheets, each of which a browser fetches before it shows a word, and most of
whose rules are for components that this book has not.  Here they become one file, in their order.  A rule stays if
every class and every id of one of its selectors stands anywhere in the pages or in their scripts (which may give it to
an element later); names inside a parenthesis, as in `:not(.x)`, are not looked at.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

LINK = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]*_static/)([^"?]+\.css)[^"]*"[^>]*>\s*')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRING_OR_BRACE = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')\s;]+)["']?\)?\s*;""")
URL = re.compile(r"""url\((['"]?)(?!data:|#|['"])([^)'"]+)\1\)""")
NAME = re.compile(r"[.#]((?:\\.|[\w-])+)")
WORD = re.compile(r"[\w-]+")
NESTING = ("@media", "@supports", "@layer", "@container")
OUT = "all.css"


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """The rules of a stylesheet without comments: (prelude, block), the block None for a statement such as @import."""
    depth, begin, opened, prelude = 0, 0, 0, ""
    for found in STRING_OR_BRACE.finditer(css):
        sign = found[0]
        if sign == "{":
            if depth == 0:
                prelude, opened = css[begin : found.start()].strip(), found.end()
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield prelude, css[opened : found.start()]
                begin = found.end()
        elif sign == ";" and depth == 0:
            yield css[begin : found.start()].strip(), None
            begin = found.end()


def selectors(prelude: str) -> list[str]:
    """The selectors of a list, which commas outside of parentheses part."""
    parts, depth = [""], 0
    for sign in prelude:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def names(selector: str) -> set[str]:
    """The classes and ids that an element needs for a selector to fit, those in parentheses and brackets apart."""
    while (bare := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", selector)) != selector:
        selector = bare
    return {name.replace("\\", "") for name in NAME.findall(selector)}


def pruned(css: str, words: set[str]) -> str:
    """The rules of which a page made of these words can use one selector."""
    kept = []
    for prelude, block in rules(css):
        if block is None:
            kept.append(f"{prelude};")
        elif prelude.startswith(NESTING):
            inner = pruned(block, words)
            kept += [f"{prelude}{{{inner}}}"] if inner else []
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{block}}}")
        else:
            used = [one for one in selectors(prelude) if all(words.issuperset(WORD.findall(n)) for n in names(one))]
            kept += [f"{','.join(used)}{{{block.strip()}}}"] if used else []
    return "\n".join(kept)


def moved(css: str, folder: str) -> str:
    """A stylesheet of ``folder`` whose addresses are told from the folder above."""
    return URL.sub(
        lambda found: f"url({found[1]}{posixpath.normpath(posixpath.join(folder, found[2]))}{found[1]})", css
    )


def read(static: Path, name: str) -> str:
    """A stylesheet with those that it imports, its addresses told from ``static``."""
    folder = posixpath.dirname(name)
    own, imported = IMPORT.split(COMMENT.sub("", (static / name).read_text(encoding="utf8"))), ""
    for i in range(1, len(own), 2):
        imported += read(static, posixpath.normpath(posixpath.join(folder, own[i])))
    return imported + moved("".join(own[::2]), folder)


def one_sheet(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = {path: path.read_text(encoding="utf8") for path in Path(app.outdir).rglob("*.html")}
    pages = {path: page for path, page in pages.items() if static not in path.parents}
    words = {word for page in pages.values() for word in WORD.findall(page)}
    words |= {word for script in static.rglob("*.js") for word in WORD.findall(script.read_text(encoding="utf8"))}
    linked = max(([name for _, name in LINK.findall(page)] for page in pages.values()), key=len)
    missing = {name for page in pages.values() for _, name in LINK.findall(page)} - set(linked)
    if missing:
        raise ValueError(f"no page has all stylesheets, so that their order is not known: {sorted(missing)}")
    sheet = "\n".join(pruned(read(static, name), words) for name in linked) + "\n"
    (static / OUT).write_text(sheet, encoding="utf8")
    version = hashlib.sha256(sheet.encode()).hexdigest()[:8]
    for path, page in pages.items():
        links = list(LINK.finditer(page))
        for found in reversed(links):
            page = page[: found.start()] + page[found.end() :]
        if links:
            link = f'<link rel="stylesheet" href="{links[0][1]}{OUT}?v={version}" />\n'
            page = page[: links[0].start()] + link + page[links[0].start() :]
            path.write_text(page, encoding="utf8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", one_sheet, priority=900)  # after every change of the pages
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
