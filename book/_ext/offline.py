"""Keep the pages to themselves: take out what Jupyter Book loads from other machines.

Jupyter Book always switches on `sphinx_thebe`, whose script asks a content delivery network for code on every page.
Its event handlers and style sheet are removed here before anything is built.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def without_thebe(app: Sphinx, config: Config) -> None:
    """Forget every handler and style sheet that sphinx_thebe registered."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if "sphinx_thebe" not in getattr(one.handler, "__module__", "")]
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if "thebe" not in str(entry[0])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", without_thebe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
