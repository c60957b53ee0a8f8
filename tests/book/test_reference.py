"""The smaller reference pages: a line on every work, the citation, and how long a chapter takes."""

import re
from pathlib import Path

import annotated
import pytest
import reading
import yaml
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]


def test_every_work_has_one_line():
    works, lines = set(parse_file(str(ROOT / "book" / "references.bib")).entries), annotated.annotations(ROOT)
    assert works == set(lines), f"{annotated.FILE} and references.bib differ in {sorted(works ^ set(lines))}"
    for key, line in lines.items():
        assert line.endswith("."), f"{key}: {line}"
        assert len(line) <= 120, f"{key}: more than a line"


def test_the_citation_is_that_of_the_file():
    file = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    page = (ROOT / "book" / "reference" / "cite.md").read_text(encoding="utf8")
    assert f"title = {{{file['title']}}}" in page
    assert f"version = {{{file['version']}}}" in page
    assert f"year = {{{file['date-released'].year}}}" in page
    assert file["authors"][0]["name"] in page


def test_the_glossary_is_in_order_and_links_to_what_it_defines():
    page = (ROOT / "book" / "reference" / "glossary.md").read_text(encoding="utf8")
    entries = page.split("```{glossary}\n")[1].split("```")[0]
    terms = [line for line in entries.splitlines() if line and not line.startswith(" ")]
    assert terms == sorted(terms, key=lambda term: re.sub(r"[^a-z]", "", term.lower().replace("é", "e")))
    linked = re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", page)
    assert linked
    assert set(linked) <= set(terms)


PAGE = """# One two

Three **four** words, and $x = 1$ {doc}`five <../page>`.

$$ F = 1 $$ (eq-f)

```python
not counted
```

:::{exercise}
:label: ex-1
None of these words is counted. $$ x = 1 $$
:::
"""


def test_a_page_is_measured_without_code_formulas_and_exercises(tmp_path):
    (tmp_path / "page.md").write_text(PAGE)
    found = reading.length(tmp_path / "page.md")
    assert found == reading.Length(words=7, equations=1, cells=0, exercises=1)
    assert found.minutes == 5


@pytest.mark.parametrize(("words", "minutes"), [(750, 5), (751, 10)])
def test_minutes_are_rounded_up(words, minutes):
    assert reading.Length(words, 0, 0, 0).minutes == minutes
    assert reading.Length(0, 4, 2, 0).minutes == 5
    assert reading.Length(0, 4, 3, 0).minutes == 10
