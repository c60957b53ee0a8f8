"""K-FAC: each layer's Fisher block as a Kronecker product of two small matrices (Martens and Grosse, 2015).

A layer s = W a + b with inputs a and output gradients g has the block E[a a^T (x) g g^T] (columns of W stacked); K-FAC
replaces the mean of the product by the product of the means, Omega (x) Gamma_out with Omega = E[a a^T] and
Gamma_out = E[g g^T].  Blocks between layers are dropped.

The convention of a model: parameters are ``{name: {"kernel": (inputs, outputs), "bias": (outputs,)}}``, bias optional,
and the model applies its layers through an argument ``dense``, so that this module can listen:

    def model(params, x, dense=kfac.dense):
        h = jnp.tanh(dense(params, "hidden", x))
        return dense(params, "out", h)

``dense`` takes inputs of shape (..., inputs); leading axes are places where one layer is used again, and a layer may
be called more than once.  A convolution is a dense layer on patches (``kfac.patches``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.checks import number
from ngtools.linear import Solution, kron_product, kron_solve, kron_solve_factored
from ngtools.linear.damping import check_damping
from ngtools.linear.kronecker import after, check_solvable
from ngtools.linear.solution import direct, or_infinity, rounding
from ngtools.products.batch import count_of, head_of, linearised, weights_of
from ngtools.products.heads import Head
from ngtools.products.listening import check_layers, dense, patches, signals, signals_of

__all__ = ["Factors", "dense", "factors", "patches", "product", "signals", "solve", "step"]

Model = Callable[..., Any]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Factors:
    """The two Kronecker factors of every layer, by name.

    ``inputs[name]`` is Omega, of size inputs (+ 1 where the layer has a bias: the last row belongs to it), summed
    over the places of one example; ``outputs[name]`` is Gamma_out, averaged over the places.  Both are means over
    the batch.
    """

    inputs: dict[str, jax.Array]
    outputs: dict[str, jax.Array]


def factors(
    model: Model,
    params: Any,
    batch: Any,
    head: Any,
    *,
    key: jax.Array | None = None,
    weights: Any = None,
) -> Factors:
    """Return the Kronecker factors of the Fisher matrix.

    Parameters
    ----------
    model, params
        As in the head of this module.
    batch, head, weights
        As in ``products.fisher_vector_product``: inputs without labels, means over the batch.
    key
        Without it the expectation over outcomes is exact (one reverse derivative an output).  With a JAX key one
        observation an example is drawn from the model; never data labels, which give the empirical Fisher.

    Notes
    -----
    Gamma_out is made of gradients of *each example's* log density.  Gradients of the mean over the batch carry 1/N
    each, and their outer products give a Gamma_out that is N times too small.

    Exact where one layer is linear and g does not depend on a: a linear model with Gaussian outputs, also with shared
    weights; or a batch of one example.  Otherwise an approximation.
    """
    check_layers(params)
    head = head_of(head, model, params, batch)
    count = count_of(batch)
    shares = weights_of(weights, count)
    shares = jnp.full(count, 1 / count) if shares is None else shares
    keys = None if key is None else jax.random.split(key, count)
    return linearised(_factors, model, head, params, batch, keys, shares)


def _factors(model: Model, head: Head, params: Any, batch: Any, keys: Any, shares: Any) -> Factors:
    inputs, gradients = signals_of(model, head, params, batch, keys)
    omega, gamma = {}, {}
    for name, a in inputs.items():
        # one matrix product over all examples: an outer product an example would be written out and read again
        omega[name] = _second_moment(a, shares)
        gamma[name] = _second_moment(gradients[name], shares) / a.shape[1]
    missing = set(params) - set(omega)
    if missing:
        raise ValueError(
            f"the model never applied dense(params, name, ...) to {sorted(missing)}: K-FAC cannot see them"
        )
    return Factors(omega, gamma)


def _second_moment(rows: jax.Array, shares: jax.Array) -> jax.Array:
    """Return the sum over examples (first axis) of their share times the sum of the outer products of their rows."""
    rows = rows.reshape(len(rows), -1, rows.shape[-1])
    return jnp.einsum("npi,npj->ij", rows * shares.astype(rows.dtype)[:, None, None], rows)


def product(factors: Factors, v: Any) -> Any:
    """Return the K-FAC matrix times v, for v like the parameters."""
    return _layerwise(factors, v, lambda name, A, G, kernel: kron_product(A, G, kernel))


def solve(factors: Factors, gradient: Any, *, damping: Any, method: str = "exact") -> Solution:
    """Solve (Omega (x) Gamma_out + lambda I) x = gradient layer by layer.

    Parameters
    ----------
    factors
        From ``factors``.
    gradient
        A pytree like the parameters.
    damping
        lambda >= 0; 0 only where both factors have full rank (a batch with at least as many examples as the layer
        has inputs).
    method
        "exact": the damped system as written.  "factored": the damping of Martens and Grosse, split over the
        factors (``linear.kron_solve_factored``); then ``residual`` shows by how much it differs from the system.

    Returns
    -------
    Solution
        ``steps`` is 0.

    Raises
    ------
    ValueError
        On concrete values: a singular factor without damping, nan in the gradient, shapes that do not fit.
    """
    # the exact solve is as good as its rounding; the factored one solves another system by design
    solvers = {"exact": (kron_solve, rounding), "factored": (kron_solve_factored, lambda dtype: float("inf"))}
    if method not in solvers:
        raise ValueError(f"method must be one of {sorted(solvers)} (got {method!r})")
    check_damping(damping)
    trees.check_floating(gradient, "gradient")
    trees.check_finite(gradient, "gradient")

    solver, tolerance = solvers[method]
    previous: jax.Array | None = None

    def one(name: str, A: jax.Array, G: jax.Array, kernel: jax.Array) -> jax.Array:
        nonlocal previous
        check_solvable(A, G, damping, f"Omega of layer '{name}'", f"Gamma_out of layer '{name}'")
        if previous is not None:  # one layer's decompositions after the other's
            A = after(A, previous)
        previous = solver(A, G, kernel, damping)
        return previous

    x = _layerwise(factors, gradient, one)
    residual = trees.axpy(-1, gradient, trees.axpy(damping, x, product(factors, x)))
    size = trees.norm(gradient)
    return direct(x, trees.norm(residual) / or_infinity(size), tolerance(size.dtype))


def step(
    params: Any, gradient: Any, factors: Factors, *, learning_rate: Any, damping: Any, method: str = "exact"
) -> Any:
    """Return params + alpha (K-FAC + lambda I)^-1 gradient: an ascent step on the objective.

    Parameters
    ----------
    params, gradient
        The objective's gradient at ``params``; pass the gradient of -loss to descend.
    factors, damping, method
        As in ``solve``.
    learning_rate
        alpha > 0.
    """
    if not trees.is_traced(learning_rate):
        number(learning_rate, "learning_rate", above=0)
    trees.check_like(gradient, params, "gradient", "params")
    return trees.axpy(learning_rate, solve(factors, gradient, damping=damping, method=method).value, params)


def _layerwise(factors: Factors, tree: Any, apply: Callable[..., Any]) -> Any:
    if set(tree) != set(factors.inputs):
        raise ValueError(f"the gradient (or v) has layers {sorted(tree)}, the factors have {sorted(factors.inputs)}")
    result = {}
    for name, layer in tree.items():
        A, G = factors.inputs[name], factors.outputs[name]
        if "bias" in layer:
            # homogeneous coordinates: the bias is the kernel's last row
            whole = apply(name, A, G, jnp.concatenate([layer["kernel"], layer["bias"][None]]))
            result[name] = {"kernel": whole[:-1], "bias": whole[-1]}
        else:
            result[name] = {"kernel": apply(name, A, G, layer["kernel"])}
    return result
