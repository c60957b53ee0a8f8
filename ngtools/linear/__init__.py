"""Solves from a matrix-vector product, on any parameter pytree; each reports a ``Solution``."""

from ngtools.linear.cg import cg
from ngtools.linear.damping import damped
from ngtools.linear.kronecker import kron_product, kron_solve, kron_solve_factored, unvec, vec
from ngtools.linear.sample_space import sample_space
from ngtools.linear.solution import Solution

__all__ = [
    "Solution",
    "cg",
    "damped",
    "kron_product",
    "kron_solve",
    "kron_solve_factored",
    "sample_space",
    "unvec",
    "vec",
]
