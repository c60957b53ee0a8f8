"""The environment is what the lock says: every pin exact, installed as pinned, and all requirements fit together.

    python tools/check_environment.py requirements.txt

Nothing is fetched; whether a pinned version has a known weakness is asked elsewhere (``pip-audit``, in CI).
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(path: Path) -> list[Requirement]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-e"))]


def holds(requirement: Requirement) -> bool:
    """Whether a requirement concerns this machine."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def complaints(path: Path) -> list[str]:
    """What is wrong, one sentence a package."""
    found = []
    for pin in pins(path):
        exact = [clause for clause in pin.specifier if clause.operator == "=="]
        if len(exact) != 1 or len(pin.specifier) != 1:
            found.append(f"{pin.name}: '{pin}' in {path.name} is no exact pin (name==version)")
        elif holds(pin):
            found += unmet(pin, path.name)
    for distribution in distributions():
        name = distribution.metadata["Name"]
        for text in requires(name) or ():
            requirement = Requirement(text)
            if holds(requirement):
                found += unmet(requirement, name)
    return sorted(set(found))


def unmet(requirement: Requirement, by: str) -> list[str]:
    name = canonicalize_name(requirement.name)
    try:
        installed = version(name)
    except PackageNotFoundError:
        return [f"{name} is not installed; {by} wants {requirement}"]
    if not requirement.specifier.contains(installed, prereleases=True):
        return [f"{name} is {installed}; {by} wants {requirement}"]
    return []


def main(arguments: list[str]) -> int:
    path = Path(arguments[0] if arguments else "requirements.txt")
    found = complaints(path)
    for complaint in found:
        print(complaint)
    print(f"environment: {len(pins(path))} pins, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
