"""Every built page, as a reader meets it: wide and narrow, light and dark, served and from the disk."""

from pathlib import Path

import pytest

AXE = Path(__file__).parent / "vendor" / "axe.min.js"

OVERFLOW = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
FORMULAS = """() => ({
    asked: document.querySelectorAll("article .math").length,
    drawn: document.querySelectorAll("article mjx-container").length,
    wrong: [...document.querySelectorAll("mjx-merror, [data-mjx-error]")].map(e => e.dataset.mjxError || e.textContent),
})"""
CLIPPED = """() => [...document.querySelectorAll('article mjx-container[display="true"]')]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && e.offsetParent !== null)
    .map(e => `${e.closest("div.math")?.id || "output"}: ${e.scrollWidth - e.clientWidth} pixels too wide`)"""
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    v => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_served_page(opened, served, page_name, width, scheme):
    page = opened(f"{served}/{page_name}", width=width, scheme=scheme)
    formulas = page.evaluate(FORMULAS)
    assert formulas["wrong"] == []
    assert formulas["asked"] == 0 or formulas["drawn"] >= formulas["asked"]
    assert page.evaluate(OVERFLOW) <= 0, "the page is wider than the window"
    if width == 1280:
        clipped = page.evaluate(CLIPPED)
        assert not clipped, "break these equations into lines:\n" + "\n".join(clipped)
    page.add_script_tag(path=AXE)
    violations = page.evaluate(VIOLATIONS)
    assert not violations, "\n".join(violations)
    assert page.faults == []


def test_a_page_from_the_disk(opened, root, page_name):
    page = opened((root / page_name).as_uri(), width=390)
    formulas = page.evaluate(FORMULAS)
    assert formulas["wrong"] == []
    assert formulas["asked"] == 0 or formulas["drawn"] >= formulas["asked"]
    assert page.faults == []
