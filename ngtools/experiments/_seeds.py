"""Learning curves of many seeds, in a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["bootstrap", "filled", "first_at", "interquartile_mean"]


def filled(returns: Any) -> np.ndarray:
    """Put the last known value where a batch ended no episode; the last axis is time."""
    found = np.array(returns, float)
    for t in range(1, found.shape[-1]):
        found[..., t] = np.where(np.isnan(found[..., t]), found[..., t - 1], found[..., t])
    return found


def interquartile_mean(values: Any, axis: int = 0) -> np.ndarray:
    """Return the mean of the middle half along an axis."""
    from scipy.stats import trim_mean

    return np.asarray(trim_mean(np.asarray(values, float), 0.25, axis=axis))


def bootstrap(values: Any, resamples: int, seed: int = 0) -> dict[str, Any]:
    """Return the interquartile mean over the first axis and a 95 % percentile interval from resampled seeds."""
    values = np.asarray(values, float)
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(values), (resamples, len(values)))
    low, high = np.quantile(interquartile_mean(values[rows], axis=1), [0.025, 0.975], axis=0)
    found = {"iqm": interquartile_mean(values), "low": low, "high": high}
    return {name: np.round(value, 4).tolist() for name, value in found.items()}


def first_at(returns: Any, threshold: float) -> list[int | None]:
    """Return the first iteration, counted from 1, at or above the threshold, by seed; None where there is none.

    ``returns`` has the shape (seeds, iterations).
    """
    above = np.asarray(returns) >= threshold
    return [int(row.argmax()) + 1 if row.any() else None for row in above]
