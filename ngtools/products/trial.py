"""A small softmax network with its Fisher matrix at hand: what matrix-free results are compared with.

Everything is computed in 64 bits and handed back as NumPy arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ngtools import trees
from ngtools.compiling import compiled_once
from ngtools.linear import Solution, cg, sample_space
from ngtools.products.batch import count_of
from ngtools.products.cost import multiply_adds
from ngtools.products.fisher import fisher_vector_product, kl_hessian_vector_product
from ngtools.products.losses import hessian_vector_product
from ngtools.products.network import explicit_fisher, log_likelihood_gradient, mean_kl, network, problem
from ngtools.products.operator import dense
from ngtools.products.rows import fisher_rows

__all__ = [
    "Trial",
    "cg_on_hessian",
    "cg_solution",
    "gradients_per_product",
    "kl_between",
    "route_gaps",
    "sample_space_solution",
    "trial",
]

HEAD, MAX_STEPS = "categorical", 200


@dataclass(frozen=True)
class Trial:
    """Parameters, inputs (N, .), labels (N,); F (d, d) entry by entry; g (d,) the gradient of the mean log likelihood."""

    params: Any
    X: np.ndarray
    y: np.ndarray
    F: np.ndarray
    g: np.ndarray

    def flat(self, tree: Any) -> np.ndarray:
        """Return a pytree like the parameters as one vector."""
        return np.asarray(trees.flatten(tree)[0], dtype=np.float64)

    def tree(self, vector: Any) -> Any:
        """Return a vector as a pytree like the parameters."""
        return trees.flatten(self.params)[1](vector)


def trial(rng: np.random.Generator, sizes: tuple[int, ...], N: int) -> Trial:
    """Return a random trial network of the given layer sizes on N random inputs.

    Examples
    --------
    >>> one = trial(np.random.default_rng(0), (3, 6, 4), 5)
    >>> one.F.shape, int(np.linalg.matrix_rank(one.F, rtol=1e-12))
    ((52, 52), 15)
    """
    params, X, y = problem(rng, sizes, N)
    with jax.enable_x64(True):
        g = np.asarray(_gradient(params, X, y))
    return Trial(params, X, y, explicit_fisher(network, params, X, HEAD), g)


def route_gaps(one: Trial) -> dict[str, float]:
    """Return the largest entry of (matrix made of products - explicit matrix), by route."""
    routes = {"Gauss-Newton form": fisher_vector_product, "KL Hessian": kl_hessian_vector_product}
    with jax.enable_x64(True):
        return {
            name: float(np.abs(np.asarray(dense(route(network, one.params, one.X, HEAD), one.params)) - one.F).max())
            for name, route in routes.items()
        }


def gradients_per_product(sizes: tuple[int, ...], N: int = 64) -> tuple[float, float]:
    """Return multiply-adds of a Gauss-Newton and of a KL-Hessian product, in gradients; linearisation not counted."""
    params, X, y = problem(np.random.default_rng(0), sizes, N)
    with jax.enable_x64(True):
        unit = multiply_adds(lambda p: log_likelihood_gradient(network, p, (X, y), HEAD), params)
        first, second = (
            _multiply_adds(route, params, X) for route in (fisher_vector_product, kl_hessian_vector_product)
        )
    return first / unit, second / unit


def _multiply_adds(route: Any, params: Any, X: Any) -> int:
    # the linearisation is traced and not run: a count needs shapes, and no compiler
    op = jax.eval_shape(lambda p, x: route(network, p, x, HEAD), params, X)
    return multiply_adds(lambda linear, v: linear(v), op, params)


def cg_solution(one: Trial, *, damping: float = 0.0, tol: float = 1e-10, max_steps: int = MAX_STEPS) -> Solution:
    """Return the report of ``linear.cg`` on Fisher-vector products; its value is a vector."""
    with jax.enable_x64(True):
        op = fisher_vector_product(network, one.params, one.X, HEAD)
        found = cg(op, one.tree(one.g), damping=damping, tol=tol, max_steps=max_steps)
        return _plain(one, found)


def cg_on_hessian(one: Trial) -> Solution:
    """Run ``linear.cg`` on the Hessian of the loss, which is no Fisher matrix; raises on negative curvature."""
    with jax.enable_x64(True):
        op = hessian_vector_product(network, one.params, (one.X, one.y), HEAD)
        return _plain(one, cg(op, one.tree(one.g), max_steps=MAX_STEPS, tol=1e-6))


def sample_space_solution(one: Trial, *, damping: float) -> tuple[Solution, int]:
    """Return the report of ``linear.sample_space`` on the exact rows, and the number of rows."""
    with jax.enable_x64(True):
        rows = fisher_rows(network, one.params, one.X, HEAD)
        found = sample_space(rows, one.tree(one.g), damping=damping)
        return _plain(one, found), count_of(rows)


def kl_between(one: Trial, first: Any, second: Any) -> float:
    """Return the mean KL(p_{theta + first} || p_{theta + second}) over the inputs, in nats."""
    with jax.enable_x64(True):
        return float(_divergence(one.params, *(one.tree(np.asarray(v)) for v in (first, second)), one.X))


@compiled_once
def _gradient(params: Any, X: Any, y: Any) -> Any:
    return trees.flatten(log_likelihood_gradient(network, params, (X, y), HEAD))[0]


@compiled_once
def _divergence(params: Any, first: Any, second: Any, X: Any) -> Any:
    old, new = (trees.axpy(1.0, v, params) for v in (first, second))
    return mean_kl(network, old, new, X, HEAD)


def _plain(one: Trial, solution: Solution) -> Solution:
    entries = {
        name: np.asarray(getattr(solution, name)) for name in ("steps", "residual", "converged", "history", "status")
    }
    return Solution(value=one.flat(solution.value), **entries)
