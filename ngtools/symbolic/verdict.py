"""The verdict on what a family states: every proof that can be made, made, and named when it fails."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce

import sympy as sp

from ngtools.engines import SYMPY
from ngtools.families import Family
from ngtools.symbolic.derivation import Derivation, derivation, rows_split
from ngtools.symbolic.divergence import divergence
from ngtools.symbolic.zero import residual, residual_matrix

__all__ = ["Verdict", "VerificationError", "verdict", "verify"]


class VerificationError(ArithmeticError):
    """Something a family states is not so; the message says what."""


@dataclass(frozen=True)
class Verdict:
    """What was proved of a family in a chart, exactly; None where there was nothing to prove.

    Attributes
    ----------
    normalised
        The density is that of the base law under its map, with total probability 1.
    round_trip
        The chart's two maps undo one another.
    mean_score, by_score, by_hessian
        E[score] = 0, stated = E[score scoreᵀ], stated = -E[Hessian], all derived in the chart.
    kl, kl_hessian
        The stated divergence is E_theta0[log p_theta0 - log p_theta1], and its second derivative at
        coincidence is the stated matrix.
    technique
        Where the expectations come from.
    independent
        False for a log-partition family: its score covariance and its mean Hessian are one derivation.
    note
        Why a proof is missing.
    """

    family: str
    chart: str
    normalised: bool
    round_trip: bool
    mean_score: bool
    by_score: bool | None
    by_hessian: bool | None
    kl: bool | None
    kl_hessian: bool | None
    technique: str
    independent: bool
    note: str = ""

    @property
    def holds(self) -> bool:
        """Nothing failed, and the stated matrix is derived at least once."""
        rest = (self.by_hessian, self.kl, self.kl_hessian)
        return all((self.normalised, self.round_trip, self.mean_score, self.by_score)) and False not in rest

    @property
    def proved(self) -> tuple[str, ...]:
        """The names of the proofs that were made."""
        return tuple(name for name in _PROOFS if getattr(self, name))

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the proofs that failed."""
        return tuple(name for name in _PROOFS if getattr(self, name) is False)


_PROOFS = ("normalised", "round_trip", "mean_score", "by_score", "by_hessian", "kl", "kl_hessian")


@dataclass(frozen=True)
class _Residuals:
    """What is left of each identity; zero where it holds, None where it is not asked."""

    normalised: sp.Matrix
    round_trip: sp.Matrix
    mean_score: sp.Matrix
    by_score: sp.Matrix | None
    by_hessian: sp.Matrix | None
    kl: sp.Matrix | None
    kl_hessian: sp.Matrix | None


@lru_cache(maxsize=512)
def _residuals(family: Family, chart: str) -> _Residuals:
    found = derivation(family, chart)
    if family.rows:
        return _row_residuals(found)
    cover, stated = found.cover, found.stated
    curved = stated is not None and "by_curvature" not in family.irregular
    kl, kl_hessian = _divergence_residuals(found)
    return _Residuals(
        normalised=sp.Matrix([residual(defect, cover) for defect in found.reading.defects()]),
        round_trip=_round_trip(found),
        mean_score=residual_matrix(found.mean_score, cover),
        by_score=None if stated is None else residual_matrix(stated - found.by_score, cover),
        by_hessian=residual_matrix(stated - found.by_hessian, cover) if curved else None,
        kl=kl,
        kl_hessian=kl_hessian,
    )


def _row_residuals(found: Derivation) -> _Residuals:
    """Row by row, and that the whole is the sum of its rows."""
    family, chart, cover = found.family, found.chart, found.cover
    rows = [_residuals(row, chart) for row in family.rows]
    split = residual(rows_split(found.log_density, family, chart, found.x), cover)
    stated = residual_matrix(found.stated - _total(derivation(row, chart).stated for row in family.rows), cover)
    parts = [divergence(row, chart).stated for row in family.rows]
    kl = sp.Matrix([residual(divergence(family, chart).stated - sp.Add(*parts), cover)])
    return _Residuals(
        normalised=sp.Matrix([split, *(entry for row in rows for entry in row.normalised)]),
        round_trip=_round_trip(found),
        mean_score=sp.Matrix([entry for row in rows for entry in row.mean_score]),
        by_score=stated + _total(row.by_score for row in rows),
        by_hessian=stated + _total(row.by_hessian for row in rows),
        kl=kl + _total(row.kl for row in rows),
        kl_hessian=stated + _total(row.kl_hessian for row in rows),
    )


