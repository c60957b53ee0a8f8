"""The minimum of a Pareto distribution: a counter-example, because the support moves."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import exact, positive
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval

REASON = (
    "support depends on theta: score does not have zero mean, Fisher information undefined "
    "(here the score is a/c > 0 for every x, and -E[second derivative] = a/c^2)"
)


def log_density(x, theta, m, shape):
    (c,), a = theta, exact(shape, m)
    return m.where(x > c, m.log(a) + a * m.log(c) - (a + 1) * m.log(x), -math.inf)


def fisher(theta, m):
    raise ValueError(f"pareto-minimum: {REASON}")


def kl(theta0, theta1, m, shape):
    """Infinite if the second minimum exceeds the first; linear, not quadratic, near coincidence."""
    (c0,), (c1,) = theta0, theta1
    return m.where(c1 <= c0, exact(shape, m) * m.log(c0 / c1), math.inf)


CHARTS = (Chart("minimum", (Parameter("c", "positive"),)),)
POINTS = ((1.5,), (0.4,))


def make(shape: Any = 2.0) -> Family:
    """Pareto on x > c with a known shape and an unknown minimum c."""
    shape = positive(shape, "shape")
    return Family(
        name="pareto-minimum",
        formulas=Formulas(partial(log_density, shape=shape), fisher, partial(kl, shape=shape)),
        chart_records=CHARTS,
        support=Interval(0.0),
        law=Law("gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[0] * m.exp(z / exact(shape, m))),
        constants={"shape": shape},
        irregular={"all": REASON},
        kl_smooth=False,
        points=POINTS,
    )
