"""The Pareto distribution above a known minimum."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import exact, positive
from ngtools.families.exponential import distance, fisher, kl
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval


def log_density(x, theta, m, minimum):
    (a,) = theta
    return m.log(a) + a * m.log(exact(minimum, m)) - (a + 1) * m.log(x)


CHARTS = (Chart("shape", (Parameter("a", "positive"),)),)
POINTS = ((2.4,), (0.9,))


def make(minimum: Any = 1.0) -> Family:
    """P(X > x) = (minimum/x)^a on x > minimum.  The minimum is fixed: see ``pareto-minimum`` for why.

    log(x/minimum) is exponential of rate a, and the logarithm is one-to-one, so Fisher matrix, KL divergence and
    distance are the exponential's.
    """
    minimum = positive(minimum, "minimum")
    return Family(
        name="pareto",
        formulas=Formulas(partial(log_density, minimum=minimum), fisher, kl, distance),
        chart_records=CHARTS,
        support=Interval(minimum),
        law=Law(
            "gamma",
            shape=lambda theta, m: (1,),
            map=lambda z, theta, m: exact(minimum, m) * m.exp(z / theta[0]),
        ),
        constants={"minimum": minimum},
        points=POINTS,
    )
