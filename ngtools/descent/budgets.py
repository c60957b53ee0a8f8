"""What a step of a given KL budget costs in truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import real_array
from ngtools.descent.natural import budget_step
from ngtools.families import Family
from ngtools.geometry import transform_gradient
from ngtools.geometry.metric import metric_of

__all__ = ["spent"]


def spent(family: Family, theta: Any, gradient: Any, budgets: Any, chart: str | None = None) -> np.ndarray:
    """KL(old || new) of the natural gradient step of each budget, taken in the coordinates of a chart; nats, shape (n,).

    Parameters
    ----------
    family, theta, gradient
        The start and the gradient of the objective there, both in the *reference* chart.
    budgets
        Values of c in 1/2 Delta^T F Delta = c, shape (n,).
    chart
        Where the step phi + Delta is taken.

    Returns
    -------
    Infinity where the step ends outside the domain, or on its edge: no distribution, no finite divergence.

    Examples
    --------
    >>> from ngtools import families
    >>> spent(families.get("zero-mean-normal"), [1.0], [-1.0], [0.1, 0.25], "variance").round(3)
    array([0.36,  inf])
    """
    phi = np.asarray(family.convert(theta, to=chart or family.charts[0]), dtype=np.float64)
    J = family.jacobian(theta, to=chart or family.charts[0])
    F, g = np.asarray(family.fisher(phi, chart), dtype=np.float64), transform_gradient(gradient, J)
    metric, found = metric_of(family, chart), []
    for c in real_array(budgets, "budgets", ("n",)):
        end = phi + budget_step(F, g, c)
        # an end within rounding of the edge is on it: theta + Delta cancels to about 1e-16 of theta
        beyond = end + 1e-12 * (end - phi)
        inside = metric.inside(end) and metric.inside(beyond)
        found.append(float(family.kl(phi, end, chart)) if inside else np.inf)
    return np.array(found)
