"""What a computation costs, counted on its program and not on a clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax

__all__ = ["multiply_adds"]


def multiply_adds(function: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of multiply-adds in the matrix products of ``function(*arguments)``.

    Counted on the traced program before any compiler sees it: the same on every machine.  Element-wise work is not
    counted, nor are linear-algebra routines; the body of a loop of known length counts as often as it runs.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> multiply_adds(lambda A, v: A @ (A @ v), jnp.ones((5, 5)), jnp.ones(5))
    50
    """
    return _count(jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(jaxpr: Any) -> int:
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            inner = math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
            (product,) = equation.outvars
            total += inner * math.prod(product.aval.shape)
        times = equation.params.get("length", 1)  # of a scan
        for parameter in equation.params.values():
            for inside in parameter if isinstance(parameter, (tuple, list)) else (parameter,):
                body = getattr(inside, "jaxpr", inside)
                if hasattr(body, "eqns"):
                    total += times * _count(body)
    return total
