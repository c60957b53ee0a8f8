"""One line below each entry of the bibliography: what the work is here for, from book/annotations.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx

FILE = "book/annotations.yml"


def annotations(root: Path) -> dict[str, str]:
    """Key of a work -> one line on it."""
    found = yaml.safe_load((root / FILE).read_text(encoding="utf8"))
    return {str(key): str(line) for key, line in found.items()}


def annotate(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the line to every citation that the page lists."""
    lines = annotations(Path(app.srcdir))
    keys = {one.citation_id: one.key for one in app.env.get_domain("cite").citations}  # type: ignore[attr-defined]
    for citation in doctree.findall(nodes.citation):
        for name in citation["ids"]:
            if line := lines.get(keys.get(name, ""), ""):
                citation += nodes.paragraph("", line, classes=["annotation"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", annotate)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
