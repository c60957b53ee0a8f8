"""What damping does to a natural gradient step: to its length, its direction, its budget and its invariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.linear.damping import check_damping

__all__ = ["DampedStep", "chart_defect", "damped_in_chart", "damped_step"]


@dataclass(frozen=True)
class DampedStep:
    """x = (F + lambda M)^{-1} g and what it is.

    ``length`` is sqrt(x^T F x) / sqrt(g^T F^+ g), the Fisher length as a share of the undamped step's.
    ``to_gradient`` and ``to_natural`` are cosines (Euclidean) with g and with F^+ g.  ``budget`` is
    x^T F x / x^T (F + lambda M) x: the share of a KL budget c that is spent when the step is scaled to
    1/2 Delta^T (F + lambda M) Delta = c.
    """

    value: np.ndarray
    length: float
    to_gradient: float
    to_natural: float
    budget: float


def damped_step(F: Any, g: Any, damping: float, metric: Any = None) -> DampedStep:
    """Return the damped natural gradient and its report; F may be singular where damping > 0 (metric: M, identity)."""
    check_damping(damping)
    F, g = np.asarray(F, dtype=np.float64), np.asarray(g, dtype=np.float64)
    natural = np.linalg.pinv(F, rcond=1e-12, hermitian=True) @ g
    A = F + damping * (np.eye(len(g)) if metric is None else np.asarray(metric, dtype=np.float64))
    x = natural if damping == 0 else np.linalg.solve(A, g)
    return DampedStep(
        value=x,
        length=float(np.sqrt((x @ F @ x) / (g @ natural))),
        to_gradient=_cosine(x, g),
        to_natural=_cosine(x, natural),
        budget=float((x @ F @ x) / (x @ A @ x)),
    )


def damped_in_chart(F: Any, g: Any, S: Any, damping: float, covariant: bool = False) -> np.ndarray:
    """Return the damped step taken in phi, theta = S phi, moved back to theta.

    In phi the gradient is S^T g and the Fisher matrix S^T F S.  The damping added there is lambda I, or, if
    ``covariant``, lambda S^T S: the metric that is the identity in theta.
    """
    check_damping(damping)
    F, g, S = (np.asarray(value, dtype=np.float64) for value in (F, g, S))
    added = S.T @ S if covariant else np.eye(len(g))
    return S @ np.linalg.solve(S.T @ F @ S + damping * added, S.T @ g)


def chart_defect(F: Any, g: Any, S: Any, damping: float, covariant: bool = False) -> float:
    """Return the Fisher length of (step damped in phi - step damped in theta), over that of the latter."""
    F = np.asarray(F, dtype=np.float64)
    here = damped_in_chart(F, g, np.eye(len(F)), damping)
    gap = damped_in_chart(F, g, S, damping, covariant) - here
    return float(np.sqrt((gap @ F @ gap) / (here @ F @ here)))


def _cosine(u: np.ndarray, v: np.ndarray) -> float:
    return float(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)))
