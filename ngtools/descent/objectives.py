"""Objectives: functions of the reference-chart parameters that are maximised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.families import Family
from ngtools.fisher.routes import observations

__all__ = ["Objective", "as_objective", "expected_log_likelihood", "mean_log_likelihood"]


@dataclass(frozen=True, eq=False)
class Objective:
    """A function f(theta, constants) in ``jax.numpy`` and the constants it is called with.

    Two objectives that share ``function`` share its compiled program.  Calling the record gives
    f(theta); theta is in the reference chart of a family.
    """

    function: Callable[[Any, Any], Any]
    constants: Any = ()

    def __call__(self, theta: Any) -> Any:
        return self.function(theta, self.constants)


def as_objective(objective: Callable[..., Any]) -> Objective:
    """Read a plain function of theta as an `Objective` (the same record for the same function)."""
    return objective if isinstance(objective, Objective) else _plain(objective)


@lru_cache(maxsize=256)
def _plain(function: Callable[[Any], Any]) -> Objective:
    return Objective(lambda theta, constants: function(theta))


def expected_log_likelihood(family: Family, target: Any, chart: str | None = None) -> Objective:
    """E[log p_theta(x)] for x drawn from the member ``target``, up to a constant: -KL(target || theta).

    The constant left out is minus the entropy of the target, which no step or order depends on; the
    objective's greatest value is 0, at theta = target.

    Parameters
    ----------
    family
        A family with a KL of its own.
    target
        The distribution to fit, in the coordinates of ``chart``.
    """
    reference = family.charts[0]
    target = np.asarray(family.convert(target, to=reference, chart=chart), dtype=np.float64)
    return Objective(_minus_kl(family), target)


@lru_cache(maxsize=64)
def _minus_kl(family: Family) -> Callable[[Any, Any], Any]:
    return lambda theta, target: -family.kl(target, theta)


def mean_log_likelihood(family: Family, data: Any) -> Objective:
    """The mean log likelihood of observed data, (1/N) sum_i log p_theta(x_i), in nats.

    Raises
    ------
    ValueError
        No data, or an observation outside the support (its log likelihood is -inf everywhere).
    """
    data = observations(data).astype(np.float64)
    inside = np.asarray(family.support.contains(data))
    if not inside.all():
        index = int(np.flatnonzero(~inside.ravel())[0])
        raise ValueError(f"data[{index}] lies outside the support of '{family.name}' ({family.support})")
    return Objective(_mean_log_density(family), data)


@lru_cache(maxsize=64)
def _mean_log_density(family: Family) -> Callable[[Any, Any], Any]:
    return lambda theta, data: family.log_density(data, theta).mean()
