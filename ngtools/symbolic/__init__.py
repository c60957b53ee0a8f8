"""Derivations in SymPy: scores, Fisher matrices and divergences, step by step, and proofs of what families state.

``score``, ``fisher`` and ``kl`` return plain SymPy objects; with ``steps=True`` they return the steps of the
derivation, which a notebook displays.  ``verify`` returns stated - derived, the zero matrix.
"""

from __future__ import annotations

from typing import Literal, overload

import sympy as sp

from ngtools.families import Family
from ngtools.symbolic.change_of_coordinate import euler_gap, information_about
from ngtools.symbolic.constant_coordinate import constant_coordinate
from ngtools.symbolic.derivation import Derivation, derivation
from ngtools.symbolic.divergence import Divergence, divergence, kl_hessian
from ngtools.symbolic.finite_step import euler_step_series
from ngtools.symbolic.lagrange import SteepestStep, steepest_step
from ngtools.symbolic.laws import NotDerivable
from ngtools.symbolic.of_expression import fisher_of
from ngtools.symbolic.printing import latex
from ngtools.symbolic.steps import Steps
from ngtools.symbolic.transformation import TransformationLaws, transformation_laws
from ngtools.symbolic.verdict import Verdict, VerificationError, verdict, verify
from ngtools.symbolic.zero import Undecided, tidy

__all__ = [
    "Derivation",
    "Divergence",
    "NotDerivable",
    "SteepestStep",
    "Steps",
    "TransformationLaws",
    "Undecided",
    "Verdict",
    "VerificationError",
    "constant_coordinate",
    "derivation",
    "divergence",
    "euler_gap",
    "euler_step_series",
    "fisher",
    "fisher_of",
    "information_about",
    "kl",
    "kl_hessian",
    "latex",
    "score",
    "steepest_step",
    "tidy",
    "transformation_laws",
    "verdict",
    "verify",
]


@overload
def score(family: Family, chart: str | None = ..., steps: Literal[False] = ...) -> sp.Matrix: ...
@overload
def score(family: Family, chart: str | None = ..., *, steps: Literal[True]) -> Steps: ...
def score(family: Family, chart: str | None = None, steps: bool = False) -> sp.Matrix | Steps:
    """Return the score, the gradient of the log density in the chart's coordinates, as a column of expressions.

    Examples
    --------
    >>> from ngtools import families
    >>> score(families.get("zero-mean-normal"), "std")
    Matrix([[-1/sigma + x**2/sigma**3]])
    """
    found = derivation(family, chart)
    if steps:
        return Steps(tuple(line for line in found.steps if line[0] in ("log density", "score", "mean score")))
    return tidy(found.score)


@overload
def fisher(family: Family, chart: str | None = ..., steps: Literal[False] = ...) -> sp.Matrix: ...
@overload
def fisher(family: Family, chart: str | None = ..., *, steps: Literal[True]) -> Steps: ...
def fisher(family: Family, chart: str | None = None, steps: bool = False) -> sp.Matrix | Steps:
    """Return the Fisher matrix E[score scoreᵀ], derived in the chart and simplified.

    Examples
    --------
    >>> from ngtools import families
    >>> fisher(families.get("zero-mean-normal"), "variance")
    Matrix([[1/(2*v**2)]])
    """
    found = derivation(family, chart)
    return found.steps if steps else found.fisher


@overload
def kl(family: Family, chart: str | None = ..., steps: Literal[False] = ...) -> sp.Expr: ...
@overload
def kl(family: Family, chart: str | None = ..., *, steps: Literal[True]) -> Steps: ...
def kl(family: Family, chart: str | None = None, steps: bool = False) -> sp.Expr | Steps:
    """Return KL(theta_0 || theta_1) in nats, as the family states it; coordinates end in _0 and _1.

    Examples
    --------
    >>> from ngtools import families
    >>> kl(families.get("poisson"))
    mu_0*(log(mu_0) - log(mu_1)) - mu_0 + mu_1
    """
    found = divergence(family, chart)
    return found.steps if steps else found.stated
