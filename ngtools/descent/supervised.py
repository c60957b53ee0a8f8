"""Five ways to fit a model to labelled examples, one mini-batch a step, on parameter pytrees.

Each step is ``step(model, head, params, state, batch, rate, knob) -> (params, state)``: the gradient is that of the
mean of -log p over the mini-batch (inputs, labels); Fisher matrices are of the same mini-batch, expectations over the
*model's* labels.  ``knob`` is the second number to tune: momentum, Adam's b2, or the damping lambda.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac, linear, products, trees
from ngtools.compiling import compiled_once
from ngtools.descent.layers import layer_diagonal
from ngtools.products.batch import head_of, outputs, pair

__all__ = ["STEPS", "adam_step", "conjugate_step", "diagonal_step", "fit", "kfac_step", "loss", "sgd_step", "start"]

CG_STEPS = 10


def loss(model: Any, head: Any, params: Any, batch: Any) -> jax.Array:
    """Return the mean of -log p(label | input) over the batch, in nats."""
    inputs, labels = pair(batch)
    record = head_of(head, model, params, inputs)
    return -jnp.mean(jax.vmap(record.log_density)(labels, outputs(model, params, inputs)))


def start(params: Any) -> tuple[Any, Any, Any]:
    """Return the state every method starts from: two pytrees of zeros and a count."""
    zeros = jax.tree.map(jnp.zeros_like, params)
    return zeros, zeros, jnp.zeros((), int)


def sgd_step(
    model: Any, head: Any, params: Any, state: Any, batch: Any, rate: Any, knob: Any
) -> Any:  # fmt: skip
    """m <- knob m + g, params <- params - rate m; knob is the momentum."""
    g = jax.grad(loss, argnums=2)(model, head, params, batch)
    velocity = trees.axpy(knob, state[0], g)
    return trees.axpy(-rate, velocity, params), (velocity, *state[1:])


def adam_step(
    model: Any, head: Any, params: Any, state: Any, batch: Any, rate: Any, knob: Any
) -> Any:  # fmt: skip
    """Adam (Kingma and Ba, 2015) with b1 = 0.9, b2 = knob, eps = 1e-8."""
    g = jax.grad(loss, argnums=2)(model, head, params, batch)
    first = jax.tree.map(lambda m, x: 0.9 * m + 0.1 * x, state[0], g)
    second = jax.tree.map(lambda v, x: knob * v + (1 - knob) * x**2, state[1], g)
    count = state[2] + 1
    unbiased = 1 - 0.9**count, 1 - knob**count

    def quotient(m: Any, v: Any) -> Any:
        return (m / unbiased[0]) / (jnp.sqrt(v / unbiased[1]) + 1e-8)

    delta = jax.tree.map(quotient, first, second)
    return trees.axpy(-rate, delta, params), (first, second, count)


def diagonal_step(
    model: Any, head: Any, params: Any, state: Any, batch: Any, rate: Any, knob: Any
) -> Any:  # fmt: skip
    """params_i <- params_i - rate g_i / (F_ii + knob), the diagonal exact."""
    g = jax.grad(loss, argnums=2)(model, head, params, batch)
    F = layer_diagonal(model, params, batch[0], head)
    return jax.tree.map(lambda p, x, f: p - rate * x / (f + knob), params, g, F), state


def kfac_step(
    model: Any, head: Any, params: Any, state: Any, batch: Any, rate: Any, knob: Any
) -> Any:  # fmt: skip
    """params <- params - rate (K-FAC + knob I)^-1 g; factors of this batch alone."""
    g = jax.grad(loss, argnums=2)(model, head, params, batch)
    factors = kfac.factors(model, params, batch[0], head)
    return trees.axpy(-rate, kfac.solve(factors, g, damping=knob).value, params), state


def conjugate_step(
    model: Any, head: Any, params: Any, state: Any, batch: Any, rate: Any, knob: Any
) -> Any:  # fmt: skip
    """params <- params - rate x, x from at most 10 steps of CG on (F + knob I) x = g."""
    g = jax.grad(loss, argnums=2)(model, head, params, batch)
    F = products.fisher_vector_product(model, params, batch[0], head)
    solution = linear.cg(F, g, damping=knob, max_steps=CG_STEPS, tol=1e-3)
    return trees.axpy(-rate, solution.value, params), state


STEPS: dict[str, Callable[..., Any]] = {
    "SGD": sgd_step,
    "Adam": adam_step,
    "diagonal": diagonal_step,
    "K-FAC": kfac_step,
    "natural, CG": conjugate_step,
}


def fit(
    method: str,
    model: Any,
    head: Any,
    params: Any,
    data: Any,
    *,
    rate: float,
    knob: float,
    batch: int,
    steps: int,
    key: Any,
) -> tuple[Any, jax.Array]:
    """Run a method on mini-batches drawn with replacement; return the parameters and the loss on all data by step.

    In 64 bits: training amplifies rounding, and a printed result should survive another processor.

    Parameters
    ----------
    method
        A key of ``STEPS``.
    model, head, params
        As in ``kfac.factors``.
    data
        (inputs, labels).
    rate, knob
        Learning rate and the method's second number.
    batch, steps, key
        Size and number of the mini-batches, and the JAX key that draws them.

    Returns
    -------
    (params, losses)
        Losses in nats, shape (steps + 1,), the first at the start.
    """
    if method not in STEPS:
        raise ValueError(f"method must be one of {', '.join(STEPS)} (got {method!r})")
    with jax.enable_x64(True):
        inputs, labels = pair(data)
        params = trees.double(params)
        X, y = np.asarray(inputs, np.float64), np.asarray(labels)
        return _fit(method, model, head, batch, steps, params, X, y, rate, knob, key)


@partial(compiled_once, static=(0, 1, 2, 3, 4))  # the compiler would take longer than the run
def _fit(
    method: str, model: Any, head: Any, batch: int, steps: int, params: Any, X: Any, y: Any, rate: Any, knob: Any, key: Any
) -> Any:
    def advance(carry: Any, key: Any) -> Any:
        params, state = carry
        rows = jax.random.randint(key, (batch,), 0, len(y))
        params, state = STEPS[method](model, head, params, state, (X[rows], y[rows]), rate, knob)
        return (params, state), loss(model, head, params, (X, y))

    (last, _), losses = jax.lax.scan(advance, (params, start(params)), jax.random.split(key, steps))
    return last, jnp.concatenate([loss(model, head, params, (X, y))[None], losses])
