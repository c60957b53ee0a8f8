"""The Laplace distribution, whose log density has a kink in the location."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, b = theta
    return -m.log(2 * b) - m.abs(x - mu) / b


def fisher(theta, m):
    _, b = theta
    return m.matrix([[1 / b**2, 0], [0, 1 / b**2]])


def kl(theta0, theta1, m):
    (mu0, b0), (mu1, b1) = theta0, theta1
    gap = m.abs(mu0 - mu1)
    return m.log(b1 / b0) + (b0 * m.exp(-gap / b0) + gap) / b1 - 1


def distance(theta0, theta1, m):
    return half_plane(1, 1, theta0, theta1, m)


CHARTS = (Chart("location-scale", (Parameter("mu"), Parameter("b", "positive"))),)
POINTS = ((0.4, 0.9), (-2.0, 2.5))


def make() -> Family:
    """Density exp(-|x - mu| / b) / (2 b).

    The score covariance is regular, but -E[second derivative] misses the kink at x = mu and gives 0 for the
    location; the KL has its second-order term, and a cubic one in |mu0 - mu1| that is not smooth.
    """
    return Family(
        name="laplace",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(),
        law=Law("sign-gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[0] + theta[1] * z[0] * z[1]),
        irregular={
            "by_curvature": "log density is not twice differentiable at x = mu; use the outer-product form "
            "(the Hessian form returns 0 instead of 1/b^2 for the location)"
        },
        kl_smooth=False,
        points=POINTS,
    )
