"""The logistic distribution."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane, kl_by_quadrature
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, s = theta
    return log_standard((x - mu) / s, m) - m.log(s)


def log_standard(z, m):
    return -z - 2 * m.softplus(-z)


def fisher(theta, m):
    _, s = theta
    return m.matrix([[1 / (3 * s**2), 0], [0, (3 + m.pi**2) / (9 * s**2)]])


def kl(theta0, theta1, m):
    return kl_by_quadrature(log_standard, theta0, theta1, m)


def distance(theta0, theta1, m):
    return half_plane(m.ratio(1, 3), (3 + m.pi**2) / 9, theta0, theta1, m)


CHARTS = (Chart("location-scale", (Parameter("mu"), Parameter("s", "positive"))),)
POINTS = ((0.4, 1.2), (-2.0, 0.5))


def make() -> Family:
    """Distribution function 1 / (1 + exp(-(x - mu)/s))."""
    return Family(
        name="logistic",
        formulas=Formulas(log_density, fisher, kl, distance, kl_route="quadrature"),
        chart_records=CHARTS,
        support=Interval(),
        # the logit of a uniform number
        law=Law(
            "beta",
            shape=lambda theta, m: (1, 1),
            map=lambda z, theta, m: theta[0] + theta[1] * (m.log(z[0]) - m.log(z[1])),
        ),
        points=POINTS,
    )
