"""Families of distributions, each written once: one file a family, found by its name.

``get("gamma")`` imports ``gamma.py`` and calls its ``make``; constants are keywords of ``get``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from ngtools.families.chart import Chart, Parameter
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law

__all__ = ["Chart", "Family", "Formulas", "Law", "Parameter", "examples", "get", "names"]

# the modules of this package that are not families
_MACHINERY = {"chart", "constants", "family", "law", "location_scale", "regression", "support", "triangular"}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all families, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in found if name not in _MACHINERY))


def get(name: str, **constants: Any) -> Family:
    """Return a family by name; its constants are keywords.

    The same call returns the same record (compiled functions are kept with it), unless a constant is
    an array.

    Examples
    --------
    >>> get("zero-mean-normal").charts
    ('std', 'variance', 'log-std', 'precision')
    >>> get("zero-mean-norml")
    Traceback (most recent call last):
        ...
    ValueError: name: no family 'zero-mean-norml'; did you mean 'zero-mean-normal'? ...
    """
    if name not in names():
        import difflib

        close = difflib.get_close_matches(str(name), names(), n=1)
        guess = f" did you mean '{close[0]}'?" if close else ""
        raise ValueError(f"name: no family '{name}';{guess} known: {', '.join(names())}")
    try:
        hash(tuple(constants.values()))
    except TypeError:
        return _make(name, **constants)
    return _cached(name, **constants)


def examples() -> tuple[Family, ...]:
    """Return one instance of every family: those that need constants get the ``EXAMPLE`` of their module.

    Examples
    --------
    >>> [family for family in examples() if family.name == "binomial"]
    [<family binomial(n=7): charts probability, logit>]
    """
    return tuple(get(name, **getattr(_module(name), "EXAMPLE", {})) for name in names())


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def _make(name: str, **constants: Any) -> Family:
    try:
        family: Family = _module(name).make(**constants)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise TypeError(f"family '{name}': {str(error).replace('make()', 'get()')}") from None
    return family


_cached = lru_cache(maxsize=None)(_make)
