"""Geodesics: the straightest curves of the Fisher metric, followed from a point and a velocity."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ngtools.checks import number, real_array, whole_number
from ngtools.families import Family
from ngtools.geometry.christoffel import motion
from ngtools.geometry.metric import Metric, metric_of

__all__ = ["Geodesic", "LeftDomain", "follow", "geodesic"]

# DOP853 at these tolerances is exact to about 1e-12 over unit lengths
TOLERANCES = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}
# a geodesic that runs into the edge of the domain would take ever shorter steps
MOST_EVALUATIONS = 6000


class LeftDomain(ValueError):
    """A curve or a step left the domain of the parameters."""


@dataclass(frozen=True)
class Geodesic:
    """Points (n, d) and velocities (n, d) of a geodesic at the given times (n,), in one chart."""

    times: np.ndarray
    points: np.ndarray
    velocities: np.ndarray

    @property
    def end(self) -> np.ndarray:
        """The last point."""
        return self.points[-1]


def geodesic(
    family: Family,
    theta: Any,
    velocity: Any,
    time: float = 1.0,
    chart: str | None = None,
    points: int = 2,
) -> Geodesic:
    """Follow the geodesic that leaves theta with the given velocity: theta'' + Gamma(theta', theta') = 0.

    Parameters
    ----------
    family, theta, chart
        The start, in the coordinates of ``chart``; the equation is solved in these coordinates.
    velocity
        dtheta/dt at the start, shape (d,).  The speed sqrt(v^T F v) is constant along the curve.
    time
        How long; the length of the curve is time times speed.
    points
        Number of points returned, both ends included.

    Raises
    ------
    LeftDomain
        The geodesic reaches the edge of the domain before ``time`` (on Bernoulli and the simplex
        geodesics leave in finite length).  A ValueError.

    Examples
    --------
    >>> from ngtools import families
    >>> geodesic(families.get("zero-mean-normal"), [1.0], [1.0]).end.round(6)  # sigma exp(v t / sigma)
    array([2.718282])
    """
    metric = metric_of(family, chart)
    theta = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    time, points = number(time, "time", above=0), whole_number(points, "points", least=2)
    return follow(metric, theta, real_array(velocity, "velocity", theta.shape), time, points)


def follow(
    metric: Metric, theta: np.ndarray, velocity: np.ndarray, time: float = 1.0, points: int = 2, constants: Any = ()
) -> Geodesic:
    """The same for any metric; ``constants`` are the further arguments of its function."""
    d = len(theta)
    times = np.linspace(0.0, time, points)
    evaluations = itertools.count()

    def field(t: float, state: np.ndarray) -> np.ndarray:
        place, v = state[:d], state[d:-1]
        if next(evaluations) >= MOST_EVALUATIONS or not metric.inside(place):
            return np.full(2 * d + 1, np.nan)  # the solver then takes shorter steps, and gives up in the end
        return np.append(v, np.hstack(motion(metric, place, v, *constants)))

    # log det F is carried along: it has no limit at the edge, where a coordinate such as p = sin^2(a/2) only touches
    # zero and a solver would step over it, back into the domain
    state = np.hstack([theta, velocity, 0.0])
    reached = 0.0
    with np.errstate(all="ignore"):
        if np.isfinite(field(0.0, state)).all():  # else the solver would look for its first step for ever
            solution = solve_ivp(field, (0.0, time), state, dense_output=True, **TOLERANCES)
            if solution.success:
                states = solution.sol(times)
                return Geodesic(times, states[:d].T, states[d:-1].T)
            reached = solution.t[-1]
    raise LeftDomain(
        f"the geodesic from {theta.tolist()} with velocity {velocity.tolist()} leaves the domain before t = {time} "
        f"(followed up to t = {reached:.3g})"
    )
