"""What a base law offers to a derivation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

__all__ = ["NotDerivable", "Reading"]


class NotDerivable(ValueError):
    """The expectation is outside the table of this law; nothing is returned rather than something half done."""


@dataclass(frozen=True)
class Reading:
    """A family in a chart, read through its base law.

    Parameters
    ----------
    technique
        In words: where the moments come from.
    base
        The base law, as LaTeX.
    observation
        x as LaTeX, in terms of the base variable ("" if the base variable is x itself).
    expect
        E f(x), given f(x) as an expression of the observation's symbols.
    defects
        Expressions that all vanish if and only if the log density is that of a probability law which is
        the image of the base law: normalisation and the map at once.
    independent
        False where E[score scoreᵀ] and -E[Hessian] come out of one derivation.
    """

    technique: str
    base: str
    observation: str
    expect: Callable[[sp.Expr], sp.Expr]
    defects: Callable[[], list[sp.Expr]]
    independent: bool = True
