"""The von Mises distribution: the normal of the circle."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Circle


def log_density(x, theta, m):
    mu, kappa = theta
    return kappa * m.cos(x - mu) - m.log(2 * m.pi) - m.log_i0(kappa)


def fisher(theta, m):
    kappa = theta[1]
    A = m.i1_over_i0(kappa)
    return m.matrix([[kappa * A, 0], [0, 1 - A / kappa - A**2]])


def kl(theta0, theta1, m):
    (mu0, kappa0), (mu1, kappa1) = theta0, theta1
    A = m.i1_over_i0(kappa0)
    return m.log_i0(kappa1) - m.log_i0(kappa0) + A * (kappa0 - kappa1 * m.cos(mu0 - mu1))


ROUNDS = 40  # a round accepts at least 65 of 100 proposals: 0.35^40 = 1e-18


def draw(draws, theta):
    """Rejection from a wrapped Cauchy (Best and Fisher 1979), with a fixed number of rounds; in [-pi, pi)."""
    m, (mu, kappa) = draws.engine, theta
    tau = 1 + m.sqrt(1 + 4 * kappa**2)
    rho = 2 * kappa / (tau + m.sqrt(2 * tau))
    r = (1 + rho**2) / (2 * rho)
    angle, open_ = 0 * draws.uniform(), True
    for _ in range(ROUNDS):
        z = m.cos(m.pi * draws.uniform())
        cosine = (1 + r * z) / (r + z)
        cosine = m.where(m.abs(cosine) < 1, cosine, m.sign(cosine))  # against rounding
        excess = kappa * (r - cosine)
        accepted = m.log(excess) - m.log1p(-draws.uniform()) + 1 - excess >= 0
        proposal = draws.sign() * (m.pi / 2 - m.arcsin(cosine))
        angle, open_ = m.where(open_ & accepted, proposal, angle), open_ & ~accepted
    return (angle + mu + m.pi) % (2 * m.pi) - m.pi


CHARTS = (Chart("direction-concentration", (Parameter("mu"), Parameter("kappa", "positive"))),)
POINTS = ((0.4, 1.7), (-2.0, 6.0))


def make() -> Family:
    """Density exp(kappa cos(x - mu)) / (2 pi I0(kappa)) on the circle; x and mu in radians.

    The second diagonal entry of the Fisher matrix is a difference that loses about 2 log10(kappa) digits.
    """
    return Family(
        name="von-mises",
        formulas=Formulas(log_density, fisher, kl),
        chart_records=CHARTS,
        support=Circle(),
        law=Law("log-partition", details={"integral": "circle"}),
        draw=draw,
        points=POINTS,
    )
