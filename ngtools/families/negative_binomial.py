"""The negative binomial distribution: failures before the r-th success."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families import geometric
from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import exact, positive
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m, r):
    (p,), r = theta, exact(r, m)
    return m.loggamma(x + r) - m.loggamma(r) - m.loggamma(x + 1) + r * m.log(p) + x * m.log1p(-p)


def fisher(theta, m, r):
    (p,) = theta
    return m.matrix([[exact(r, m) / (p**2 * (1 - p))]])


def kl(theta0, theta1, m, r):
    return exact(r, m) * geometric.kl(theta0, theta1, m)


def distance(theta0, theta1, m, r):
    return m.sqrt(exact(r, m)) * geometric.distance(theta0, theta1, m)


def law(r) -> Law:
    # p(y + 1)/p(y) = (r + y) (1 - p)/(y + 1)
    return Law(
        "counting",
        details={
            "ratio": lambda theta, m: (exact(r, m) * (1 - theta[0]), 1 - theta[0]),
            "generating": lambda u, theta, m: (theta[0] / (1 - (1 - theta[0]) * u)) ** exact(r, m),
        },
    )


EXAMPLE = {"r": 4}
POINTS = ((0.45,), (0.8,))


def make(r: Any) -> Family:
    """The number x = 0, 1, 2, ... of failures before the r-th success, p the probability of success (as in SciPy).

    r > 0 need not be whole.  The mean is mu = r (1 - p)/p.
    """
    r = positive(r, "r")
    charts = (
        Chart("probability", (Parameter("p", "unit", hint="p is the probability of success"),)),
        Chart(
            "mean",
            (Parameter("mu", "positive"),),
            to_home=lambda phi, m: (exact(r, m) / (exact(r, m) + phi[0]),),
            from_home=lambda theta, m: (exact(r, m) * (1 - theta[0]) / theta[0],),
        ),
    )
    return Family(
        name="negative-binomial",
        formulas=Formulas(partial(log_density, r=r), partial(fisher, r=r), partial(kl, r=r), partial(distance, r=r)),
        chart_records=charts,
        support=Integers(0),
        law=law(r),
        # a Poisson whose rate is gamma distributed
        draw=lambda draws, theta: draws.poisson_each(draws.gamma(r) * (1 - theta[0]) / theta[0]),
        constants={"r": r},
        points=POINTS,
    )
