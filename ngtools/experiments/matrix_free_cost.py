"""What a natural gradient step costs with the matrix and without it, as the number of parameters grows.

Tanh networks 8-w-w-4 with softmax outputs on one batch.  With the matrix: form F from its rows (N times outputs
scores), factorise F + lambda I.  Without: conjugate gradients on products, to the same accuracy.  Everything in
64 bits.  Times are CPU times of one thread, medians over rounds in which the contenders take turns, with quartiles;
a time says nothing about another machine, so the verdicts are on ratios, exponents and counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from ngtools import linear, products, trees
from ngtools.experiments._one_thread import on_one_thread
from ngtools.products.cost import multiply_adds
from ngtools.products.network import flat_rows, log_likelihood_gradient, network, problem

__all__ = ["SETTINGS", "TOLERANCE", "check", "counts", "crossing", "exponent", "measured", "run", "sample"]

SETTINGS: dict[str, Any] = {
    "seed": 10,
    "widths": [4, 6, 9, 13, 19, 27, 39, 48],
    "N": 1024,
    "damping": 0.01,
    "tol": 1e-6,
    "rounds": 5,
    "fitted": 4,
}
TOLERANCE = 0.1  # the number of steps may differ by a rounding; the counts are whole numbers and must agree exactly


def instance(seed: int, width: int, N: int) -> dict[str, Any]:
    """Return the network of one width with its batch, gradient and operators (call in a 64-bit context)."""
    params, X, y = jax.tree.map(jnp.asarray, problem(np.random.default_rng(seed), (8, width, width, 4), N))
    return {
        "params": params,
        "X": X,
        "gradient": jax.jit(lambda p: log_likelihood_gradient(network, p, (X, y), "categorical")),
        "product": products.fisher_vector_product(network, params, X, "categorical"),
    }


def _kl_product(params: Any, X: Any) -> Any:
    return products.kl_hessian_vector_product(network, params, X, "categorical")


def counts(seed: int, width: int, N: int, damping: float, tol: float) -> dict[str, Any]:
    """Return d, the multiply-adds of each part, and the steps of the solve: no clock is involved."""
    with jax.enable_x64(True):
        one = instance(seed, width, N)
        params = one["params"]
        d = sum(leaf.size for leaf in jax.tree.leaves(params))
        gradient = one["gradient"](params)
        solution = linear.cg(one["product"], gradient, damping=damping, max_steps=500, tol=tol)
        kl = jax.eval_shape(_kl_product, params, one["X"])  # traced and not compiled: counting needs shapes alone
        return {
            "d": d,
            "multiply-adds": {
                "form": 4 * N * d * d,
                "factor": d**3 // 6,
                "product": multiply_adds(one["product"], params),
                "KL product": multiply_adds(lambda op, v: op(v), kl, params),
                "gradient": multiply_adds(one["gradient"], params),
            },
            "steps": float(solution.steps),
        }


def measured(seed: int, width: int, N: int, damping: float, tol: float, rounds: int) -> dict[str, Any]:
    """Return [lower quartile, median, upper quartile] of the CPU seconds of each part."""
    with jax.enable_x64(True):
        one = instance(seed, width, N)
        params, op, kl = one["params"], one["product"], _kl_product(one["params"], one["X"])
        g = one["gradient"](params)
        flat = np.asarray(trees.flatten(g)[0])
        rows = jax.jit(lambda p: flat_rows(products.fisher_rows(network, p, one["X"], "categorical")))
        form = jax.jit(lambda p: (lambda R: R.T @ R)(rows(p)))
        F = np.asarray(form(params)) + damping * np.eye(len(flat))
        solve = linear.cg(op, g, damping=damping, max_steps=500, tol=tol)
        exact = scipy.linalg.cho_solve(scipy.linalg.cho_factor(F), flat)
        found = np.asarray(trees.flatten(solve.value)[0])
        parts: dict[str, Callable[[], Any]] = {
            "form": lambda: form(params).block_until_ready(),
            "factor": lambda: scipy.linalg.cho_solve(scipy.linalg.cho_factor(F), flat),
            "CG": lambda: jax.block_until_ready(linear.cg(op, g, damping=damping, max_steps=500, tol=tol)),
            "product": lambda: jax.block_until_ready(op(g)),
            "KL product": lambda: jax.block_until_ready(kl(g)),
            "gradient": lambda: jax.block_until_ready(one["gradient"](params)),
        }
        seconds = _turns(parts, rounds)
    return {
        "seconds": {name: np.percentile(times, [25, 50, 75]).tolist() for name, times in seconds.items()},
        "difference": float(np.linalg.norm(found - exact) / np.linalg.norm(exact)),
    }


def _turns(parts: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    repeats = {}
    for name, part in parts.items():
        part()
        start = time.process_time()
        part()
        # about 20 ms a turn, so that the grain of the clock does not show
        repeats[name] = max(1, min(100, round(0.02 / max(time.process_time() - start, 1e-6))))
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(rounds):
        for name, part in parts.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                part()
            seconds[name].append((time.process_time() - start) / repeats[name])
    return seconds


def run(seed: int, widths: list[int], N: int, damping: float, tol: float, rounds: int, fitted: int) -> dict[str, Any]:
    """Return counts and times by width, exponents fitted to the largest ``fitted`` widths, and where the costs cross."""
    found = {str(w): counts(seed, w, N, damping, tol) for w in widths}
    for w in widths:
        found[str(w)] |= on_one_thread(measured, seed=seed, width=w, N=N, damping=damping, tol=tol, rounds=rounds)
    d = [one["d"] for one in found.values()]
    medians = {
        part: [float(one["seconds"][part][1]) for one in found.values()] for part in found[str(widths[0])]["seconds"]
    }
    per_step = [t / one["steps"] for t, one in zip(medians["CG"], found.values())]
    curves = medians | {"CG, one step": per_step}
    dense = [a + b for a, b in zip(medians["form"], medians["factor"])]
    return {
        "widths": found,
        "exponents": {name: exponent(d[-fitted:], curve[-fitted:]) for name, curve in curves.items()},
        "crossing": crossing(d, dense, medians["CG"]),
        "dense over CG": [a / b for a, b in zip(dense, medians["CG"])],
        "product over gradient": [a / b for a, b in zip(medians["product"], medians["gradient"])],
        "KL product over gradient": [a / b for a, b in zip(medians["KL product"], medians["gradient"])],
    }


def exponent(d: Any, seconds: Any) -> float:
    """Return the slope of log seconds against log d (least squares)."""
    return float(np.polyfit(np.log(d), np.log(seconds), 1)[0])


def crossing(d: Any, first: Any, second: Any) -> float | None:
    """Return the d at which the first curve overtakes the second for good (log-log interpolation); None if it does not.

    Examples
    --------
    >>> round(crossing([1, 10, 100], [1, 100, 10000], [50, 50, 50]), 3)
    7.071
    """
    gap = np.log(np.asarray(first) / np.asarray(second))
    below = np.flatnonzero(gap <= 0)
    if not len(below) or below[-1] + 1 == len(gap):
        return None
    i = below[-1]
    share = -gap[i] / (gap[i + 1] - gap[i])
    return float(np.exp(np.log(d[i]) + share * (np.log(d[i + 1]) - np.log(d[i]))))


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    slopes, sizes = results["exponents"], list(results["widths"].values())
    steps = [one["steps"] for one in sizes]
    return {
        "forming grows like d^2, within 0.4": abs(slopes["form"] - 2) < 0.4,
        "factorising grows like d^3, within 0.6": abs(slopes["factor"] - 3) < 0.6,
        "a step of CG grows no faster than d^1.3": slopes["CG, one step"] < 1.3,
        "CG needs at most 60 steps at every size": max(steps) <= 60,
        "both give the same step to 1e-4": max(one["difference"] for one in sizes) < 1e-4,
        "the costs cross inside the range": results["crossing"] is not None,
        "at the largest size the matrix costs at least 20 times as much": results["dense over CG"][-1] > 20,
        "a product is less than 3 gradients at the largest size": results["product over gradient"][-1] < 3,
    }


def sample() -> dict[str, Any]:
    """Return the counts of two sizes afresh."""
    keys = ("seed", "N", "damping", "tol")
    chosen = {key: SETTINGS[key] for key in keys}
    return {"widths": {str(w): counts(width=w, **chosen) for w in SETTINGS["widths"][:3:2]}}
