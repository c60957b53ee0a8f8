"""No test without an assertion: a test that only runs code cannot go red when the code is wrong."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted(path for path in TESTS.rglob("test_*.py"))


def asserts(node, helpers):
    """Whether a function asserts: itself, by ``pytest.raises`` and the like, or by a helper that does."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            return True
        if isinstance(inner, ast.Attribute) and inner.attr.startswith(("assert_", "raises", "fail")):
            return True
        if isinstance(inner, ast.Call) and ast.unparse(inner.func).rpartition(".")[2] in helpers:
            return True
    return False


def asserting_functions(tree):
    """The names of the functions of a module that assert, those that call one of them included."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = set()
    while True:
        more = {function.name for function in functions if asserts(function, found)}
        if more == found:
            return found
        found = more


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_every_test_asserts(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asserting = asserting_functions(tree)
    tests = [
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert tests, f"{path.name} holds no test"
    assert not [name for name in tests if name not in asserting]


def test_a_test_that_only_runs_code_is_found():
    source = "def check(x):\n    assert x\ndef test_a():\n    check(1)\ndef test_b():\n    print(1)\n"
    assert asserting_functions(ast.parse(source)) == {"check", "test_a"}
