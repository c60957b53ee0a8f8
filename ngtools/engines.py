"""The vocabulary of a formula, in three instances: SymPy, NumPy and JAX.

A formula of this package is a plain function of an *engine* ``m``.  Read with ``SYMPY`` it is an
expression, with ``NUMPY`` a number, with ``JAX`` something that can be differentiated, batched and
compiled.  There is one text and three readings, so a formula that is proved is the one that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
import scipy.special as sps
import sympy as sp

__all__ = ["JAX", "NUMPY", "SYMPY", "Engine", "engine_of"]

Scalar = Any
Function = Callable[..., Any]


@dataclass(frozen=True)
class Engine:
    """The words a formula may use; each acts elementwise unless it says otherwise.

    ``ratio(p, q)`` is the rational number p/q (exact in SymPy: a literal ``0.5`` would make it
    floating point).  ``logsumexp(entries)`` and ``pick(entries, index)`` take a sequence of entries.
    ``pair(x)`` is (x, 1 - x), or ``x`` itself where the caller already knows both numbers exactly.
    ``component(x, i)`` is entry i of a vector observation (its last axis).  ``where(condition, a, b)`` is a
    where the condition holds and b elsewhere (a SymPy ``Piecewise``); both are computed, so both must be finite
    wherever a derivative is taken.
    """

    name: str
    log: Function
    log1p: Function
    exp: Function
    sqrt: Function
    abs: Function
    sign: Function
    sin: Function
    cos: Function
    arcsin: Function
    softplus: Function
    sigmoid: Function
    logsumexp: Function
    pick: Function
    loggamma: Function
    digamma: Function
    trigamma: Function
    log_i0: Function
    i1_over_i0: Function
    pi: Scalar
    euler: Scalar
    ratio: Function
    vector: Function
    matrix: Function
    det: Function
    solve: Function
    component: Function
    where: Function

    def pair(self, x: Any) -> tuple[Any, Any]:
        """Return (x, 1 - x); a caller that knows both passes the tuple, and keeps its digits."""
        return x if isinstance(x, tuple) else (x, 1 - x)

    def __repr__(self) -> str:
        return self.name


def _sympy_pick(entries: Sequence[Any], index: Any) -> Any:
    if isinstance(index, (int, sp.Integer)):
        return entries[int(index)]
    return sp.Piecewise(*[(entry, sp.Eq(index, i)) for i, entry in enumerate(entries)])


def _sympy_log_sum(total: sp.Expr) -> sp.Expr:
    # log(1 + p/(1 - p)) is -log(1 - p): said so at once where the exponentials have cancelled
    return sp.log(total) if total.has(sp.exp) else -sp.log(sp.trigsimp(sp.cancel(1 / total)))


SYMPY = Engine(
    name="SYMPY",
    log=sp.log,
    log1p=lambda x: sp.log(1 + x),
    exp=sp.exp,
    sqrt=sp.sqrt,
    abs=sp.Abs,
    sign=sp.sign,
    sin=sp.sin,
    cos=sp.cos,
    arcsin=sp.asin,
    softplus=lambda x: _sympy_log_sum(1 + sp.exp(x)),
    sigmoid=lambda x: 1 / (1 + sp.exp(-x)),
    logsumexp=lambda entries: _sympy_log_sum(sp.Add(*[sp.exp(entry) for entry in entries])),
    pick=_sympy_pick,
    loggamma=sp.loggamma,
    digamma=lambda x: sp.polygamma(0, x),
    trigamma=lambda x: sp.polygamma(1, x),
    log_i0=lambda x: sp.log(sp.besseli(0, x)),
    i1_over_i0=lambda x: sp.besseli(1, x) / sp.besseli(0, x),
    pi=sp.pi,
    euler=sp.EulerGamma,
    ratio=sp.Rational,
    vector=lambda entries: sp.Matrix(list(entries)),
    matrix=lambda rows: sp.Matrix([list(row) for row in rows]),
    det=lambda A: sp.Matrix(A).det(),
    solve=lambda A, b: sp.Matrix(A).LUsolve(sp.Matrix(b)),
    component=lambda x, i: x[i],
    where=lambda condition, a, b: sp.Piecewise((a, condition), (b, True)),
)

def _numpy_where(condition: Any, a: Any, b: Any) -> Any:
    chosen: Any = np.where(condition, a, b)
    return chosen[()]


NUMPY = Engine(
    name="NUMPY",
    log=np.log,
    log1p=np.log1p,
    exp=np.exp,
    sqrt=np.sqrt,
    abs=np.abs,
    sign=np.sign,
    sin=np.sin,
    cos=np.cos,
    arcsin=np.arcsin,
    softplus=lambda x: np.logaddexp(0.0, x),
    sigmoid=sps.expit,
    logsumexp=lambda entries: sps.logsumexp(np.stack(np.broadcast_arrays(*entries)), axis=0),
    pick=lambda entries, index: np.stack(entries)[np.asarray(index).astype(int)],
    loggamma=sps.gammaln,
    digamma=sps.digamma,
    trigamma=lambda x: sps.polygamma(1, x),
    log_i0=lambda x: np.log(sps.i0e(x)) + np.abs(x),
    i1_over_i0=lambda x: sps.i1e(x) / sps.i0e(x),
    pi=np.pi,
    euler=np.euler_gamma,
    ratio=lambda p, q: p / q,
    vector=lambda entries: np.stack(np.broadcast_arrays(*entries)),
    matrix=lambda rows: np.array([[np.float64(entry) for entry in row] for row in rows]),
    det=np.linalg.det,
    solve=np.linalg.solve,
    component=lambda x, i: x[..., i],
    where=_numpy_where,
)


def _jax_matrix(rows: Sequence[Sequence[Any]]) -> jax.Array:
    # stack promotes the entries to one dtype without forcing 64 bits on a 32-bit caller
    return jnp.stack([jnp.stack([jnp.asarray(entry, jnp.result_type(float)) for entry in row]) for row in rows])


JAX = Engine(
    name="JAX",
    log=jnp.log,
    log1p=jnp.log1p,
    exp=jnp.exp,
    sqrt=jnp.sqrt,
    abs=jnp.abs,
    sign=jnp.sign,
    sin=jnp.sin,
    cos=jnp.cos,
    arcsin=jnp.arcsin,
    softplus=lambda x: jnp.logaddexp(0.0, x),
    sigmoid=jax.nn.sigmoid,
    logsumexp=lambda entries: jsp.logsumexp(jnp.stack(jnp.broadcast_arrays(*entries)), axis=0),
    pick=lambda entries, index: jnp.stack(entries)[jnp.asarray(index).astype(int)],
    loggamma=jsp.gammaln,
    digamma=jsp.digamma,
    trigamma=lambda x: jsp.polygamma(1, x),
    # i0 overflows in the hundreds; the scaled function and |x| do not
    log_i0=lambda x: jnp.log(jsp.i0e(x)) + jnp.abs(x),
    i1_over_i0=lambda x: jsp.i1e(x) / jsp.i0e(x),
    pi=np.pi,
    euler=float(np.euler_gamma),
    ratio=lambda p, q: p / q,
    vector=lambda entries: jnp.stack(jnp.broadcast_arrays(*entries)),
    matrix=_jax_matrix,
    det=jnp.linalg.det,
    solve=jnp.linalg.solve,
    component=lambda x, i: x[..., i],
    where=jnp.where,
)


def engine_of(*values: Any) -> Engine:
    """Return the engine that reads the given values.

    JAX if any of them is a JAX array or a tracer, SYMPY if any is a SymPy object, NUMPY otherwise;
    sequences are looked into.

    Examples
    --------
    >>> import sympy
    >>> engine_of(1.0, [2.0, 3.0]), engine_of([sympy.Symbol("sigma"), 1])
    (NUMPY, SYMPY)
    """
    found = NUMPY
    for value in values:
        if isinstance(value, jax.Array):
            return JAX
        if isinstance(value, (sp.Basic, sp.MatrixBase)):
            found = SYMPY
        elif isinstance(value, (tuple, list)):
            inner = engine_of(*value)
            if inner is JAX:
                return JAX
            if inner is SYMPY:
                found = SYMPY
    return found
