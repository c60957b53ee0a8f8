"""The inverse gamma distribution: the reciprocal of a gamma variable."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.gamma import kl
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    k, s = theta
    return k * m.log(s) - m.loggamma(k) - (k + 1) * m.log(x) - s / x


def fisher(theta, m):
    k, s = theta
    return m.matrix([[m.trigamma(k), -1 / s], [-1 / s, k / s**2]])


CHARTS = (Chart("shape-scale", (Parameter("k", "positive"), Parameter("s", "positive"))),)
POINTS = ((2.6, 1.2), (0.7, 3.0))


def make() -> Family:
    """Density proportional to x^(-k-1) exp(-s/x) on x > 0; 1/x is gamma with shape k and *rate* s.

    The map x -> 1/x is one-to-one, so the KL divergence is the gamma's.
    """
    return Family(
        name="inverse-gamma",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (theta[0],), map=lambda z, theta, m: theta[1] / z),
        points=POINTS,
    )
