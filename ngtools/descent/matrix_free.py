"""Natural gradient steps from Fisher-vector products, and the same as an Optax transformation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import number
from ngtools.linear import Solution, cg
from ngtools.products import fisher_vector_product

__all__ = ["MatrixFreeStep", "natural_gradient_step", "optax_natural_gradient"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MatrixFreeStep:
    """One natural gradient step and its report; a pytree.

    ``params`` are the new parameters, ``delta`` the step Delta; ``predicted_gain`` is g^T Delta and ``predicted_kl``
    1/2 Delta^T F Delta in nats, with the undamped F: values of the linear and the quadratic model, not of the
    objective and the divergence.  ``solution`` is the solver's report on F^-1 g.
    """

    params: Any
    delta: Any
    predicted_gain: Any
    predicted_kl: Any
    solution: Solution


def natural_gradient_step(
    params: Any,
    gradient: Any,
    fisher: Callable[[Any], Any],
    *,
    learning_rate: Any = None,
    kl_budget: Any = None,
    damping: Any = 0.0,
    metric: Any = None,
    max_steps: int = 20,
    tol: Any = 1e-6,
) -> MatrixFreeStep:
    """Take one ascent step along x = (F + lambda M)^-1 g, solved by conjugate gradients.

    Parameters
    ----------
    params
        Any pytree of floating point arrays.
    gradient
        g, the gradient of the objective (maximised; pass the gradient of -loss to descend), like ``params``.
    fisher
        v -> F v at ``params``, from ``products.fisher_vector_product`` say.
    learning_rate
        alpha > 0: Delta = alpha x.
    kl_budget
        c > 0 in nats, in place of a learning rate: Delta = sqrt(2 c / x^T F x) x, so that 1/2 Delta^T F Delta = c.
        The F here is undamped: with F + lambda I the step would fall short of the budget.
    damping, metric, max_steps, tol
        As in ``linear.cg``.

    Returns
    -------
    MatrixFreeStep
        A zero gradient gives a zero step.  A solve that did not converge is reported in ``solution``.

    Raises
    ------
    ValueError
        Neither or both of ``learning_rate`` and ``kl_budget``, or one that is not positive; shapes that do not fit;
        nan in the gradient; negative curvature (concrete values).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> step = natural_gradient_step(jnp.zeros(2), jnp.array([1.0, 4.0]), lambda v: jnp.array([1.0, 4.0]) * v, kl_budget=0.1)
    >>> [round(float(x), 4) for x in step.delta], round(float(step.predicted_kl), 4)
    ([0.2, 0.2], 0.1)
    """
    if (learning_rate is None) == (kl_budget is None):
        raise ValueError("give either learning_rate= or kl_budget=")
    name, size = ("learning_rate", learning_rate) if kl_budget is None else ("kl_budget", kl_budget)
    if not trees.is_traced(size):
        number(size, name, above=0)
    trees.check_floating(params, "params")
    trees.check_like(gradient, params, "gradient", "params")
    trees.check_floating(gradient, "gradient")
    trees.check_finite(gradient, "gradient")
    solution = cg(fisher, gradient, damping=damping, metric=metric, max_steps=max_steps, tol=tol)
    x = solution.value
    curvature = trees.dot(x, fisher(x))
    if kl_budget is None:
        length = jnp.asarray(learning_rate)
    else:
        # a zero gradient, and under jit a curvature that is not positive, give a zero step instead of nan
        length = jnp.where(curvature > 0, jnp.sqrt(2 * kl_budget / jnp.where(curvature > 0, curvature, 1)), 0)
    delta = trees.scale(length, x)
    return MatrixFreeStep(
        params=trees.axpy(1, delta, params),
        delta=delta,
        predicted_gain=trees.dot(gradient, delta),
        predicted_kl=length**2 * curvature / 2,
        solution=solution,
    )


class NaturalGradientState(NamedTuple):
    """What the transformation remembers: steps taken, and the report of the last solve."""

    count: Any
    cg_steps: Any
    residual: Any
    converged: Any


def optax_natural_gradient(
    learning_rate: Any,
    model: Callable[[Any, Any], Any],
    head: Any,
    *,
    damping: Any = 1e-3,
    max_steps: int = 20,
    tol: Any = 1e-6,
    product: Callable[..., Any] = fisher_vector_product,
) -> Any:
    """Return an Optax ``GradientTransformationExtraArgs``: updates -alpha (F + lambda I)^-1 g for a *loss* gradient g.

    Parameters
    ----------
    learning_rate
        alpha > 0, or an Optax schedule of the step count.
    model, head
        As in ``products.fisher_vector_product``.
    damping, max_steps, tol
        As in ``linear.cg``.
    product
        ``product(model, params, batch, head)`` -> v -> F v.

    Returns
    -------
    optax.GradientTransformationExtraArgs
        ``update(grads, state, params, batch=inputs)``; extra arguments of other transformations in a chain pass by.
        The state holds the last solve's ``cg_steps``, ``residual`` and ``converged``.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> descent = optax_natural_gradient(1.0, lambda w, x: w * x, "unit-normal", damping=0.0)
    >>> w, x = jnp.array([3.0]), jnp.array([1.0, 2.0])  # loss: the mean of (w x - 2 x)^2 / 2
    >>> updates, state = descent.update(jnp.array([2.5]), descent.init(w), w, batch=x)
    >>> (w + updates).tolist()  # one step solves least squares
    [2.0]
    """
    try:
        import optax
    except ImportError as error:
        raise ImportError("optax_natural_gradient needs Optax: pip install optax") from error
    if not callable(learning_rate):
        number(learning_rate, "learning_rate", above=0)

    def init(params: Any) -> NaturalGradientState:
        trees.check_floating(params, "params")
        dtype = jnp.result_type(*jax.tree.leaves(params))
        zero = jnp.zeros((), int)
        return NaturalGradientState(zero, zero, jnp.zeros((), dtype), jnp.zeros((), bool))

    def update(
        updates: Any, state: NaturalGradientState, params: Any = None, *, batch: Any = None, **extra: Any
    ) -> Any:
        if params is None or batch is None:
            raise ValueError("natural gradients need update(grads, state, params, batch=inputs): F depends on both")
        trees.check_like(updates, params, "grads", "params")
        fisher = product(model, params, batch, head)
        solution = cg(fisher, updates, damping=damping, max_steps=max_steps, tol=tol)
        alpha = learning_rate(state.count) if callable(learning_rate) else learning_rate
        report = NaturalGradientState(state.count + 1, solution.steps, solution.residual, solution.converged)
        return trees.scale(-alpha, solution.value), report

    return optax.GradientTransformationExtraArgs(init, update)
