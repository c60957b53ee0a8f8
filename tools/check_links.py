"""Every link of the built book: pages, files and anchors exist, addresses elsewhere are well formed.

    python tools/check_links.py _build/html

Nothing is fetched.  Prints what is broken and exits with 1 if there is any.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SCHEMES = ("http", "https")
# what needs no address of its own
FREE = ("mailto:", "data:", "javascript:void")
ADDRESSES = {"a": "href", "link": "href", "img": "src", "script": "src", "iframe": "src", "source": "src"}


@dataclass
class Page(HTMLParser):
    """The anchors of a page and the addresses it points at, each with the line where it does."""

    anchors: set[str] = field(default_factory=set)
    addresses: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {name for key in ("id", "name") if (name := values.get(key))}
        address = values.get(ADDRESSES.get(tag, ""))
        if address is not None:
            self.addresses.append((address, self.getpos()[0]))


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def html_of(root: Path) -> list[Path]:
    """The pages of the book; what lies in ``_static`` are templates of the theme."""
    return [path for path in sorted(root.rglob("*.html")) if "_static" not in path.relative_to(root).parts]


def complaints(root: Path) -> list[str]:
    """What is wrong, one sentence a link."""
    pages = {path.resolve(): read(path) for path in html_of(root)}
    found = []
    for path, page in pages.items():
        for address, line in page.addresses:
            if reason := broken(address, path, root.resolve(), pages):
                found.append(f"{path.relative_to(root.resolve())}:{line}: {address}: {reason}")
    return found


def broken(address: str, path: Path, root: Path, pages: dict[Path, Page]) -> str:
    """Why a link on a page leads nowhere; "" if it leads somewhere."""
    if address.startswith(FREE):
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        return str(error)
    if parts.scheme or parts.netloc:
        if parts.scheme not in (*SCHEMES, ""):
            return f"no page of the web begins with {parts.scheme}:"
        well_formed = host and " " not in address and ("." in host or host == "localhost")
        return "" if well_formed else "not the address of a page"
    if not address:
        return "an empty address"
    target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
    if parts.path.startswith("/"):
        return "an address from the root of the server: the book may lie in a folder of it"
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(root):
        return "leads out of the book"
    if not target.exists():
        return "no such file"
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].anchors:
        return f"the page has no place named '{fragment}'"
    return ""


def main(arguments: list[str]) -> int:
    root = Path(arguments[0] if arguments else "_build/html")
    if not (root / "index.html").exists():
        print(f"no book in {root}: run `make book` first")
        return 1
    found = complaints(root)
    for complaint in found:
        print(complaint)
    count = len(html_of(root))
    print(f"links: {len(found)} broken in {count} pages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
