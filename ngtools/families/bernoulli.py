"""The Bernoulli distribution: one toss of a coin."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m):
    # home coordinate: the logit eta, which keeps its digits where p saturates
    (eta,) = theta
    return x * eta - m.softplus(eta)


def fisher(theta, m):
    (eta,) = theta
    return m.matrix([[m.sigmoid(eta) * m.sigmoid(-eta)]])


def kl(theta0, theta1, m):
    (eta0,), (eta1,) = theta0, theta1
    return m.sigmoid(eta0) * (eta0 - eta1) - m.softplus(eta0) + m.softplus(eta1)


def distance(theta0, theta1, m):
    return m.abs(angle(theta0[0], m) - angle(theta1[0], m))


def angle(eta, m):
    """2 arcsin sqrt(p): the coordinate in which the Fisher information is 1."""
    return 2 * m.arcsin(m.sqrt(m.sigmoid(eta)))


PROBABILITY = Parameter(
    "p",
    "unit",
    hint="Fisher information 1/(p(1-p)) is infinite at the boundary. Use logits if p can saturate.",
)
CHARTS = (
    Chart(
        "probability",
        (PROBABILITY,),
        to_home=lambda phi, m: (m.log(phi[0]) - m.log1p(-phi[0]),),
        from_home=lambda theta, m: (m.sigmoid(theta[0]),),
    ),
    Chart("logit", (Parameter("eta"),)),
    Chart(
        "angle",
        (Parameter("alpha", "angle"),),
        to_home=lambda phi, m: (2 * (m.log(m.sin(phi[0] / 2)) - m.log(m.cos(phi[0] / 2))),),
        from_home=lambda theta, m: (angle(theta[0], m),),
    ),
)
POINTS = ((0.3,), (0.85,))


def make() -> Family:
    """P(x = 1) = p, P(x = 0) = 1 - p."""
    return Family(
        name="bernoulli",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Integers(0, 1),
        law=Law("finite"),
        draw=lambda draws, theta: (draws.uniform() < draws.engine.sigmoid(theta[0])) * 1,
        points=POINTS,
    )
