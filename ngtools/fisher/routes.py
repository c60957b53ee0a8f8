"""The stated matrix, two integrals, a sample mean, and the matrix that is not the Fisher matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.families.family import Family
from ngtools.fisher.expectation import as_float64, batched, bind, expect, minus_hessian, outer, require_regular, score


def stated(family: Family, theta: Any, chart: str | None = None) -> np.ndarray:
    """Return the closed form, shape (d, d), float64.

    Examples
    --------
    >>> from ngtools import families, fisher
    >>> fisher.stated(families.get("zero-mean-normal"), [2.0])
    array([[0.5]])
    """
    require_regular(family, "stated")
    return np.asarray(family.fisher(np.asarray(family.chart(chart).check(theta), np.float64), chart))


def by_score(family: Family, theta: Any, chart: str | None = None, *, check: bool = True) -> np.ndarray:
    """Return E[psi psiᵀ], psi = grad log p by automatic differentiation, E by quadrature or summation.

    ``check=False`` computes it also where the identity's conditions fail (``family.irregular``).
    """
    return expect(family, theta, chart, "by_score", outer, check)


def by_curvature(family: Family, theta: Any, chart: str | None = None, *, check: bool = True) -> np.ndarray:
    """Return −E[∇² log p], the Hessian by automatic differentiation, E by quadrature or summation."""
    return expect(family, theta, chart, "by_curvature", minus_hessian, check)


def mean_score(family: Family, theta: Any, chart: str | None = None) -> np.ndarray:
    """Return E[psi], shape (d,): zero for every regular family, computed to show it."""
    return expect(family, theta, chart, "mean_score", score, check=False)


@dataclass(frozen=True)
class SampledFisher:
    """A Monte-Carlo Fisher matrix: ``value`` and entrywise ``stderr`` (one standard error), from ``size`` draws."""

    value: np.ndarray
    stderr: np.ndarray
    size: int


def by_sampling(family: Family, theta: Any, *, size: int, rng: Any, chart: str | None = None) -> SampledFisher:
    """Return the mean of psi psiᵀ over ``size`` draws *of the model*, with its standard error.

    Unbiased for the Fisher matrix.  ``rng`` is a NumPy generator or a JAX key.
    """
    require_regular(family, "by_sampling")
    theta = as_float64(family, theta, chart)
    d = family.dimension(chart)
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise TypeError(f"size must be a whole number of draws (got {size!r})")
    if size < max(2, d):
        raise ValueError(
            f"size must be at least {max(2, d)} (got {size}): N={size} samples give an estimate of "
            f"rank <= {max(size, 0)}, with d={d}; the estimate is singular or has no standard error"
        )
    psi = scores(family, theta, family.sample(theta, size, rng, chart), chart)
    outer = psi[:, :, None] * psi[:, None, :]
    return SampledFisher(outer.mean(0), outer.std(0, ddof=1) / np.sqrt(size), size)


def empirical(family: Family, theta: Any, data: Any, chart: str | None = None) -> np.ndarray:
    """Return the empirical Fisher matrix: the mean of psi psiᵀ over *observed data* (a mean, not a sum).

    Guaranteed to be the Fisher matrix only in the limit of many observations drawn from p_theta itself;
    at any other theta, or for a misspecified model, it is another matrix.
    """
    psi = scores(family, theta, data, chart)
    if psi.ndim != 2:
        raise ValueError(f"data must hold at least one observation along its first axis (got shape {np.shape(data)})")
    return psi.T @ psi / len(psi)


def observations(data: Any) -> np.ndarray:
    """Return data as an array of real numbers that is not empty; whether they lie in a support is for the caller."""
    data = np.asarray(data)
    if not data.size:
        raise ValueError(f"data must hold at least one observation along its first axis (got shape {data.shape})")
    if data.dtype.kind not in "fiu":
        raise TypeError(f"data must be real numbers (got dtype {data.dtype})")
    return data


def scores(family: Family, theta: Any, x: Any, chart: str | None = None) -> np.ndarray:
    """Return psi = grad_theta log p_theta(x) for each observation along the first axis of x; shape (n, d)."""
    theta = as_float64(family, theta, chart)
    x = observations(x)
    inside = np.asarray(family.support.contains(x))
    if not inside.all():
        where = tuple(int(i) for i in np.argwhere(~inside)[0])
        place = where[0] if len(where) == 1 else where
        raise ValueError(f"data must lie in the support of '{family.name}' (got {x[where]} at index {place})")
    single = not inside.ndim
    with jax.enable_x64(True):
        psi = np.asarray(batched(bind(family, chart), score)(x[None] if single else x, jnp.asarray(theta)))
    if not np.isfinite(psi).all():
        raise FloatingPointError(f"a score of '{family.name}' is not finite at {theta.tolist()}")
    return psi.ravel() if single else psi
