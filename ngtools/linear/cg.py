"""Conjugate gradients on pytrees: solve F x = b from products F v alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.linear.damping import check_damping, damped, is_pytree
from ngtools.linear.solution import (
    CONVERGED,
    NEGATIVE_CURVATURE,
    NOT_CONVERGED,
    NOT_FINITE,
    Solution,
    or_infinity,
)

__all__ = ["cg"]


def cg(
    matvec: Callable[[Any], Any],
    b: Any,
    *,
    damping: Any = 0.0,
    max_steps: int,
    tol: Any,
    preconditioner: Callable[[Any], Any] | None = None,
    metric: Any = None,
) -> Solution:
    """Solve (F + lambda M) x = b by conjugate gradients from x = 0.

    Parameters
    ----------
    matvec
        v -> F v for a symmetric positive semi-definite F, on pytrees like ``b``.
    b
        The right-hand side.
    damping
        lambda >= 0; with ``metric`` None it multiplies the identity (see ``ngtools.linear.damping``).
    max_steps
        Largest number of products; a Python integer, at least 1.
    tol
        Stops as soon as norm(residual) <= tol norm(b).  This test is what keeps a *singular* consistent
        system well behaved: from x = 0 it then returns the minimum-norm solution, while iterating on after
        convergence blows up the null space.
    preconditioner
        r -> an approximation of (F + lambda M)^-1 r, symmetric positive definite.
    metric
        M: None for the identity, a pytree for a diagonal, or a function.

    Returns
    -------
    Solution
        Not converging within ``max_steps`` is reported (``converged``, ``message``), not raised: a truncated
        solve is a legitimate step.  The error in the energy norm decreases at every step; the residual need
        not.  A zero ``b`` gives zero in 0 steps.

    Raises
    ------
    ValueError
        On concrete values: nan in ``b``, a negative curvature v^T (F + lambda M) v <= 0 away from the
        solution, a product that is not finite or has another shape.  Under ``jit`` these are statuses.

    Notes
    -----
    ``max_steps`` products and as many inner products; four vectors of memory.  About sqrt(kappa) steps are
    needed, kappa the condition number.  If ``matvec`` is a pytree (as all of ``ngtools.products`` are) the
    compiled solver is reused for the next linearisation; a plain function is compiled for each call.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> solution = cg(lambda v: jnp.array([1.0, 4.0]) * v, jnp.array([1.0, 2.0]), max_steps=5, tol=1e-6)
    >>> [round(float(x), 4) for x in solution.value], int(solution.steps), bool(solution.converged)
    ([1.0, 0.5], 2, True)

    References
    ----------
    Hestenes and Stiefel (1952), Methods of conjugate gradients for solving linear systems.
    """
    if isinstance(max_steps, bool) or not isinstance(max_steps, (int, np.integer)) or max_steps < 1:
        raise ValueError(f"max_steps must be a whole number of at least 1 (got {max_steps!r})")
    if not trees.is_traced(tol) and not (np.isfinite(tol) and tol >= 0):
        raise ValueError(f"tol must be >= 0 (got {tol!r}); the solve stops at norm(residual) <= tol norm(b)")
    check_damping(damping)
    trees.check_floating(b, "b")
    trees.check_finite(b, "b")
    operator = damped(matvec, damping, metric)
    # a pytree operator is an argument of the compiled solver, a plain function is part of it
    reusable = is_pytree(matvec) and (preconditioner is None or is_pytree(preconditioner)) and not callable(metric)
    run = _compiled if reusable else _solve
    try:
        solution = run(operator, b, tol, preconditioner, int(max_steps), max_steps=int(max_steps))
    except TypeError:
        _raise_if_it_does_not_fit(operator, b)
        raise
    if not trees.is_traced(solution):
        _raise_on_bad_status(solution)
    return solution


def _solve(operator: Any, b: Any, tol: Any, preconditioner: Any, limit: Any, *, max_steps: int) -> Solution:
    # limit <= max_steps may be traced: max_steps is the length of the history
    def precondition(r: Any) -> Any:
        return r if preconditioner is None else preconditioner(r)

    size = trees.norm(b)
    unit = or_infinity(size)

    def unfinished(state: Any) -> Any:
        *_, steps, status, _history = state
        return (status == NOT_CONVERGED) & (steps < limit)

    def step(state: Any) -> Any:
        x, r, p, rz, steps, status, history = state
        image = operator(p)
        curvature = trees.dot(p, image)
        good = curvature > 0
        alpha = jnp.where(good, rz / curvature, 0)
        x, r = trees.axpy(alpha, p, x), trees.axpy(-alpha, image, r)
        z = precondition(r)
        rz_new = trees.dot(r, z)
        residual = trees.norm(r) / unit
        p = trees.axpy(rz_new / rz, p, z)
        status = jnp.where(residual <= tol, CONVERGED, NOT_CONVERGED)
        status = jnp.where(good, status, NEGATIVE_CURVATURE)
        status = jnp.where(jnp.isfinite(curvature) & jnp.isfinite(residual), status, NOT_FINITE)
        steps = steps + good
        return x, r, p, rz_new, steps, status, history.at[steps].set(residual)

    z = precondition(b)
    history = jnp.full(max_steps + 1, jnp.nan, size.dtype).at[0].set(size / unit)
    status = jnp.where(jnp.isfinite(size), NOT_CONVERGED, NOT_FINITE)
    status = jnp.where(size / unit <= tol, CONVERGED, status)
    x0 = jax.tree.map(jnp.zeros_like, b)
    start = (x0, b, z, trees.dot(b, z), jnp.zeros((), int), status, history)
    x, _, _, _, steps, status, history = jax.lax.while_loop(unfinished, step, start)
    return Solution(x, steps, history[steps], status == CONVERGED, history, status)


_compiled = jax.jit(_solve, static_argnames="max_steps")


def _raise_if_it_does_not_fit(operator: Any, b: Any) -> None:
    # only after a failure: tracing the product once more costs as much as several steps
    try:
        jax.eval_shape(operator, b)
    except TypeError as error:
        raise TypeError(f"matvec cannot be applied to a vector like b: {error}") from error


def _raise_on_bad_status(solution: Solution) -> None:
    advice = {
        NEGATIVE_CURVATURE: "a Fisher matrix never has negative curvature, so the product is not one (a Hessian of the "
        "loss?  a stale reference?), or tol is below rounding on a singular system: use the GGN or the KL Hessian, "
        "raise tol, or add damping",
        NOT_FINITE: "look at the parameters and the batch for saturated outputs",
    }
    if int(solution.status) in advice:
        raise ValueError(f"{solution.message}; {advice[int(solution.status)]}")
