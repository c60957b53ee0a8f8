"""Every explorable, driven by pointer, finger and keyboard; its static figure where no script runs, and in print."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "book" / "_static" / "explorables"
NAMES = sorted({path.stem for path in SCRIPTS.glob("*.js")} - {"common"})
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
VIOLATIONS = """async () => (await axe.run("figure.explorable", {resultTypes: ["violations"]})).violations.map(
    v => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")}`)"""
# The middle of a handle on the screen.
HANDLE = """([name, number]) => {
    const figure = document.querySelector(`[data-explorable="${name}"]`).closest("figure").explorable;
    const {point} = figure.handles[number], box = point.board.containerObj.getBoundingClientRect();
    return [box.x + point.coords.scrCoords[1], box.y + point.coords.scrCoords[2]];
}"""
INK = """name => {
    const text = document.querySelector(`[data-explorable="${name}"] .explorable-board text`);
    return getComputedStyle(text).fill;
}"""


@dataclass(frozen=True)
class Drive:
    """A handle of an explorable, the way it is dragged (pixels), and the control that must follow."""

    control: str
    handle: int = 0
    by: tuple[int, int] = (-40, 0)
    exact: bool = False  # whether the handle may go anywhere, so that it ends under the pointer


DRIVES = {
    "cg-damping": Drive("lambda"),
    "charts-and-paths": Drive("mean", by=(-60, 30), exact=True),
    "kl-ball": Drive("c", by=(0, 30), exact=True),
    "sigma-step": Drive("sigma"),
    "simplex": Drive("best", by=(-10, -40), exact=True),
    "steepest": Drive("turn", by=(-60, -60), exact=True),
    "trust-step": Drive("delta", by=(0, -40), exact=True),
    "two-charts": Drive("longitude", by=(30, 0), exact=True),
}


@pytest.fixture(params=NAMES, scope="module")
def name(request):
    """Each explorable in turn."""
    return request.param


@pytest.fixture(scope="module")
def place(root, name):
    """The page that holds the explorable."""
    holding = [path for path in root.rglob("*.html") if f'data-explorable="{name}"' in path.read_text(encoding="utf8")]
    assert holding, f"no built page holds the explorable {name}"
    return holding[0].relative_to(root).as_posix()


@pytest.fixture(scope="module")
def wide(kept, served, name, place):
    """The page in a wide window, the explorable drawn."""
    page = kept(f"{served}/{place}", scheme="light")
    reach(page, name)
    return page


def locate(page, name):
    return page.locator(f'figure:has([data-explorable="{name}"])')


def reach(page, name):
    """Scroll to the explorable and wait until it is drawn."""
    locate(page, name).scroll_into_view_if_needed()
    page.wait_for_selector(f'figure[data-drawn]:has([data-explorable="{name}"])')
    board = locate(page, name).locator(".explorable-board").first
    board.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    return locate(page, name)


def readings(figure):
    return figure.locator("output").inner_text()


def assert_accessible_and_fits(page, name):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.add_script_tag(path=AXE)
    violations = page.evaluate(VIOLATIONS)
    assert not violations, "\n".join(violations)
    for board in locate(page, name).locator(".explorable-board").all():
        assert board.get_attribute("role") == "img"
        assert len(board.get_attribute("aria-label")) > 25
    assert page.faults == []


def test_it_is_drawn_accessible_and_fits(wide, name):
    figure = locate(wide, name)
    assert not figure.locator("> img").is_visible()
    assert re.search(r"\d", readings(figure))
    assert figure.locator("output").get_attribute("aria-live") == "polite"
    assert_accessible_and_fits(wide, name)


def test_the_keyboard_reaches_and_moves_every_control(wide, name):
    figure = locate(wide, name)
    controls = figure.locator("input, select")
    controls.first.focus()
    for number in range(controls.count()):
        control = controls.nth(number)
        assert control.evaluate("e => e === document.activeElement"), "Tab goes from one control to the next"
        before, words = control.input_value(), readings(figure)
        last = control.evaluate("e => e.type === 'range' && e.value === e.max")
        menu = control.evaluate("e => e.localName === 'select'")
        for _ in range(1 if menu else 8):
            wide.keyboard.press("ArrowDown" if menu else "ArrowLeft" if last else "ArrowRight")
        assert control.input_value() != before
        assert readings(figure) != words, f"the read-out does not follow {control.get_attribute('name')}"
        wide.keyboard.press("Tab")
    inside = figure.evaluate("e => [...e.querySelectorAll('.explorable-board *')].filter(x => x.tabIndex >= 0).length")
    assert inside == 0, "the boards hold no stop of the Tab key"
    assert wide.faults == []


def test_it_follows_the_theme_at_once(wide, name):
    before = wide.evaluate(INK, name)
    wide.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert wide.evaluate(INK, name) != before
    assert_accessible_and_fits(wide, name)


def test_in_print_there_is_a_figure(wide, name):
    wide.emulate_media(media="print")
    assert locate(wide, name).locator("> img").is_visible()
    assert not locate(wide, name).locator(".explorable-live").is_visible()
    wide.emulate_media(media="screen")
    assert not locate(wide, name).locator("> img").is_visible()


def test_a_pointer_drags_the_handle(opened, root, name, place):
    """From the disk, so that this holds without a server."""
    page, drive = opened((root / place).as_uri()), DRIVES[name]
    figure = reach(page, name)
    control = figure.locator(f'[name="{drive.control}"]')
    before, words = control.input_value(), readings(figure)
    x, y = page.evaluate(HANDLE, [name, drive.handle])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + drive.by[0] / 2, y + drive.by[1] / 2)
    page.mouse.move(x + drive.by[0], y + drive.by[1])
    page.mouse.up()
    assert control.input_value() != before
    assert readings(figure) != words
    if drive.exact:
        there = page.evaluate(HANDLE, [name, drive.handle])
        assert abs(there[0] - x - drive.by[0]) + abs(there[1] - y - drive.by[1]) < 6, "the handle follows the pointer"
    assert page.faults == []


