"""Compile training for a short run: XLA's default options spend longer on compiling it than fifty updates take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax

__all__ = ["jit", "options"]

# The first of these that the installed XLA knows whole.  On TRPO's update for CartPole the first one saves two thirds of
# the compiler's time (8.1 to 2.5 s), the second a fifth on JAX 0.11 and nothing on 0.12; neither slows the program down
# by more than timings differ.
CHOICES: tuple[dict[str, Any], ...] = (
    {
        "xla_cpu_use_fusion_emitters": False,
        "xla_backend_optimization_level": 1,
        "xla_llvm_disable_expensive_passes": True,
    },
    {"xla_backend_optimization_level": 1},
)


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
        try:
            return outermost()(*arguments)
        except ValueError as error:
            # JAX alone knows whether a program is being traced around this one: under vmap, say, none need be
            if "compiler_options" not in str(error):
                raise
            return within(*arguments)

    return run
