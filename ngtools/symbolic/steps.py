"""Steps of a derivation, to look at in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Steps"]


@dataclass(frozen=True, repr=False)
class Steps:
    """Lines (what, LaTeX) in the order of a derivation; a notebook shows them as one aligned display."""

    lines: tuple[tuple[str, str], ...]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def _repr_latex_(self) -> str:
        rows = [rf"\text{{{what}}} &\quad {formula}" for what, formula in self.lines]
        return "$$\\begin{aligned}\n" + " \\\\[4pt]\n".join(rows) + "\n\\end{aligned}$$"

    def __repr__(self) -> str:
        width = max(len(what) for what, _ in self.lines)
        return "\n".join(f"{what.ljust(width)}  {formula}" for what, formula in self.lines)
