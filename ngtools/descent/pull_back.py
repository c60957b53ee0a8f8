"""The same problem in other coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from ngtools.descent.setting import Pin, Setting
from ngtools.geometry.compiled import compiled

__all__ = ["pull_back"]

Function = Callable[..., Any]


@lru_cache(maxsize=256)
def _pulled(function: Function, h: Function, kind: str) -> Function:
    def metric(psi: Any, constants: Any) -> Any:
        inner, own = constants
        J = jax.jacfwd(h)(psi, own)
        return J.T @ function(h(psi, own), inner) @ J

    def divergence(old: Any, new: Any, constants: Any) -> Any:
        inner, own = constants
        return function(h(old, own), h(new, own), inner)

    def scalar(psi: Any, constants: Any) -> Any:
        inner, own = constants
        return function(h(psi, own), inner)

    kinds: dict[str, Function] = {"metric": metric, "divergence": divergence, "scalar": scalar}
    return kinds[kind]


def pull_back(
    setting: Setting,
    name: str,
    h: Callable[[Any, Any], Any],
    encode: Callable[[np.ndarray], np.ndarray],
    constants: Any = (),
    dimension: int | None = None,
    matrices: Mapping[str, Function | str] = MappingProxyType({}),
) -> Setting:
    """The same problem in coordinates psi with theta = h(psi, constants).

    Parameters
    ----------
    setting
        In theta.
    h
        A ``jax.numpy`` function of the new coordinates; use one function with different ``constants``
        rather than many closures, and it is compiled once.
    encode
        theta -> some psi with h(psi) = theta (NumPy); the start, and where the mirror step comes back.
    dimension
        Number of new coordinates; more than the old ones make them redundant.
    matrices
        Those of the new setting, functions of psi and (the old constants, ``constants``): what replaces F in a
        method is made anew in each system of coordinates, and not carried along.
    """
    dimension = setting.dimension if dimension is None else dimension

    def decode(psi: np.ndarray) -> np.ndarray:
        return compiled(h)(psi, constants)

    def check(psi: np.ndarray) -> None:
        setting.check(decode(psi))

    inner = setting.pin
    pin = inner and Pin(inner.setting, lambda psi: inner.to(decode(psi)), lambda theta: encode(inner.back(theta)))
    return replace(
        setting,
        name=name,
        dimension=dimension,
        objective=_pulled(setting.objective, h, "scalar"),
        metric=_pulled(setting.metric, h, "metric"),
        divergence=_pulled(setting.divergence, h, "divergence"),
        decode=_pulled(setting.decode, h, "scalar"),
        check=check,
        constants=(setting.constants, constants),
        redundant=setting.redundant or dimension > setting.dimension,
        pin=pin,
        matrices=matrices,
    )
