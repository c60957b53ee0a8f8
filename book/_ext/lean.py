"""Take out of the written pages what they load and do not use, so that text is on a phone's screen sooner.

- The index of the search and its program belong to the page that searches; the theme puts them on every page.
- The icons come from the theme's web font. Its script (1.5 MB) would draw the same dozen of icons a second time.
- A script that nothing waits for is read after the text (`defer`); their order stays.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from written import change_pages

SEARCH = re.compile(r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\s*')
ICONS = re.compile(r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>\s*')
# `documentation_options.js` is read by a line in the page, `formulas.js` and `book.js` come before MathJax.
WAITING = re.compile(r'<script (?=[^>]*src="[^"]*_static/)(?![^>]*(?:defer|documentation_options|formulas|book\.js))')


def lean(html: str, searches: bool = False) -> str:
    """One page without what it does not use; the page that searches keeps its scripts as they are."""
    html = ICONS.sub("", html)
    return html if searches else WAITING.sub('<script defer="defer" ', SEARCH.sub("", html))


def setup(app: Sphinx) -> dict[str, Any]:
    change_pages(app, lambda page, path: lean(page, searches=path.name == "search.html"))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
