"""How fast a Monte-Carlo Fisher matrix converges: the exact variance of one outer product, and measured errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ngtools.checks import whole_number
from ngtools.families.family import Family
from ngtools.fisher.expectation import LogDensity, as_float64, expect, score
from ngtools.fisher.routes import by_sampling, by_score


def squared_outer(log_density: LogDensity, x: Any, theta: Any) -> Any:
    """(psi_i psi_j)^2, shape (d, d)."""
    psi = score(log_density, x, theta)
    return jnp.outer(psi, psi) ** 2


def sampling_variance(family: Family, theta: Any, chart: str | None = None) -> np.ndarray:
    """Return Var(psi_i psi_j) for one draw of the model, entrywise, shape (d, d), by quadrature or summation.

    The mean of N outer products has this variance over N.

    Examples
    --------
    >>> from ngtools import families
    >>> float(sampling_variance(families.get("zero-mean-normal"), [1.0])[0, 0].round(9))  # 56 / sigma^4
    56.0
    """
    return expect(family, theta, chart, "by_sampling", squared_outer, True) - by_score(family, theta, chart) ** 2


def sampling_errors(
    family: Family, theta: Any, *, sizes: Sequence[int], runs: int, rng: Any, chart: str | None = None
) -> np.ndarray:
    """Return the root mean square error of ``by_sampling`` in each entry, shape (len(sizes), d, d), over ``runs`` runs.

    ``rng`` is a NumPy generator, used in order.  The error is taken against ``by_score``.
    """
    runs, theta = whole_number(runs, "runs"), as_float64(family, theta, chart)
    exact = by_score(family, theta, chart)
    errors = []
    for size in sizes:
        estimates = [by_sampling(family, theta, size=size, rng=rng, chart=chart).value for _ in range(runs)]
        errors.append(np.sqrt(np.mean((np.stack(estimates) - exact) ** 2, axis=0)))
    return np.stack(errors)
