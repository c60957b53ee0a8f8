"""A problem with layers, for the methods that need them: a small tanh network in changed coordinates.

K-FAC reads its factors off the layers of the network *as it is written* in the coordinates at hand.  Whoever changes
the weights by affine maps in front of each kernel and behind it still has the same layers.  Whoever mixes all the
weights by one linear map has a single layer left: all the weights are one kernel, used wherever a unit needs them.
Bent coordinates have no layers at all, since a layer is linear in its weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import kfac
from ngtools.descent.setting import Setting
from ngtools.invariance.matrix import Problem
from ngtools.invariance.reparameterizations import REPARAMETERIZATIONS, Reparameterization, affine

__all__ = ["network_problem"]

EXAMPLES = 40
# two inputs, two tanh units, one output; the bias is the last row of a kernel
FIRST, LAST = (3, 2), (3, 1)
DIMENSION, CUT = 9, 6
BENT = "a layer is linear in its weights; bent coordinates are the weights of no layer, and K-FAC has nothing to read"


@cache
def network_problem() -> Problem:
    """Fit a network of 2 inputs, 2 tanh units and 1 output with unit normal noise to 40 random examples.

    A distribution is given by the outputs at the 40 inputs; F and KL are means over them, and the Fisher-Rao distance
    of two distributions is the root of the mean squared difference of their outputs.
    """
    rng = np.random.default_rng(9)
    X, Y = 1.5 * rng.standard_normal((EXAMPLES, 2)), rng.standard_normal((EXAMPLES, 1))
    setting = Setting(
        name="a network of two layers",
        dimension=DIMENSION,
        objective=lambda theta, data: -((_outputs(theta, data) - data[1].ravel()) ** 2).mean() / 2,
        metric=_metric,
        divergence=lambda old, new, data: ((_outputs(old, data) - _outputs(new, data)) ** 2).mean() / 2,
        decode=_outputs,
        separation=lambda first, second: float(np.sqrt(((first - second) ** 2).mean())),
        constants=(X, Y),
        matrices={"K-FAC": lambda theta, data: _kfac_matrix(_plain, _two_kernels)(theta, (data, ()))},
    )
    columns = _columns(rng)
    start = np.array([1.2, -0.3, 0.4, 1.0, 0.3, -0.5, 1.0, -0.8, 0.2])  # two units that do different things
    return Problem(setting, start, MappingProxyType({c.name: c for c in columns}))


def _columns(rng: np.random.Generator) -> list[Reparameterization]:
    def near_identity(n: int) -> np.ndarray:
        return np.eye(n) + 0.5 * rng.standard_normal((n, n)) / np.sqrt(n)

    Q = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))[0]
    scales, A = rng.permutation(np.geomspace(0.4, 2.0, DIMENSION)), near_identity(DIMENSION)
    maps = [near_identity(n) for n in (*FIRST, *LAST)]  # in front of the first kernel, behind it, and so the second
    mixed = [
        affine("orthogonal", "orthogonal", Q),
        affine("diagonal", "diagonal rescaling", np.diag(scales)),
        affine("affine", "general affine", A, 0.1),
    ]
    one_by_one = Reparameterization("log-sigma", "log sigma (one by one)", lambda psi, _: jnp.sinh(psi), np.arcsinh)
    smooth = Reparameterization("smooth", "smooth nonlinear", _sheared, lambda theta: _unsheared(theta, A), A)
    redundant = Reparameterization(
        "redundant",
        "over-parameterized (submersion)",
        _product,
        lambda theta: _factorised(theta, maps[1]),
        dimension=DIMENSION + 4,
    )
    layerwise = Reparameterization(
        "layerwise", "layerwise affine (network)", _layerwise, lambda theta: _unmapped(theta, maps), maps
    )
    return [
        *(replace(column, matrices={"K-FAC": _kfac_matrix(_all_in_one, _one_kernel)}) for column in mixed),
        *(replace(column, matrices={"K-FAC": BENT}) for column in (one_by_one, smooth)),
        replace(redundant, matrices={"K-FAC": _kfac_matrix(_factored, _three_kernels)}),
        replace(layerwise, matrices={"K-FAC": _kfac_matrix(_mapped, _two_kernels)}),
        REPARAMETERIZATIONS["another-network"],
    ]


def _outputs(theta: Any, data: Any) -> Any:
    kernels = _two_kernels(theta)
    return jax.vmap(lambda x: _plain(kernels, x, kfac.dense, ()))(data[0]).ravel()


def _metric(theta: Any, data: Any) -> Any:
    J = jax.jacfwd(_outputs)(theta, data)
    return J.T @ J / EXAMPLES


def _kfac_matrix(network: Callable[..., Any], arrange: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """K-FAC's matrix for a network written as ``network(kernels, x, dense, constants)``, kernels = arrange(psi)."""

    def matrix(psi: Any, constants: Any) -> Any:
        (X, _), own = constants
        found = kfac.factors(lambda p, x, dense=kfac.dense: network(p, x, dense, own), arrange(psi), X, "unit-normal")
        # a kernel row by row is M column by column
        blocks = [jnp.kron(found.inputs[name], found.outputs[name]) for name in sorted(found.inputs)]
        return jax.scipy.linalg.block_diag(*blocks)

    return matrix


