"""Takeuchi 1976: the generalisation gap of a misspecified model is tr(F^-1 C) / N, not d / N.

A linear model with unit noise is fitted to data whose noise has another size.  The maximum likelihood estimate's mean
test loss exceeds its mean training loss by tr(F^-1 C) / N, with F the Fisher matrix (here also the Hessian) and C the
second moment of the scores at the data, the empirical Fisher.  Akaike's d / N is the case C = F.

The setting is ours; for this model the gap is d s^2 / N up to terms of order 1 / N^2.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import products

__all__ = ["SETTINGS", "TOLERANCE", "check", "criterion", "gap", "run", "sample"]

SETTINGS: dict[str, Any] = {"seed": 1976, "d": 5, "N": 200, "noise": 1.5724, "replicates": 20_000}
TOLERANCE = 1e-8


def regression(weights: Any, x: Any) -> Any:
    """The mean of one observation, shape (1,)."""
    return (x @ weights)[None]


def criterion(d: int, noise: float, seed: int, count: int = 4000) -> float:
    """Return tr(F^-1 C) at the optimum, from the products of a large sample."""
    rng = np.random.default_rng([seed, 0])
    with jax.enable_x64(True):
        X = jnp.asarray(rng.standard_normal((count, d)))
        y = jnp.asarray(noise * rng.standard_normal((count, 1)))
        weights = jnp.linalg.lstsq(X, y[:, 0])[0]
        F = products.dense(products.fisher_vector_product(regression, weights, X, "unit-normal"), weights)
        empirical = products.empirical_fisher_vector_product(regression, weights, (X, y), "unit-normal")
        return float(jnp.trace(jnp.linalg.solve(F, products.dense(empirical, weights))))


def gap(d: int, N: int, noise: float, replicates: int, seed: int) -> tuple[float, float]:
    """Return the mean of test loss minus training loss over data sets, and its standard error (nats a datum)."""
    rng = np.random.default_rng([seed, 1])
    gaps = np.empty(replicates)
    for i in range(replicates):
        X, e = rng.standard_normal((N, d)), noise * rng.standard_normal(N)
        error = np.linalg.solve(X.T @ X, X.T @ e)  # estimate minus truth
        train = np.mean((e - X @ error) ** 2) / 2
        gaps[i] = (noise**2 + error @ error) / 2 - train
    # the training noise itself has mean noise^2: its fluctuation is common to both losses and averages out
    return float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(replicates))


def run(seed: int, d: int, N: int, noise: float, replicates: int) -> dict[str, float]:
    """Return the measured gap, its standard error, and what Takeuchi and Akaike predict."""
    measured, error = gap(d, N, noise, replicates, seed)
    return {"gap": measured, "stderr": error, "takeuchi": criterion(d, noise, seed) / N, "akaike": d / N}


def check(results: dict[str, float]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    return {
        "the gap is within 12 % of tr(F^-1 C) / N": abs(results["gap"] / results["takeuchi"] - 1) < 0.12,
        "the gap is more than 50 % away from d / N": abs(results["gap"] / results["akaike"] - 1) > 0.5,
    }


def sample() -> dict[str, float]:
    """Return the prediction afresh."""
    takeuchi = criterion(SETTINGS["d"], SETTINGS["noise"], SETTINGS["seed"]) / SETTINGS["N"]
    return {"takeuchi": takeuchi, "akaike": SETTINGS["d"] / SETTINGS["N"]}
