"""F^-1 g estimated from a finite batch: the bias when one batch serves both, when two do, and when it is too small.

The setting is a linear model of known noise, y = theta^T x + N(0, 1), at theta = 0, with inputs x ~ N(0, I) in R^d:
scores are x y, F = E[x x^T] = I, g = E[x y].  Targets are y = w^T x + c (x_1^3 - 3 x_1) + N(0, 1).  The cubic is
uncorrelated with x, so F^-1 g = w for every c; with c != 0 the model is misspecified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Estimate", "batch_estimates", "expected_batch_estimate", "shared_batch_bias"]


@dataclass(frozen=True)
class Estimate:
    """Mean over the repeats of w_hat^T u, u the first unit vector, and its standard error."""

    mean: float
    error: float


def batch_estimates(
    rng: np.random.Generator, N: int, d: int, repeats: int, *, cubic: float = 0.0, shared: bool = True
) -> Estimate:
    """Return the first coordinate of F_hat^+ g_hat, averaged over independent batches; its true value is 1.

    Parameters
    ----------
    N, d
        Batch size and number of parameters; with N < d the pseudo-inverse gives the minimum-norm solution.
    cubic
        c of the misspecified target; w is the first unit vector.
    shared
        Whether F_hat and g_hat come from the same batch, or from two independent ones of size N.
    """
    if d > N and not shared:
        raise ValueError(f"two batches need N >= d (got N = {N}, d = {d}): F_hat is singular")
    parts, chunk = [], max(1, 2_000_000 // (N * d))
    for begin in range(0, repeats, chunk):
        x = rng.standard_normal((min(chunk, repeats - begin), N, d))
        first = x[..., 0]
        y = first + cubic * (first**3 - 3 * first) + rng.standard_normal(first.shape)
        if d > N:  # F_hat^+ g_hat = X^T (X X^T)^-1 y
            kernel = np.linalg.inv(x @ x.swapaxes(1, 2))
            parts.append(np.einsum("sn,snm,sm->s", first, kernel, y))
            continue
        design = x if shared else rng.standard_normal(x.shape)
        inverse = np.linalg.inv(design.swapaxes(1, 2) @ design / N)
        parts.append(np.einsum("sd,sd->s", inverse[:, 0], np.einsum("snd,sn->sd", x, y) / N))
    found = np.concatenate(parts)
    return Estimate(float(found.mean()), float(found.std(ddof=1) / np.sqrt(repeats)))


def expected_batch_estimate(N: int, d: int, *, shared: bool = True) -> float:
    """Return the exact mean of the first coordinate for a well-specified model (c = 0); its true value is 1.

    One batch: 1 where N >= d, and N/d where N < d (the mean projection on N random directions).  Two batches with
    N > d + 1: N / (N - d - 1), the mean of an inverse Wishart matrix.
    """
    if shared:
        return min(1.0, N / d)
    if d + 1 >= N:
        raise ValueError(f"the mean of F_hat^-1 exists for N > d + 1 only (got N = {N}, d = {d})")
    return N / (N - d - 1)


def shared_batch_bias(psi: Any, target: Any, N: int) -> np.ndarray:
    """Return the leading bias of F_hat^-1 g_hat from one batch of N, estimated from a large sample.

    -F^-1 E[(psi^T F^-1 psi) psi e] / N with e = r - psi^T w and w = F^-1 g the residual of the best linear fit.

    Parameters
    ----------
    psi
        Scores (or features), shape (samples, d); F = E[psi psi^T].
    target
        r, shape (samples,); g = E[psi r].
    """
    psi, target = np.asarray(psi, dtype=np.float64), np.asarray(target, dtype=np.float64)
    F, g = psi.T @ psi / len(psi), psi.T @ target / len(psi)
    w = np.linalg.solve(F, g)
    leverage = np.einsum("si,si->s", psi, np.linalg.solve(F, psi.T).T)
    return -np.linalg.solve(F, psi.T @ (leverage * (target - psi @ w)) / len(psi)) / N
