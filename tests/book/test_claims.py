"""Every displayed equation is named by a test, and every named equation is in the book."""

import runpy
import subprocess
import sys
from pathlib import Path

import claims
import pytest

ROOT = Path(__file__).resolve().parents[2]


PAGE = """# A page
$$ F = 1 $$ (eq-good)

A `$$ x = 1 $$` in code, and

```python
"$$ y = 2 $$"
```

````{prf:theorem}
:label: thm-x
```{note}
$$ G = 2 $$ (eq-in-theorem)
```
````

:::{exercise}
:label: ex-x
Let $$ h = 3 $$
:::

$$ \\sqrt{2\\pi} $$

```{math}
:label: eq-directive
a < b
```

$$
\\begin{aligned}
u &= v \\\\
  &= w
\\end{aligned}
$$ (eq-aligned)
"""

TEST = """import pytest

@pytest.mark.claim("eq-good", "eq-directive", how="exact")
def test_one(): ...

@pytest.mark.parametrize("n", [1])
@pytest.mark.claim("eq-in-theorem", how="symbolic")
@pytest.mark.claim("eq-aligned", how="numeric")
def test_two(n): ...
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "book" / "_static").mkdir(parents=True)
    (tmp_path / "tests" / "claims").mkdir(parents=True)
    (tmp_path / "book" / "page.md").write_text(PAGE)
    (tmp_path / "tests" / "claims" / "test_page.py").write_text(TEST)
    return tmp_path


def test_the_book_is_covered():
    ledger = claims.read_ledger(ROOT)
    assert not ledger.problems, "\n".join(ledger.problems)
    assert ledger.covered == len(ledger.claims)


def test_the_marker_knows_the_same_ways_of_checking():
    assert runpy.run_path(str(ROOT / "conftest.py"))["HOW"] == claims.HOW


def test_equations_are_found_with_labels_and_surroundings(book):
    found = {one.label: one for one in claims.read_equations(book)}
    assert set(found) == {"eq-good", "eq-in-theorem", None, "eq-directive", "eq-aligned"}
    assert found["eq-in-theorem"].inside == ("prf:theorem", "note")
    assert found["eq-directive"].tex == "a < b"
    assert [one.tex for one in claims.read_equations(book) if one.label is None] == ["h = 3", "\\sqrt{2\\pi}"]
    assert found["eq-good"].place == "text, line 2"
    assert found["eq-directive"].place == "text, line 24"


def test_a_question_and_a_name_state_nothing(book):
    ledger = claims.read_ledger(book)
    assert ledger.problems == ()
    assert ledger.covered == len(ledger.claims) == 4


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("(eq-good)", "", "without a label"),
        ("(eq-good)", "(eq-Good)", "not of the form"),
        ("(eq-in-theorem)", "(eq-good)", "2 equations carry this label"),
        ("(eq-in-theorem)", "(eq-renamed)", "no test names eq-renamed"),
        ("(eq-in-theorem)", "(eq-renamed)", "eq-in-theorem is in no page"),
        ("# A page", "\\begin{align} a &= b \\end{align}", "bare environment"),
        ("# A page", ":::{prf:proof}\n$$ F = 1 $$\n:::", "begin a proof with words"),
    ],
)
def test_a_page_that_breaks_the_rule_is_named(book, old, new, complaint):
    (book / "book" / "page.md").write_text(PAGE.replace(old, new))
    assert any(complaint in problem for problem in claims.read_ledger(book).problems)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('how="exact"', 'how="by eye"', "it is one of"),
        (', how="exact"', "", "it is one of"),
        ('"eq-good", ', '"eq-good", "eq-a", "eq-b", ', "3 at most"),
        ('"eq-good", ', "LABEL, ", "as strings"),
    ],
)
def test_a_mark_that_breaks_the_rule_is_named(book, old, new, complaint):
    (book / "tests" / "claims" / "test_page.py").write_text(TEST.replace(old, new))
    assert any(complaint in problem for problem in claims.read_ledger(book).problems)


def test_the_command_line_counts_and_fails_when_short(book):
    command = [sys.executable, str(ROOT / "book" / "_ext" / "claims.py"), "--root", str(book)]
    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "claims: 4 of 4")
    (book / "tests" / "claims" / "test_page.py").write_text(TEST.replace('"eq-good", ', ""))
    short = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (short.returncode, short.stdout.splitlines()[-1]) == (1, "claims: 3 of 4")
