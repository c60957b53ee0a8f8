"""Compilation for programs that run once on small arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

__all__ = ["compiled_once"]


def compiled_once(function: Callable[..., Any], static: tuple[int, ...] = ()) -> Callable[..., Any]:
    """Return ``jax.jit(function)`` without the compiler's optimisations: ready in half the time, and slower to run.

    For what is compiled anew for every model and shape and then called a few times.  Not inside another ``jit``.

    Parameters
    ----------
    function
        Traceable.
    static
        Positions of the static arguments.
    """
    return jax.jit(function, static_argnums=static, compiler_options={"xla_backend_optimization_level": 0})
