"""The exponential distribution."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    (b,) = theta
    return m.log(b) - b * x


def fisher(theta, m):
    (b,) = theta
    return m.matrix([[1 / b**2]])


def kl(theta0, theta1, m):
    ratio = theta1[0] / theta0[0]
    return ratio - 1 - m.log(ratio)


def distance(theta0, theta1, m):
    return m.abs(m.log(theta0[0] / theta1[0]))


CHARTS = (
    Chart("rate", (Parameter("b", "positive"),)),
    Chart(
        "scale",
        (Parameter("s", "positive"),),
        to_home=lambda phi, m: (1 / phi[0],),
        from_home=lambda theta, m: (1 / theta[0],),
    ),
    Chart(
        "log-rate",
        (Parameter("ell"),),
        to_home=lambda phi, m: (m.exp(phi[0]),),
        from_home=lambda theta, m: (m.log(theta[0]),),
    ),
)
POINTS = ((1.8,), (0.35,))


def make() -> Family:
    """Exponential of rate b: density b exp(-b x) on x > 0; the scale s = 1/b is the mean."""
    return Family(
        name="exponential",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: z / theta[0]),
        points=POINTS,
    )
