"""WRONG: the length of a step from the damped product, so that the budget is not spent."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ngtools import trees
from ngtools.descent import MatrixFreeStep
from ngtools.linear import cg

__all__ = ["natural_gradient_step"]


def natural_gradient_step(
    params: Any,
    gradient: Any,
    fisher: Any,
    *,
    kl_budget: float,
    damping: float = 0.0,
    max_steps: int = 20,
    tol: Any = 1e-6,
) -> MatrixFreeStep:
    """``descent.natural_gradient_step`` with one product for the solve and for the length."""

    def damped(v: Any) -> Any:
        return trees.axpy(damping, v, fisher(v))

    solution = cg(damped, gradient, max_steps=max_steps, tol=tol)
    x = solution.value
    # wrong: x^T F x is what a step costs
    length = jnp.sqrt(2 * kl_budget / trees.dot(x, damped(x)))
    delta = trees.scale(length, x)
    return MatrixFreeStep(
        params=trees.axpy(1, delta, params),
        delta=delta,
        predicted_gain=trees.dot(gradient, delta),
        predicted_kl=jnp.asarray(kl_budget),  # and so the report is wrong as well
        solution=solution,
    )
