"""Mutation testing: small changes of the code, and whether the tests that mirror it notice.

    python tools/mutants.py --sample 40            40 mutants of every core package, and 40 elsewhere
    python tools/mutants.py --only families --all  every mutant of one package (hours)
    python tools/mutants.py --jobs 16              sixteen at a time
    python tools/mutants.py --covering             the tests that run the line first, which is faster; before it
                                                   make coverage ARGS=--cov-context=test
    python tools/mutants.py --report               the score of what is in build/mutants.jsonl

Mutants are made by Cosmic Ray's operators on a copy of the checkout.  Left out: operators that only make a type error
(shifts and bit operations on numbers, ``is`` for ``<``), annotations, and the sizes of caches; nothing there could tell
a good test from a bad one.  Each mutant runs in a forked process against the tests that mirror its module, fastest
first, and stops at the first red one.  The score has a Wilson interval, since a sample is drawn.  A mutant that no input
can tell from the code is written down in tools/equivalent_mutants.toml with its reason, and left out of the score.
"""

from __future__ import annotations

import argparse
import compileall
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from mutants_covering import covering
from mutants_drawn import CORE, ROOT, Mutant, draw, mirror
from mutants_score import RESULTS, key, report, results


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
        if not side_by_side(copies, first, lambda m, copy: still_green(mirror(m), copy, options.timeout)):
            return 1
        tests = in_turn if options.covering else lambda mutant: [mirror(mutant)]
        side_by_side(copies, todo, lambda m, copy: write_down(m, *run(m, tests(m), copy, options.timeout)))
    return report()


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=40, help="mutants drawn from each package (default 40)")
    parser.add_argument("--all", action="store_true", help="every mutant: hours")
    parser.add_argument("--only", action="append", metavar="PACKAGE", help="a package of ngtools, or 'elsewhere'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=900.0, help="processor seconds for one mutant")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time, each on a copy of its own")
    parser.add_argument("--covering", action="store_true", help="first the tests that run the changed line")
    parser.add_argument("--report", action="store_true", help="only print what earlier runs found")
    return parser.parse_args()


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


def in_turn(mutant: Mutant) -> list[list[str]]:
    """Those tests of the mirror that run the changed line, then all of it: a cached value is run in the first test only."""
    mirrored, names = mirror(mutant), covering(mutant.path, mutant.line) or []
    chosen = [name for file in mirrored for name in names if name.partition("::")[0] == file]
    return [chosen, mirrored] if chosen else [mirrored]


def still_green(tests: list[str], copy: Path, timeout: float) -> bool:
    green = in_a_child(copy, tests, 10 * timeout) == 0
    if not green:
        print(f"red without any change, so that nothing can be said: pytest {' '.join(tests)}", flush=True)
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
    # children write no bytecode; what they change is newer than this
    compileall.compile_dir(folder / "ngtools", quiet=1)
    return folder


def warm_up() -> None:
    """Import what every test needs, once: forked processes share it.  ngtools itself is imported by each mutant."""
    import jax.numpy  # noqa: F401
    import pytest  # noqa: F401
    import scipy.integrate
    import scipy.optimize
    import scipy.stats  # noqa: F401
    import sympy  # noqa: F401


def run(mutant: Mutant, tests: list[list[str]], copy: Path, timeout: float) -> tuple[str, float]:
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    path = copy / mutant.path
    original = path.read_text(encoding="utf-8")
    changed = mutate_code(original, plugins.get_operator(f"core/{mutant.operator}")(), mutant.occurrence)
    path.write_text(changed, encoding="utf-8")
    started = time.monotonic()
    try:
        for selection in tests:
            code = in_a_child(copy, selection, timeout)
            if code not in (0, 4, 5):  # green, or none of these tests is there any more
                break
    finally:
        path.write_text(original, encoding="utf-8")
    outcome = {None: "timeout", 0: "survived", 4: "untested", 5: "untested"}.get(code, "killed")
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


if __name__ == "__main__":
    sys.exit(main())
