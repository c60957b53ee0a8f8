"""The softmax bandit in symbols: the score-function trick on a finite choice, and the natural gradient of p . r."""

from __future__ import annotations

import sympy as sp

from ngtools.checks import whole_number
from ngtools.descent import natural_gradient
from ngtools.families import Family, get

__all__ = ["bandit_gradients", "score_function_trick"]


def score_function_trick(family: Family, chart: str, outcomes: int) -> tuple[sp.Matrix, sp.Matrix]:
    """grad E[f] and E[f psi] for a family on 0, ..., outcomes - 1, with f_0, f_1, ... symbols.

    The first differentiates the probabilities, the second the log density of the family; nothing is
    simplified, so that their difference is something to compute.
    """
    theta = sp.Matrix(family.chart(chart).symbols)
    count = getattr(family.support, "upper", None)
    if whole_number(outcomes, "outcomes") - 1 != count:
        raise ValueError(f"outcomes must be those of '{family.name}', 0, ..., {count} (got {outcomes})")
    f = sp.symbols(f"f:{outcomes}", real=True)
    log_p = [family.log_density(k, theta, chart=chart) for k in range(outcomes)]
    p = [sp.exp(entry) for entry in log_p]
    differentiated = sp.Matrix([sum(sp.diff(q, t) * value for q, value in zip(p, f)) for t in theta])
    expected = sp.Matrix([sum(q * value * sp.diff(lq, t) for q, lq, value in zip(p, log_p, f)) for t in theta])
    return differentiated, expected


def bandit_gradients(K: int) -> tuple[sp.Matrix, sp.Matrix]:
    """The gradient and the natural gradient of E[r] in minimal logits (the last logit is 0), shape (K - 1,).

    The natural gradient is r_k - r_K: the probabilities are gone.

    Examples
    --------
    >>> bandit_gradients(2)[1]
    Matrix([[r1 - r2]])
    """
    family = get("categorical", K=K)
    theta = sp.Matrix(family.chart("minimal-logits").symbols)
    r = sp.symbols(f"r1:{K + 1}", real=True)
    value = sum(sp.exp(family.log_density(k, theta, chart="minimal-logits")) * reward for k, reward in enumerate(r))
    g = sp.Matrix([sp.diff(value, t) for t in theta]).applyfunc(sp.factor)
    return g, natural_gradient(family.fisher(theta, "minimal-logits"), g).applyfunc(sp.factor)
