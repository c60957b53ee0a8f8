"""The Gumbel distribution of maxima."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, beta = theta
    z = (x - mu) / beta
    return -m.log(beta) - z - m.exp(-z)


def fisher(theta, m):
    _, beta = theta
    shift = m.euler - 1
    return m.matrix([[1, shift], [shift, m.pi**2 / 6 + shift**2]]) / beta**2


def kl(theta0, theta1, m):
    (mu0, beta0), (mu1, beta1) = theta0, theta1
    ratio = beta0 / beta1
    moment = m.exp((mu1 - mu0) / beta1 + m.loggamma(1 + ratio))
    return -m.log(ratio) + m.euler * (ratio - 1) + (mu0 - mu1) / beta1 + moment - 1


def distance(theta0, theta1, m):
    return half_plane(1, m.pi**2 / 6, orthogonal(theta0, m), orthogonal(theta1, m), m)


def orthogonal(theta, m):
    """Coordinates in which the Fisher matrix is diagonal: mu - (1 - euler) beta, and beta."""
    return theta[0] + (m.euler - 1) * theta[1], theta[1]


CHARTS = (Chart("location-scale", (Parameter("mu"), Parameter("beta", "positive"))),)
POINTS = ((0.5, 1.3), (-1.0, 0.6))


def make() -> Family:
    """Distribution function exp(-exp(-(x - mu)/beta)): the maximum of many variables with exponential tails."""
    return Family(
        name="gumbel",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(),
        law=Law("gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[0] - theta[1] * m.log(z)),
        points=POINTS,
    )
