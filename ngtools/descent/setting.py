"""A setting: an objective on distributions, seen through one system of coordinates.

A step function gets a setting and a point, and knows nothing else: everything it may use (objective,
Fisher matrix, divergence) is a function of these coordinates.  Whether its result depends on them is
then a fair question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ngtools.descent.natural import natural_gradient
from ngtools.geometry.compiled import compiled
from ngtools.geometry.geodesic import LeftDomain
from ngtools.geometry.metric import Metric

__all__ = ["NoSuchStep", "Pin", "Setting"]

Function = Callable[..., Any]


class NoSuchStep(ValueError):
    """A method is not defined in these coordinates; the message says why."""


@dataclass(frozen=True, eq=False)
class Setting:
    """Coordinates theta of distributions, and an objective to maximise.

    The four functions are written in ``jax.numpy``; their last argument is ``constants``.

    Parameters
    ----------
    name
        For tables and messages.
    dimension
        Number of coordinates.
    objective
        (theta, constants) -> number, maximised.
    metric
        (theta, constants) -> Fisher matrix (d, d) in these coordinates.
    divergence
        (old, new, constants) -> KL(old || new) in nats.
    decode
        (theta, constants) -> the distribution, as coordinates every setting of one problem shares.
    check
        Raises ValueError outside the domain.
    separation
        (distribution, distribution) -> Fisher-Rao distance.
    constants
        Arrays the functions are called with; settings that differ only here share compiled programs.
    redundant
        More coordinates than dimensions: F is singular, and F^+ stands for its inverse.
    pin
        The chart that the mirror step is pinned to.
    matrices
        What some methods put in place of the Fisher matrix, by name: (theta, constants) -> (d, d), or the reason
        why there is none in these coordinates.
    """

    name: str
    dimension: int
    objective: Function
    metric: Function
    divergence: Function
    decode: Function
    check: Callable[[np.ndarray], Any] = lambda theta: None
    separation: Callable[[np.ndarray, np.ndarray], float] | None = None
    constants: Any = ()
    redundant: bool = False
    pin: Pin | None = None
    matrices: Mapping[str, Function | str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<setting {self.name}: {self.dimension} coordinates>"

    def value(self, theta: Any) -> float:
        """The objective."""
        return float(compiled(self.objective)(theta, self.constants))

    def gradient(self, theta: Any) -> np.ndarray:
        """Its gradient, shape (d,)."""
        return compiled(self.objective, "gradient")(theta, self.constants)

    def hessian(self, theta: Any) -> np.ndarray:
        """Its Hessian, shape (d, d)."""
        return compiled(self.objective, "hessian")(theta, self.constants)

    def fisher(self, theta: Any) -> np.ndarray:
        """The Fisher matrix, shape (d, d)."""
        return compiled(self.metric)(theta, self.constants)

    def matrix(self, name: str, theta: Any) -> np.ndarray:
        """The matrix that the method ``name`` puts in place of the Fisher matrix, shape (d, d).

        Raises
        ------
        NoSuchStep
            These coordinates have none.
        """
        function = self.matrices.get(name, f"setting '{self.name}' says nothing of a matrix for {name}")
        if isinstance(function, str):
            raise NoSuchStep(function)
        return compiled(function)(theta, self.constants)

    def natural_gradient(self, theta: Any) -> np.ndarray:
        """F^{-1} g; F^+ g where the coordinates are redundant."""
        singular = "minimum-norm" if self.redundant else "raise"
        return natural_gradient(self.fisher(theta), self.gradient(theta), singular=singular)

    def kl(self, old: Any, new: Any) -> float:
        """KL(old || new) in nats."""
        return float(compiled(self.divergence)(old, new, self.constants))

    def kl_gradient(self, old: Any, new: Any) -> np.ndarray:
        """The gradient of KL(old || new) in ``new``."""
        return compiled(self.divergence, "gradient", 1)(old, new, self.constants)

    def kl_hessian(self, old: Any, new: Any) -> np.ndarray:
        """The Hessian of KL(old || new) in ``new``."""
        return compiled(self.divergence, "hessian", 1)(old, new, self.constants)

    def distribution(self, theta: Any) -> np.ndarray:
        """The distribution at theta, in the coordinates that all settings of one problem share."""
        return compiled(self.decode)(theta, self.constants)

    def distance(self, first: Any, second: Any) -> float:
        """The Fisher-Rao distance between two distributions (results of ``distribution``)."""
        if self.separation is None:
            raise ValueError(f"setting '{self.name}' defines no distance between distributions")
        return self.separation(first, second)

    @property
    def geometry(self) -> Metric:
        """The metric of these coordinates, for geodesics."""
        return Metric(self.metric, self.dimension, self.check, self.redundant)

    def outside(self, theta: np.ndarray) -> str:
        """Why theta is no point of the domain; "" if it is one."""
        if not np.isfinite(theta).all():
            return f"theta is not finite: {theta.tolist()}"
        try:
            self.check(theta)
        except ValueError as error:
            return str(error)
        return ""

    def require(self, theta: np.ndarray) -> np.ndarray:
        """Return theta; raise `LeftDomain` unless it is in the domain."""
        if reason := self.outside(theta):
            raise LeftDomain(reason)
        return theta


@dataclass(frozen=True, eq=False)
class Pin:
    """A chart to pin a method to: its setting, and the maps to and from it (NumPy vectors)."""

    setting: Setting
    to: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
