"""LaTeX for the book: special functions by their names, and no letter used twice."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

__all__ = ["latex"]

_POLYGAMMA = {0: "digamma", 1: "trigamma", 2: "tetragamma"}


class _Printer(LatexPrinter):
    """psi is the score in this book, so that the derivatives of log Gamma go by their names."""

    def _print_polygamma(self, expr: sp.Expr, exp: str | None = None) -> str:
        order, argument = expr.args
        name = _POLYGAMMA.get(order)
        head = rf"\operatorname{{{name}}}" if name else rf"\operatorname{{polygamma}}_{{{self._print(order)}}}"
        power = f"^{{{exp}}}" if exp is not None else ""
        return rf"{head}{power}\left({self._print(argument)}\right)"

    def _print_loggamma(self, expr: sp.Expr, exp: str | None = None) -> str:
        core = rf"\log \Gamma\left({self._print(expr.args[0])}\right)"
        return core if exp is None else rf"\left({core}\right)^{{{exp}}}"


class _PositiveFirst(_Printer):
    """1 - p, not -p + 1."""

    def _as_ordered_terms(self, expr: sp.Expr, order: str | None = None) -> list[sp.Expr]:
        terms = list(super()._as_ordered_terms(expr, order=order))
        lead = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        return [terms[lead], *terms[:lead], *terms[lead + 1 :]]


_printer, _positive_first = _Printer({"ln_notation": False}), _PositiveFirst({"ln_notation": False})


def latex(expr: Any, positive_first: bool = False) -> str:
    """Return LaTeX of a SymPy object, with digamma, trigamma and log Gamma written out.

    ``positive_first`` begins every sum with a positive term, where it has one.

    Examples
    --------
    >>> print(latex(sp.polygamma(1, sp.Symbol("k"))))
    \\operatorname{trigamma}\\left(k\\right)
    >>> a, b = sp.symbols("a b")
    >>> print(latex(b - a), "|", latex(b - a, positive_first=True))
    - a + b | b - a
    """
    printer = _positive_first if positive_first else _printer
    return str(printer.doprint(sp.sympify(expr)))
