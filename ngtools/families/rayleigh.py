"""The Rayleigh distribution: the length of a planar normal vector."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    (s,) = theta
    return m.log(x) - 2 * m.log(s) - (x / s) ** 2 / 2


def fisher(theta, m):
    (s,) = theta
    return m.matrix([[4 / s**2]])


def kl(theta0, theta1, m):
    ratio = theta0[0] / theta1[0]
    return ratio**2 - 1 - 2 * m.log(ratio)


def distance(theta0, theta1, m):
    return 2 * m.abs(m.log(theta0[0] / theta1[0]))


CHARTS = (Chart("scale", (Parameter("s", "positive"),)),)
POINTS = ((1.3,), (0.4,))


def make() -> Family:
    """The length of a vector of two independent N(0, s^2): density x/s^2 exp(-x^2/(2 s^2)) on x > 0."""
    return Family(
        name="rayleigh",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[0] * m.sqrt(2 * z)),
        points=POINTS,
    )
