"""Imports point down: a module imports only from its own floor or below, and only the book imports plots."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ngtools

ROOT = Path(ngtools.__file__).parent

# a package or module directly below ngtools stands on one floor
FLOORS = (
    ("engines", 0),
    ("trees", 0),
    ("checks", 0),
    ("compiling", 0),
    ("data", 0),
    ("families", 1),
    ("linear", 1),
    ("quadrature", 2),
    ("symbolic", 3),
    ("fisher", 3),
    ("geometry", 4),
    ("products", 4),
    ("kfac", 5),
    ("descent", 5),
    ("rl", 6),
    ("invariance", 7),
    ("experiments", 8),
    ("summary", 8),
    ("plots", 8),
    ("notebook", 9),
    ("gallery", 9),
    ("exercises", 9),
    ("bugs", 9),
)
SIDE = ("plots", "notebook", "gallery", "exercises", "bugs")


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts != ("__init__",):
            yield path, parts[0]


def floor(name: str) -> int:
    for known, level in FLOORS:
        if name == known:
            return level
    raise AssertionError(f"ngtools/{name} has no floor: give it one in {Path(__file__).name}")


def imported(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ngtools"):
            names = [node.module] if node.module != "ngtools" else [f"ngtools.{alias.name}" for alias in node.names]
            yield from (name.split(".")[1] for name in names if "." in name)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("ngtools."))


@pytest.mark.parametrize(("path", "top"), list(modules()), ids=lambda value: getattr(value, "name", value))
def test_imports_point_down(path, top):
    for name in imported(path):
        assert floor(name) <= floor(top), f"{path.relative_to(ROOT)} (floor {floor(top)}) imports ngtools.{name}"
        if name in SIDE:
            assert top in SIDE, f"{path.relative_to(ROOT)} imports ngtools.{name}, which only the book may"


def test_no_module_is_a_drawer_for_everything():
    assert not [path for path, _ in modules() if path.stem in ("utils", "util", "helpers", "misc", "common")]
