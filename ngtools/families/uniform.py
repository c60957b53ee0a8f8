"""The uniform distribution on (0, u): a counter-example, because its support moves."""

from __future__ import annotations

import math

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval

REASON = (
    "support depends on theta: score does not have zero mean, Fisher information undefined "
    "(here E[score] = -1/u, E[score^2] = 1/u^2 and -E[second derivative] = -1/u^2)"
)


def log_density(x, theta, m):
    (u,) = theta
    return m.where(x < u, -m.log(u), -math.inf)


def fisher(theta, m):
    raise ValueError(f"uniform: {REASON}")


def kl(theta0, theta1, m):
    """Infinite if the second interval does not contain the first; linear, not quadratic, near coincidence."""
    (u0,), (u1,) = theta0, theta1
    return m.where(u0 <= u1, m.log(u1 / u0), math.inf)


CHARTS = (Chart("upper", (Parameter("u", "positive"),)),)
POINTS = ((2.0,), (0.7,))


def make() -> Family:
    """Uniform on 0 < x < u."""
    return Family(
        name="uniform",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("beta", shape=lambda theta, m: (1, 1), map=lambda z, theta, m: theta[0] * z[0]),
        irregular={"all": REASON},
        kl_smooth=False,
        points=POINTS,
    )
