"""All routes to one Fisher matrix, side by side, with a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ngtools.checks import number
from ngtools.families.family import Family
from ngtools.fisher.divergence import by_kl
from ngtools.fisher.routes import by_curvature, by_score, stated


@dataclass(frozen=True)
class Agreement:
    """All routes to one Fisher matrix; ``differences`` are the largest |A − stated|_ij / sqrt(F_ii F_jj)."""

    family: str
    chart: str
    theta: tuple[float, ...]
    routes: dict[str, np.ndarray]
    differences: dict[str, float]
    skipped: dict[str, str] = field(default_factory=dict)
    tolerance: float = 1e-7

    @property
    def agree(self) -> bool:
        """True if every route that was run stays within the tolerance."""
        return all(value <= self.tolerance for value in self.differences.values())

    def rows(self) -> list[tuple[str, str, str]]:
        """One row a route: its name, its entries to five digits, and its verdict."""
        shown = []
        for route, F in self.routes.items():
            verdict = "the claim" if route == "stated" else ("agrees" if self._within(route) else "DIFFERS")
            shown.append((route, _entries(F), verdict))
        shown += [(route, "not run", reason) for route, reason in self.skipped.items()]
        return shown

    def _within(self, route: str) -> bool:
        return self.differences[route] <= self.tolerance

    def __str__(self) -> str:
        head = f"{self.family} / {self.chart} at ({', '.join(f'{value:g}' for value in self.theta)})"
        lines = [f"  {route:<13} {entries}  {verdict}" for route, entries, verdict in self.rows()]
        return "\n".join(
            [
                head,
                *lines,
                f"  verdict       {'all agree' if self.agree else 'NOT in agreement'} (tolerance {self.tolerance:g})",
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(f"<tr><td>{r}</td><td>{e}</td><td>{v}</td></tr>" for r, e, v in self.rows())
        point = ", ".join(f"{value:g}" for value in self.theta)
        return (
            f"<table><caption>{self.family}, chart {self.chart}, at ({point})</caption>"
            f"<thead><tr><th>route</th><th>Fisher matrix</th><th>verdict</th></tr></thead><tbody>{body}</tbody></table>"
        )


def agreement(family: Family, theta: Any, chart: str | None = None, *, tolerance: float = 1e-7) -> Agreement:
    """Run the exact routes at one point and compare each with the stated matrix.

    Routes whose conditions fail for this family are skipped, and the reason is kept.
    """
    tolerance = number(tolerance, "tolerance", above=0)
    claim = stated(family, theta, chart)
    scale = np.sqrt(np.abs(np.outer(np.diag(claim), np.diag(claim))))  # a wrong claim may have any sign
    routes, skipped = {"stated": claim}, {}
    for route in (by_score, by_curvature, by_kl):
        name = route.__name__
        if name in family.irregular:
            skipped[name] = family.irregular[name]
        else:
            routes[name] = route(family, theta, chart)
    differences = {name: float(np.max(np.abs(F - claim) / scale)) for name, F in routes.items() if name != "stated"}
    point = tuple(float(value) for value in family.chart(chart).check(theta))
    return Agreement(family.name, family.chart(chart).name, point, routes, differences, skipped, tolerance)


def _entries(F: np.ndarray) -> str:
    rows = [", ".join(f"{value:.5g}" for value in np.where(np.abs(row) < 1e-9, 0.0, row)) for row in F]
    return "[" + "; ".join(rows) + "]"