def _total(matrices: Iterable[sp.Matrix | None]) -> sp.Matrix:
    return reduce(operator.add, matrices)


def _round_trip(found: Derivation) -> sp.Matrix:
    """to_home(from_home(to_home(theta))) - to_home(theta): holds in redundant charts too."""
    record = found.family.chart(found.chart)
    home = sp.Matrix(record.home_symbolic())
    back = record.from_home(tuple(home), SYMPY)
    again = sp.Matrix([sp.sympify(entry) for entry in record.to_home(tuple(back), SYMPY)])
    return residual_matrix(again - home, found.cover)


def _divergence_residuals(found: Derivation) -> tuple[sp.Matrix | None, sp.Matrix | None]:
    try:
        stated = divergence(found.family, found.chart)
    except NotImplementedError:
        return None, None
    kl = None if stated.derived is None else sp.Matrix([residual(stated.stated - stated.derived, stated.cover)])
    return kl, residual_matrix(found.stated - stated.hessian, found.cover)


def _is_zero(matrix: sp.Matrix | None) -> bool | None:
    return None if matrix is None else all(entry == 0 for entry in matrix)


def verdict(family: Family, chart: str | None = None) -> Verdict:
    """Return what is proved of a family in a chart; nothing is raised where a proof fails.

    Raises
    ------
    Undecided
        If something vanishes at every point tried and could not be proved zero.

    Examples
    --------
    >>> from ngtools import families
    >>> verdict(families.get("cauchy")).proved
    ('normalised', 'round_trip', 'mean_score', 'by_score', 'by_hessian', 'kl_hessian')
    """
    name = family.chart(chart).name
    left, reading = _residuals(family, name), derivation(family, name).reading
    proofs = {proof: _is_zero(getattr(left, proof)) for proof in _PROOFS}
    notes = list(family.irregular.values())
    if not reading.independent:
        notes.append("score covariance and mean Hessian come out of one derivation")
    return Verdict(
        family=family.name,
        chart=name,
        technique=reading.technique,
        independent=reading.independent,
        note="; ".join(notes),
        **proofs,  # type: ignore[arg-type]
    )


def verify(family: Family, chart: str | None = None) -> sp.Matrix:
    """Return stated - derived, exactly: the zero matrix if and only if what the family states is so.

    Derived is E[score scoreᵀ]; if that agrees, -E[Hessian].  Everything else that the comparison rests on is
    proved with it: that the density integrates to 1, that the score has mean zero, that the chart's maps
    undo one another, and that the stated divergence is the divergence and has this matrix for its curvature.

    Raises
    ------
    VerificationError
        If one of these fails (the message names it), or the family has no Fisher matrix.

    Examples
    --------
    >>> from ngtools import families
    >>> verify(families.get("gamma"), "shape-mean")
    Matrix([
    [0, 0],
    [0, 0]])
    """
    name = family.chart(chart).name
    left = _residuals(family, name)
    where = f"{family.name} in {name}"
    if not _is_zero(left.normalised):
        raise VerificationError(f"{where}: the log density is not normalised: off by {list(left.normalised)}")
    if "all" in family.irregular:
        raise VerificationError(f"{where}: {family.irregular['all']}")
    for matrix in (left.by_score, left.by_hessian):
        if matrix is not None and not _is_zero(matrix):
            return matrix
    claims = {
        "round_trip": "the maps of the chart do not undo one another",
        "mean_score": "the score does not have mean zero",
        "kl": "the stated divergence is not E[log p0 - log p1]",
        "kl_hessian": "the second derivative of the stated divergence is not the stated matrix",
    }
    for proof, claim in claims.items():
        if _is_zero(getattr(left, proof)) is False:
            raise VerificationError(f"{where}: {claim}: off by {list(getattr(left, proof))}")
    assert left.by_score is not None
    return left.by_score
