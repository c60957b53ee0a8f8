"""A browser and a server for the built pages: `make test-browser`."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--html-root", default=str(ROOT / "_build" / "html"), help="the folder of the built pages")


def html_root(config):
    return Path(config.getoption("--html-root")).resolve()


def built_pages(root):
    """Every page that a reader can come to, as a path below the root."""
    found = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.html"))
    return [name for name in found if not name.startswith("_static/") and name != "index.html"]


def pytest_generate_tests(metafunc):
    if "page_name" in metafunc.fixturenames:
        names = built_pages(html_root(metafunc.config))
        assert names, f"no pages under {html_root(metafunc.config)}; run `make book` first"
        metafunc.parametrize("page_name", names)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def root(request):
    """The folder of the built pages."""
    return html_root(request.config)


@pytest.fixture(scope="session")
def served(root):
    """The address under which the built pages are served."""
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        # A container's root has no sandbox to give; the pages are our own.
        yield playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])


def opener(browser):
    """A function that opens an address and returns the page, with `faults` filled by what goes wrong on it."""
    contexts = []

    def open_page(address, *, width=1280, scheme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        home = address.split("/", 3)[2]  # the host, empty for file://

        def leaves(url):
            return not url.startswith(("data:", "blob:", "about:")) and url.split("/", 3)[2] != home

        def route(route):
            if leaves(route.request.url):
                page.faults.append(f"asks for {route.request.url}")
                route.abort()
            else:
                route.continue_()

        context.route("**/*", route)
        page.on("console", lambda said: said.type == "error" and page.faults.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: page.faults.append(f"script: {error}"))
        page.on("response", lambda got: got.status >= 400 and page.faults.append(f"{got.status} for {got.url}"))
        page.goto(address, wait_until="load")
        page.evaluate("window.MathJax?.startup?.promise?.then(() => 0)")
        return page

    yield open_page
    for context in contexts:
        context.close()


# A page for one test, and a page that several tests of a module look at.
opened = pytest.fixture(name="opened")(opener)
kept = pytest.fixture(name="kept", scope="module")(opener)
