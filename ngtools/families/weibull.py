"""The Weibull distribution: times until a failure."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.gumbel import distance as gumbel_distance
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m):
    k, s = theta
    log_ratio = m.log(x) - m.log(s)
    return m.log(k) - m.log(s) + (k - 1) * log_ratio - m.exp(k * log_ratio)


def fisher(theta, m):
    k, s = theta
    shift = 1 - m.euler
    return m.matrix([[(m.pi**2 / 6 + shift**2) / k**2, -shift / s], [-shift / s, k**2 / s**2]])


def kl(theta0, theta1, m):
    (k0, s0), (k1, s1) = theta0, theta1
    ratio, log_scales = k1 / k0, m.log(s0) - m.log(s1)
    return -m.log(ratio) - k1 * log_scales + m.euler * (ratio - 1) + m.exp(k1 * log_scales + m.loggamma(1 + ratio)) - 1


def distance(theta0, theta1, m):
    # -log x is Gumbel with location -log s and scale 1/k
    gumbel = [(-m.log(s), 1 / k) for k, s in (theta0, theta1)]
    return gumbel_distance(gumbel[0], gumbel[1], m)


CHARTS = (Chart("shape-scale", (Parameter("k", "positive"), Parameter("s", "positive"))),)
POINTS = ((1.6, 1.1), (0.8, 3.0))


def make() -> Family:
    """P(X > x) = exp(-(x/s)^k) on x > 0."""
    return Family(
        name="weibull",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[1] * z ** (1 / theta[0])),
        points=POINTS,
    )
