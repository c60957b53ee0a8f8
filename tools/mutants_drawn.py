"""Which mutants there are, how a sample of them is drawn, and which tests mirror a module."""

from __future__ import annotations

import ast
import random
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = ("families", "symbolic", "geometry", "linear", "kfac")
LEFT_OUT = re.compile(
    r"(RShift|LShift|BitOr|BitAnd|BitXor|FloorDiv|Mod|Invert|Variable(Replacer|Inserter)|_Is$|_IsNot$|_Is_|_IsNot_)"
)
KEPT = re.compile(r"_(Is_IsNot|IsNot_Is)$")

LOOKED_AT = ("POINTS", "EXAMPLE")  # where tests look, not what is stated
FAMILY = (
    "tests/families/test_reference_values.py",
    "tests/families/test_kl.py",
    "tests/families/test_density.py",
    "tests/families/test_charts.py",
    "tests/families/test_bad_input.py",
    "tests/families/test_distance.py",
    "tests/symbolic/test_gallery.py",
    "tests/families/test_samples.py",
    "tests/families/test_tracing.py",
)
MACHINERY = ("chart", "constants", "family", "law", "location_scale", "regression", "support", "triangular", "__init__")


@dataclass(frozen=True)
class Mutant:
    area: str
    path: str
    operator: str
    occurrence: int
    line: int
    before: str
    after: str


def modules(area: str) -> list[Path]:
    """The modules of a package, or those of no core package (what only draws, or belongs to a page, apart)."""
    every = [path.relative_to(ROOT) for path in sorted((ROOT / "ngtools").rglob("*.py"))]
    if area != "elsewhere":
        return [path for path in every if path.parts[1] in (area, f"{area}.py")]
    aside = (*CORE, "kfac.py", "plots", "notebook.py", "experiments", "exercises", "data", "__init__.py", "gallery")
    return [path for path in every if path.parts[1] not in aside]


def candidates(path: Path) -> list[tuple[str, int, int]]:
    """Every change of a module that is worth trying: (operator, occurrence, line)."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    source = (ROOT / path).read_text(encoding="utf-8")
    skipped, nodes = untested(source), list(ast_nodes(get_ast(source)))
    found = []
    for name in sorted(plugins.operator_names()):
        if LEFT_OUT.search(name) and not KEPT.search(name):
            continue
        operator = plugins.get_operator(name)()
        positions = [place for node in nodes for place in operator.mutation_positions(node)]
        found += [
            (name, occurrence, start[0])
            for occurrence, (start, _) in enumerate(positions)
            if not any(first <= tuple(start) <= last for first, last in skipped)
        ]
    return found


def mutant_of(area: str, path: Path, name: str, occurrence: int, line: int) -> Mutant | None:
    """The mutant, or None where the change leaves the code as it was or makes no Python."""
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    source = (ROOT / path).read_text(encoding="utf-8")
    try:
        changed = mutate_code(source, plugins.get_operator(name)(), occurrence)
    except AttributeError:  # Cosmic Ray cannot replace an exception that is named with a dot
        return None
    if changed is None or not parses(changed) or ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source)):
        return None  # 1e18 + 1 is 1e18
    lines = source.splitlines()
    differing = [(a, b) for a, b in zip(lines, changed.splitlines()) if a != b] or [(lines[line - 1], "")]
    before, after = (text.strip() for text in differing[0])
    return Mutant(area, str(path), name.removeprefix("core/"), occurrence, line, before, after)


def draw(area: str, count: int | None, seed: int) -> tuple[list[Mutant], int]:
    """``count`` mutants of an area (all for None) in random order, and how many there are to choose from."""
    every = [(path, *place) for path in modules(area) for place in candidates(path)]
    random.Random(f"{seed} {area}").shuffle(every)
    drawn: list[Mutant] = []
    for place in every:
        if count is not None and len(drawn) == count:
            break
        mutant = mutant_of(area, *place)
        if mutant is not None:
            drawn.append(mutant)
    return drawn, len(every)


def parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def untested(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Places where a change means nothing when the code runs: annotations, and decorators that only cache or declare."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.AST | None] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            everyone = [
                *arguments.posonlyargs,
                *arguments.args,
                *arguments.kwonlyargs,
                arguments.vararg,
                arguments.kwarg,
            ]
            parts = [node.returns, *(one.annotation for one in everyone if one is not None)]
        elif isinstance(node, ast.AnnAssign):
            parts = [node if ast.unparse(node.target) in LOOKED_AT else node.annotation]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in LOOKED_AT:
            parts = [node]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            parts += [one for one in node.decorator_list if re.search(r"cache|overload|property", ast.unparse(one))]
        if isinstance(node, ast.Call):
            parts += [keyword.value for keyword in node.keywords if keyword.arg == "points"]
        if isinstance(node, ast.Call) and "cache" in ast.unparse(node.func):
            parts.append(node)
        for part in parts:
            if part is not None:
                begin = (part.lineno, max(part.col_offset - 1, 0))  # a decorator begins at its sign
                found.append((begin, (part.end_lineno, part.end_col_offset)))
    return found


def mirror(mutant: Mutant) -> list[str]:
    """Arguments of pytest: the tests that mirror a module, the fastest first."""
    _, package, *rest = Path(mutant.path).with_suffix("").parts
    stem = rest[-1] if rest else package
    if package == "families":
        if stem not in MACHINERY:
            name = stem.replace("_", "-")
            return [
                *FAMILY,
                "tests/test_records.py",
                "-k",
                f"{name} or {stem} or reference_values or bad_input or records",
            ]
        return [*FAMILY, "tests/families/test_support.py", "tests/symbolic/test_tables.py", "tests/test_records.py"]
    own = [path for path in (f"tests/{package}/test_{stem}.py", f"tests/test_{package}.py") if (ROOT / path).exists()]
    folder = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / package).glob("test_*.py"))
    beside = ["tests/test_bad_inputs.py"] if package in ("geometry", "descent", "fisher", "products") else []
    return list(dict.fromkeys([*own, "tests/test_records.py", *folder, *beside]))
