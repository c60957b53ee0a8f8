"""Kunstner, Balles & Hennig 2019, "Limitations of the empirical Fisher approximation": its vector field.

Least squares y = intercept + slope x with unit noise: the negative gradient, preconditioned by nothing, by the Fisher
matrix and by the empirical Fisher matrix.  How crooked the three flows are: length of the path to the optimum over
the straight line (in parameter space, as in the paper's figure).

Deviations: the draws are ours, so the figures differ in their second digit; the ridge .01 the paper's model carries
is kept, in the preconditioner of the empirical field only, where it keeps the matrix invertible.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import products
from ngtools.compiling import compiled_once

__all__ = ["SETTINGS", "TOLERANCE", "check", "data", "field", "on_grid", "paths", "run", "sample", "spectrum"]

SETTINGS: dict[str, Any] = {
    "seed": 2019,
    "N": 1000,
    "starts": [[2.0, 4.5], [1.0, 0.0], [4.5, 3.0], [-0.5, 3.0]],
    "ridge": 0.01,
    "pieces": 2000,
}
TOLERANCE = 1e-6
FIELDS = ("gradient", "natural", "empirical")


def line(theta: Any, x: Any) -> Any:
    """The mean of one observation: theta = (intercept, slope)."""
    return (theta[0] + theta[1] * x)[None]


def data(seed: int, N: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x log-normal(0, .75) and y = 2 + 2 x + N(0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.lognormal(0.0, 0.75, N)
    return x, (2 + 2 * x + rng.standard_normal(N))[:, None]


def field(name: str, theta: Any, x: Any, y: Any, ridge: float = 0.0) -> Any:
    """Return the direction of a field at theta: minus the gradient of the mean loss, preconditioned.

    Parameters
    ----------
    name
        "gradient", "natural" (Fisher matrix) or "empirical" (empirical Fisher matrix + ridge I).
    """
    if name not in FIELDS:
        raise ValueError(f"name must be one of {FIELDS} (got {name!r})")
    g = jax.grad(lambda t: jnp.mean((jax.vmap(line, (None, 0))(t, x) - y) ** 2) / 2)(theta)
    if name == "gradient":
        return -g
    if name == "natural":
        return -jnp.linalg.solve(
            products.dense(products.fisher_vector_product(line, theta, x, "unit-normal"), theta), g
        )
    op = products.empirical_fisher_vector_product(line, theta, (x, y), "unit-normal")
    return -jnp.linalg.solve(products.dense(op, theta) + ridge * jnp.eye(2), g)


def on_grid(name: str, points: Any, x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """Return the field at many points of (intercept, slope), shape (..., 2) as the points."""
    with jax.enable_x64(True):
        at = jnp.asarray(points, float).reshape(-1, 2)
        inputs, targets = jnp.asarray(x), jnp.asarray(y)
        found = compiled_once(jax.vmap(lambda theta: field(name, theta, inputs, targets, ridge)))(at)
        return np.asarray(found).reshape(np.shape(points))


def paths(
    name: str, starts: Any, x: np.ndarray, y: np.ndarray, ridge: float, pieces: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the flow's path from each start, shape (starts, pieces + 1, 2), and the optimum.

    The flow is followed by arc length (midpoint rule, pieces of four times the initial distance / pieces), so that the
    speed of a field does not matter, until it is within 2 % of the initial distance; there it rests.
    """
    with jax.enable_x64(True):
        inputs, targets = jnp.asarray(x), jnp.asarray(y)
        design = np.stack([np.ones_like(x), x], axis=1)
        optimum = np.linalg.lstsq(design, y[:, 0])[0]

        def unit(theta: Any) -> Any:
            direction = field(name, theta, inputs, targets, ridge)
            return direction / jnp.linalg.norm(direction)

        def one(start: Any) -> Any:
            distance = jnp.linalg.norm(start - optimum)
            h = 4 * distance / pieces

            def step(theta: Any, _: Any) -> Any:
                here = jnp.linalg.norm(theta - optimum) > 0.02 * distance
                moved = theta + h * unit(theta + h / 2 * unit(theta))
                return jnp.where(here, moved, theta), theta

            last, visited = jax.lax.scan(step, start, None, length=pieces)
            return jnp.concatenate([visited, last[None]])

        return np.asarray(jax.jit(jax.vmap(one))(jnp.asarray(starts))), optimum


def crookedness(name: str, starts: Any, x: np.ndarray, y: np.ndarray, ridge: float, pieces: int) -> list[float]:
    """Return length of the flow's path over the straight line to the optimum, for each start."""
    visited, optimum = paths(name, starts, x, y, ridge, pieces)
    lengths = np.linalg.norm(np.diff(visited, axis=1), axis=2).sum(axis=1)
    rest = np.linalg.norm(visited[:, -1] - optimum, axis=1)
    return ((lengths + rest) / np.linalg.norm(visited[:, 0] - optimum, axis=1)).tolist()


def spectrum(seed: int, noise: float, quadratic: float, N: int = 1000) -> list[float]:
    """Return the eigenvalues of F^-1 F_emp at the fit: x ~ N(0, 1), y = 1 + x + quadratic x^2 + noise N(0, 1)."""
    rng = np.random.default_rng([seed, 1])
    with jax.enable_x64(True):
        x = jnp.asarray(rng.standard_normal(N))
        y = (1 + x + quadratic * x**2 + noise * jnp.asarray(rng.standard_normal(N)))[:, None]
        theta = jnp.linalg.lstsq(jnp.stack([jnp.ones_like(x), x], axis=1), y[:, 0])[0]
        F = products.dense(products.fisher_vector_product(line, theta, x, "unit-normal"), theta)
        E = products.dense(products.empirical_fisher_vector_product(line, theta, (x, y), "unit-normal"), theta)
        return sorted(float(value) for value in np.linalg.eigvals(np.linalg.solve(F, E)).real)


def run(seed: int, N: int, starts: list[list[float]], ridge: float, pieces: int) -> dict[str, Any]:
    """Return path over straight line by field and start, and eigenvalues of F^-1 F_emp in three situations."""
    x, y = data(seed, N)
    return {
        "crookedness": {name: crookedness(name, starts, x, y, ridge, pieces) for name in FIELDS},
        "spectrum": {
            "correct": spectrum(seed, 1.0, 0.0),
            "noise sd 2": spectrum(seed, 2.0, 0.0),
            "quadratic mean": spectrum(seed, 1.0, 0.5),
        },
    }


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    paths, eigen = results["crookedness"], results["spectrum"]
    detours = sum(e > 1.5 > g for e, g in zip(paths["empirical"], paths["gradient"]))
    return {
        "the natural field goes straight to the optimum": max(abs(v - 1) for v in paths["natural"]) < 1e-3,
        "the empirical field makes detours the gradient does not, from three of four starts": detours >= 3,
        "the empirical Fisher is near the Fisher only in the correct model": max(abs(v - 1) for v in eigen["correct"])
        < 0.2
        and min(eigen["noise sd 2"]) > 3
        and max(eigen["quadratic mean"]) > 2,
    }


def sample() -> dict[str, Any]:
    """Return the eigenvalues afresh."""
    seed = SETTINGS["seed"]
    return {"spectrum": {"correct": spectrum(seed, 1.0, 0.0), "noise sd 2": spectrum(seed, 2.0, 0.0)}}
