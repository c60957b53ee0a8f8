"""Charts: coordinate systems on a family of distributions.

A chart names its coordinates, says where each may lie, and maps to and from the *home* coordinates in
which the formulas of the family are written.  Everything a family knows in home coordinates is carried
to a chart by the Jacobian of ``to_home``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import sympy as sp

from ngtools.engines import SYMPY, Engine

__all__ = ["Chart", "Parameter", "check_vector"]

Map = Callable[[Sequence[Any], Engine], Sequence[Any]]

_DOMAINS: dict[str, tuple[Callable[[Any], bool], str, dict[str, bool]]] = {
    "real": (lambda value: True, "be real", {"real": True}),
    "positive": (lambda value: value > 0, "be > 0", {"positive": True}),
    "negative": (lambda value: value < 0, "be < 0", {"negative": True}),
    "unit": (lambda value: 0 < value < 1, "lie strictly inside (0, 1)", {"positive": True}),
    # 2 arcsin sqrt(p): the coordinate in which a Bernoulli's Fisher information is constant
    "angle": (lambda value: 0 < value < np.pi, "lie strictly inside (0, pi)", {"positive": True}),
}


@dataclass(frozen=True)
class Parameter:
    """One coordinate: its name, its domain ("real", "positive", "negative", "unit", "angle"), and what
    to try instead when a value falls outside."""

    name: str
    domain: str = "real"
    hint: str = ""

    def check(self, value: float, where: str) -> None:
        """Raise ValueError unless the value lies in the domain."""
        holds, phrase, _ = _DOMAINS[self.domain]
        if not holds(value):
            hint = f"; {self.hint}" if self.hint else ""
            raise ValueError(f"{where}: {self.name} must {phrase} (got {value!s}){hint}")

    @property
    def symbol(self) -> sp.Symbol:
        """The SymPy symbol of this coordinate, with the assumptions of its domain."""
        return sp.Symbol(self.name, **_DOMAINS[self.domain][2])


def _identity(theta: Sequence[Any], m: Engine) -> Sequence[Any]:
    return theta


@dataclass(frozen=True)
class Chart:
    """A parameterization of a family.

    Parameters
    ----------
    name
        Words with hyphens, in the order of the coordinates (``"mean-std"``).
    parameters
        One record a coordinate.
    to_home, from_home
        The map to the home coordinates and back, written in engine words.
    joint
        Given the concrete coordinates, a sentence on what is wrong with them together, or "".
    distance
        ``distance(theta0, theta1, m)``, the Fisher-Rao distance *within* a chart that covers only a part of its
        family, in this chart's own coordinates.  (A chart of the whole family uses ``formulas.distance``.)
    points
        Generic points of this chart, where those of the family do not lie in it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    to_home: Map = _identity
    from_home: Map = _identity
    joint: Callable[[np.ndarray], str] = lambda theta: ""
    distance: Callable[[Sequence[Any], Sequence[Any], Engine], Any] | None = None
    points: tuple[tuple[float, ...], ...] = ()

    @property
    def dimension(self) -> int:
        return len(self.parameters)

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        return tuple(parameter.symbol for parameter in self.parameters)

    def home_symbolic(self) -> tuple[sp.Expr, ...]:
        """The home coordinates as SymPy expressions of this chart's symbols."""
        return tuple(sp.sympify(entry) for entry in self.to_home(self.symbols, SYMPY))

    def check(self, theta: Any, where: str = "theta") -> Any:
        """Return theta as a float vector of this chart; raise if it is none.

        Traced values (inside ``jit``, ``vmap``, ``grad``) are checked for shape and type only.
        """
        theta = check_vector(theta, where)
        if theta.shape != (self.dimension,):
            names = ", ".join(parameter.name for parameter in self.parameters)
            raise ValueError(
                f"{where} must have shape ({self.dimension},) for chart '{self.name}' ({names}), got {theta.shape}"
            )
        if not isinstance(theta, jax.core.Tracer):
            values = np.asarray(theta)
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.check(value, where)
            if complaint := self.joint(values):
                raise ValueError(f"{where}: {complaint}")
        return theta


def check_vector(value: Any, where: str) -> Any:
    """Return a float vector (NumPy in 64 bits, or the JAX array given); raise on integers and NaN.

    Lists and tuples of Python numbers are read as float64.  An *array* of integers is refused: it would
    make automatic differentiation fail later, far from here.
    """
    if isinstance(value, jax.Array):
        array: Any = value
    elif isinstance(value, np.ndarray):
        array = value.astype(np.float64) if np.issubdtype(value.dtype, np.floating) else value
    elif isinstance(value, (tuple, list)) and any(isinstance(entry, jax.Array) for entry in value):
        array = jax.numpy.stack([jax.numpy.asarray(entry, jax.numpy.result_type(float)) for entry in value])
    else:
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{where} must be a vector of numbers (got {value!r})") from error
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"{where} must be floating point (got {array.dtype}); write 2.0 for 2, or use .astype(float)")
    if array.ndim != 1:
        raise ValueError(f"{where} must be a vector (got shape {array.shape}); no broadcasting is done")
    if not isinstance(array, jax.core.Tracer):
        values = np.asarray(array)
        if not np.isfinite(values).all():
            index = int(np.flatnonzero(~np.isfinite(values))[0])
            raise ValueError(f"{where} contains {values[index]} at index {index}")
    return array
