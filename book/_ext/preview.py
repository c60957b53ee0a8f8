"""What a link to a page shows elsewhere: its title, its question or first sentence, and the book's picture.

The picture lies beside the pages and is named by a relative address, because the book does not know where it will be
served. A site that wants an absolute one sets `html_baseurl`.
"""

from __future__ import annotations

import html
import posixpath
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PICTURE = "_static/preview.png"
LONGEST = 200


def first_words(doctree: nodes.document) -> str:
    """The first paragraph of a page as plain text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        words = " ".join(paragraph.astext().split())
        if words and "\\" not in words:
            return words if len(words) <= LONGEST else words[:LONGEST].rsplit(" ", 1)[0] + " …"
    return ""


def add_preview(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree is None:
        return
    base = app.config.html_baseurl
    picture = posixpath.join(base, PICTURE) if base else context["pathto"](PICTURE, 1)
    title = html.escape(html.unescape(re.sub(r"<[^>]*>", "", context.get("title", ""))))
    words = html.escape(first_words(doctree))
    tags = [f'<meta name="description" content="{words}" />'] if words else []
    properties = {"og:type": "article", "og:title": title, "og:description": words, "og:image": picture}
    properties["og:image:alt"] = "Paths of gradient flow and of natural gradient flow, drawn by three learners"
    tags += [f'<meta property="{name}" content="{value}" />' for name, value in properties.items() if value]
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(tags) + "\n"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_preview)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
