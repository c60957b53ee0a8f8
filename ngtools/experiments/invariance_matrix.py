"""The invariance matrix as a study: every method against every change of coordinates.

A part measures some rows in some columns on one problem; the table is all parts together.  A row that needs another
problem (a policy, say) is one more entry of ``PROBLEMS``, one more part, its place in ``methods`` and its expected
verdicts; a method that is not in ``descent.METHODS`` goes into ``METHODS`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ngtools import invariance
from ngtools.descent import Method
from ngtools.invariance.policy_problem import PPO, TRPO, policy_problem

__all__ = ["EXPECTED", "SETTINGS", "TOLERANCE", "check", "off_whole", "rows", "run", "sample"]

PROBLEMS: dict[str, Callable[[], invariance.Problem]] = {
    "normal": invariance.normal_problem,
    "network": invariance.network_problem,
    "policy": policy_problem,
}
METHODS: dict[str, Method] = {record.name: record for record in (TRPO, PPO)}  # beside descent.METHODS

POLICY_STEPS = [step / 2 for step in invariance.STEPS]
_COLUMNS = list(invariance.REPARAMETERIZATIONS)
SETTINGS: dict[str, Any] = {
    "methods": [*invariance.ROWS[:4], "k-fac", *invariance.ROWS[4:], *METHODS],
    "columns": [*_COLUMNS[:-1], "layerwise", _COLUMNS[-1]],
    "parts": [
        {"problem": "normal", "methods": list(invariance.ROWS), "columns": _COLUMNS},
        {"problem": "network", "methods": list(invariance.ROWS), "columns": ["layerwise"]},
        {"problem": "network", "methods": ["k-fac"], "columns": [*_COLUMNS, "layerwise"]},
        # at the largest of the other steps TRPO's line search decides differently in two charts, see chapter 14
        {"problem": "policy", "methods": list(METHODS), "columns": [*_COLUMNS, "layerwise"], "steps": POLICY_STEPS},
    ],
    "steps": list(invariance.STEPS),
}
# slopes of defects near 1e-8 feel the rounding of another machine
TOLERANCE = 1e-3

# orthogonal, diagonal rescaling, general affine, log sigma, smooth nonlinear, redundant, layerwise; as theory says
_EXPECTED = {
    "gradient": "exact broken broken broken broken broken broken",
    "adam": "broken broken broken broken broken broken broken",
    "diagonal": "broken exact broken 1 broken broken broken",
    "damped": "exact broken broken broken broken broken broken",
    "k-fac": "broken broken broken - - broken exact",
    "natural-euler": "exact exact exact 1 1 1 exact",
    "natural-midpoint": "exact exact exact 2 2 2 exact",
    "geodesic-correction": "exact exact exact 2 2 2 exact",
    "exponential-map": "exact exact exact exact exact exact exact",
    "mirror": "exact exact exact exact exact exact -",
    "kl-proximal": "exact exact exact exact exact exact exact",
    "kl-constrained": "exact exact exact exact exact exact exact",
    "trust-region": "exact exact exact 1 1 1 exact",
    "trpo": "exact exact exact 1 1 1 exact",
    "ppo": "broken broken broken broken broken broken broken",
}
EXPECTED = {
    row: [f"order {word}" if word.isdigit() else word.replace("-", "not defined") for word in words.split()]
    + ["not defined"]
    for row, words in _EXPECTED.items()
}


def run(**settings: Any) -> dict[str, Any]:
    """Measure the whole matrix; one entry a cell, and the table as text."""
    table = None
    for part in settings["parts"]:
        methods = [METHODS.get(name, name) for name in part["methods"]]
        found = invariance.matrix(
            methods, part["columns"], PROBLEMS[part["problem"]](), part.get("steps", settings["steps"])
        )
        table = found if table is None else table.stack(found)
    if table is None:
        raise ValueError("parts is empty: there is nothing to measure")
    table = table.select(settings["methods"], settings["columns"])
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
    """Two columns of four rows, and K-FAC under two maps of a network."""
    methods, columns = ["gradient", "natural-euler", "natural-midpoint", "kl-proximal"], ["diagonal", "log-sigma"]
    parts = [
        {"problem": "normal", "methods": methods, "columns": columns},
        {"problem": "network", "methods": ["k-fac"], "columns": ["affine", "layerwise"]},
    ]
    cells: dict[str, Any] = {}
    for part in parts:
        settings = {"methods": part["methods"], "columns": part["columns"], "parts": [part], "steps": SETTINGS["steps"]}
        cells |= run(**settings)["cells"]
    return {"cells": cells}
