"""Save the first view of every explorable as book/_static/explorables/NAME.svg: python tools/draw_explorables.py [NAME ...]

The picture stands where JavaScript is off, in print and in JupyterLab. Needs what the browser tests need.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
SCRIPTS = STATIC / "explorables"
WIDTH, NARROW = 520, 380  # of one board, and of two that stand one above the other

PAGE = """<!doctype html><html data-theme="light"><head><meta charset="utf-8">
<link rel="stylesheet" href="{home}/explorables/explorables.css">
<script src="{home}/explorables/common.js" defer></script><script src="{home}/explorables/{name}.js" defer></script></head>
<body><figure class="explorable" style="width: {width}px">
<div class="explorable-live" data-explorable="{name}"></div></figure></body></html>"""

# Each drawn board without what serves only the live one: what is hidden, identities of its elements, transitions.
COLLECT = """() => [...document.querySelectorAll(".explorable-board")].map(box => {
    const svg = box.querySelector("svg"), {width, height} = box.getBoundingClientRect();
    for (const e of svg.querySelectorAll("*")) {
        const style = getComputedStyle(e);
        if (e.closest("marker")) { e.removeAttribute("style"); continue; }
        if (e.tagName === "filter" || e.tagName === "clipPath" || style.display === "none" && e.tagName !== "defs"
            || style.visibility === "hidden") { e.remove(); continue; }
        if (e.tagName === "text") { e.setAttribute("font-size", style.fontSize); e.setAttribute("fill", style.fill); }
        for (const name of ["style", "class", "id", "pointer-events", "display", "fill-rule"]) e.removeAttribute(name);
    }
    for (const g of svg.querySelectorAll("g")) if (!g.children.length) g.remove();
    return {width: Math.round(width), height: Math.round(height), inner: svg.innerHTML};
})"""


def names() -> list[str]:
    return sorted(path.stem for path in SCRIPTS.glob("*.js") if path.stem != "common")


def open_alone(page: Page, name: str, folder: Path) -> None:
    """Open a page that holds nothing but one explorable, drawn."""
    boards = (SCRIPTS / f"{name}.js").read_text(encoding="utf8").count("ticks:") // 2
    path = folder / f"{name}.html"
    html = PAGE.format(home=STATIC.as_uri(), name=name, width=WIDTH if boards == 1 else NARROW)
    path.write_text(html, encoding="utf8")
    page.goto(path.as_uri())
    page.wait_for_selector("figure[data-drawn]")


def picture(page: Page) -> str:
    """The boards of the page as one SVG, one above the other."""
    boards, parts, top = page.evaluate(COLLECT), [], 0
    for board in boards:
        size = f'y="{top}" width="{board["width"]}" height="{board["height"]}"'
        parts.append(f"<svg {size}>{tidy(board['inner'])}</svg>")
        top += board["height"]
    width = boards[0]["width"]
    head = f'width="{width}" height="{top}" viewBox="0 0 {width} {top}" font-family="sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>\n{"".join(parts)}\n</svg>\n'


def tidy(inner: str) -> str:
    """The drawing with two decimals, an element a line."""
    inner = re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", inner)
    return re.sub(r">\s*<", ">\n<", inner)


def main() -> None:
    folder = Path(tempfile.gettempdir()) / "explorables"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 760, "height": 900})
        page.on("console", lambda said: print(said.text))
        page.on("pageerror", lambda error: print(error))
        for name in sys.argv[1:] or names():
            open_alone(page, name, folder)
            (SCRIPTS / f"{name}.svg").write_text(picture(page), encoding="utf8")
            print(f"{name}.svg")
            page.screenshot(path=str(folder / f"{name}.png"))
        browser.close()


if __name__ == "__main__":
    main()
