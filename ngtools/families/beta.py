"""The beta distribution: a random probability."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    a, b = theta
    left, right = m.pair(x)
    return m.loggamma(a + b) - m.loggamma(a) - m.loggamma(b) + (a - 1) * m.log(left) + (b - 1) * m.log(right)


def fisher(theta, m):
    a, b = theta
    shared = m.trigamma(a + b)
    return m.matrix([[m.trigamma(a) - shared, -shared], [-shared, m.trigamma(b) - shared]])


def log_integral(a, b, m):
    """log B(a, b)"""
    return m.loggamma(a) + m.loggamma(b) - m.loggamma(a + b)


def kl(theta0, theta1, m):
    (a0, b0), (a1, b1) = theta0, theta1
    return (
        log_integral(a1, b1, m)
        - log_integral(a0, b0, m)
        + (a0 - a1) * m.digamma(a0)
        + (b0 - b1) * m.digamma(b0)
        + (a1 - a0 + b1 - b0) * m.digamma(a0 + b0)
    )


CHARTS = (Chart("alpha-beta", (Parameter("alpha", "positive"), Parameter("beta", "positive"))),)
POINTS = ((2.2, 3.1), (0.8, 1.6))


def make() -> Family:
    """Density proportional to x^(alpha - 1) (1 - x)^(beta - 1) on 0 < x < 1.

    An observation may be given as the pair (x, 1 - x): near 1, the difference 1 - x has lost its digits.
    """
    return Family(
        name="beta",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=CHARTS,
        support=Interval(0.0, 1.0),
        law=Law("beta", shape=lambda theta, m: (theta[0], theta[1]), map=lambda z, theta, m: z[0]),
        points=POINTS,
    )
