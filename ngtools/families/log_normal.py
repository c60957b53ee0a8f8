"""The log-normal distribution: its logarithm is normal."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.normal import distance, fisher, kl
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, sigma = theta
    return -m.log(x) - m.log(sigma) - m.ratio(1, 2) * m.log(2 * m.pi) - (m.log(x) - mu) ** 2 / (2 * sigma**2)


CHARTS = (Chart("mean-std", (Parameter("mu"), Parameter("sigma", "positive"))),)
POINTS = ((0.2, 0.6), (-1.0, 1.4))


def make() -> Family:
    """log x ~ N(mu, sigma^2): mean and std are those of log x.

    The logarithm is one-to-one, so Fisher matrix, KL divergence and distance are the normal's.
    """
    return Family(
        name="log-normal",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("normal", map=lambda z, theta, m: m.exp(theta[0] + theta[1] * z)),
        points=POINTS,
    )