# -- the network as it is written in each system of coordinates -----------------------------------------


def _one(a: Any) -> Any:
    return jnp.concatenate([a, jnp.ones(1, a.dtype)])


def _two_kernels(theta: Any) -> Any:
    return {"1": {"kernel": theta[:CUT].reshape(FIRST)}, "2": {"kernel": theta[CUT:].reshape(LAST)}}


def _plain(kernels: Any, x: Any, dense: Any, _: Any) -> Any:
    return dense(kernels, "2", _one(jnp.tanh(dense(kernels, "1", _one(x)))))


def _mapped(kernels: Any, x: Any, dense: Any, maps: Any) -> Any:
    """Kernels S K T: each layer hears its input through S and is heard through T."""
    S, T, U, V = maps
    return dense(kernels, "2", _one(jnp.tanh(dense(kernels, "1", _one(x) @ S) @ T)) @ U) @ V


def _layerwise(psi: Any, maps: Any) -> Any:
    S, T, U, V = maps
    return jnp.append(S @ psi[:CUT].reshape(FIRST) @ T, U @ psi[CUT:].reshape(LAST) @ V)


def _unmapped(theta: np.ndarray, maps: Any) -> np.ndarray:
    S, T, U, V = (np.linalg.inv(one) for one in maps)
    return np.append(S @ theta[:CUT].reshape(FIRST) @ T, U @ theta[CUT:].reshape(LAST) @ V)


def _one_kernel(psi: Any) -> Any:
    return {"all": {"kernel": psi[:, None]}}


def _all_in_one(kernels: Any, x: Any, dense: Any, constants: Any) -> Any:
    """theta = A psi + b: what a unit hears is linear in all of psi, one place a unit."""
    A, b = constants

    def heard(a: Any, rows: slice, shape: tuple[int, int]) -> Any:
        coefficients = jnp.einsum("i,iok->ok", a, A[rows].reshape(*shape, DIMENSION))
        return dense(kernels, "all", coefficients).ravel() + a @ b[rows].reshape(shape)

    return heard(_one(jnp.tanh(heard(_one(x), slice(CUT), FIRST))), slice(CUT, None), LAST)


def _three_kernels(psi: Any) -> Any:
    a, b, c = psi[:CUT].reshape(FIRST), psi[CUT : CUT + 4].reshape(2, 2), psi[CUT + 4 :].reshape(LAST)
    return {"1": {"kernel": a}, "2": {"kernel": b}, "3": {"kernel": c}}


def _product(psi: Any, _: Any) -> Any:
    kernels = _three_kernels(psi)
    return jnp.append(kernels["1"]["kernel"] @ kernels["2"]["kernel"], kernels["3"]["kernel"])


def _factorised(theta: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.concatenate([(theta[:CUT].reshape(FIRST) @ np.linalg.inv(second)).ravel(), second.ravel(), theta[CUT:]])


def _factored(kernels: Any, x: Any, dense: Any, _: Any) -> Any:
    """The first kernel as a product of two: one more linear layer, no new function."""
    return dense(kernels, "3", _one(jnp.tanh(dense(kernels, "2", dense(kernels, "1", _one(x))))))


def _sheared(psi: Any, A: Any) -> Any:
    return A @ (psi + 0.3 * jnp.tanh(jnp.append(psi[1:], 0.0)))


def _unsheared(theta: np.ndarray, A: np.ndarray) -> np.ndarray:
    psi = np.linalg.solve(A, theta)
    for i in reversed(range(len(psi) - 1)):
        psi[i] -= 0.3 * np.tanh(psi[i + 1])
    return psi
