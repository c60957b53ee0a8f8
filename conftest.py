"""What holds for every test: the marker of the claims ledger, and how notebooks are compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import jax
import pytest
from nbval.plugin import IPyNbFile

# compiled programs pile up over the files of a run; beyond this many bytes of memory they are let go
MEMORY = 2_500_000_000
# those of book/_ext/claims.py, which is not on the path where this file is loaded as a plug-in
HOW = ("symbolic", "exact", "numeric", "monte-carlo")

# the same examples in every run; HYPOTHESIS=new draws others
hypothesis.settings.register_profile("same", derandomize=True, database=None)
hypothesis.settings.load_profile("default" if os.environ.get("HYPOTHESIS") == "new" else "same")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent) -> Iterator[None]:
    """Let nbval pass over SVG, as it does over PNG: last digits of a path differ between processors.

    What a figure draws is tested as data, in tests/plots.
    """
    collected = yield
    for collector in collected:
        if isinstance(collector, IPyNbFile):
            collector.skip_compare = (*collector.skip_compare, "image/svg+xml")
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("claim"):
            if not mark.args or set(mark.kwargs) != {"how"} or mark.kwargs["how"] not in HOW:
                raise pytest.UsageError(f"{item.nodeid}: write @pytest.mark.claim('eq-...', how=one of {HOW})")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A skipped test checks no equation, so a test of a claim may not be skipped."""
    report = yield
    if report.skipped and item.get_closest_marker("claim"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: the test of a claim may not be skipped"
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    pages = Path("/proc/self/statm")
    if nextitem is None or nextitem.path == item.path or not pages.exists():
        return
    if int(pages.read_text().split()[1]) * 4096 > MEMORY:
        jax.clear_caches()
