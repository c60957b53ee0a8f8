"""The API reference: every public package is on a page, every public name has a docstring, and docstrings parse."""

import importlib
import inspect
import re
from pathlib import Path

import api
import pytest

import ngtools

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "book" / "reference" / "api").glob("*.md"))
SHOWN = {name for page in PAGES for name in re.findall(r"automodule:: (\S+)", page.read_text(encoding="utf8"))}


def public_packages():
    """What lies directly below ngtools and says what is public."""
    for name, _ in api.modules(ROOT):
        if name.count(".") == 1 and hasattr(importlib.import_module(name), "__all__"):
            yield name


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_every_public_name_has_a_docstring(name):
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{public} has no docstring"


def test_what_is_public_is_shown():
    missing = set(public_packages()) - SHOWN - {"ngtools.checks"}  # the library's own guard, no one else's
    assert not missing, f"no page of book/reference/api has {sorted(missing)}"
    assert all(importlib.import_module(name) for name in SHOWN)


def test_every_module_says_what_it_holds():
    found = dict(api.modules(ROOT))
    assert found["ngtools"] == " ".join(inspect.getdoc(ngtools).split("\n\n")[0].split())
    silent = [name for name, text in found.items() if not text.endswith((".", "!", "?", ":")) and text[-1:] != "`"]
    assert not silent, f"the first paragraph of these docstrings is no sentence: {silent}"


def test_a_table_lists_the_public_modules_below_a_package():
    studies = [name for name, _ in api.listed(ROOT, "ngtools.experiments")]
    assert {"digits", "policies"} <= set(studies)
    assert not [name for name in studies if name.startswith("_")]
    assert "mdp.fisher" in dict(api.listed(ROOT, "ngtools.rl"))
    packages = [name for name, _ in api.listed(ROOT, "ngtools")]
    assert "rl" in packages
    assert not [name for name in packages if "." in name]


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("KL(old || new) of |delta|^3", r"KL(old \|\| new) of \|delta\|^3"),
        ("a * b, theta_ and ``x | y_``", r"a \* b, theta\_ and ``x | y_``"),
        ("returns a `Trace`", r"returns a \`Trace\`"),
        ("F_ij is left alone", "F_ij is left alone"),
    ],
)
def test_mathematics_in_plain_text_is_made_safe(line, safe):
    assert api.escaped(line) == safe


def test_examples_are_left_alone():
    lines = ["A | b", "", ">>> x = a | b", "    c*", "", "d*", "see::", "    e*"]
    api.escape_docstring(None, "function", "f", None, None, lines)
    assert lines == [r"A \| b", "", ">>> x = a | b", "    c*", "", r"d\*", "see::", "    e*"]
