"""Amari 1998, "Natural gradient works efficiently in learning": Fisher efficiency, equivariance, the plateau.

Three claims: online natural gradient with steps 1/t is as efficient as the best batch estimator; in blind source
separation its path does not depend on the mixing; on the plateau of a symmetric network it does not linger.

Deviations: the paper gives proofs and a reference to simulations, no settings; all settings are ours.  The second
family of the first claim (gamma shape) is there because for the exponential mean the recursion is just the running mean.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import families, linear, products
from ngtools.families import Chart, Family

__all__ = ["SETTINGS", "TOLERANCE", "check", "efficiency", "plateau", "run", "sample", "separation"]

SETTINGS: dict[str, Any] = {
    "seed": 1998,
    "observations": 2000,
    "runs": 3000,
    "shape": 2.3,
    "shape_start": 4.0,
    "shape_delay": 10.0,
    "sources": 3,
    "separation_steps": 200,
    "inputs": 10,
    "examples": 4000,
    "plateau_limit": 400,
}
# the random numbers are the same everywhere; sums of thousands of terms differ in their last digits
TOLERANCE = 1e-6


def gamma_shape() -> Family:
    """Return the gamma family of rate 1, a line in the gamma family, with the shape as its coordinate."""
    gamma = families.get("gamma")
    line = Chart(
        "shape",
        gamma.chart("shape-rate").parameters[:1],
        to_home=lambda phi, m: (phi[0], 1),
        from_home=lambda theta, m: (theta[0],),
    )
    return dataclasses.replace(gamma, chart_records=(line,))


def efficiency(family: Family, chart: str, truth: float, start: Any, delay: float, draws: np.ndarray) -> float:
    """Return T times the mean squared error times F, after T online steps theta += F(theta)^-1 score / (t + delay).

    Parameters
    ----------
    family, chart
        One coordinate.
    truth
        The true parameter.
    start
        Where all runs start; None for the first observation.
    delay
        Shortens the first steps, so that no run leaves the domain.
    draws
        Observations, shape (runs, T).

    Returns
    -------
    1 for an efficient estimator as T grows (the Cramér-Rao bound); no clamping is done.
    """
    score = jax.grad(lambda theta, x: family.log_density(x, theta, chart))

    def step(theta: Any, observed: Any) -> Any:
        t, x = observed
        natural = jax.vmap(lambda a, b: score(a, b) / family.fisher(a, chart)[0, 0])(theta, x)
        return theta + natural / (t + delay), None

    with jax.enable_x64(True):
        runs, T = draws.shape
        first = 1 if start is None else 0
        theta = draws[:, :1] if start is None else np.full((runs, 1), float(start))
        times = jnp.arange(first + 1, T + 1, dtype=float)
        theta, _ = jax.jit(lambda theta, data: jax.lax.scan(step, theta, data))(
            jnp.asarray(theta), (times, jnp.asarray(draws.T[first:]))
        )
        F = float(family.fisher(np.array([truth]), chart)[0, 0])
        return T * float(np.mean((np.asarray(theta)[:, 0] - truth) ** 2)) * F


def separation(
    sources: np.ndarray, mixings: list[np.ndarray], start: np.ndarray, steps: int, rate: float
) -> dict[str, float]:
    """Return how far the paths of the global matrix C = W A differ between mixings, natural and vanilla.

    Maximum likelihood blind separation with scores tanh: the gradient is (I - E[tanh(y) y^T]) W^-T, the natural
    (relative) gradient (I - E[tanh(y) y^T]) W.  Both start at the same C.
    """

    def path(A: np.ndarray, natural: bool) -> np.ndarray:
        W, observed, states = start @ np.linalg.inv(A), A @ sources, []
        for _ in range(steps):
            y = W @ observed
            direction = np.eye(len(A)) - np.tanh(y) @ y.T / y.shape[1]
            W = W + rate * direction @ (W if natural else np.linalg.inv(W).T)
            states.append(W @ A)
        return np.array(states)

    result = {}
    for name, natural in (("natural", True), ("vanilla", False)):
        first, *others = (path(A, natural) for A in mixings)
        result[name] = float(max(np.abs(other - first).max() for other in others))
    return result


def committee(weights: Any, x: Any) -> Any:
    """The soft committee machine: the sum of erf(w_i . x / sqrt 2), shape (1,)."""
    return jax.scipy.special.erf(weights @ x / jnp.sqrt(2)).sum()[None]


def plateau(teacher: np.ndarray, start: np.ndarray, X: np.ndarray, rate: float, natural: bool, limit: int) -> int:
    """Return the number of steps to a mean squared error / 2 below 1e-4, or ``limit``."""
    with jax.enable_x64(True):
        inputs = jnp.asarray(X)
        targets = jax.vmap(committee, (None, 0))(jnp.asarray(teacher), inputs)

        def loss(weights: Any) -> Any:
            return jnp.mean((jax.vmap(committee, (None, 0))(weights, inputs) - targets) ** 2) / 2

        def advance(state: Any) -> Any:
            weights, count = state
            direction = jax.grad(loss)(weights)
            if natural:
                op = products.fisher_vector_product(committee, weights, inputs, "unit-normal")
                direction = linear.cg(op, direction, damping=1e-6, max_steps=60, tol=1e-8).value
            return weights - rate * direction, count + 1

        def going(state: Any) -> Any:
            return (loss(state[0]) > 1e-4) & (state[1] < limit)

        return int(jax.jit(lambda w: jax.lax.while_loop(going, advance, (w, 0)))(jnp.asarray(start))[1])


def run(
    seed: int,
    observations: int,
    runs: int,
    shape: float,
    shape_start: float,
    shape_delay: float,
    sources: int,
    separation_steps: int,
    inputs: int,
    examples: int,
    plateau_limit: int,
) -> dict[str, Any]:
    """Return efficiencies, the two differences of separation paths, and steps on the plateau."""
    # one generator a part, so that a part can be computed alone
    first, second, third = (np.random.default_rng([seed, part]) for part in range(3))
    exponential = first.exponential(2.0, (runs, observations))
    gamma = first.gamma(shape, 1.0, (runs, observations))
    X = third.standard_normal((examples, inputs))
    teacher = np.linalg.qr(third.standard_normal((inputs, 2)))[0].T
    start = 0.05 * third.standard_normal(inputs) + 1e-3 * third.standard_normal((2, inputs))
    return {
        "efficiency": {
            "exponential mean": efficiency(families.get("exponential"), "scale", 2.0, None, 0.0, exponential),
            "gamma shape": efficiency(gamma_shape(), "shape", shape, shape_start, shape_delay, gamma),
        },
        "separation": _separation(second, sources, separation_steps),
        "plateau": {
            f"{name} {rate}": plateau(teacher, start, X, rate, name == "natural", plateau_limit)
            for name, rate in (("vanilla", 1.0), ("vanilla", 3.0), ("natural", 0.1), ("natural", 0.5))
        },
    }


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    steps = results["plateau"]
    best_vanilla = min(steps["vanilla 1.0"], steps["vanilla 3.0"])
    return {
        "T MSE F is within 10 % of 1 for the exponential mean": abs(results["efficiency"]["exponential mean"] - 1)
        < 0.1,
        "T MSE F is within 10 % of 1 for the gamma shape": abs(results["efficiency"]["gamma shape"] - 1) < 0.1,
        "natural paths do not depend on the mixing": results["separation"]["natural"] < 1e-9,
        "vanilla paths do": results["separation"]["vanilla"] > 1e-3,
        "the natural gradient leaves the plateau at least three times sooner": 3 * steps["natural 0.1"] <= best_vanilla,
    }


def _separation(rng: np.random.Generator, sources: int, steps: int) -> dict[str, float]:
    signals = rng.laplace(size=(sources, 500))
    mixings = [rng.standard_normal((sources, sources)) + 2 * np.eye(sources) for _ in range(3)]
    start = np.eye(sources) + 0.2 * rng.standard_normal((sources, sources))
    return separation(signals, mixings, start, steps, 0.05)


def sample() -> dict[str, Any]:
    """Return the separation paths afresh: the part that takes no long runs."""
    fresh = _separation(np.random.default_rng([SETTINGS["seed"], 1]), SETTINGS["sources"], SETTINGS["separation_steps"])
    return {"separation": fresh}  # the natural entry is rounding, below the floor of the comparison
