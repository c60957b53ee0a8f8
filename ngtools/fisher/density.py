"""The Fisher matrix of a log density that belongs to no family here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ngtools.checks import whole_number
from ngtools.families.chart import check_vector
from ngtools.families.support import Integers, Interval, Support
from ngtools.fisher.expectation import score_and_outer, summed
from ngtools.quadrature import rule


def integers(lower: int, upper: float = np.inf) -> Integers:
    """Return the support {lower, ..., upper}, both included, for ``of_density``."""
    lower = whole_number(lower, "lower", least=-(2**53))
    if not (isinstance(upper, float) and upper == np.inf):
        upper = whole_number(upper, "upper", least=-(2**53))
    if upper < lower:
        raise ValueError(f"upper must not be below lower (got {lower}, {upper})")
    return Integers(lower, upper)


def of_density(
    log_density: Callable[[Any, Any], Any],
    theta: Any,
    support: tuple[float, float] | Integers,
    *,
    check: bool = True,
) -> np.ndarray:
    """Return E[psi psiᵀ] of any log density f(x, theta) written in ``jax.numpy``.

    Parameters
    ----------
    log_density
        Scalar function of one observation x and the vector theta, normalised over the support.
    theta
        The point, shape (d,).
    support
        ``(a, b)`` for an interval (ends may be infinite), or ``fisher.integers(a, b)``.  It may not depend
        on theta.
    check
        Require total probability 1 and zero-mean scores, the conditions of the definition, and return 0 for a
        coordinate whose score is only rounding (the model is singular there: two components of a mixture coincide).
    """
    theta = np.asarray(check_vector(theta, "theta"), np.float64)
    if not len(theta):
        raise ValueError("theta must have at least one coordinate (got an empty vector)")
    domain: Support = support if isinstance(support, Integers) else Interval(*map(float, support))
    if isinstance(domain, Interval) and not domain.lower < domain.upper:
        raise ValueError(f"support must be (a, b) with a < b (got {support})")
    with jax.enable_x64(True):
        many = jax.jit(jax.vmap(log_density, in_axes=(0, None)))
        nodes = rule(lambda x: np.asarray(many(np.atleast_1d(x), theta)), domain)
        total, means = summed(log_density, score_and_outer)(nodes.x, nodes.weights, theta)
    mass, mean, outer = float(total), *map(np.asarray, means)
    if not (np.isfinite(mean).all() and np.isfinite(outer).all()):
        raise ValueError(
            f"the score of log_density is not finite at theta = {theta.tolist()}: theta is on the edge of its domain "
            "(a mixture weight of 0 or 1, a probability of 0), or log_density has no derivative there"
        )
    if check:
        if not abs(mass - 1) < 1e-6:
            raise ValueError(
                f"log_density must be normalised over its support: it integrates to {mass:.6g}. If that should "
                "be 1, the density may have several narrow peaks that the quadrature cannot see"
            )
        # the floor: where a coordinate changes nothing (two components of a mixture coincide), its score is rounding
        worst = np.abs(mean) / np.maximum(np.sqrt(np.diag(outer)), 1e-9)
        if not (worst < 1e-5).all():
            raise ValueError(
                f"the score does not have zero mean (E[score] = {mean.round(6).tolist()}): the support or its "
                "boundary depends on theta, and Fisher information is undefined"
            )
        # entries that are rounding would pass for information once the matrix is scaled: they are exactly 0
        known = np.sqrt(np.diag(outer)) * np.maximum(np.abs(theta), 1) > 1e-13
        outer = np.where(np.outer(known, known), outer, 0.0)
    return outer
