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
        name = _POLYGAMMA.get(int(order)) if order.is_Integer else None
        if name is None:
            return str(super()._print_polygamma(expr, exp))
        power = f"^{{{exp}}}" if exp is not None else ""
        return rf"\operatorname{{{name}}}{power}\left({self._print(argument)}\right)"

    def _print_loggamma(self, expr: sp.Expr, exp: str | None = None) -> str:
        core = rf"\log \Gamma\left({self._print(expr.args[0])}\right)"
        return core if exp is None else rf"\left({core}\right)^{{{exp}}}"


_printer = _Printer({"ln_notation": False})


def latex(expr: Any) -> str:
    """Return LaTeX of a SymPy object, with digamma, trigamma and log Gamma written out.

    Examples
    --------
    >>> print(latex(sp.polygamma(1, sp.Symbol("k"))))
    \\operatorname{trigamma}\\left(k\\right)
    """
    return str(_printer.doprint(sp.sympify(expr)))
