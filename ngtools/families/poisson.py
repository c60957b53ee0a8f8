"""The Poisson distribution."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m):
    (mu,) = theta
    return x * m.log(mu) - mu - m.loggamma(x + 1)


def fisher(theta, m):
    (mu,) = theta
    return m.matrix([[1 / mu]])


def kl(theta0, theta1, m):
    (mu0,), (mu1,) = theta0, theta1
    return mu0 * (m.log(mu0) - m.log(mu1)) - mu0 + mu1


def distance(theta0, theta1, m):
    return 2 * m.abs(m.sqrt(theta0[0]) - m.sqrt(theta1[0]))


CHARTS = (
    Chart("rate", (Parameter("mu", "positive"),)),
    Chart(
        "log-rate",
        (Parameter("eta"),),
        to_home=lambda phi, m: (m.exp(phi[0]),),
        from_home=lambda theta, m: (m.log(theta[0]),),
    ),
)
POINTS = ((2.5,), (0.3,), (14.0,))


def make() -> Family:
    """P(x) = exp(-mu) mu^x / x! on x = 0, 1, 2, ...; the rate mu is mean and variance."""
    return Family(
        name="poisson",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Integers(0),
        law=Law(
            "counting",
            details={
                "ratio": lambda theta, m: (theta[0], 0),
                "generating": lambda u, theta, m: m.exp(theta[0] * (u - 1)),
            },
        ),
        draw=lambda draws, theta: draws.poisson(theta[0]),
        points=POINTS,
    )
