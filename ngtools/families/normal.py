"""The normal distribution, in six charts."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane
from ngtools.families.support import Interval


def log_density(x, theta, m):
    mu, sigma = theta
    return -m.log(sigma) - m.ratio(1, 2) * m.log(2 * m.pi) - (x - mu) ** 2 / (2 * sigma**2)


def fisher(theta, m):
    _, sigma = theta
    return m.matrix([[1 / sigma**2, 0], [0, 2 / sigma**2]])


def kl(theta0, theta1, m):
    (mu0, sigma0), (mu1, sigma1) = theta0, theta1
    ratio = sigma0 / sigma1
    return -m.log(ratio) + (ratio**2 - 1) / 2 + (mu0 - mu1) ** 2 / (2 * sigma1**2)


def distance(theta0, theta1, m):
    return half_plane(1, 2, theta0, theta1, m)


def natural_to_home(phi, m):
    return -phi[0] / (2 * phi[1]), 1 / m.sqrt(-2 * phi[1])


def expectation_complaint(phi):
    m1, m2 = phi
    if m2 > m1**2:
        return ""
    return f"m2 = E x^2 must exceed m1^2 = (E x)^2 (got m2 = {m2:g} and m1^2 = {m1**2:g}: a variance is > 0)"


MEAN = Parameter("mu")
CHARTS = (
    Chart("mean-std", (MEAN, Parameter("sigma", "positive"))),
    Chart(
        "mean-variance",
        (MEAN, Parameter("v", "positive")),
        to_home=lambda phi, m: (phi[0], m.sqrt(phi[1])),
        from_home=lambda theta, m: (theta[0], theta[1] ** 2),
    ),
    Chart(
        "mean-log-std",
        (MEAN, Parameter("omega")),
        to_home=lambda phi, m: (phi[0], m.exp(phi[1])),
        from_home=lambda theta, m: (theta[0], m.log(theta[1])),
    ),
    Chart(
        "mean-precision",
        (MEAN, Parameter("tau", "positive")),
        to_home=lambda phi, m: (phi[0], 1 / m.sqrt(phi[1])),
        from_home=lambda theta, m: (theta[0], 1 / theta[1] ** 2),
    ),
    Chart(
        "natural",
        (Parameter("eta1"), Parameter("eta2", "negative", hint="eta2 = -1/(2 sigma^2)")),
        to_home=natural_to_home,
        from_home=lambda theta, m: (theta[0] / theta[1] ** 2, -1 / (2 * theta[1] ** 2)),
    ),
    Chart(
        "expectation",
        (Parameter("m1"), Parameter("m2", "positive")),
        to_home=lambda phi, m: (phi[0], m.sqrt(phi[1] - phi[0] ** 2)),
        from_home=lambda theta, m: (theta[0], theta[0] ** 2 + theta[1] ** 2),
        joint=expectation_complaint,
    ),
)
POINTS = ((0.3, 1.7), (-1.2, 0.4), (2.5, 3.0))


def make() -> Family:
    """N(mu, sigma^2) in the mean and std, variance, log std or precision, and in natural and expectation parameters."""
    return Family(
        name="normal",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(),
        law=Law("normal", map=lambda z, theta, m: theta[0] + theta[1] * z),
        points=POINTS,
    )
