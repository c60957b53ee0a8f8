"""Which test checks which displayed equation: the claims ledger, read from the pages and from the tests.

A displayed equation that states something carries a label, `$$ ... $$ (eq-name)`, and at least one test names it:
`@pytest.mark.claim("eq-name", how="symbolic")`. Both sides are read as text (nothing is imported or run), so that
the same functions serve the command line, the tests and the page of the book that prints the ledger.

usage: python book/_ext/claims.py [--list]     the last line says `claims: N of N`; exit status 1 if short
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence import margins, modules
from pages import DISPLAYED, equations, pages, passages, without_code

ROOT = Path(__file__).resolve().parents[2]
HOW = ("symbolic", "exact", "numeric", "monte-carlo")
MOST_LABELS = 3

LABEL = re.compile(r"eq(-[a-z0-9]+)+")
ENVIRONMENT = re.compile(r"\\begin\{(?:equation|align|gather|multline|eqnarray)\*?\}")
PROOF_WITHOUT_WORDS = re.compile(r"\{prf:proof\}[^\n]*\n(?:[ \t]*:[a-z]+:.*\n|\s*\n)*\s*\$\$")
# Without one of these signs a displayed formula names a thing and states nothing.
RELATION = re.compile(
    r"=|<|>|\\(?:neq?|leq?|geq?|lt|gt|approx|simeq|sim|equiv|propto|succeq?|preceq?|to|mapsto|longmapsto|"
    r"Rightarrow|Leftrightarrow|iff|implies|longrightarrow|rightarrow|in|perp|ll|gg|cong)(?![a-zA-Z])"
)


@dataclass(frozen=True)
class Equation:
    """A displayed equation of the book."""

    page: str  # path below the root
    place: str  # "cell 3, line 2"
    tex: str
    label: str | None
    inside: tuple[str, ...]  # the directives around it, outermost first

    @property
    def states(self) -> bool:
        """Whether it needs a label: it relates two things, outside the question of an exercise."""
        return "exercise" not in self.inside and bool(RELATION.search(self.tex))


@dataclass(frozen=True)
class Check:
    """One mark of a test: the equations it names."""

    file: str
    name: str
    line: int
    labels: tuple[str, ...]
    how: str
    modules: tuple[str, ...] = ()  # of ngtools, that the test uses
    margins: tuple[str, ...] = ()  # that its assertions allow


@dataclass(frozen=True)
class Ledger:
    """Equations, the tests that name them, and what keeps the two from matching."""

    equations: tuple[Equation, ...]
    checks: tuple[Check, ...]
    problems: tuple[str, ...]

    def checks_of(self, label: str | None) -> list[Check]:
        return [check for check in self.checks if label in check.labels]

    @property
    def claims(self) -> list[Equation]:
        """What must be tested: every labelled equation, and every unlabelled one that states something."""
        return [one for one in self.equations if one.label or one.states]

    @property
    def covered(self) -> int:
        return sum(bool(self.checks_of(one.label)) for one in self.claims)


def read_equations(root: Path = ROOT) -> list[Equation]:
    """Every displayed equation of the book, in the order of the pages."""
    found = []
    for path in pages(root):
        page = path.relative_to(root).as_posix()
        for place, text in passages(path):
            for line, tex, label, inside in sorted(equations(text), key=lambda one: one[0]):
                found.append(Equation(page, f"{place}, line {line}", tex, label, inside))
    return found


def read_checks(root: Path = ROOT) -> tuple[list[Check], list[str]]:
    """The claim marks of every test under tests/, and what is wrong with them."""
    checks: list[Check] = []
    problems = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        file = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text(encoding="utf8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            marks = list(read_marks(node))
            labels = {label for mark in marks for label in mark[0]}
            where = f"{file}:{node.lineno}: {node.name}"
            for names, how in marks:
                evidence = modules(tree, node, root), margins(tree, node)
                checks.append(Check(file, node.name, node.lineno, names, how, *evidence))
                if how not in HOW:
                    problems.append(f"{where}: how={how!r}; it is one of {', '.join(HOW)}, written as a string")
                if not names or not all(LABEL.fullmatch(label) for label in names):
                    problems.append(f"{where}: name the equations as strings such as 'eq-fisher-definition'")
            if len(labels) > MOST_LABELS:
                problems.append(f"{where} names {len(labels)} equations; {MOST_LABELS} at most")
    return checks, problems


def read_marks(node: ast.FunctionDef | ast.ClassDef) -> Iterator[tuple[tuple[str, ...], str]]:
    """(labels, how) of each `pytest.mark.claim(...)` in the decorators, those inside `pytest.param` included."""
    for decorator in node.decorator_list:
        for call in ast.walk(decorator):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.claim":
                how = {word.arg: getattr(word.value, "value", None) for word in call.keywords}.get("how")
                yield tuple(str(getattr(one, "value", "")) for one in call.args), str(how)


def read_ledger(root: Path = ROOT) -> Ledger:
    """Equations, tests, and everything that keeps the two from matching."""
    found = read_equations(root)
    checks, problems = read_checks(root)
    problems += form_problems(root)
    count = Counter(one.label for one in found if one.label)
    tested = {label for check in checks for label in check.labels}
    for one in found:
        where = f"{one.page}, {one.place}"
        if one.label is None and one.states:
            problems.append(f"{where}: a displayed equation without a label: {' '.join(one.tex.split())[:60]}")
        elif one.label is not None and not LABEL.fullmatch(one.label):
            problems.append(f"{where}: the label {one.label!r} is not of the form eq-short-name")
        elif one.label is not None and one.label not in tested:
            problems.append(f"{where}: no test names {one.label}")
    problems += [f"{label}: {times} equations carry this label" for label, times in count.items() if times > 1]
    for check in checks:
        gone = [label for label in check.labels if label not in count]
        problems += [f"{check.file}:{check.line}: {check.name}: {label} is in no page" for label in gone]
    return Ledger(tuple(found), tuple(checks), tuple(problems))


def form_problems(root: Path) -> Iterator[str]:
    """Displayed mathematics in a form that cannot carry its label."""
    for path in pages(root):
        for place, text in passages(path):
            where, plain = f"{path.relative_to(root).as_posix()}, {place}", without_code(text)
            if ENVIRONMENT.search(DISPLAYED.sub("", plain)):
                yield f"{where}: a bare environment; write $$\\begin{{aligned}}...\\end{{aligned}}$$ (eq-name)"
            if PROOF_WITHOUT_WORDS.search(plain):
                yield f"{where}: begin a proof with words; displayed at once, its equation is not displayed at all"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print every equation with the tests that name it")
    parser.add_argument("--root", type=Path, default=ROOT)
    arguments = parser.parse_args()
    ledger = read_ledger(arguments.root)
    if arguments.list:
        for one in ledger.claims:
            print(f"{one.label or '(no label)'}    {one.page}, {one.place}")
            for check in ledger.checks_of(one.label):
                print(f"    {check.how:<12} {check.file}::{check.name}")
    for problem in ledger.problems:
        print(problem)
    print(f"claims: {ledger.covered} of {len(ledger.claims)}")
    return 1 if ledger.problems or ledger.covered < len(ledger.claims) else 0


if __name__ == "__main__":
    sys.exit(main())
