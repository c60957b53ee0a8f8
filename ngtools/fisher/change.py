"""How much a nudge of the parameters changes a distribution, before any derivative is taken."""

from __future__ import annotations

from typing import Any

import numpy as np

from ngtools.checks import real_array
from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, nodes_of


def relative_change(family: Family, theta: Any, delta: Any, chart: str | None = None) -> float:
    """Return E_theta[(p_{theta + delta}(x) / p_theta(x) - 1)^2], the mean squared relative change of the density.

    Also called the chi-squared divergence of p_{theta + delta} from p_theta.  For a small nudge of a regular family it
    is deltaᵀ F delta + o(|delta|^2).  It is infinite where the nudged distribution has much heavier tails.

    Parameters
    ----------
    family, theta, chart
        The distribution, in the coordinates of ``chart``.
    delta
        The nudge, in the same coordinates, shape (d,).

    Raises
    ------
    ArithmeticError
        The integral is infinite, or its tails carry too much of it to be computed.

    Examples
    --------
    >>> from ngtools import families
    >>> round(relative_change(families.get("zero-mean-normal"), [2.0], [0.01]) / 0.01**2, 2)  # F = 2 / sigma^2 = 0.5
    0.5
    """
    theta = as_float64(family, theta, chart)
    nudged = as_float64(family, theta + real_array(delta, "delta", theta.shape), chart)
    nodes = nodes_of(family, theta, chart)
    log_p = np.asarray(family.log_density(nodes.x, theta, chart), dtype=np.float64)
    log_q = np.asarray(family.log_density(nodes.x, nudged, chart), dtype=np.float64)
    with np.errstate(over="ignore"):  # a sum that overflows is refused below
        p = np.asarray(nodes.weights) * np.exp(log_p)
        kept = (p > 0) & np.isfinite(p)
        p, log_p, log_q = p[kept], log_p[kept], log_q[kept]
        parts = p * np.expm1(log_q - log_p) ** 2
    total, tail = parts.sum(), parts[log_p < log_p.max() - 250].sum()
    if not np.isfinite(total) or tail > 1e-9 * total:
        raise ArithmeticError(
            f"the relative change of '{family.name}' from {theta.tolist()} to {nudged.tolist()} is infinite or beyond "
            "the quadrature: the nudged distribution has heavier tails; take a smaller delta"
        )
    return float(total)
