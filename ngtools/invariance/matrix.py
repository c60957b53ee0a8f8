"""The invariance matrix: every method against every change of coordinates, each cell measured."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from ngtools import families
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.methods import Method, method
from ngtools.descent.objectives import expected_log_likelihood
from ngtools.descent.setting import NoSuchStep, Setting
from ngtools.geometry import LeftDomain
from ngtools.invariance.orders import STEPS, Order, measure, not_defined
from ngtools.invariance.reparameterizations import REPARAMETERIZATIONS, Reparameterization

__all__ = ["ROWS", "Matrix", "Problem", "matrix", "normal_problem"]

ROWS = (
    "gradient",
    "adam",
    "diagonal",
    "damped",
    "natural-euler",
    "natural-midpoint",
    "geodesic-correction",
    "exponential-map",
    "mirror",
    "kl-proximal",
    "kl-constrained",
    "trust-region",
)


@dataclass(frozen=True)
class Problem:
    """Where a row is measured: a setting, a start, and what each column means there."""

    setting: Setting
    theta: np.ndarray
    columns: Mapping[str, Reparameterization]


@cache
def normal_problem() -> Problem:
    """Fit N(0.4, 0.7^2) from N(-0.5, 2^2) in (mu, sigma): generic, two dimensions, curved."""
    family = families.get("normal")
    objective = expected_log_likelihood(family, [0.4, 0.7])
    return Problem(chart_setting(family, objective), np.array([-0.5, 2.0]), REPARAMETERIZATIONS)


@dataclass(frozen=True)
class Matrix:
    """The table: ``cells[row, column]`` is an `Order`; ``columns`` maps a column's name to its title."""

    rows: tuple[str, ...]
    columns: Mapping[str, str]
    cells: Mapping[tuple[str, str], Order]

    def __getitem__(self, cell: tuple[str, str]) -> Order:
        return self.cells[cell]

    def kinds(self) -> list[list[str]]:
        """The verdicts, one list a row."""
        return [[self.cells[row, column].kind for column in self.columns] for row in self.rows]

    def stack(self, other: Matrix) -> Matrix:
        """This matrix with the rows of another below; a cell that neither measured is "not defined"."""
        columns = {**self.columns, **other.columns}
        rows = (*self.rows, *(row for row in other.rows if row not in self.rows))
        known = {**self.cells, **other.cells}
        missing = not_defined("this row's setting has no such change of coordinates")
        cells = {(row, column): known.get((row, column), missing) for row in rows for column in columns}
        return Matrix(rows, MappingProxyType(columns), MappingProxyType(cells))

    def select(self, rows: Sequence[str], columns: Sequence[str]) -> Matrix:
        """The given rows and columns, in this order."""
        cells = {(row, column): self.cells[row, column] for row in rows for column in columns}
        return Matrix(tuple(rows), MappingProxyType({c: self.columns[c] for c in columns}), MappingProxyType(cells))

    def text(self) -> str:
        """The table as plain text, slope and coefficient in each cell, for those who cannot see the figure."""
        head = ["method", *self.columns.values()]
        body = [[row, *(_words(self.cells[row, column]) for column in self.columns)] for row in self.rows]
        widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
        lines = ["  ".join(entry.ljust(width) for entry, width in zip(line, widths)).rstrip() for line in [head, *body]]
        reasons = sorted({cell.reason for cell in self.cells.values() if cell.reason})
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", *(f"not defined: {text}" for text in reasons)])

    def __repr__(self) -> str:
        return f"<invariance matrix: {len(self.rows)} methods, {len(self.columns)} changes of coordinates>"


def _words(cell: Order) -> str:
    if cell.kind in ("exact", "not defined"):
        return cell.kind
    return f"{cell.kind} ({cell.slope:.2f}, {cell.coefficient:.2g})"


def matrix(
    methods: Sequence[str | Method] = ROWS,
    reparameterizations: Sequence[str | Reparameterization] = tuple(REPARAMETERIZATIONS),
    problem: Problem | None = None,
    steps: Sequence[float] = STEPS,
) -> Matrix:
    """Measure every cell: same start distribution, same samples, same hyperparameters, one step.

    Parameters
    ----------
    methods
        Names in ``descent.METHODS``, or `Method` records (of other parts of the package, say).
    reparameterizations
        Names of columns of the problem, or `Reparameterization` records.
    problem
        Where to measure; the default is `normal_problem`.  A row that needs another setting (layers, as in
        `network_problem`, or a policy) is a second call with its own problem; `Matrix.stack` puts them together.
    steps
        Step sizes of the fit.

    Returns
    -------
    Matrix
    """
    problem = normal_problem() if problem is None else problem
    rules = [method(name) for name in methods]
    columns = [_column(problem, entry) for entry in reparameterizations]
    cells: dict[tuple[str, str], Order] = {}
    for column in columns:
        if column.h is None or column.encode is None:
            cells.update({(rule.name, column.name): not_defined(column.reason) for rule in rules})
            continue
        other, start = column.apply(problem.setting), column.encode(problem.theta)
        for rule in rules:
            try:
                cells[rule.name, column.name] = measure(rule, problem.setting, problem.theta, other, start, steps)
            except (LeftDomain, NoSuchStep) as reason:
                cells[rule.name, column.name] = not_defined(str(reason))
    return Matrix(
        tuple(rule.name for rule in rules),
        MappingProxyType({column.name: column.title for column in columns}),
        MappingProxyType(cells),
    )


def _column(problem: Problem, entry: str | Reparameterization) -> Reparameterization:
    if isinstance(entry, Reparameterization):
        return entry
    if entry not in problem.columns:
        close = difflib.get_close_matches(str(entry), problem.columns)
        guess = f" did you mean '{close[0]}'?" if close else ""
        raise ValueError(f"no change of coordinates '{entry}';{guess} known: {', '.join(problem.columns)}")
    return problem.columns[entry]
