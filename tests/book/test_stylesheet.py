"""The one stylesheet: which rules stay, and that addresses still lead to their files."""

import re

import pytest
import stylesheet

WORDS = {"kept", "later", "all", "em"}


@pytest.mark.parametrize(
    ("css", "made"),
    [
        (".kept { color: red }", ".kept{color: red}"),
        (".gone { color: red }", ""),
        (".kept, .gone, p { color: red }", ".kept,p{color: red}"),
        (".kept .gone { color: red }", ""),
        ("a:not(.gone, #gone) { color: red }", "a:not(.gone, #gone){color: red}"),
        ('[class="gone.x"] { color: red }', '[class="gone.x"]{color: red}'),
        ("#gone { color: red }", ""),
        ('.kept::before { content: "} ; {" }', '.kept::before{content: "} ; {"}'),
        ("@media print { .gone { color: red } .later { margin: 0 } }", "@media print{.later{margin: 0}}"),
        ("@media print { .gone { color: red } }", ""),
        ("@keyframes x { from { top: 0 } to { top: 1em } }", "@keyframes x{ from { top: 0 } to { top: 1em } }"),
        ("@charset 'utf-8'; b { top: 0 }", "@charset 'utf-8';\nb{top: 0}"),
        (r".kept\:later { color: red }", r".kept\:later{color: red}"),
        (r".kept\:gone { color: red }", ""),
    ],
)
def test_a_rule_stays_if_a_page_can_use_one_of_its_selectors(css, made):
    assert stylesheet.pruned(css, WORDS) == made


def test_addresses_are_told_from_the_new_place():
    moved = stylesheet.moved("a { b: url('../fonts/x.woff2') url(data:image/png;base64,AA) url(y.png) }", "styles")
    assert moved == "a { b: url('fonts/x.woff2') url(data:image/png;base64,AA) url(styles/y.png) }"


def test_imported_sheets_stand_where_they_are_imported(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "theme.css").write_text('/* why { */ @import "../basic.css"; .kept { top: 1em }')
    (tmp_path / "basic.css").write_text("p { background: url(x.png) }")
    assert re.sub(r"\s+", " ", stylesheet.read(tmp_path, "styles/theme.css")).strip() == (
        "p { background: url(x.png) } .kept { top: 1em }"
    )


def test_pages_of_a_site_share_one_sheet_that_keeps_the_order(tmp_path, build_site):
    source, out = tmp_path / "src", tmp_path / "out"
    (source / "_static").mkdir(parents=True)
    (source / "_static" / "own.css").write_text(".given-by-a-script { top: 0 } .nowhere { top: 0 } body { top: 2px }")
    (source / "_static" / "own.js").write_text("document.body.classList.add('given-by-a-script')")
    (source / "index.rst").write_text("Title\n=====\n\n.. toctree::\n\n   part/page\n")
    (source / "part").mkdir()
    (source / "part" / "page.rst").write_text("Page\n====\n")
    settings = {"extensions": ["stylesheet"], "html_static_path": ["_static"], "html_css_files": ["own.css"]}
    assert build_site(source, out, settings) == ""
    for page, up in (("index", ""), ("part/page", "../")):
        links = re.findall(r'<link[^>]*stylesheet[^>]*href="([^"]*)"', (out / f"{page}.html").read_text())
        assert len(links) == 1
        assert re.fullmatch(rf"{up}_static/all\.css\?v=[0-9a-f]{{8}}", links[0])
    sheet = (out / "_static" / "all.css").read_text()
    assert ".given-by-a-script{top: 0}" in sheet
    assert "nowhere" not in sheet
    assert "@import" not in sheet
    assert sheet.index("div.body") < sheet.index("body{top: 2px}"), "the site's own sheet comes last"
