"""The invariance matrix as a study: every method against every change of coordinates."""

from __future__ import annotations

from typing import Any

from ngtools import invariance

__all__ = ["EXPECTED", "SETTINGS", "TOLERANCE", "check", "off_whole", "rows", "run", "sample"]

SETTINGS: dict[str, Any] = {
    "methods": list(invariance.ROWS),
    "columns": list(invariance.REPARAMETERIZATIONS),
    "steps": list(invariance.STEPS),
}
# slopes of defects near 1e-8 feel the rounding of another machine
TOLERANCE = 1e-3

# orthogonal, diagonal rescaling, general affine, log sigma, smooth nonlinear, redundant; as theory says
_EXPECTED = {
    "gradient": "exact broken broken broken broken broken",
    "adam": "broken broken broken broken broken broken",
    "diagonal": "broken exact broken 1 broken broken",
    "damped": "exact broken broken broken broken broken",
    "natural-euler": "exact exact exact 1 1 1",
    "natural-midpoint": "exact exact exact 2 2 2",
    "geodesic-correction": "exact exact exact 2 2 2",
    "exponential-map": "exact exact exact exact exact exact",
    "mirror": "exact exact exact exact exact exact",
    "kl-proximal": "exact exact exact exact exact exact",
    "kl-constrained": "exact exact exact exact exact exact",
    "trust-region": "exact exact exact 1 1 1",
}
EXPECTED = {
    row: [f"order {word}" if word.isdigit() else word for word in words.split()] + ["not defined"]
    for row, words in _EXPECTED.items()
}


def run(**settings: Any) -> dict[str, Any]:
    """Measure the whole matrix; one entry a cell, and the table as text."""
    table = invariance.matrix(settings["methods"], settings["columns"], steps=settings["steps"])
    cells = {row: {column: _entry(table[row, column]) for column in table.columns} for row in table.rows}
    return {"columns": dict(table.columns), "cells": cells, "text": table.text()}


def _entry(cell: invariance.Order) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": cell.kind}
    if cell.kind == "exact":
        entry["below"] = 1e-9  # the defect itself is rounding, and differs on every machine
    elif cell.kind == "not defined":
        entry["reason"] = cell.reason
    else:
        entry.update(slope=cell.slope, stderr=cell.stderr, coefficient=cell.coefficient)
    return entry


def check(results: dict[str, Any]) -> dict[str, bool]:
    """One verdict a row: every cell is of the kind that theory gives, slopes within 0.1 of whole numbers."""
    verdicts = {}
    for row, expected in EXPECTED.items():
        cells = list(results["cells"][row].values())
        kinds = [cell["kind"] for cell in cells] == expected
        slopes = all(
            abs(cell["slope"] - int(cell["kind"].split()[1]) - 1) <= 0.1
            for cell in cells
            if cell["kind"].startswith("order")
        )
        verdicts[f"{row}: {', '.join(expected)}"] = kinds and slopes
    return verdicts


def rows(results: dict[str, Any]) -> list[list[str]]:
    """The table in words, a list a method: its name, then each verdict with the coefficient C of D ~ C alpha^slope."""
    return [[name, *(_words(cell) for cell in cells.values())] for name, cells in results["cells"].items()]


def off_whole(results: dict[str, Any]) -> float:
    """The largest distance of a measured slope from the nearest whole number."""
    slopes = [cell["slope"] for cells in results["cells"].values() for cell in cells.values() if "slope" in cell]
    return max(abs(slope - round(slope)) for slope in slopes)


def _words(cell: dict[str, Any]) -> str:
    return f"{cell['kind']}, {cell['coefficient']:.2g}" if "slope" in cell else str(cell["kind"])


def sample() -> dict[str, Any]:
    """Two columns of four rows."""
    settings = {
        "methods": ["gradient", "natural-euler", "natural-midpoint", "kl-proximal"],
        "columns": ["diagonal", "log-sigma"],
        "steps": SETTINGS["steps"],
    }
    return {"cells": run(**settings)["cells"]}
