"""The gamma distribution."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    k, b = theta
    return k * m.log(b) - m.loggamma(k) + (k - 1) * m.log(x) - b * x


def fisher(theta, m):
    k, b = theta
    return m.matrix([[m.trigamma(k), -1 / b], [-1 / b, k / b**2]])


def kl(theta0, theta1, m):
    (k0, b0), (k1, b1) = theta0, theta1
    return (
        (k0 - k1) * m.digamma(k0) - m.loggamma(k0) + m.loggamma(k1) + k1 * (m.log(b0) - m.log(b1)) + k0 * (b1 - b0) / b0
    )


SHAPE = Parameter("k", "positive")
CHARTS = (
    Chart("shape-rate", (SHAPE, Parameter("b", "positive"))),
    Chart(
        "shape-scale",
        (SHAPE, Parameter("s", "positive")),
        to_home=lambda phi, m: (phi[0], 1 / phi[1]),
        from_home=lambda theta, m: (theta[0], 1 / theta[1]),
    ),
    Chart(
        "shape-mean",
        (SHAPE, Parameter("mu", "positive")),
        to_home=lambda phi, m: (phi[0], phi[0] / phi[1]),
        from_home=lambda theta, m: (theta[0], theta[0] / theta[1]),
    ),
)
POINTS = ((2.3, 1.4), (0.6, 3.0))


def make() -> Family:
    """Gamma(shape k, rate b): density proportional to x^(k-1) exp(-b x) on x > 0."""
    return Family(
        name="gamma",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (theta[0],), map=lambda z, theta, m: z / theta[1]),
        points=POINTS,
    )
