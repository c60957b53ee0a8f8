"""Functions compiled once and always evaluated in float64.

A numeric judge must not depend on the caller's precision, and should not compile the same derivative
twice.  Both are kept here: derivatives are made, compiled and remembered per function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np

__all__ = ["compiled"]

_DERIVATIVES: dict[str, Callable[..., Any]] = {
    "value": lambda function, argument: function,
    "gradient": lambda function, argument: jax.grad(function, argnums=argument),
    "jacobian": lambda function, argument: jax.jacfwd(function, argnums=argument),
    "hessian": lambda function, argument: jax.hessian(function, argnums=argument),
}


@lru_cache(maxsize=1024)
def compiled(function: Callable[..., Any], derivative: str = "value", argument: int = 0, batch: bool = False) -> Any:
    """Return the compiled derivative of a ``jax.numpy`` function: NumPy float64 in, NumPy float64 out.

    Parameters
    ----------
    function
        Traceable.  The compiled program is remembered with this very object: pass the same function,
        not a new closure, to profit from it.
    derivative
        ``"value"``, ``"gradient"`` (of a scalar), ``"jacobian"`` (new axis last), ``"hessian"``.
    argument
        The position of the argument to differentiate in.
    batch
        Map over the leading axis of the argument ``argument``; the others are shared.
    """
    program = _DERIVATIVES[derivative](function, argument)
    mapped: dict[int, Callable[..., Any]] = {}

    def program_for(count: int) -> Callable[..., Any]:
        if count not in mapped:
            axes = tuple(0 if position == argument else None for position in range(count))
            mapped[count] = jax.jit(jax.vmap(program, in_axes=axes) if batch else program)
        return mapped[count]

    def evaluate(*values: Any) -> Any:
        with jax.enable_x64(True):
            inputs = jax.tree.map(lambda value: np.asarray(value, dtype=np.float64), values)
            return jax.tree.map(np.asarray, program_for(len(values))(*inputs))

    return evaluate
