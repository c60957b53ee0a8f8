"""The two moments that decide the third-order term of a Kullback-Leibler divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, expect, require_regular, score

__all__ = ["Cubic", "cubic"]


@dataclass(frozen=True)
class Cubic:
    """Moments of one observation along a direction d of a chart, with l(s) = log p at theta + s d.

    ``skew`` is T = E[l'^3]: a tensor, the same number in every chart for the same tangent vector.
    ``bend`` is K = E[l' l'']: it depends on the chart.
    """

    skew: float
    bend: float

    @property
    def old_new(self) -> float:
        """The s^3 coefficient of KL(theta || theta + s d)."""
        return (3 * self.bend + self.skew) / 6

    @property
    def new_old(self) -> float:
        """The s^3 coefficient of KL(theta + s d || theta)."""
        return (3 * self.bend + 2 * self.skew) / 6

    @property
    def ratio(self) -> float:
        """The s^3 coefficient of KL(new || old) over that of KL(old || new)."""
        return self.new_old / self.old_new

    @property
    def metric_slope(self) -> float:
        """d/ds of d^T F(theta + s d) d at s = 0."""
        return 2 * self.bend + self.skew


def cubic(family: Family, theta: Any, direction: Any, chart: str | None = None) -> Cubic:
    """T = E[(d . psi)^3] and K = E[(d . psi)(d^T Hess log p d)], by quadrature or summation.

    Parameters
    ----------
    family, theta, chart
        The point, in the coordinates of ``chart``; three derivatives of log p must exist.
    direction
        d, shape (d,), a tangent vector in the coordinates of ``chart``.

    Examples
    --------
    >>> from ngtools import families
    >>> round(cubic(families.get("poisson"), [2.0], [1.0]).skew, 6)  # 1/rate^2
    0.25
    """
    require_regular(family, "by_curvature")
    theta, direction = as_float64(family, theta, chart), np.asarray(direction, dtype=np.float64)
    if direction.shape != theta.shape:
        raise ValueError(f"direction must have shape {theta.shape} (got shape {direction.shape})")
    moments = expect(family, theta, chart, "cubic", _moments, check=True)
    skew, bend = np.einsum("mijk,i,j,k", moments, direction, direction, direction)
    return Cubic(float(skew), float(bend))


def _moments(log_density: Any, x: Any, theta: Any) -> Any:
    # one direction after another is contracted outside, so that a family is compiled once
    psi, H = score(log_density, x, theta), jax.hessian(lambda t: log_density(x, t))(theta)
    return jnp.stack([psi[:, None, None] * psi[None, :, None] * psi, psi[:, None, None] * H])
