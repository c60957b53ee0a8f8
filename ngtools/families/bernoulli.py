"""The Bernoulli distribution: one toss of a coin."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m):
    (p,) = theta
    return x * m.log(p) + (1 - x) * m.log1p(-p)


def fisher(theta, m):
    (p,) = theta
    return m.matrix([[1 / (p * (1 - p))]])


def kl(theta0, theta1, m):
    (p,), (q,) = theta0, theta1
    return p * (m.log(p) - m.log(q)) + (1 - p) * (m.log1p(-p) - m.log1p(-q))


def distance(theta0, theta1, m):
    return 2 * m.abs(m.arcsin(m.sqrt(theta0[0])) - m.arcsin(m.sqrt(theta1[0])))


PROBABILITY = Parameter(
    "p",
    "unit",
    hint="Fisher information 1/(p(1-p)) is infinite at the boundary. Use logits if p can saturate.",
)
CHARTS = (
    Chart("probability", (PROBABILITY,)),
    Chart(
        "logit",
        (Parameter("eta"),),
        to_home=lambda phi, m: (m.sigmoid(phi[0]),),
        from_home=lambda theta, m: (m.log(theta[0]) - m.log1p(-theta[0]),),
    ),
    Chart(
        "angle",
        (Parameter("alpha", "angle"),),
        to_home=lambda phi, m: (m.sin(phi[0] / 2) ** 2,),
        from_home=lambda theta, m: (2 * m.arcsin(m.sqrt(theta[0])),),
    ),
)


def make() -> Family:
    """P(x = 1) = p, P(x = 0) = 1 - p."""
    return Family(
        name="bernoulli",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Integers(0, 1),
        law=Law("finite"),
        draw=lambda draws, theta: (draws.uniform() < theta[0]) * 1,
    )
