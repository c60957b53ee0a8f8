"""The methods by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from ngtools.descent import approximate, euler, geodesic_steps, kl_steps, kronecker, mirror, trust_region
from ngtools.descent.setting import Setting

__all__ = ["METHODS", "Method", "method"]


@dataclass(frozen=True)
class Method:
    """A rule for one step.

    Parameters
    ----------
    name
        Lower-case, hyphenated.
    rule
        (setting, theta, alpha) -> theta; with a memory: (setting, theta, alpha, state) -> (theta, state).
    remembers
        Whether it has a memory; the state before the first step is None.
    budget
        Whether alpha stands for a KL budget, c = alpha^2 / 2, rather than a learning rate.
    """

    name: str
    rule: Callable[..., Any]
    remembers: bool = False
    budget: bool = False

    def step(self, setting: Setting, theta: np.ndarray, alpha: float, state: Any = None) -> tuple[np.ndarray, Any]:
        """One step; returns the new theta and the new state."""
        if self.remembers:
            return self.rule(setting, theta, alpha, state)
        return self.rule(setting, theta, alpha), None

    def having(self, **options: Any) -> Method:
        """The same method with other options: ``method("damped").having(damping=1e-3)``."""
        return Method(self.name, partial(self.rule, **options), self.remembers, self.budget)


METHODS = MappingProxyType(
    {
        record.name: record
        for record in (
            Method("gradient", euler.gradient),
            Method("adam", approximate.adam, remembers=True),
            Method("diagonal", approximate.diagonal),
            Method("damped", approximate.damped),
            Method("k-fac", kronecker.kfac),
            Method("natural-euler", euler.natural_euler),
            Method("natural-midpoint", euler.natural_midpoint),
            Method("momentum", approximate.momentum, remembers=True),
            Method("geodesic-correction", geodesic_steps.geodesic_correction),
            Method("exponential-map", geodesic_steps.exponential_map),
            Method("mirror", mirror.mirror),
            Method("kl-proximal", kl_steps.kl_proximal),
            Method("kl-constrained", kl_steps.kl_constrained, budget=True),
            Method("trust-region", trust_region.trust_region, budget=True),
            Method("trust-region-backtracking", trust_region.trust_region_backtracking, budget=True),
        )
    }
)


def method(name: str | Method) -> Method:
    """Return a method by name; a `Method` is returned as it is."""
    if isinstance(name, Method):
        return name
    if name not in METHODS:
        close = difflib.get_close_matches(str(name), METHODS)
        guess = f" did you mean '{close[0]}'?" if close else ""
        raise ValueError(f"name: no method '{name}';{guess} known: {', '.join(METHODS)}")
    return METHODS[name]
