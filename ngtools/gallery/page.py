"""The gallery as a table of a page: formulas in LaTeX, which a page and JupyterLab typeset, and text in a terminal."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ngtools.families import Family
from ngtools.gallery.entry import Entry, entry, families_of
from ngtools.notebook import number
from ngtools.symbolic import latex

__all__ = ["Gallery", "gallery"]

# what is proved, one letter each; the last one stands for the divergence and its curvature
_LETTERS = (("N", "normalised"), ("Z", "mean_score"), ("S", "by_score"), ("H", "by_hessian"))


@dataclass(frozen=True, repr=False)
class Gallery:
    """Entries by family; each row shows chart, formula, proofs and spot value."""

    kind: str
    entries: tuple[Entry, ...]

    def __repr__(self) -> str:
        lines = []
        for family, group in groupby(self.entries, key=lambda one: one.family):
            members = list(group)
            lines.append(heading(family, members[0]))
            for one in members:
                formula = "none" if one.formula is None else one.formula.latex
                lines.append(f"  {one.chart}: F = {formula}  [{proofs(one)}]  {', '.join(spot(one))}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = []
        for family, group in groupby(self.entries, key=lambda one: one.family):
            members = list(group)
            name = html.escape(heading(family, members[0]))
            body.append(f'<tr><th scope="rowgroup" colspan="3">{name}</th></tr>')
            body += [_row(one) for one in members]
        columns = ("chart, and what is proved", "Fisher matrix", "at a point")
        head = "".join(f'<th scope="col">{cell}</th>' for cell in columns)
        return f'<table class="gallery tex2jax_process"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def gallery(kind: str) -> Gallery:
    """Every family of a kind (``gallery.KINDS``) in every chart, computed and verified now."""
    return Gallery(kind, tuple(entry(family, chart) for family in families_of(kind) for chart in family.charts))


def heading(family: Family, one: Entry) -> str:
    """Name, constants, and where the expectations come from."""
    fixed = [f"{key} = {value:g}" for key, value in family.constants.items() if np.ndim(value) == 0]
    name = f"{family.name} ({', '.join(fixed)})" if fixed else family.name
    return f"{name}: {one.verdict.technique}" + ("" if one.verdict.independent else " (S and H are one derivation)")


def proofs(one: Entry) -> str:
    """The letters of what is proved; a dash where nothing was to be proved, and ``FAILS`` where it is not so.

    K: the stated divergence is derived, and its curvature is the stated matrix; k: the curvature only.
    """
    found = [(letter, getattr(one.verdict, name)) for letter, name in _LETTERS]
    text = [{True: letter, None: "–", False: f"{letter} FAILS"}[holds] for letter, holds in found]
    kl, curved = one.verdict.kl, one.verdict.kl_hessian
    text.append("K FAILS" if False in (kl, curved) else ("K" if kl and curved else ("k" if curved else "–")))
    return " ".join(text)


def spot(one: Entry) -> tuple[str, ...]:
    """The point, the value there, and whether the quadrature agrees.

    A matrix is given by its lower triangle, row by row; from three coordinates on by its eigenvalues.
    """
    if one.value is None:
        return ("no Fisher matrix",)
    point = number(one.point[0] if len(one.point) == 1 else one.point)
    if len(one.value) > 2:
        value = "eigenvalues " + number(np.linalg.eigvalsh(one.value))
    else:
        rows = [[number(entry) for entry in row[: i + 1]] for i, row in enumerate(one.value)]
        value = "; ".join(", ".join(row) for row in rows)
    return f"at {point}", value, f"quadrature {'agrees' if one.agrees else 'DIFFERS'}"


def _row(one: Entry) -> str:
    names = ", ".join(latex(symbol) for symbol in one.symbols)
    formula = "none" if one.formula is None else rf"\(\displaystyle {one.formula.latex}\)"
    if one.family.rows:
        formula = f"each row: {formula}"
    first = f"{one.chart}<br>\\({names}\\)<br>{proofs(one)}"
    last = "<br>".join(map(html.escape, spot(one)))
    return f'<tr><th scope="row">{first}</th><td>{formula}</td><td>{last}</td></tr>'
