"""The Student-t distribution of fixed degrees of freedom."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import exact, positive
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.location_scale import half_plane, kl_by_quadrature
from ngtools.families.support import Interval


def log_density(x, theta, m, df):
    mu, s = theta
    return log_standard((x - mu) / s, m, df) - m.log(s)


def log_standard(z, m, df):
    nu = exact(df, m)
    constant = m.loggamma((nu + 1) / 2) - m.loggamma(nu / 2) - m.log(nu * m.pi) / 2
    return constant - (nu + 1) / 2 * m.log1p(z**2 / nu)


def fisher(theta, m, df):
    (_, s), nu = theta, exact(df, m)
    return m.matrix([[(nu + 1) / ((nu + 3) * s**2), 0], [0, 2 * nu / ((nu + 3) * s**2)]])


def kl(theta0, theta1, m, df):
    return kl_by_quadrature(partial(log_standard, df=df), theta0, theta1, m, tail=df)


def distance(theta0, theta1, m, df):
    nu = exact(df, m)
    return half_plane((nu + 1) / (nu + 3), 2 * nu / (nu + 3), theta0, theta1, m)


def quantile(z, theta, m, df):
    e, (w, v) = z
    return theta[0] + theta[1] * e * m.sqrt(exact(df, m) * v / w)


CHARTS = (Chart("location-scale", (Parameter("mu"), Parameter("s", "positive"))),)
EXAMPLE = {"df": 5}
POINTS = ((0.1, 1.3), (2.0, 0.4))


def make(df: Any) -> Family:
    """(x - mu)/s is Student-t with df degrees of freedom (any positive number); s is not the standard deviation."""
    df = positive(df, "df")
    return Family(
        name="student-t",
        formulas=Formulas(
            partial(log_density, df=df),
            partial(fisher, df=df),
            partial(kl, df=df),
            partial(distance, df=df),
            kl_route="quadrature",
        ),
        chart_records=CHARTS,
        support=Interval(),
        # w = 1/(1 + t^2/df) is beta distributed
        law=Law("sign-beta", shape=lambda theta, m: (exact(df, m) / 2, m.ratio(1, 2)), map=partial(quantile, df=df)),
        constants={"df": df},
        points=POINTS,
    )
