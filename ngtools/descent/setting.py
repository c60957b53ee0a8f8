"""A setting: an objective on distributions, seen through one system of coordinates.

A step function gets a setting and a point, and knows nothing else: everything it may use (objective,
Fisher matrix, divergence) is a function of these coordinates.  Whether its result depends on them is
then a fair question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from ngtools.descent.natural import natural_gradient
from ngtools.descent.objectives import as_objective
from ngtools.families import Family
from ngtools.geometry.compiled import compiled
from ngtools.geometry.distance import chord, distance
from ngtools.geometry.geodesic import LeftDomain
from ngtools.geometry.metric import Metric

__all__ = ["Pin", "Setting", "chart_setting", "pull_back"]

Function = Callable[..., Any]


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


@lru_cache(maxsize=256)
def _geometry(family: Family, chart: str) -> tuple[Function, Function, Function]:
    reference = family.charts[0]
    return (
        lambda theta, constants: family.fisher(theta, chart=chart),
        lambda old, new, constants: family.kl(old, new, chart=chart),
        lambda theta, constants: theta if chart == reference else family.convert(theta, to=reference, chart=chart),
    )


@lru_cache(maxsize=512)
def _objective(family: Family, chart: str, function: Function) -> Function:
    decode = _geometry(family, chart)[2]
    return lambda theta, constants: function(decode(theta, constants), constants)


def chart_setting(family: Family, objective: Function, chart: str | None = None, pinned: str | None = None) -> Setting:
    """The setting of a family in one of its charts.

    Parameters
    ----------
    family, chart
        The reference chart by default.
    objective
        A ``jax.numpy`` function of the *reference-chart* parameters, maximised; or an `Objective`.
    pinned
        The chart of the mirror step: "natural" where the family has it, else the reference chart.
    """
    record, goal = family.chart(chart), as_objective(objective)
    metric, divergence, decode = _geometry(family, record.name)
    setting = Setting(
        name=f"{family.name} in {record.name}",
        dimension=record.dimension,
        objective=_objective(family, record.name, goal.function),
        metric=metric,
        divergence=divergence,
        decode=decode,
        check=record.check,
        separation=lambda first, second: _separation(family, first, second),
        constants=goal.constants,
        redundant=record.dimension > family.dimension(),
    )
    dual = pinned or ("natural" if "natural" in family.charts else family.charts[0])
    if record.name == dual:
        return replace(setting, pin=Pin(setting, lambda theta: theta, lambda theta: theta))
    pin = Pin(
        chart_setting(family, goal, dual, dual),
        lambda theta: np.asarray(family.convert(theta, to=dual, chart=record.name)),
        lambda theta: np.asarray(family.convert(family.chart(dual).check(theta), to=record.name, chart=dual)),
    )
    return replace(setting, pin=pin)


def _separation(family: Family, first: np.ndarray, second: np.ndarray) -> float:
    # shooting needs points apart, and the chord's relative error is of the order of its square
    if family.formulas.distance is None:
        near = chord(family, first, second)
        if near < 1e-3:
            return near
    return distance(family, first, second).value


@lru_cache(maxsize=256)
def _pulled(function: Function, h: Function, kind: str) -> Function:
    def metric(psi: Any, constants: Any) -> Any:
        inner, own = constants
        J = jax.jacfwd(h)(psi, own)
        return J.T @ function(h(psi, own), inner) @ J

    def divergence(old: Any, new: Any, constants: Any) -> Any:
        inner, own = constants
        return function(h(old, own), h(new, own), inner)

    def scalar(psi: Any, constants: Any) -> Any:
        inner, own = constants
        return function(h(psi, own), inner)

    kinds: dict[str, Function] = {"metric": metric, "divergence": divergence, "scalar": scalar}
    return kinds[kind]


def pull_back(
    setting: Setting,
    name: str,
    h: Callable[[Any, Any], Any],
    encode: Callable[[np.ndarray], np.ndarray],
    constants: Any = (),
    dimension: int | None = None,
) -> Setting:
    """The same problem in coordinates psi with theta = h(psi, constants).

    Parameters
    ----------
    setting
        In theta.
    h
        A ``jax.numpy`` function of the new coordinates; use one function with different ``constants``
        rather than many closures, and it is compiled once.
    encode
        theta -> some psi with h(psi) = theta (NumPy); the start, and where the mirror step comes back.
    dimension
        Number of new coordinates; more than the old ones make them redundant.
    """
    dimension = setting.dimension if dimension is None else dimension

    def decode(psi: np.ndarray) -> np.ndarray:
        return compiled(h)(psi, constants)

    def check(psi: np.ndarray) -> None:
        setting.check(decode(psi))

    inner = setting.pin
    pin = inner and Pin(inner.setting, lambda psi: inner.to(decode(psi)), lambda theta: encode(inner.back(theta)))
    return replace(
        setting,
        name=name,
        dimension=dimension,
        objective=_pulled(setting.objective, h, "scalar"),
        metric=_pulled(setting.metric, h, "metric"),
        divergence=_pulled(setting.divergence, h, "divergence"),
        decode=_pulled(setting.decode, h, "scalar"),
        check=check,
        constants=(setting.constants, constants),
        redundant=setting.redundant or dimension > setting.dimension,
        pin=pin,
    )
