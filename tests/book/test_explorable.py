"""The directive of interactive figures, and that what it puts into a page is there."""

import hashlib
import re
from pathlib import Path

import explorable
import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "book" / "_static"
NAMES = sorted({path.stem for path in (STATIC / "explorables").glob("*.js")} - {"common"})

GOOD = """
.. explorable:: sigma-step
   :name: fig-trial

   .. image:: picture.svg
      :alt: A curve with one top, and three arrows that point towards it

   Drag the point, and see the arrows change.
"""


@pytest.fixture
def build(tmp_path, build_site):
    """Build a page with an explorable and one without; return both, and what was complained of."""

    def pages(text):
        source, out = tmp_path / "src", tmp_path / "out"
        source.mkdir()
        (source / "index.rst").write_text(f"Title\n=====\n\n{text}\n\n.. toctree::\n\n   plain\n")
        (source / "plain.rst").write_text("Plain\n=====\n")
        (source / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
        settings = {"extensions": ["explorable"], "html_static_path": [str(STATIC)], "numfig": True}
        said = build_site(source, out, settings)
        return (out / "index.html").read_text(), (out / "plain.html").read_text(), said

    return pages


def test_a_page_shows_the_picture_and_asks_for_the_scripts(build):
    page, plain, said = build(GOOD)
    assert said == ""
    figure = re.search(r'<figure class="explorable[^>]*id="fig-trial">.*?</figure>', page, re.DOTALL)[0]
    assert 'alt="A curve with one top' in figure
    assert 'class="dark-light"' in figure
    assert 'data-explorable="sigma-step"' in figure
    assert "Drag the point" in figure.split("<figcaption>")[1]
    for script in ("common", "sigma-step"):
        assert re.search(rf'<script defer="defer" src="_static/explorables/{script}.js', page)
    assert "explorables.css" in page
    assert "explorables" not in plain, "a page without an explorable asks for nothing"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("sigma-step", "no-such-thing", "there is no _static/explorables/no-such-thing.js"),
        ("A curve with one top, and three arrows that point towards it", "A curve", "what is to be seen"),
        ("   Drag the point, and see the arrows change.\n", "", "what to do and what to see"),
    ],
)
def test_an_explorable_that_lacks_something_is_refused(build, old, new, complaint):
    assert complaint in build(GOOD.replace(old, new))[2]


@pytest.mark.parametrize("name", NAMES)
def test_an_explorable_has_its_picture_and_one_place_in_the_book(name):
    assert (STATIC / "explorables" / f"{name}.svg").exists(), "run tools/draw_explorables.py"
    asked = f"{{explorable}} {name}\\n"
    places = [path.name for path in (ROOT / "book").glob("*.ipynb") if asked in path.read_text("utf8")]
    assert len(places) == 1, f"{name} stands in {places}"


def test_no_script_names_another_machine():
    for path in sorted((STATIC / "explorables").iterdir()):
        found = set(re.findall(r"https?://[\w./]+", path.read_text("utf8"))) - {"http://www.w3.org/2000/svg"}
        assert not found, f"{path.name}: {found}"


def test_the_vendored_library_is_the_one_that_is_named():
    digest = hashlib.sha256((STATIC / "jsxgraph" / "jsxgraphcore.js").read_bytes()).hexdigest()
    assert digest in (ROOT / "THIRD_PARTY_LICENSES.md").read_text("utf8")


def test_names_are_read_from_the_page():
    from docutils import nodes
    from docutils.utils import new_document

    page = new_document("")
    page += nodes.raw("", '<div class="explorable-live" data-explorable="sigma-step"></div>', format="html")
    assert explorable.names(page) == ["sigma-step"]