def swipe(page, x, y, dx, dy):
    """A finger set down at (x, y) and moved."""
    client = page.context.new_cdp_session(page)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 11):
        point = {"x": x + dx * k / 10, "y": y + dy * k / 10}
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_on_a_phone_a_finger_scrolls_the_page_or_drags_the_handle(opened, served, name, place):
    page = opened(f"{served}/{place}", width=390, scheme="dark", has_touch=True, is_mobile=True)
    figure, drive = reach(page, name), DRIVES[name]
    assert_accessible_and_fits(page, name)
    control = figure.locator(f'[name="{drive.control}"]')
    before, at = control.input_value(), page.evaluate("scrollY")
    x, y = page.evaluate(HANDLE, [name, drive.handle])
    swipe(page, x, y, *(pixels / 2 for pixels in drive.by))
    assert control.input_value() != before, "the finger drags the handle"
    assert page.evaluate("scrollY") == at, "and the page stays"
    board, here = figure.locator(".explorable-board").first.bounding_box(), control.input_value()
    swipe(page, board["x"] + 0.95 * board["width"], board["y"] + 0.95 * board["height"], 0, -150)
    page.wait_for_function("at => scrollY > at + 50", arg=at)
    assert control.input_value() == here


def test_without_scripts_there_is_a_figure(opened, served, name, place):
    figure = locate(opened(f"{served}/{place}", java_script_enabled=False), name)
    assert figure.locator("> img").is_visible()
    assert figure.locator("> img").evaluate("e => e.naturalWidth") > 300
    assert not figure.locator(".explorable-live").is_visible()


def test_only_pages_with_an_explorable_ask_for_its_scripts(root):
    for path in root.rglob("*.html"):
        text = path.read_text(encoding="utf8")
        assert ("explorables/common.js" in text) == ("data-explorable=" in text), path.name
