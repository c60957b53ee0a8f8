"""The Cramér-Rao bound: the covariance no unbiased estimator of a regular model can go below."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import whole_number
from ngtools.families import Family
from ngtools.geometry.metric import metric_of
from ngtools.geometry.psd import spectrum

__all__ = ["cramer_rao"]


def cramer_rao(family: Family, theta: Any, n: int = 1, chart: str | None = None) -> np.ndarray:
    """The bound (n F)^{-1} on the covariance of unbiased estimators from n independent observations.

    The bound is in Loewner order: Cov - (nF)^{-1} is positive semidefinite.  Its diagonal bounds the
    variances, with the other coordinates unknown; [F^{-1}]_ii >= 1 / F_ii by the Schur complement, so
    nuisance parameters never help.

    Parameters
    ----------
    family, theta, chart
        The model and the point; theta in ``chart``.
    n
        Number of independent observations (rows of a regression count as one observation together).

    Returns
    -------
    Shape (d, d), float64.

    Raises
    ------
    ValueError
        n < 1; or F is singular at theta, in which case no unbiased estimator of theta has finite variance.

    Examples
    --------
    >>> from ngtools import families
    >>> cramer_rao(families.get("bernoulli"), [0.3], n=12)
    array([[0.0175]])
    """
    n = whole_number(n, "n")
    theta = np.asarray(family.chart(chart).check(theta), dtype=np.float64)
    checked = spectrum(metric_of(family, chart).at(theta))
    if checked.singular:
        raise ValueError(
            f"Fisher matrix of '{family.name}' in chart '{family.chart(chart).name}' is singular, {checked.describe()}: "
            "no unbiased estimator of all coordinates exists; use a chart without redundant coordinates"
        )
    bound = checked.solve(np.eye(len(theta))) / n
    return (bound + bound.T) / 2
