"""Change the pages after they are written: what several extensions do, each with its own change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx


def change_pages(app: Sphinx, change: Callable[[str, Path], str]) -> None:
    """Pass every page through ``change(html, path)`` when a build for reading has finished without an error."""

    def rewrite(app: Sphinx, exception: Exception | None) -> None:
        if exception is not None or app.builder.format != "html":
            return
        for path in Path(app.outdir).rglob("*.html"):
            page = path.read_text(encoding="utf8")
            if (made := change(page, path)) != page:
                path.write_text(made, encoding="utf8")

    app.connect("build-finished", rewrite)
