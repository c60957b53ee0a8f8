"""Estimators, repeated on fresh samples of the model, and their exact moments where these are known.

An estimator takes an array whose last axis is the sample and returns one number (or d numbers, on a new last axis)
for each sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.special

from ngtools.families.family import Family


@dataclass(frozen=True)
class Replicates:
    """Estimates from ``runs`` independent samples of ``n`` observations each; ``estimates`` has shape (runs, d)."""

    estimates: np.ndarray
    n: int

    @property
    def mean(self) -> np.ndarray:
        return self.estimates.mean(axis=0)

    @property
    def covariance(self) -> np.ndarray:
        """The covariance of the estimator, shape (d, d), estimated from the runs."""
        centred = self.estimates - self.mean
        return centred.T @ centred / (len(centred) - 1)

    @property
    def scaled(self) -> np.ndarray:
        """n times the covariance: comparable with F⁻¹ of one observation."""
        return self.n * self.covariance

    @property
    def scaled_stderr(self) -> np.ndarray:
        """One standard error of each diagonal entry of ``scaled``."""
        squares = (self.estimates - self.mean) ** 2
        return self.n * squares.std(axis=0, ddof=1) / np.sqrt(len(squares))


def replicate(
    estimator: Callable[[np.ndarray], Any],
    family: Family,
    theta: Any,
    *,
    n: int,
    runs: int,
    rng: np.random.Generator,
    chart: str | None = None,
) -> Replicates:
    """Apply an estimator to ``runs`` samples of ``n`` observations drawn from the model at theta.

    Examples
    --------
    >>> from ngtools import families
    >>> rng = np.random.default_rng(0)
    >>> means = replicate(lambda x: x.mean(-1), families.get("zero-mean-normal"), [2.0], n=4, runs=4000, rng=rng)
    >>> bool(abs(means.scaled[0, 0] - 4.0) < 4 * means.scaled_stderr[0])  # n Var(mean) = sigma^2
    True
    """
    if n < 1 or runs < 2:
        raise ValueError(f"n must be at least 1 and runs at least 2 (got n={n}, runs={runs})")
    estimates = np.asarray(estimator(np.asarray(family.sample(theta, (runs, n), rng, chart))), dtype=np.float64)
    if estimates.shape[:1] != (runs,) or estimates.ndim > 2:
        raise ValueError(
            f"estimator must return one entry or one row a sample (got shape {estimates.shape}, runs={runs})"
        )
    return Replicates(np.atleast_2d(estimates.T).T, n)


def std_known_mean(x: np.ndarray) -> np.ndarray:
    """The maximum likelihood estimate of sigma when the mean is known to be 0: sqrt(mean x^2)."""
    return np.sqrt(np.mean(x**2, axis=-1))


def std_unknown_mean(x: np.ndarray) -> np.ndarray:
    """The maximum likelihood estimate of sigma when the mean is estimated too; divisor n."""
    return np.std(x, axis=-1)


def stretched_maximum(x: np.ndarray) -> np.ndarray:
    """(n + 1) / n times the largest observation: unbiased for the upper end of Uniform(0, theta)."""
    n = x.shape[-1]
    return (n + 1) / n * x.max(axis=-1)


def gamma_shape_rate(x: np.ndarray) -> np.ndarray:
    """The maximum likelihood estimate (k, b) of a gamma distribution, shape (..., 2).

    The likelihood equations are log k - digamma(k) = log(mean x) - mean(log x) and b = k / mean x; the first is solved
    by Newton's method from a start that is within two per cent.
    """
    gap = np.log(x.mean(axis=-1)) - np.log(x).mean(axis=-1)
    k = gamma_start(gap)
    for _ in range(4):
        k = k - (np.log(k) - scipy.special.digamma(k) - gap) / (1 / k - scipy.special.polygamma(1, k))
    return np.stack([k, k / x.mean(axis=-1)], axis=-1)


def gamma_start(gap: Any) -> Any:
    """The shape k with log k - digamma(k) = gap, to within two per cent (Minka, 2002)."""
    return (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)


def coverage_ellipse(covariance: Any, centre: Any, coverage: float = 0.95, points: int = 200) -> np.ndarray:
    """Return the ellipse that holds ``coverage`` of a two-dimensional normal distribution, a closed curve (points, 2).

    The squared Mahalanobis radius is the chi-squared quantile with two degrees of freedom, -2 log(1 - coverage).

    Examples
    --------
    >>> ellipse = coverage_ellipse([[4.0, 0.0], [0.0, 1.0]], [10.0, 0.0], coverage=1 - np.exp(-0.5))
    >>> ellipse.max(axis=0).round(2), ellipse[0]
    (array([12.,  1.]), array([12.,  0.]))
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must lie strictly between 0 and 1 (got {coverage})")
    angle = np.linspace(0, 2 * np.pi, points)
    radius = np.sqrt(-2 * np.log1p(-coverage))
    circle = radius * np.stack([np.cos(angle), np.sin(angle)])
    return np.asarray(centre, dtype=np.float64) + (np.linalg.cholesky(np.asarray(covariance)) @ circle).T


class Moments(NamedTuple):
    """Exact mean and variance of an estimator."""

    mean: float
    variance: float


def std_moments(sigma: float, n: int, *, known_mean: bool = True) -> Moments:
    """Return the exact moments of the maximum likelihood estimate of a normal's sigma from n observations.

    It is sigma chi_m / sqrt(n), with m = n degrees of freedom if the mean is known and n - 1 if it is not, and
    E chi_m = sqrt(2) Gamma((m + 1)/2) / Gamma(m/2), E chi_m^2 = m.

    Examples
    --------
    >>> round(5 * std_moments(1.0, 5).variance, 3), round(5 * std_moments(1.0, 5, known_mean=False).variance, 3)
    (0.473, 0.466)
    """
    m = n if known_mean else n - 1
    if m < 1:
        raise ValueError(f"n must be at least {2 - known_mean} (got {n})")
    mean = np.sqrt(2) * np.exp(scipy.special.gammaln((m + 1) / 2) - scipy.special.gammaln(m / 2)) / np.sqrt(n)
    return Moments(float(sigma * mean), float(sigma**2 * (m / n - mean**2)))


def std_curves(n: Any) -> list[tuple[str, np.ndarray]]:
    """Return n times the exact variance of three estimators of a normal's sigma (true value 1) for each n >= 2."""
    known = [std_moments(1.0, int(size)) for size in n]
    unknown = [std_moments(1.0, int(size), known_mean=False) for size in n]
    return [
        ("maximum likelihood, mean known", n * np.array([moments.variance for moments in known])),
        ("maximum likelihood, mean unknown", n * np.array([moments.variance for moments in unknown])),
        ("mean known, corrected to be unbiased", n * np.array([m.variance / m.mean**2 for m in known])),
    ]
