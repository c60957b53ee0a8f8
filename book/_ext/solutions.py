"""`make book SOLUTIONS=no`: the book for a class that should not see the solutions."""

from __future__ import annotations

import os
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def hide_solutions(app: Sphinx, config: Config) -> None:
    config.hide_solutions = os.environ.get("SOLUTIONS", "yes").lower() in {"no", "0", "false"}  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", hide_solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
