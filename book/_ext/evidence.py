"""What a test of an equation leans on, read from its source: the modules of `ngtools` it uses and the margins it allows.

Nothing is imported or run. A test uses what its body names, and what the helpers, fixtures and constants of its own
file name that it reaches.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.ClassDef
WORDS = {"rel": "relative", "rtol": "relative", "abs": "absolute", "atol": "absolute"}
SMALL = 1e-3  # a bound below this is a margin of rounding or truncation, not a statement about size
SPREAD = ("err", "std", "deviation", "var")  # names of standard errors


def reached(tree: ast.Module, node: FunctionNode) -> list[ast.AST]:
    """The test and the definitions of its file that it reaches, each once."""
    defined: dict[str, ast.AST] = {}
    for one in tree.body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            defined[one.name] = one
        elif isinstance(one, ast.Assign):
            defined |= {
                name.id: one for target in one.targets for name in ast.walk(target) if isinstance(name, ast.Name)
            }
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [node]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.append(here)
        names = {one.id for one in ast.walk(here) if isinstance(one, ast.Name)}
        names |= {one.arg for one in ast.walk(here) if isinstance(one, ast.arg)}  # fixtures
        waiting += [defined[name] for name in sorted(names & defined.keys())]
    return found


def modules(tree: ast.Module, node: FunctionNode, root: Path) -> tuple[str, ...]:
    """The modules of ngtools that a test names, itself or through its helpers, in order."""
    origin: dict[str, str] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and (one.module or "").split(".")[0] == "ngtools":
            for alias in one.names:
                whole = f"{one.module}.{alias.name}"
                origin[alias.asname or alias.name] = whole if is_module(root, whole) else str(one.module)
        elif isinstance(one, ast.Import):
            for alias in one.names:
                if alias.name.startswith("ngtools."):
                    origin[alias.asname or alias.name.split(".")[0]] = alias.name
    used = {name.id for one in reached(tree, node) for name in ast.walk(one) if isinstance(name, ast.Name)}
    return tuple(sorted({origin[name] for name in used & origin.keys()}))


def is_module(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def margins(tree: ast.Module, node: FunctionNode) -> tuple[str, ...]:
    """The margins that a test's assertions allow, such as "relative 1e-7" or "4 standard errors", each once."""
    constants = {
        target.id: one.value.value
        for part in reached(tree, node)
        for one in ast.walk(part)
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    found: dict[str, None] = {}
    for part in reached(tree, node):
        for one in sorted(ast.walk(part), key=lambda one: getattr(one, "lineno", 0)):
            if isinstance(one, ast.Assert):
                found |= dict.fromkeys(bounds(one.test, constants))
            if isinstance(one, ast.Assert) or (isinstance(one, ast.Call) and "assert_" in ast.unparse(one.func)):
                found |= dict.fromkeys(keywords(one, constants))
    return tuple(found)


def keywords(node: ast.AST, constants: dict[str, object]) -> Iterator[str]:
    """Margins given by name: `approx(..., rel=1e-7)`, `assert_allclose(..., atol=4 * error)`."""
    for call in ast.walk(node):
        for word in call.keywords if isinstance(call, ast.Call) else ():
            if word.arg in WORDS and (margin := margin_of(word.value, constants)):
                yield margin if margin.endswith("errors") else f"{WORDS[word.arg]} {margin}"


def bounds(test: ast.expr, constants: dict[str, object]) -> Iterator[str]:
    """Margins given by a comparison: `difference < 1e-9`, `difference < 1e-9 * size`, `abs(mean) < 4 * error`."""
    for compare in ast.walk(test):
        if isinstance(compare, ast.Compare) and isinstance(compare.ops[-1], ast.Lt | ast.LtE):
            right = compare.comparators[-1]
            times = number_of(leftmost(right), constants)
            margin = margin_of(right, constants)
            if margin.endswith("errors"):
                yield margin
            elif times is not None and 0 < times <= SMALL:
                yield f"below {margin}" if right is leftmost(right) else f"relative {times:g}".replace("e-0", "e-")


def leftmost(node: ast.expr) -> ast.expr:
    """The first factor of a product."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        node = node.left
    return node


def number_of(node: ast.expr, constants: dict[str, object]) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else constants.get(getattr(node, "id", ""))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def margin_of(node: ast.expr, constants: dict[str, object]) -> str:
    """A margin in words; empty where it is zero."""
    if (value := number_of(node, constants)) is not None:
        return "" if value == 0 else f"{value:g}".replace("e-0", "e-")
    times, rest = number_of(leftmost(node), constants), ast.unparse(node)
    if times is not None and times >= 2 and any(word in rest for word in SPREAD):
        return f"{times:g} standard errors"
    return rest
