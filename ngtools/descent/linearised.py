"""The KL-proximal step with the objective replaced by its linearisation in the coordinates at hand.

Linear in which coordinates?  That question has a different answer in every chart, so this step has too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from ngtools.checks import number, real_array
from ngtools.descent.kl_steps import kl_proximal
from ngtools.descent.methods import Method
from ngtools.descent.setting import Setting

__all__ = ["KL_PROXIMAL_LINEARISED", "kl_proximal_linearised"]


def kl_proximal_linearised(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
    """The maximiser of g^T (u - theta) - KL(theta || u) / alpha, g the gradient at theta."""
    alpha, theta = number(alpha, "alpha", above=0), real_array(theta, "theta", (setting.dimension,))
    linear = replace(
        setting,
        objective=_linear,
        metric=_first(setting.metric),
        divergence=_first(setting.divergence),
        decode=_first(setting.decode),
        constants=(setting.constants, theta, setting.gradient(theta)),
    )
    return kl_proximal(linear, theta, alpha)


def _linear(u: Any, constants: Any) -> Any:
    _, theta, g = constants
    return g @ (u - theta)


@lru_cache(maxsize=64)
def _first(function: Callable[..., Any]) -> Callable[..., Any]:
    # the setting's own functions see the setting's own constants
    return lambda *arguments: function(*arguments[:-1], arguments[-1][0])


KL_PROXIMAL_LINEARISED = Method("kl-proximal, linearised", kl_proximal_linearised)
