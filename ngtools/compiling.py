"""Programs that are compiled anew for every model and shape, and then run briefly: there the compiler is what takes long.

``compiled_once`` asks for no optimisation: ready in half the time, and slower to run.  ``compiled_quickly`` leaves out
what costs the compiler most and gains the program little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax

__all__ = ["compiled_once", "compiled_quickly", "options"]

# The first of these that the installed XLA knows whole.  Side by side, in CPU seconds, the first one takes TRPO's compiler
# from 8.6 to 3.6 (20 updates on CartPole) and its program from .55 to .50; of 8 seeds, 10 updates each, from 2.2-2.8 to
# 2.9-3.0; PPO's compiler from 9 to 3.7 and its program (4 seeds, 10 updates) from 1.1 to 1.7: a long run of PPO is served
# better by a `jit` around it.  The second one takes a fifth off TRPO's compiler on JAX 0.11, and nothing on 0.12.
CHOICES: tuple[dict[str, Any], ...] = (
    {
        "xla_cpu_use_fusion_emitters": False,
        "xla_backend_optimization_level": 1,
        "xla_llvm_disable_expensive_passes": True,
    },
    {"xla_backend_optimization_level": 1},
)


def compiled_once(function: Callable[..., Any], static: tuple[int, ...] = ()) -> Callable[..., Any]:
    """Return ``jax.jit(function)`` without the compiler's optimisations, for what is called a few times.

    Not inside another ``jit``.

    Parameters
    ----------
    function
        Traceable.
    static
        Positions of the static arguments.
    """
    return jax.jit(function, static_argnums=static, compiler_options={"xla_backend_optimization_level": 0})


def compiled_quickly(function: Callable[..., Any], static: tuple[int, ...] = ()) -> Callable[..., Any]:
    """Return ``jax.jit(function)`` that compiles in less than half the time, for loops of seconds rather than minutes.

    The program is up to half as slow again.  Within a ``jit`` or ``grad`` of the caller's, the caller's options hold;
    under ``vmap`` alone these do.  Parameters as in ``compiled_once``.
    """
    within = jax.jit(function, static_argnums=static)

    @cache
    def outermost() -> Callable[..., Any]:
        return jax.jit(function, static_argnums=static, compiler_options=options())

    def run(*arguments: Any) -> Any:
        try:
            return outermost()(*arguments)
        except ValueError as error:
            # only JAX knows whether a program is being traced around this one
            if "compiler_options" not in str(error):
                raise
            return within(*arguments)

    return run


@cache
def options() -> dict[str, Any]:
    """Return what ``compiled_quickly`` tells XLA; nothing off the CPU, or where XLA knows none of it."""
    if jax.default_backend() != "cpu":
        return {}
    for choice in CHOICES:
        try:
            jax.jit(lambda x: x, compiler_options=choice)(0.0)
        except jax.errors.JaxRuntimeError:
            continue
        return choice
    return {}
