"""Blocks that several directives build a page of: a plain table, and a link to a page by its title."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from pages import passages
from sphinx import addnodes
from sphinx.environment import BuildEnvironment


def page_link(page: str, env: BuildEnvironment) -> nodes.Node:
    """A link to a page of the book by its title."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", title_of(Path(env.srcdir) / page)),
        refdomain="std",
        reftype="doc",
        reftarget="/" + page.rsplit(".", 1)[0],
        refdoc=env.docname,
        refexplicit=True,
        refwarn=True,
    )


def title_of(path: Path) -> str:
    """The first heading of a page, with the number that its file name carries."""
    found = next(line for _, text in passages(path) for line in text.splitlines() if line.startswith("# "))
    number = re.match(r"(\d\d)_", path.stem)
    return f"{number[1]} {found[2:].strip()}" if number else found[2:].strip()


def table(head: list[nodes.Node], rows: list[list[nodes.Node]], classes: list[str]) -> nodes.table:
    """A plain table."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", table_row(head))
    group += nodes.tbody("", *(table_row(row) for row in rows))
    return nodes.table("", group, classes=classes)


def table_row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))
