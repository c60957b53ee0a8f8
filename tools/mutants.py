"""Mutation testing: small changes of the code, and whether the tests that mirror it notice.

    python tools/mutants.py --sample 40            40 mutants of every core package, and 40 elsewhere
    python tools/mutants.py --only families --all  every mutant of one package (hours)
    python tools/mutants.py --jobs 16              sixteen at a time
    python tools/mutants.py --report               the score of what is in build/mutants.jsonl

Mutants are made by Cosmic Ray's operators on a copy of the checkout.  Left out: operators that only make a type error
(shifts and bit operations on numbers, ``is`` for ``<``), annotations, and the sizes of caches; nothing there could tell
a good test from a bad one.  Each mutant runs in a forked process against the tests that mirror its module, fastest
first, and stops at the first red one.  The score has a Wilson interval, since a sample is drawn.  A mutant that no input
can tell from the code is written down in tools/equivalent_mutants.toml with its reason, and left out of the score.
"""

from __future__ import annotations

import argparse
import ast
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "mutants.jsonl"
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"
CORE = ("families", "symbolic", "geometry", "linear", "kfac")
LEFT_OUT = re.compile(
    r"(RShift|LShift|BitOr|BitAnd|BitXor|FloorDiv|Mod|Invert|Variable(Replacer|Inserter)|_Is$|_IsNot$|_Is_|_IsNot_)"
)
KEPT = re.compile(r"_(Is_IsNot|IsNot_Is)$")

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


def main() -> int:
    options = read_options()
    if options.report:
        return report()
    areas = options.only or [*CORE, "elsewhere"]
    drawn = []
    for area in areas:
        found, population = draw(area, None if options.all else options.sample, options.seed)
        drawn += found
        print(f"{area}: {len(found)} drawn of {population}", flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    done = {key(result) for result in results()}
    todo = [mutant for mutant in drawn if key(asdict(mutant)) not in done]
    # `make test` is green, they say: look once an area, so that a broken copy does not pass for sharp tests
    first = list({mutant.area: mutant for mutant in reversed(drawn)}.values())
    with tempfile.TemporaryDirectory() as folder:
        copies = [copy_checkout(Path(folder) / str(number)) for number in range(options.jobs)]
        warm_up()
        if not side_by_side(copies, first, lambda mutant, copy: still_green(mutant, copy, options.timeout)):
            return 1
        side_by_side(copies, todo, lambda mutant, copy: write_down(mutant, *run(mutant, copy, options.timeout)))
    return report()


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=40, help="mutants drawn from each package (default 40)")
    parser.add_argument("--all", action="store_true", help="every mutant: hours")
    parser.add_argument("--only", action="append", metavar="PACKAGE", help="a package of ngtools, or 'elsewhere'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=300.0, help="processor seconds for one mutant")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time, each on a copy of its own")
    parser.add_argument("--report", action="store_true", help="only print what earlier runs found")
    return parser.parse_args()


# -- which mutants ------------------------------------------------------------------------------------------


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
            parts = [node.annotation]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("POINTS", "EXAMPLE"):
            parts = [node]  # where tests look, not what is stated
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


# -- which tests --------------------------------------------------------------------------------------------


def mirror(mutant: Mutant) -> list[str]:
    """Arguments of pytest: the tests that mirror a module, the fastest first."""
    _, package, *rest = Path(mutant.path).with_suffix("").parts
    stem = rest[-1] if rest else package
    if package == "families":
        if stem not in MACHINERY:
            name = stem.replace("_", "-")
            return [*FAMILY, "-k", f"{name} or {stem} or reference_values or bad_input"]
        return [*FAMILY, "tests/symbolic/test_tables.py"]
    own = [path for path in (f"tests/{package}/test_{stem}.py", f"tests/test_{package}.py") if (ROOT / path).exists()]
    folder = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / package).glob("test_*.py"))
    beside = ["tests/test_bad_inputs.py"] if package in ("geometry", "descent", "fisher", "products") else []
    return list(dict.fromkeys([*own, *folder, *beside, "tests/test_records.py"]))


# -- one mutant ---------------------------------------------------------------------------------------------


def side_by_side(copies: list[Path], mutants: list[Mutant], work: Callable[[Mutant, Path], bool]) -> bool:
    """Give every mutant to the first process that is free, one process a copy; whether the work always said True."""
    following = multiprocessing.Value("i", 0)

    def serve(copy: Path) -> None:
        well = True
        while True:
            with following.get_lock():
                number, following.value = following.value, following.value + 1
            if number >= len(mutants):
                sys.exit(not well)
            well = work(mutants[number], copy) and well

    processes = [multiprocessing.get_context("fork").Process(target=serve, args=(copy,)) for copy in copies]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return all(process.exitcode == 0 for process in processes)


