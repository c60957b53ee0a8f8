"""The checks of the built book's links and of the environment find what is broken, and only that."""

import check_environment
import check_links
import pytest

GOOD = """<html><body id="top"><a href="other.html#there">a</a> <a href="#top">b</a> <img src="_images/a.svg">
<a href="https://doi.org/10.1162/089976698300017746">c</a> <a href="sub/">d</a> <a href="mailto:someone@example.org">e</a>
</body></html>"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text('<p id="there">here</p>')
    (tmp_path / "_images").mkdir()
    (tmp_path / "_images" / "a.svg").write_text("<svg/>")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<a href="../index.html">up</a>')
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "theme.html").write_text('<a href="{{ template }}">not a page of the book</a>')
    return tmp_path


def test_a_book_in_order(book, capsys):
    assert check_links.main([str(book)]) == 0
    assert capsys.readouterr().out == "links: 0 broken in 3 pages\n"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("missing.html", "no such file"),
        ("_images/missing.png", "no such file"),
        ("other.html#elsewhere", "no place named 'elsewhere'"),
        ("#nowhere", "no place named 'nowhere'"),
        ("../outside.html", "leads out of the book"),
        ("/other.html", "root of the server"),
        ("", "an empty address"),
        ("https://", "not the address of a page"),
        ("https://exa mple.org", "not the address of a page"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("ftp://example.org/a", "begins with ftp:"),
    ],
)
def test_a_broken_link(book, capsys, address, reason):
    (book / "sub" / "index.html").write_text(f'\n<a href="{address}">x</a>')
    if address.startswith(("other", "_images", "missing")):
        (book / "index.html").write_text(f'\n<a href="{address}">x</a>')
        (book / "sub" / "index.html").write_text("")
    if address == "../outside.html":
        (book / "sub" / "index.html").write_text('\n<a href="../../outside.html">x</a>')
    assert check_links.main([str(book)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert reason in printed[0]
    assert ".html:2: " in printed[0]
    assert printed[-1] == "links: 1 broken in 3 pages"


def test_no_book_is_said(tmp_path, capsys):
    assert check_links.main([str(tmp_path)]) == 1
    assert "run `make book` first" in capsys.readouterr().out


def test_the_environment_is_the_pinned_one(tmp_path, capsys):
    lock = tmp_path / "requirements.txt"
    installed = check_environment.version("numpy")
    lock.write_text(f"numpy=={installed}\nscipy=={check_environment.version('scipy')} ; python_version < '99'\n-e .\n")
    named = [line for line in check_environment.complaints(lock) if lock.name in line]
    assert named == []
    lock.write_text("numpy==1.0\nscipy>=1\nno-such-package==1.0\nwindows-only==1 ; sys_platform == 'win32'\n")
    named = [line for line in check_environment.complaints(lock) if lock.name in line]
    assert named == [
        "no-such-package is not installed; requirements.txt wants no-such-package==1.0",
        f"numpy is {installed}; requirements.txt wants numpy==1.0",
        "scipy: 'scipy>=1' in requirements.txt is no exact pin (name==version)",
    ]
    assert check_environment.main([str(lock)]) == 1
    assert "complaints" in capsys.readouterr().out
