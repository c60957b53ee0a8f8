"""The Dirichlet distribution: random probabilities."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import count
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Simplex


def log_density(x, theta, m):
    constant = m.loggamma(sum(theta)) - sum(m.loggamma(a) for a in theta)
    return constant + sum((a - 1) * m.log(m.component(x, i)) for i, a in enumerate(theta))


def fisher(theta, m):
    shared = m.trigamma(sum(theta))
    return m.matrix([[m.trigamma(a) * int(i == j) - shared for j in range(len(theta))] for i, a in enumerate(theta)])


def kl(theta0, theta1, m):
    total0, total1 = sum(theta0), sum(theta1)
    value = m.loggamma(total0) - m.loggamma(total1)
    for a, b in zip(theta0, theta1):
        value = value - m.loggamma(a) + m.loggamma(b) + (a - b) * (m.digamma(a) - m.digamma(total0))
    return value


EXAMPLE = {"K": 3}


def make(K: int) -> Family:
    """Density proportional to the product of x_i^(a_i - 1) over the simplex x_1 + ... + x_K = 1.

    An observation is the whole vector of K probabilities; the density is with respect to the first K - 1.
    """
    K = count(K, "K", least=2)
    return Family(
        name="dirichlet",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=(Chart("concentration", tuple(Parameter(f"a{i}", "positive") for i in range(1, K + 1))),),
        support=Simplex(K),
        law=Law("dirichlet", shape=lambda theta, m: tuple(theta)),
        constants={"K": K},
        points=tuple(tuple(first + 0.7 * i for i in range(K)) for first in (1.7, 0.6)),
    )
