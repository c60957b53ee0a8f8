"""Steps with something simpler than F: damped, diagonal, with momentum, and Adam."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ngtools.descent.setting import Setting
from ngtools.linear.damping import check_damping

__all__ = ["adam", "damped", "diagonal", "momentum"]


def damped(setting: Setting, theta: np.ndarray, alpha: float, damping: float = 0.1) -> np.ndarray:
    """theta + alpha (F + lambda I)^{-1} g; lambda I is the identity of these coordinates, and no tensor.

    Raises
    ------
    ValueError
        damping is no finite number >= 0.
    """
    check_damping(damping)
    if damping == 0:
        return theta + alpha * setting.natural_gradient(theta)
    F = setting.fisher(theta) + damping * np.eye(setting.dimension)
    return theta + alpha * np.linalg.solve(F, setting.gradient(theta))


def diagonal(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """theta + alpha g_i / F_ii: the inverse of the diagonal, which is not the diagonal of the inverse."""
    information = np.diag(setting.fisher(theta))
    if not (information > 0).all():
        raise ValueError(
            f"F has a zero on its diagonal (index {int(np.argmin(information))}): nothing is known there; hold that "
            "coordinate fixed, or take the damped step"
        )
    return theta + alpha * setting.gradient(theta) / information


def momentum(
    setting: Setting, theta: np.ndarray, alpha: float, state: Any = None, beta: float = 0.9
) -> tuple[np.ndarray, Any]:
    """m <- beta m + F^{-1} g, theta <- theta + alpha m; the state m starts at zero."""
    velocity = setting.natural_gradient(theta) + (0.0 if state is None else beta * state)
    return theta + alpha * velocity, velocity


def adam(
    setting: Setting,
    theta: np.ndarray,
    alpha: float,
    state: Any = None,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[np.ndarray, Any]:
    """Adam as Optax runs it, on the exact gradient; from zero state its first step is alpha g / (|g| + eps).

    Raises
    ------
    ImportError
        Optax is missing.
    """
    try:
        import optax
    except ImportError as error:
        raise ImportError("the Adam step runs Optax: pip install optax") from error
    with jax.enable_x64(True):
        rule = optax.adam(alpha, b1=b1, b2=b2, eps=eps)
        state = rule.init(theta) if state is None else state
        update, state = rule.update(-setting.gradient(theta), state)  # Optax descends
        return theta + np.asarray(update, dtype=np.float64), state
