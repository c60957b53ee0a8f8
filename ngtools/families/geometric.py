"""The geometric distribution: the toss of the first success."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m):
    (p,) = theta
    return m.log(p) + (x - 1) * m.log1p(-p)


def fisher(theta, m):
    (p,) = theta
    return m.matrix([[1 / (p**2 * (1 - p))]])


def kl(theta0, theta1, m):
    (p,), (q,) = theta0, theta1
    return m.log(p / q) + (1 - p) / p * (m.log1p(-p) - m.log1p(-q))


def distance(theta0, theta1, m):
    return m.abs(length_to_one(theta0[0], m) - length_to_one(theta1[0], m))


def length_to_one(p, m):
    """The Fisher-Rao length from p to 1, the integral of 1/(p sqrt(1 - p)): 2 artanh sqrt(1 - p)."""
    return 2 * m.log((1 + m.sqrt(1 - p)) / m.sqrt(p))


CHARTS = (
    Chart(
        "probability",
        (Parameter("p", "unit", hint="p = 1 is certain success at the first toss, p = 0 no success ever"),),
    ),
)
POINTS = ((0.4,), (0.08,))


def make() -> Family:
    """P(x) = p (1 - p)^(x - 1) on x = 1, 2, ...: the number of tosses up to and including the first success."""
    return Family(
        name="geometric",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Integers(1),
        law=Law(
            "counting",
            map=lambda y, theta, m: y + 1,
            details={
                "ratio": lambda theta, m: (1 - theta[0], 1 - theta[0]),
                "generating": lambda u, theta, m: theta[0] / (1 - (1 - theta[0]) * u),
            },
        ),
        draw=lambda draws, theta: draws.geometric(theta[0]),
        points=POINTS,
    )
