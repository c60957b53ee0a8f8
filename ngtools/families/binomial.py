"""The binomial distribution: successes in n tosses."""

from __future__ import annotations

from functools import partial

from ngtools.families import bernoulli
from ngtools.families.constants import count
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def log_density(x, theta, m, n):
    # home coordinate: the logit eta, which keeps its digits where p saturates
    (eta,) = theta
    return m.loggamma(n + 1) - m.loggamma(x + 1) - m.loggamma(n - x + 1) + x * eta - n * m.softplus(eta)


def fisher(theta, m, n):
    (eta,) = theta
    return m.matrix([[n * m.sigmoid(eta) * m.sigmoid(-eta)]])


def kl(theta0, theta1, m, n):
    return n * bernoulli.kl(theta0, theta1, m)


def distance(theta0, theta1, m, n):
    (eta0,), (eta1,) = theta0, theta1
    return 2 * m.sqrt(n) * m.abs(m.arcsin(m.sqrt(m.sigmoid(eta0))) - m.arcsin(m.sqrt(m.sigmoid(eta1))))


CHARTS = bernoulli.CHARTS[:2]  # the coordinates of one toss
EXAMPLE = {"n": 7}
POINTS = ((0.35,), (0.9,))


def make(n: int) -> Family:
    """The number of successes in n independent tosses, each with success probability p."""
    n = count(n, "n")
    return Family(
        name="binomial",
        formulas=Formulas(partial(log_density, n=n), partial(fisher, n=n), partial(kl, n=n), partial(distance, n=n)),
        chart_records=CHARTS,
        support=Integers(0, n),
        law=Law(
            "counting",
            details={
                # p(y + 1)/p(y) = (n - y)/(y + 1) times the odds
                "ratio": lambda theta, m: (n * m.exp(theta[0]), -m.exp(theta[0])),
                "generating": lambda u, theta, m: (m.sigmoid(-theta[0]) + u * m.sigmoid(theta[0])) ** n,
            },
        ),
        draw=lambda draws, theta: draws.binomial(n, draws.engine.sigmoid(theta[0])),
        constants={"n": n},
        points=POINTS,
    )
