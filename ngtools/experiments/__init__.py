"""Studies: what takes longer than a chapter may, and published experiments reproduced.

A study is a module of this package with

``SETTINGS``
    A dictionary of plain values; with them the stored result was computed.
``run(**settings) -> dict``
    The results: plain lists, numbers and strings under short names.
``check(results) -> dict[str, bool]``
    The claims, each with its verdict: pass or fail on the *shape* of what was published.
``sample() -> dict``
    A part of the results computed afresh in seconds, in the same nesting; a test compares it with
    the stored file.  ``TOLERANCE`` is the relative difference allowed (rounding on another machine).

``python -m ngtools.experiments`` (``make study``) runs them all, or the ones named, and writes
``book/_data/NAME.json`` with settings, versions, results and verdicts.  Chapters read them with `load`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["data_directory", "differences", "load", "names", "study", "write"]


def names() -> tuple[str, ...]:
    """Return the names of all studies."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def study(name: str) -> ModuleType:
    """Return the module of a study."""
    if name not in names():
        raise ValueError(f"name: no study '{name}'; known: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def data_directory() -> Path:
    """Where the stored results lie: ``book/_data`` of the checkout this package is installed from.

    Raises
    ------
    FileNotFoundError
        The package is installed without the book.
    """
    book = Path(__file__).resolve().parents[2] / "book"
    if not book.is_dir():
        raise FileNotFoundError(f"no book beside the package (looked for {book}): studies belong to a checkout")
    return book / "_data"


def load(name: str) -> dict[str, Any]:
    """Return the stored file of a study: ``settings``, ``versions``, ``results``, ``verdicts``."""
    path = data_directory() / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"name: {path} is missing; run `python -m ngtools.experiments {name}`")
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def write(name: str) -> dict[str, Any]:
    """Run a study and store its results; returns what was stored."""
    module = study(name)
    results = plain(module.run(**module.SETTINGS))
    stored = {
        "study": name,
        "settings": plain(module.SETTINGS),
        "versions": _versions(),
        "results": results,
        "verdicts": {claim: bool(verdict) for claim, verdict in module.check(results).items()},
    }
    data_directory().mkdir(exist_ok=True)
    text = json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False)
    (data_directory() / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return stored


def plain(value: Any) -> Any:
    """Return the value in terms of JSON: arrays become lists, nan and infinity become null."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def differences(stored: Any, fresh: Any, tolerance: float, floor: float = 1e-12, where: str = "") -> list[str]:
    """Compare freshly computed results with stored ones, wherever both have an entry.

    Numbers differ when they are further apart than ``tolerance`` relative plus ``floor`` absolute.

    Returns
    -------
    One line a difference; an entry the store lacks is a difference too.
    """
    if isinstance(fresh, dict):
        if not isinstance(stored, dict):
            return [f"{where}: stored {stored!r}, now a dictionary"]
        lines = []
        for key, entry in fresh.items():
            place = f"{where}/{key}"
            if key not in stored:
                lines.append(f"{place}: not stored")
            else:
                lines += differences(stored[key], entry, tolerance, floor, place)
        return lines
    if isinstance(fresh, list):
        if not isinstance(stored, list) or len(stored) != len(fresh):
            return [f"{where}: stored {stored!r}, now {len(fresh)} entries"]
        pairs = enumerate(zip(stored, fresh))
        return [line for i, (a, b) in pairs for line in differences(a, b, tolerance, floor, f"{where}[{i}]")]
    if isinstance(fresh, float) and isinstance(stored, (int, float)) and not isinstance(stored, bool):
        close = abs(fresh - stored) <= tolerance * max(abs(fresh), abs(stored)) + floor
        return [] if close else [f"{where}: stored {stored!r}, now {fresh!r}"]
    return [] if stored == fresh else [f"{where}: stored {stored!r}, now {fresh!r}"]


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("numpy", "scipy", "jax", "optax"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
