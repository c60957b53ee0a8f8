"""Which tests run a line: what ``make coverage ARGS=--cov-context=test`` has written down."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".coverage"
MOST = 400  # above that, pytest collects a folder faster than a list of names


@cache
def contexts(path: str) -> dict[int, set[str]]:
    """The tests that run each line of a module; "" for lines that run on import."""
    from coverage import CoverageData

    if not DATA.exists():
        raise FileNotFoundError(f"{DATA} is missing: first make coverage ARGS=--cov-context=test")
    data = CoverageData(str(DATA))
    data.read()
    return {
        line: {name.rpartition("|")[0] for name in names}  # test|phase
        for line, names in data.contexts_by_lineno(str(ROOT / path)).items()
    }


def statement(source: str, line: int) -> range:
    """The lines of the smallest statement around a line; of a compound one, those before its body."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno
            spans.append(range(node.lineno, max(last or node.lineno, node.lineno) + 1))
    holding = [span for span in spans if line in span]
    return min(holding, key=len) if holding else range(line, line + 1)


def covering(path: str, line: int) -> list[str] | None:
    """The tests that run a line, in order of their names; None where that says nothing: import, or nearly all tests."""
    found = contexts(path)
    names = set().union(*(found.get(number, set()) for number in statement((ROOT / path).read_text("utf-8"), line)))
    if not names or "" in names or len(names) > MOST:
        return None
    return sorted(names)
