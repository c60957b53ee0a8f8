"""WRONG: a KL penalty whose gradient is that of the log ratio on its own samples, which has mean zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.families.family import Family
from ngtools.rl import kl_estimators

__all__ = ["expected_gradient", "pulled"]

_right = kl_estimators.expected_gradient


def expected_gradient(
    name: str, family: Family, theta: Any, ref: Any, chart: str | None = None, *, place: str = "loss"
) -> np.ndarray:
    """``rl.kl_estimators.expected_gradient`` of a program that knows one estimate, k1, for everything."""
    return _right("k1", family, theta, ref, chart, place=place)  # wrong in a loss: E[grad log pi] = 0


def pulled(
    name: str, family: Family, theta: Any, ref: Any, rate: float, steps: int, size: int, rng: np.random.Generator
) -> np.ndarray:
    """KL(pi || ref) along gradient descent on the penalty alone, one batch of ``size`` draws a step; shape (steps + 1,).

    Parameters
    ----------
    name
        The estimate that is differentiated: "k1", "k2" or "k3".
    """
    theta, ref = np.asarray(theta, float), np.asarray(ref, float)
    divergences = [family.kl(theta, ref)]
    for _ in range(steps):
        draws = family.sample(theta, size, rng)
        theta = theta - rate * kl_estimators.sample_gradients(name, family, theta, ref, draws).mean(axis=0)
        divergences.append(family.kl(theta, ref))
    return np.array(divergences)