def still_green(mutant: Mutant, copy: Path, timeout: float) -> bool:
    green = in_a_child(copy, mirror(mutant), 10 * timeout) == 0
    if not green:
        print(f"red without any change, so that nothing can be said: pytest {' '.join(mirror(mutant))}", flush=True)
    return green


def write_down(mutant: Mutant, outcome: str, seconds: float) -> bool:
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**asdict(mutant), "outcome": outcome, "seconds": round(seconds, 1)}) + "\n")
    print(f"{outcome:9} {seconds:5.0f} s  {mutant.path}:{mutant.line}  {mutant.before}  ->  {mutant.after}", flush=True)
    return True


def copy_checkout(folder: Path) -> Path:
    """A copy of the tracked and the new files, to be changed at will."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return folder


def warm_up() -> None:
    """Import what every test needs, once: forked processes share it.  ngtools itself is imported by each mutant."""
    import jax.numpy  # noqa: F401
    import pytest  # noqa: F401
    import scipy.integrate
    import scipy.optimize
    import scipy.stats  # noqa: F401
    import sympy  # noqa: F401


def run(mutant: Mutant, copy: Path, timeout: float) -> tuple[str, float]:
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    path = copy / mutant.path
    original = path.read_text(encoding="utf-8")
    changed = mutate_code(original, plugins.get_operator(f"core/{mutant.operator}")(), mutant.occurrence)
    path.write_text(changed, encoding="utf-8")
    started = time.monotonic()
    try:
        code = in_a_child(copy, mirror(mutant), timeout)
    finally:
        path.write_text(original, encoding="utf-8")
    outcome = {None: "timeout", 0: "survived", 5: "untested"}.get(code, "killed")
    return outcome, time.monotonic() - started


def in_a_child(copy: Path, tests: list[str], timeout: float) -> int | None:
    """The exit code of pytest in a forked process; None where it used up its time."""
    child = os.fork()
    if child == 0:
        # seconds of the processor, not of the clock: what else the machine does decides nothing
        resource.setrlimit(resource.RLIMIT_CPU, (round(timeout), round(timeout) + 5))
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        import pytest

        flags = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "no:cov",
            "-p",
            "no:benchmark",
            "--no-header",
        ]
        os._exit(int(pytest.main([*flags, *(part for part in tests)])))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


# -- the score ----------------------------------------------------------------------------------------------


def results() -> list[dict]:
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def key(result: dict) -> tuple:
    return result["path"], result["operator"], result["before"], result["after"], result["occurrence"]


def wilson(killed: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    z = 1.96
    centre, half = (killed + z**2 / 2) / (n + z**2), z * (killed * (n - killed) / n + z**2 / 4) ** 0.5 / (n + z**2)
    return centre - half, centre + half


def equivalents(listing: Path = EQUIVALENT, root: Path = ROOT) -> dict[tuple[str, str, str], str]:
    """The mutants that mean the same as the code, and why; ValueError where the code has moved on."""
    found = {}
    for entry in tomllib.loads(listing.read_text(encoding="utf-8"))["mutant"] if listing.exists() else []:
        file = root / entry["path"]
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if entry["before"] not in map(str.strip, lines):
            raise ValueError(f"{listing.name}: no line of {entry['path']} is any more: {entry['before']}")
        if not entry["why"].strip():
            raise ValueError(f"{listing.name}: no reason for {entry['path']}: {entry['after']}")
        found[entry["path"], entry["before"], entry["after"]] = entry["why"]
    return found


def report() -> int:
    same, found = equivalents(), results()
    for result in found:
        if (
            result["outcome"] not in ("killed", "timeout")
            and (result["path"], result["before"], result["after"]) in same
        ):
            result["outcome"] = "equivalent"
    for area in dict.fromkeys(result["area"] for result in found):
        here = [result for result in found if result["area"] == area and result["outcome"] != "equivalent"]
        killed = sum(result["outcome"] in ("killed", "timeout") for result in here)
        low, high = wilson(killed, max(len(here), 1))
        print(
            f"{area:10} {killed:4} of {len(here):4} killed: {killed / max(len(here), 1):.1%}"
            f"  (95 %: {low:.1%} to {high:.1%})"
        )
    for result in found:
        if result["outcome"] not in ("killed", "timeout"):
            print(f"{result['outcome']}: {result['path']}:{result['line']}  {result['before']}  ->  {result['after']}")
            if result["outcome"] == "equivalent":
                print(f"    since {same[result['path'], result['before'], result['after']]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
