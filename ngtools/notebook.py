"""What every notebook of the book needs: generators, figure settings, and one way to print numbers.

A stored output must come out the same on another processor, so numbers are printed rounded, through
``say`` and ``table``, and never as raw reprs.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import sympy as sp

from ngtools.checks import whole_number

__all__ = ["Formula", "Table", "chapter", "number", "say", "show", "table"]


def chapter(n: int) -> tuple[np.random.Generator, jax.Array]:
    """Set up a chapter: figure style and vector graphics, and its two random generators.

    Parameters
    ----------
    n
        The chapter number, which is the seed.

    Returns
    -------
    (rng, key)
        A NumPy generator and a JAX key.  Nothing global is seeded.
    """
    from ngtools.plots.style import use_style

    n = whole_number(n, "n", least=0)
    use_style()
    return np.random.default_rng(n), jax.random.key(n)


def number(value: Any, digits: int = 4) -> str:
    """Return a number, vector or matrix as text with ``digits`` significant digits.

    Values below 1e-12 in size are printed as 0: they are rounding, and differ between processors.

    Examples
    --------
    >>> number(2 / 3), number([1.0, 1e-17]), number(True)
    ('0.6667', '(1, 0)', 'yes')
    """
    digits = whole_number(digits, "digits")
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if value is None:
        return "-"
    if isinstance(value, (sp.Basic, sp.MatrixBase)) and not getattr(value, "is_number", False):
        return str(value)
    array = np.asarray(value, dtype=None if not isinstance(value, sp.Basic) else float)
    if array.ndim == 0:
        return _scalar(array[()], digits)
    inner = ", ".join(number(entry, digits) for entry in array)
    return f"({inner})" if array.ndim == 1 else f"[{inner}]"


def _scalar(value: Any, digits: int) -> str:
    if isinstance(value, (np.integer, int)):
        return str(int(value))
    value = float(value)
    if not np.isfinite(value):
        return str(value)
    if abs(value) < 1e-12:
        return "0"
    text = f"{value:.{digits}g}"
    return text.replace("e-0", "e-").replace("e+0", "e+")


def say(label: str, *values: Any, digits: int = 4) -> None:
    """Print one line: a label and rounded values.

    Examples
    --------
    >>> say("length of the step", 0.123456, digits=3)
    length of the step: 0.123
    """
    print(f"{label}: {', '.join(number(value, digits) for value in values)}" if values else label)


@dataclass(frozen=True, repr=False)
class Formula:
    """An equation with its left side; typeset on a page, plain in a terminal."""

    left: str
    right: Any

    def __repr__(self) -> str:
        return f"{self.left} = {self.right}"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.left} = {sp.latex(self.right)}$"


def show(left: str, right: Any) -> None:
    """Display ``left = right``: ``left`` in LaTeX, ``right`` a SymPy expression, printed from verified code.

    Examples
    --------
    >>> show(r"F_{\\sigma}", 2 / sp.Symbol("sigma") ** 2)
    F_{\\sigma} = 2/sigma**2
    """
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(repr(Formula(left, right)))
        return
    if get_ipython() is None:
        print(repr(Formula(left, right)))
    else:
        display(Formula(left, right))


@dataclass(frozen=True, repr=False)
class Table:
    """A small table of rounded cells; plain text for a terminal, HTML for a page."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in (self.columns, *self.rows)]
        return "\n".join(line.rstrip() for line in ([self.caption] if self.caption else []) + lines)

    def _repr_html_(self) -> str:
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, digits: int = 4, caption: str = "") -> Table:
    """Return a table whose cells are rounded by ``number``; it is the last expression of a cell.

    Examples
    --------
    >>> table(["chart", "F"], [["std", 2.0], ["variance", 0.125]])
    chart     F
    std       2
    variance  0.125
    """
    cells = tuple(tuple(number(cell, digits) for cell in row) for row in rows)
    for row in cells:
        if len(row) != len(columns):
            raise ValueError(f"every row must have {len(columns)} cells, one a column (got {len(row)}: {row})")
    return Table(tuple(columns), cells, caption)
