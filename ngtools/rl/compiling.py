"""Compile training for a short run: XLA's default options spend longer on compiling it than fifty updates take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax

from ngtools import trees

__all__ = ["jit", "options"]

# the first one that the installed XLA knows; on TRPO's update for CartPole the first saves two fifths of the compiler's
# time for a sixth more of the program's, the second one fifth for nothing measurable
CHOICES: tuple[dict[str, Any], ...] = ({"xla_cpu_use_fusion_emitters": False}, {"xla_backend_optimization_level": 1})


@cache
def options() -> dict[str, Any]:
    """Return what XLA is told; nothing where the programs do not run on the CPU, or XLA knows none of it."""
    if jax.default_backend() != "cpu":
        return {}
    for choice in CHOICES:
        try:
            jax.jit(lambda x: x, compiler_options=choice)(0.0)
        except jax.errors.JaxRuntimeError:
            continue
        return choice
    return {}


def jit(function: Callable[..., Any], static_argnums: tuple[int, ...]) -> Callable[..., Any]:
    """Return ``jax.jit(function)`` that compiles fast; within a ``jit`` of the caller's, the caller's options hold."""
    within = jax.jit(function, static_argnums=static_argnums)

    @cache
    def outermost() -> Callable[..., Any]:
        return jax.jit(function, static_argnums=static_argnums, compiler_options=options())

    def run(*arguments: Any) -> Any:
        return (within if trees.is_traced(arguments) else outermost())(*arguments)

    return run
