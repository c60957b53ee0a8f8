"""Exercises of chapter 07: redundant charts and damping."""

from __future__ import annotations

from functools import cache

import numpy as np

from ngtools import descent, families, geometry
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import ARROW_AS_LINES, METRIC_FOR_INVERSE, PLAIN_GRADIENT
from ngtools.geometry.kl_remainder import slope


def redundant_step(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The minimum-norm natural gradient in phi, with theta = k(phi), K = d
    theta / d phi of full rank, F and g in theta."""
    return np.linalg.pinv(K.T @ F @ K) @ (K.T @ g)


def redundant_arrow_pulled_back(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    return K.T @ np.linalg.solve(F, g)


def redundant_gradient(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    return K.T @ g


def redundant_with_the_identity(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The metric of the distributions forgotten: K^T K for K^T F K."""
    return np.linalg.pinv(K.T @ K) @ (K.T @ g)


def redundant_and_damped(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    return np.linalg.solve(K.T @ F @ K + 0.1 * np.eye(K.shape[1]), K.T @ g)


def redundant_with_the_metric_itself(K: np.ndarray, F: np.ndarray, g: np.ndarray) -> np.ndarray:
    return K.T @ F @ K @ (K.T @ g)


POWERS = ("no gap at all", "like the root of the damping", "like the damping", "like its square")
_DAMPING = np.array([1e-4, 2e-4, 4e-4])


@cache
def _views() -> dict[str, descent.ChartView]:
    """Gradient and Fisher matrix at (2, 2) in every chart of the normal family, for data from N(0, 1)."""
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.0, 1.0])
    return {view.chart: view for view in descent.chart_views(normal, np.array([2.0, 2.0]), f)}


def _gap(damping: float, chart: str) -> float:
    """Fisher length of the difference of two damped natural gradients, in (mu,
    sigma) and in another chart."""
    views, arrows = (_views()["mean-std"], _views()[chart]), []
    for view in views:
        damped = view.fisher + damping * np.eye(2)
        arrows.append(view.to_reference @ np.linalg.solve(damped, view.gradient))
    return float(geometry.norm(views[0].fisher, arrows[1] - arrows[0]))


def _law(gaps: np.ndarray) -> str:
    if gaps.max() < 1e-12:
        return POWERS[0]
    return {0.5: POWERS[1], 1.0: POWERS[2], 2.0: POWERS[3]}[round(2 * float(slope(_DAMPING, gaps))) / 2]


def damped_gap() -> str:
    """How the gap between (mu, sigma) and (mu, log sigma) grows with a small
    damping."""
    gaps = [_gap(damping, "mean-log-std") for damping in _DAMPING]
    return _law(np.array(gaps))


def undamped_gap() -> str:
    return _law(np.array([_gap(0.0 * damping, "mean-log-std") for damping in _DAMPING]))


def squared_gap() -> str:
    return _law(np.array([_gap(damping, "mean-log-std") for damping in _DAMPING]) ** 2)


def root_of_the_gap() -> str:
    return _law(np.sqrt([_gap(damping, "mean-log-std") for damping in _DAMPING]))


def gaps_measured() -> str:
    rows = ", ".join(f"{_gap(damping, 'mean-log-std'):.3g} at {damping:g}" for damping in _DAMPING)
    return f"The gap is {rows}."


EXERCISES = (
    Exercise(
        "redundant_step",
        "function",
        redundant_step,
        (
            ARROW_AS_LINES.by(
                redundant_arrow_pulled_back,
                "Kᵀ pulls gradients back; the natural gradient is an arrow, and K pushes it.",
            ),
            PLAIN_GRADIENT.by(redundant_gradient),
            Mistake(
                "the metric of the distributions forgotten",
                redundant_with_the_identity,
                "you measured a step by the change of theta. The Fisher matrix of theta belongs between the two K.",
            ),
            Mistake(
                "damped and not projected",
                redundant_and_damped,
                "damping makes the matrix invertible and the answer another one. The matrix is consistent with its right "
                "side: no damping is needed.",
            ),
            METRIC_FOR_INVERSE.by(
                redundant_with_the_metric_itself, "F is singular in phi, so take its pseudo-inverse."
            ),
        ),
        "Push it down with K and F⁻¹g appears, whatever the redundant coordinates are.",
        inputs=(
            (np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]]), np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, 2.0])),
            (np.array([[2.0, 1.5]]), np.array([[0.7]]), np.array([-0.4])),
        ),
    ),
    Exercise(
        "damped_gap",
        "prediction",
        damped_gap,
        (
            Mistake(
                "damping taken for harmless",
                undamped_gap,
                "that is the theorem, and it is about F alone. Each learner adds an identity matrix of their own.",
            ),
            Mistake(
                "gap of the squares",
                squared_gap,
                "that is how the squared length of the gap grows. Expand (F + λI)⁻¹ g to first order.",
            ),
            Mistake(
                "root of the gap",
                root_of_the_gap,
                "the inverse of F + λI is smooth in λ where F is invertible, so no root can appear.",
            ),
        ),
        "To first order it is λ F⁻¹(I - JᵀJ)F⁻¹g: no damping is small enough to restore the law, only smaller.",
        choices=POWERS,
        measured=gaps_measured,
    ),
)
