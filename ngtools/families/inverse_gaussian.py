"""The inverse Gaussian distribution: when a drifting Brownian motion first reaches a level."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, ell = theta
    return (m.log(ell) - m.log(2 * m.pi) - 3 * m.log(x)) / 2 - ell * (x - mu) ** 2 / (2 * mu**2 * x)


def fisher(theta, m):
    mu, ell = theta
    return m.matrix([[ell / mu**3, 0], [0, 1 / (2 * ell**2)]])


def kl(theta0, theta1, m):
    (mu0, ell0), (mu1, ell1) = theta0, theta1
    ratio = ell1 / ell0
    return (ratio - 1 - m.log(ratio)) / 2 + ell1 * (mu0 - mu1) ** 2 / (2 * mu0 * mu1**2)


def distance(theta0, theta1, m):
    # in u = 1/sqrt(mu), s = 1/sqrt(ell) the metric is (4 du^2 + 2 ds^2)/s^2
    points = [(1 / m.sqrt(mu), 1 / m.sqrt(ell)) for mu, ell in (theta0, theta1)]
    return half_plane(4, 2, points[0], points[1], m)


def draw(draws, theta):
    """Two roots of one quadratic (Michael, Schucany and Haas 1976): the smaller, or mu^2 over it."""
    m, (mu, ell) = draws.engine, theta
    w = mu * draws.normal() ** 2 / (2 * ell)
    # 1 + w - sqrt(w (2 + w)) without its cancellation
    small = mu / (1 + w + m.sqrt(w * (2 + w)))
    return m.where(draws.uniform() * (mu + small) <= mu, small, mu**2 / small)


CHARTS = (Chart("mean-shape", (Parameter("mu", "positive"), Parameter("ell", "positive"))),)
POINTS = ((1.2, 2.1), (3.0, 0.8))


def make() -> Family:
    """Mean mu, shape ell (often written lambda), variance mu^3/ell; on x > 0."""
    return Family(
        name="inverse-gaussian",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("log-partition", details={"integral": "inverse-gaussian"}),
        draw=draw,
        points=POINTS,
    )
