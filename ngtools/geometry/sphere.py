"""The sphere in two charts: where invariance can be seen before any distribution is met.

Points are unit vectors (x, y, z); a chart is a map from two coordinates to points.  The map is written once, in
engine words; metric, transition and arrows are derived from it, symbolically or by automatic differentiation.
Angles in radians, lengths in units of the sphere's radius.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from ngtools.engines import JAX, SYMPY, Engine, engine_of
from ngtools.geometry.compiled import compiled

__all__ = [
    "LATITUDE_LONGITUDE",
    "STEREOGRAPHIC",
    "SphereChart",
    "bearing",
    "circle",
    "differential",
    "distance",
    "frame",
    "jacobian",
    "locate",
    "metric",
    "point",
    "walk",
]


@dataclass(frozen=True)
class SphereChart:
    """Two coordinates on the sphere.

    Parameters
    ----------
    name, coordinates
        Words for tables and axis labels.
    symbols
        The SymPy symbols of the coordinates.
    embed
        ``embed(theta, m)``: the point (x, y, z) with coordinates theta.
    locate
        ``locate((x, y, z), m)``: the coordinates of a point, the inverse of ``embed``.
    """

    name: str
    coordinates: tuple[str, str]
    symbols: tuple[sp.Symbol, sp.Symbol]
    embed: Callable[[Sequence[Any], Engine], tuple[Any, Any, Any]]
    locate: Callable[[Sequence[Any], Engine], tuple[Any, Any]]


def _embed_globe(theta: Sequence[Any], m: Engine) -> tuple[Any, Any, Any]:
    beta, ell = theta
    return m.cos(beta) * m.cos(ell), m.cos(beta) * m.sin(ell), m.sin(beta)


def _locate_globe(place: Sequence[Any], m: Engine) -> tuple[Any, Any]:
    x, y, z = place
    across = m.sqrt(x**2 + y**2)
    # the half angle: sin(ell / 2) tells east from west, which arccos(x / across) does not
    return m.arcsin(z), 2 * m.arcsin(y / m.sqrt(2 * across * (across + x)))


def _embed_plane(theta: Sequence[Any], m: Engine) -> tuple[Any, Any, Any]:
    a, b = theta
    s = 1 + a**2 + b**2
    return 2 * a / s, 2 * b / s, (1 - a**2 - b**2) / s


def _locate_plane(place: Sequence[Any], m: Engine) -> tuple[Any, Any]:
    x, y, z = place
    return x / (1 + z), y / (1 + z)


_BETA = sp.Symbol("beta", positive=True)  # positive: simplification may then take cos(beta) > 0 near 0 < beta
LATITUDE_LONGITUDE = SphereChart(
    "latitude-longitude", ("latitude", "longitude"), (_BETA, sp.Symbol("ell", real=True)), _embed_globe, _locate_globe
)
STEREOGRAPHIC = SphereChart(
    "stereographic", ("a", "b"), (sp.Symbol("a", real=True), sp.Symbol("b", real=True)), _embed_plane, _locate_plane
)


def point(chart: SphereChart, theta: Any) -> Any:
    """The point (x, y, z) with the given coordinates; coordinates of shape (2, ...) give points (3, ...).

    Examples
    --------
    >>> point(STEREOGRAPHIC, [0.0, 0.0])  # the north pole
    array([0., 0., 1.])
    """
    m = engine_of(theta)
    return m.vector(chart.embed(tuple(theta), m))


def locate(chart: SphereChart, place: Any) -> Any:
    """The coordinates of a point.

    Neither chart covers the whole sphere: latitude-longitude leaves out the poles and the meridian of 180
    degrees, the stereographic chart the south pole.

    Examples
    --------
    >>> locate(STEREOGRAPHIC, [1.0, 0.0, 0.0])  # the equator is the unit circle
    array([1., 0.])
    """
    m = engine_of(place)
    return m.vector(chart.locate(tuple(place), m))


def frame(chart: SphereChart, theta: Any) -> Any:
    """The derivative of the point by the coordinates, shape (3, 2): where each coordinate axis points."""
    if engine_of(theta) is SYMPY:
        return _symbolic_derivative(chart.embed(chart.symbols, SYMPY), chart, theta)
    return compiled(_embedding(chart), "jacobian")(np.asarray(theta))


def jacobian(source: SphereChart, target: SphereChart, theta: Any) -> Any:
    """J = d phi / d theta of the transition between two charts, theta in the source and phi in the target."""
    if engine_of(theta) is SYMPY:
        return _symbolic_derivative(target.locate(source.embed(source.symbols, SYMPY), SYMPY), source, theta)
    return compiled(_transition(source, target), "jacobian")(np.asarray(theta))


def metric(chart: SphereChart, theta: Any) -> Any:
    """The metric of the sphere in a chart, M = E^T E with E the frame.

    A small arrow v has the length sqrt(v^T M v) on the ground.

    Examples
    --------
    >>> metric(STEREOGRAPHIC, STEREOGRAPHIC.symbols)[0, 0]
    4/(a**2 + b**2 + 1)**2
    """
    if engine_of(theta) is SYMPY:
        E = frame(chart, chart.symbols)
        M = sp.Matrix(2, 2, [sp.factor(sp.trigsimp(entry)) for entry in E.T * E])
        return M.subs(dict(zip(chart.symbols, theta, strict=True)), simultaneous=True)
    E = frame(chart, theta)
    return E.T @ E


def differential(chart: SphereChart, theta: Any, target: Any) -> Any:
    """The derivative of f(p) = <p, target> by the coordinates, shape (2,).

    f is the cosine of the distance to a target: its steepest ascent follows the great circle that leads there.
    """
    E = frame(chart, theta)
    return E.T * sp.Matrix(target) if isinstance(E, sp.MatrixBase) else E.T @ np.asarray(target)


def distance(p: Any, q: Any) -> float:
    """The length of the shortest way between two points, along a great circle."""
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    return float(np.arctan2(np.linalg.norm(np.cross(p, q)), p @ q))


def bearing(place: Any, arrow: Any) -> float:
    """The direction of an arrow (3,) at a point, in degrees from north over east, in (-180, 180].

    Examples
    --------
    >>> bearing([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    90.0
    """
    beta, ell = locate(LATITUDE_LONGITUDE, np.asarray(place, dtype=np.float64))
    north = [-np.sin(beta) * np.cos(ell), -np.sin(beta) * np.sin(ell), np.cos(beta)]
    east = [-np.sin(ell), np.cos(ell), 0.0]
    return float(np.degrees(np.arctan2(np.dot(arrow, east), np.dot(arrow, north))))


def walk(place: Any, arrow: Any) -> np.ndarray:
    """The point reached from a place by walking straight along an arrow (3,), as far as the arrow is long."""
    place, arrow = np.asarray(place, dtype=np.float64), np.asarray(arrow, dtype=np.float64)
    length = np.linalg.norm(arrow)
    # np.sinc(t) is sin(pi t) / (pi t), and 1 at t = 0
    return np.cos(length) * place + np.sinc(length / np.pi) * arrow


def circle(place: Any, radius: float, points: int = 91) -> np.ndarray:
    """The points at one distance from a place, shape (3, points), closed, counterclockwise as seen from outside."""
    place = np.asarray(place, dtype=np.float64)
    first = np.cross(place, np.eye(3)[np.argmin(np.abs(place))])
    first /= np.linalg.norm(first)
    second = np.cross(place, first)
    turn = np.linspace(0, 2 * np.pi, points)
    around = np.outer(first, np.cos(turn)) + np.outer(second, np.sin(turn))
    return np.cos(radius) * place[:, None] + np.sin(radius) * around


def _symbolic_derivative(image: Sequence[sp.Expr], chart: SphereChart, theta: Any) -> sp.Matrix:
    there = dict(zip(chart.symbols, theta, strict=True))
    return sp.Matrix(image).jacobian(chart.symbols).subs(there, simultaneous=True)


# remembered, so that each derivative is compiled once
@lru_cache
def _embedding(chart: SphereChart) -> Callable[[Any], Any]:
    return lambda theta: JAX.vector(chart.embed(tuple(theta), JAX))


@lru_cache
def _transition(source: SphereChart, target: SphereChart) -> Callable[[Any], Any]:
    return lambda theta: JAX.vector(target.locate(source.embed(tuple(theta), JAX), JAX))
