"""The zero-mean normal distribution: Alice's standard deviation, Bob's variance, Carol's logarithm."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    (sigma,) = theta
    return -m.log(sigma) - m.ratio(1, 2) * m.log(2 * m.pi) - x**2 / (2 * sigma**2)


def fisher(theta, m):
    (sigma,) = theta
    return m.matrix([[2 / sigma**2]])


def kl(theta0, theta1, m):
    ratio = theta0[0] / theta1[0]
    return -m.log(ratio) + (ratio**2 - 1) / 2


def distance(theta0, theta1, m):
    return m.sqrt(2) * m.abs(m.log(theta0[0] / theta1[0]))


CHARTS = (
    Chart("std", (Parameter("sigma", "positive"),)),
    Chart(
        "variance",
        (Parameter("v", "positive"),),
        to_home=lambda phi, m: (m.sqrt(phi[0]),),
        from_home=lambda theta, m: (theta[0] ** 2,),
    ),
    Chart(
        "log-std",
        (Parameter("omega"),),
        to_home=lambda phi, m: (m.exp(phi[0]),),
        from_home=lambda theta, m: (m.log(theta[0]),),
    ),
    Chart(
        "precision",
        (Parameter("tau", "positive"),),
        to_home=lambda phi, m: (1 / m.sqrt(phi[0]),),
        from_home=lambda theta, m: (1 / theta[0] ** 2,),
    ),
)
POINTS = ((1.3,), (0.25,))


def make() -> Family:
    """N(0, sigma^2) in the standard deviation, the variance, the log standard deviation and the precision."""
    return Family(
        name="zero-mean-normal",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(),
        law=Law("normal", map=lambda z, theta, m: theta[0] * z),
        points=POINTS,
    )
