"""The page of the claims ledger: what a row says of a test, and that equations and rows link to each other."""

import ast
import re
from pathlib import Path

import blocks
import evidence
import ledger
import pytest

TEST = """
import numpy as np
import pytest
from ngtools import families, fisher as fi
from ngtools.geometry.ball import ellipse
from ngtools.linear import cg, unused

TIGHT = 1e-12
FAMILY = families.get("normal")


@pytest.fixture
def solver():
    return cg


def helper(x):
    assert x == pytest.approx(1, rel=TIGHT)
    return ellipse(x)


@pytest.mark.claim("eq-good", how="numeric")
def test_good(solver):
    assert fi.by_score(FAMILY, [1.0]) == pytest.approx(helper(1), abs=1e-9)
    np.testing.assert_allclose(solver(1), 1, rtol=0, atol=2e-3)
    assert abs(1 - 1) < 1e-7 * np.max(2)
    assert 0.3 < 0.5


@pytest.mark.claim("eq-drawn", how="monte-carlo")
def test_drawn():
    error = np.std([1, 2]) / 4
    assert abs(1 - 1) < 4 * error
    assert 1 == pytest.approx(1, abs=1e-2)


@pytest.mark.claim("eq-bare", how="symbolic")
def test_bare():
    assert 1 - 1 == 0
"""
PAGE = """# A page

$$ F = 1 $$ (eq-good)

$$ G = 2 $$ (eq-drawn)

$$ H = 3 $$ (eq-bare)
"""


@pytest.fixture
def root(tmp_path):
    for folder in ("book/reference", "tests/claims", "ngtools/linear"):
        (tmp_path / folder).mkdir(parents=True)
    for module in ("families", "fisher", "linear/__init__", "linear/cg"):
        (tmp_path / "ngtools" / f"{module}.py").touch()
    (tmp_path / "tests" / "claims" / "test_01_page.py").write_text(TEST)
    (tmp_path / "book" / "01_page.md").write_text(PAGE)
    (tmp_path / "book" / "reference" / "claims.md").write_text("# Ledger\n\n```{claims-ledger}\n```\n")
    # in preparation: no table of contents lists it, so it is not built and has no rows
    (tmp_path / "book" / "02_draft.md").write_text("# Draft\n\n$$ x = 1 $$ (eq-draft)\n")
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\nbook/01_page\nbook/reference/claims\n```\n")
    return tmp_path


def checked(name):
    tree = ast.parse(TEST)
    return tree, next(one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == name)


def test_a_test_uses_what_it_and_its_helpers_name(root):
    found = evidence.modules(*checked("test_good"), root)
    assert found == ("ngtools.families", "ngtools.fisher", "ngtools.geometry.ball", "ngtools.linear.cg")
    assert evidence.modules(*checked("test_drawn"), root) == evidence.modules(*checked("test_bare"), root) == ()


def test_the_margins_of_a_test_are_those_of_its_assertions():
    found = {"absolute 1e-9", "absolute 0.002", "relative 1e-7", "relative 1e-12"}
    assert set(evidence.margins(*checked("test_good"))) == found
    assert set(evidence.margins(*checked("test_drawn"))) == {"4 standard errors", "absolute 0.01"}
    assert evidence.margins(*checked("test_bare")) == ()


def test_equations_and_rows_link_to_each_other(root, build_site):
    out = root / "_build"
    settings = {
        "extensions": ["myst_parser", "ledger"],
        "myst_enable_extensions": ["dollarmath"],
        "exclude_patterns": ["tests", "book/02*"],
    }
    assert build_site(root, out, settings) == ""
    page = (out / "book" / "01_page.html").read_text()
    rows = (out / "book" / "reference" / "claims.html").read_text()
    assert "3 of 3 equations" in rows
    for number, label in enumerate(("eq-good", "eq-drawn", "eq-bare"), start=1):
        name = f"How equation {number} is checked"
        assert f'<a class="claim-mark" href="reference/claims.html#claim-{label}" aria-label="{name}">' in page
        assert f'id="claim-{label}"' in rows
        assert re.search(rf'href="\.\./01_page\.html#equation-{label}"[^>]*>\({number}\)<', rows)
    text = re.sub(r"<[^>]+>", "", rows)
    assert (
        "numeric (absolute 1e-9, absolute 0.002, relative 1e-7, …): test_good in tests/claims/test_01_page.py" in text
    )
    assert "monte-carlo (4 standard errors, absolute 0.01): test_drawn" in text
    assert "symbolic: test_bare in tests/claims/test_01_page.py; SymPy alone" in text
    assert "claim-mark" not in rows
    assert "eq-draft" not in rows


def test_an_equation_without_a_row_gets_no_mark():
    body = '<div class="math notranslate" id="equation-eq-new">\n<span class="eqno">(1.1)</span>x</div>'
    assert ledger.mark_equations(body, "claims.html", {"eq-old"}) == body
    assert 'href="claims.html#claim-eq-new"' in ledger.mark_equations(body, "claims.html", {"eq-new"})


def test_every_page_that_states_something_has_a_title():
    ledger_of_the_book = ledger.read_ledger(Path(ledger.__file__).resolve().parents[2])
    for page in ledger.pages_of(ledger_of_the_book):
        assert re.fullmatch(r"(\d\d )?\S.*", blocks.title_of(Path(ledger.__file__).resolve().parents[2] / page))


def test_a_check_of_numbers_calls_the_library():
    """A symbolic test may prove a general statement with SymPy alone; numbers come from the program on trial."""
    idle = [
        f"{check.file}::{check.name}"
        for check in ledger.read_ledger(Path(ledger.__file__).resolve().parents[2]).checks
        if check.how != "symbolic" and not check.modules
    ]
    assert not idle, f"these tests compute nothing with ngtools: {idle}"
