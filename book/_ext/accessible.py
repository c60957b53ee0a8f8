"""Mend, in the written pages, what the theme leaves inaccessible (each found by axe-core in `make test-browser`)."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from written import change_pages

MENDED = (
    # The icon is the picture of its button and not a second name for it.
    (re.compile(r'(<i class="theme-switch[^>]*?)\s+title="[^"]*"'), r'\1 aria-hidden="true"'),
    # A button that shows "Search Ctrl+K" is not called "Search" alone: its own text names it.
    (re.compile(r'(<button class="[^"]*search-button-field[^>]*?)\s+title="Search" aria-label="Search"'), r"\1"),
    # An entry of a bibliography is an item of its list; doc-biblioentry is deprecated.
    (re.compile(r' role="doc-biblioentry"'), ' role="listitem"'),
    # The arrow that opens a group of pages says what it does.
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Show or hide the pages of this part">',
    ),
    # The side bar holds the title of the book, which belongs to a landmark.
    (
        re.compile(r'<(div|dialog) (id="pst-primary-sidebar"|class="bd-sidebar-primary)'),
        r'<\1 role="complementary" aria-label="Book" \2',
    ),
)


def mend(html: str) -> str:
    """One page with the mends made."""
    for pattern, replacement in MENDED:
        html = pattern.sub(replacement, html)
    return html


def setup(app: Sphinx) -> dict[str, Any]:
    change_pages(app, lambda page, path: mend(page))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
