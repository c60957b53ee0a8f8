"""The claims ledger as a page, and a mark beside every equation that links to its row.

The page `reference/claims` holds the directive `claims-ledger` and nothing else that is kept by hand: the rows come
from the equations of the pages and from the marks of the tests (claims.py, evidence.py).  Each numbered equation of a
chapter gets a small link beside its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from blocks import page_link, table, title_of
from claims import HOW, Check, Equation, Ledger, read_ledger
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

PAGE = "book/reference/claims"
MOST_MARGINS = 3
NUMBERED = re.compile(
    r'(<div class="math[^>]* id="equation-(?P<label>eq-[a-z0-9-]+)"[^>]*>\s*<span class="eqno">)'
    r'(?P<number>\([^<]*\))((?:<a class="headerlink"[^>]*>[^<]*</a>)?)(?=</span>)'
)


def row_id(label: str) -> str:
    """The anchor of an equation's row."""
    return f"claim-{label}"


def mark_equations(body: str, page: str, labels: set[str]) -> str:
    """Put a link to its row beside the number of every equation in a page's HTML that has one."""

    def marked(found: re.Match[str]) -> str:
        if found["label"] not in labels:
            return found[0]
        name = f"How equation {found['number'].strip('()')} is checked"
        link = f'<a class="claim-mark" href="{page}#{row_id(found["label"])}" aria-label="{name}">✓</a>'
        return f"{found[1]}{found['number']}{link}{found[4]}"

    return NUMBERED.sub(marked, body)


class LedgerDirective(SphinxDirective):
    """`claims-ledger`: how many equations are checked, in which ways, and one row for each."""

    def run(self) -> list[nodes.Node]:
        ledger = built_ledger(self.env)
        for check in ledger.checks:
            self.env.note_dependency(str(Path(self.env.srcdir) / check.file))
        return [self.summary(ledger), self.counts(ledger), *self.chapters(ledger)]

    def summary(self, ledger: Ledger) -> nodes.Node:
        named = {check.name for one in ledger.claims for check in ledger.checks_of(one.label)}
        text = f"{ledger.covered} of {len(ledger.claims)} equations are named by a test; {len(named)} tests name them."
        return nodes.paragraph("", "", nodes.strong("", text))

    def counts(self, ledger: Ledger) -> nodes.Node:
        """A table: a row for each page, the number of tests of each kind."""
        rows = []
        for page in pages_of(ledger):
            labels = {one.label for one in ledger.claims if one.page == page}
            checks = [check for check in ledger.checks if labels & set(check.labels)]
            kinds = [str(sum(check.how == how for check in checks)) for how in HOW]
            rows.append([page_link(page, self.env), nodes.Text(str(len(labels))), *map(nodes.Text, kinds)])
        head = [nodes.Text(word) for word in ("page", "equations", *HOW)]
        return table(head, rows, ["claim-counts"])

    def chapters(self, ledger: Ledger) -> Iterator[nodes.Node]:
        for page in pages_of(ledger):
            name = title_of(Path(self.env.srcdir) / page)
            section = nodes.section(ids=[nodes.make_id(f"claims of {Path(page).stem}")], names=[])
            section += nodes.title("", name)
            for one in ledger.claims:
                if one.page == page:
                    section += self.row(one, ledger.checks_of(one.label))
            yield section

    def row(self, one: Equation, checks: list[Check]) -> nodes.Node:
        label = str(one.label)
        row = nodes.container(ids=[row_id(label)], classes=["claim"])
        reference = addnodes.pending_xref(
            "",
            nodes.literal("", label),
            refdomain="math",
            reftype="eq",
            reftarget=label,
            refdoc=self.env.docname,
            refexplicit=False,
            refwarn=True,
        )
        row += nodes.paragraph("", "", nodes.Text("Equation "), reference, nodes.Text(" "), nodes.literal("", label))
        row += nodes.math_block(one.tex, one.tex, nowrap=False, label=None, number=None, docname=self.env.docname)
        row += nodes.bullet_list("", *(nodes.list_item("", self.evidence(check)) for check in checks))
        return row

    def evidence(self, check: Check) -> nodes.Node:
        """One test: how, with which margins, its name, its file, the modules it uses."""
        text = nodes.paragraph("", "", nodes.strong("", check.how))
        if check.how != "symbolic" and check.margins:
            text += nodes.Text(f" ({', '.join(shown_margins(check))})")
        text += [nodes.Text(": "), nodes.literal("", check.name), nodes.Text(" in "), nodes.literal("", check.file)]
        text += nodes.Text("; uses " if check.modules else "; SymPy alone")
        for number, name in enumerate(check.modules):
            text += [nodes.Text(", " if number else ""), nodes.literal("", name)]
        return text


def built_ledger(env: BuildEnvironment) -> Ledger:
    """The ledger of the pages that are built: a chapter that the table of contents does not list yet has no rows."""
    whole = read_ledger(Path(env.srcdir))
    listed = [one for one in whole.equations if one.page.rsplit(".", 1)[0] in env.found_docs]
    return replace(whole, equations=tuple(listed))


def shown_margins(check: Check) -> list[str]:
    """The margins worth a line: standard errors first for a Monte-Carlo test, three at most."""
    first = sorted(check.margins, key=lambda margin: check.how == "monte-carlo" and not margin.endswith("errors"))
    return [*first[:MOST_MARGINS], *(["…"] if len(first) > MOST_MARGINS else [])]


def pages_of(ledger: Ledger) -> list[str]:
    """The pages that state something, in order."""
    return list(dict.fromkeys(one.page for one in ledger.claims))


def mark_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None or pagename == PAGE or PAGE not in app.env.all_docs:
        return
    if not hasattr(app, "claimed_labels"):
        app.claimed_labels = {one.label for one in built_ledger(app.env).claims}  # type: ignore[attr-defined]
    page = app.builder.get_relative_uri(pagename, PAGE)
    context["body"] = mark_equations(context["body"], page, app.claimed_labels)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("claims-ledger", LedgerDirective)
    app.connect("html-page-context", mark_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
