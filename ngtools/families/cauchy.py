"""The Cauchy distribution: no mean, no variance, and a Fisher matrix all the same."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, s = theta
    return -m.log(m.pi * s) - m.log1p(((x - mu) / s) ** 2)


def fisher(theta, m):
    _, s = theta
    return m.matrix([[1 / (2 * s**2), 0], [0, 1 / (2 * s**2)]])


def kl(theta0, theta1, m):
    (mu0, s0), (mu1, s1) = theta0, theta1
    return m.log1p(((s0 - s1) ** 2 + (mu0 - mu1) ** 2) / (4 * s0 * s1))


def distance(theta0, theta1, m):
    return half_plane(m.ratio(1, 2), m.ratio(1, 2), theta0, theta1, m)


def quantile(z, theta, m):
    e, (w, v) = z
    return theta[0] + theta[1] * e * m.sqrt(v / w)


CHARTS = (Chart("location-scale", (Parameter("mu"), Parameter("s", "positive"))),)
POINTS = ((0.2, 0.8), (-3.0, 2.0))


def make() -> Family:
    """Density 1 / (pi s (1 + ((x - mu) / s)^2)).  Its KL is symmetric in its arguments, a curiosity."""
    half = lambda theta, m: (m.ratio(1, 2), m.ratio(1, 2))  # noqa: E731
    return Family(
        name="cauchy",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(),
        law=Law("sign-beta", shape=half, map=quantile),
        points=POINTS,
    )
