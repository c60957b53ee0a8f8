"""The multivariate normal distribution, whole or with its mean or covariance held fixed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import count, exact
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Interval, Vector
from ngtools.families.triangular import cholesky, inverse, ldl, pairs, unpack

# home coordinates: the d means, then the lower triangle of the covariance row by row


def log_density(x, theta, m, d):
    lower, pivots = ldl(unpack(theta[d:], d))
    value = -m.ratio(d, 2) * m.log(2 * m.pi)
    y: list[Any] = []
    for i in range(d):
        y.append(m.component(x, i) - theta[i] - sum(lower[i][j] * y[j] for j in range(i)))
        value = value - m.log(pivots[i]) / 2 - y[i] ** 2 / (2 * pivots[i])
    return value


def fisher(theta, m, d):
    """Precision P for the means; tr(P S_i P S_j)/2 for the covariance, S_i its derivative by its i-th entry."""
    P = inverse(unpack(theta[d:], d))
    F = [[P[i][j] if i < d and j < d else 0 for j in range(len(theta))] for i in range(len(theta))]
    for i, (a, b) in enumerate(pairs(d), start=d):
        for j, (c, e) in enumerate(pairs(d), start=d):
            # an off-diagonal entry stands in two places of the covariance
            F[i][j] = (P[a][c] * P[b][e] + P[a][e] * P[b][c]) / ((1 + (a == b)) * (1 + (c == e)))
    return m.matrix(F)


def kl(theta0, theta1, m, d):
    S0, S1 = unpack(theta0[d:], d), unpack(theta1[d:], d)
    P = inverse(S1)
    value = sum(m.log(q) - m.log(p) - 1 for p, q in zip(ldl(S0)[1], ldl(S1)[1]))
    for i in range(d):
        for j in range(d):
            value = value + P[i][j] * (S0[i][j] + (theta0[i] - theta1[i]) * (theta0[j] - theta1[j]))
    return value / 2


def mahalanobis(mean0, mean1, m, precision):
    """The distance where the covariance is fixed; in the whole family there are shorter paths."""
    gap = [a - b for a, b in zip(mean0, mean1)]
    return m.sqrt(sum(a * exact(precision[i][j], m) * b for i, a in enumerate(gap) for j, b in enumerate(gap)))


def draw(draws, theta, d):
    m = draws.engine
    return m.vector(theta[:d]) + draws.normal_vector(d) @ m.matrix(cholesky(unpack(theta[d:], d), m)).T


def image(z, theta, m, d):
    L = cholesky(unpack(theta[d:], d), m)
    return [theta[i] + sum(L[i][j] * z[j] for j in range(i + 1)) for i in range(d)]


def complaint(theta, d, start):
    S: np.ndarray = np.array(unpack(theta[start:], d))
    smallest = np.linalg.eigvalsh(S)[0]
    return "" if smallest > 0 else f"covariance must be positive definite (min eigenvalue {smallest:.3g})"


def _points(d: int) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]:
    """Generic means and Cholesky factors, two of each."""
    means = tuple(tuple(sign * (0.4 - 0.7 * i) for i in range(d)) for sign in (1, -2))
    triangles = tuple(
        tuple(scale + 0.2 * a if a == b else 0.6 * scale - 0.5 * a + 0.3 * b for a, b in pairs(d))
        for scale in (1.2, 0.5)
    )
    return means, triangles


def _charts(d: int, mean: np.ndarray, covariance: np.ndarray) -> tuple[Chart, ...]:
    means = tuple(Parameter(f"mu{i + 1}") for i in range(d))
    S = tuple(Parameter(f"S{a + 1}{b + 1}", "positive" if a == b else "real") for a, b in pairs(d))
    L = tuple(Parameter(f"L{a + 1}{b + 1}", "positive" if a == b else "real") for a, b in pairs(d))

    mean_points, L_points = _points(d)

    def fixed_mean(m):
        return tuple(exact(entry, m) for entry in mean)

    def square(phi):
        low = unpack(phi, d)  # read below the diagonal only
        return tuple(sum(low[a][k] * low[b][k] for k in range(b + 1)) for a, b in pairs(d))

    def root(triangle, m):
        low = cholesky(unpack(triangle, d), m)
        return tuple(low[a][b] for a, b in pairs(d))

    return (
        Chart(
            "mean",
            means,
            to_home=lambda phi, m: (*phi, *(exact(covariance[a, b], m) for a, b in pairs(d))),
            from_home=lambda theta, m: tuple(theta[:d]),
            distance=partial(mahalanobis, precision=np.linalg.inv(covariance)),
        ),
        Chart(
            "covariance",
            S,
            to_home=lambda phi, m: (*fixed_mean(m), *phi),
            from_home=lambda theta, m: tuple(theta[d:]),
            joint=partial(complaint, d=d, start=0),
            points=tuple(square(point) for point in L_points),
        ),
        Chart(
            "cholesky",
            L,
            to_home=lambda phi, m: (*fixed_mean(m), *square(phi)),
            from_home=lambda theta, m: root(theta[d:], m),
            points=L_points,
        ),
        Chart(
            "mean-covariance",
            (*means, *S),
            joint=partial(complaint, d=d, start=d),
            points=tuple((*a, *square(b)) for a, b in zip(mean_points, L_points)),
        ),
        Chart(
            "mean-cholesky",
            (*means, *L),
            to_home=lambda phi, m: (*phi[:d], *square(phi[d:])),
            from_home=lambda theta, m: (*theta[:d], *root(theta[d:], m)),
            points=tuple((*a, *b) for a, b in zip(mean_points, L_points)),
        ),
    )


def _constants(d: int, mean: Any, covariance: Any) -> tuple[np.ndarray, np.ndarray]:
    mu = np.zeros(d) if mean is None else np.array(mean, dtype=np.float64)
    S = np.eye(d) if covariance is None else np.array(covariance, dtype=np.float64)
    if mu.shape != (d,) or not np.isfinite(mu).all():
        raise ValueError(f"mean must be {d} finite numbers (got {mean!r})")
    if S.shape != (d, d) or not np.isfinite(S).all():
        raise ValueError(f"covariance must be a {d} x {d} matrix of finite numbers (got {covariance!r})")
    if (asymmetry := np.abs(S - S.T).max()) > 0:
        raise ValueError(f"covariance must be symmetric (max asymmetry {asymmetry:.3g})")
    if (smallest := np.linalg.eigvalsh(S)[0]) <= 0:
        raise ValueError(f"covariance must be positive definite (min eigenvalue {smallest:.3g})")
    mu.flags.writeable = S.flags.writeable = False
    return mu, S


def make(d: int = 2, mean: Any = None, covariance: Any = None) -> Family:
    """N(mean, covariance) in d dimensions.

    Chart ``mean`` holds the covariance fixed (the constant ``covariance``, by default the identity),
    ``covariance`` and ``cholesky`` hold the mean fixed (the constant ``mean``, by default 0); triangles are
    lower ones, row by row.  ``mean-covariance`` and ``mean-cholesky`` cover the whole family.
    """
    d = count(d, "d")
    mu, S = _constants(d, mean, covariance)
    return Family(
        name="multivariate-normal",
        formulas=Formulas(partial(log_density, d=d), partial(fisher, d=d), partial(kl, d=d)),
        chart_records=_charts(d, mu, S),
        support=Vector(d, Interval()),
        law=Law("normal-vector", map=partial(image, d=d), details={"d": d}),
        draw=partial(draw, d=d),
        constants={"d": d, "mean": mu, "covariance": S},
        points=_points(d)[0],
    )
