"""What is taken out of the written pages, and what a link to them shows."""

import lean
import preview
import pytest
from docutils import nodes
from docutils.utils import new_document

PAGE = """<script src="../_static/documentation_options.js"></script>
<script src="../_static/doctools.js?v=1"></script>
<script data-x="y" src="../_static/design-tabs.js"></script>
<script>let toggleHintShow = 'Click to show';</script>
<script defer="defer" src="../_static/mathjax/tex-svg.js"></script>
<script src="../_static/formulas.js"></script>
<script src="../_static/book.js"></script>
<script src="../_static/searchtools.js"></script>
<script src="../_static/language_data.js"></script>
<script src="../searchindex.js"></script>
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
"""


@pytest.mark.parametrize("name", ["searchtools", "language_data", "searchindex", "fontawesome"])
def test_what_a_page_does_not_use_is_taken_out(name):
    assert f"{name}.js" not in lean.lean(PAGE)


@pytest.mark.parametrize("name", ["searchtools", "language_data", "searchindex"])
def test_the_page_that_searches_keeps_its_scripts_where_they_are(name):
    assert f'{name}.js"></script>' in lean.lean(PAGE, searches=True)
    assert lean.lean(PAGE, searches=True).count("<script defer") == 1


def test_scripts_that_nothing_waits_for_are_deferred():
    made = lean.lean(PAGE)
    assert '<script defer="defer" src="../_static/doctools.js?v=1">' in made
    assert '<script defer="defer" data-x="y" src="../_static/design-tabs.js">' in made
    for kept in ("documentation_options", "formulas", "book"):
        assert f'<script src="../_static/{kept}.js">' in made
    assert "<script>let toggleHintShow" in made
    assert lean.lean(made) == made


def test_the_first_paragraph_describes_a_page():
    page = new_document("")
    page += nodes.paragraph(text="A short  one.")
    assert preview.first_words(page) == "A short one."
    longer = new_document("")
    longer += nodes.paragraph(text="word " * 80)
    assert preview.first_words(longer).endswith("word …")
    assert len(preview.first_words(longer)) <= preview.LONGEST + 2
    assert preview.first_words(new_document("")) == ""
