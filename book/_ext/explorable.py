"""The directive of interactive figures.

    :::{explorable} sigma-step
    :name: fig-explore-sigma-step

    ![What is to be seen](_static/explorables/sigma-step.svg)

    What to do, and what to see.
    :::

The name is that of a script `_static/explorables/NAME.js`. The picture is the figure's first view: it is shown in
JupyterLab, in print and where JavaScript is off; elsewhere the script puts the live figure in its place. The text is
the caption. Scripts and style are asked for by the pages that have an explorable, and by no others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from rules import SHORTEST_ALT
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SCRIPTS = Path(__file__).resolve().parents[1] / "_static" / "explorables"


class Explorable(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged_required}  # noqa: RUF012 (docutils wants a plain dict)

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if not (SCRIPTS / f"{name}.js").exists():
            raise self.error(f"there is no _static/explorables/{name}.js")
        body = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, body)
        picture = next(body.findall(nodes.image), None)
        texts = [child for child in body.children if isinstance(child, nodes.paragraph) and not has_image(child)]
        if picture is None or len(picture.get("alt", "")) < SHORTEST_ALT or len(texts) != 1:
            raise self.error(
                "an explorable holds one picture, with an alternative text that says what is to be seen, "
                "and one paragraph that says what to do and what to see"
            )
        picture["classes"] += ["dark-light"]
        figure = nodes.figure("", picture, classes=["explorable"])
        live = f'<div class="explorable-live" data-explorable="{name}"></div>'
        figure += nodes.raw("", live, format="html")
        caption = nodes.caption("", "", *texts[0].children)
        self.set_source_info(caption)
        figure += caption
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]


def has_image(node: nodes.Node) -> bool:
    return next(node.findall(nodes.image), None) is not None


def names(doctree: nodes.document) -> list[str]:
    """The explorables of a page, in the order in which they stand."""
    figures = [node for node in doctree.findall(nodes.raw) if "data-explorable=" in node.astext()]
    return list(dict.fromkeys(node.astext().split('"')[3] for node in figures))


def add_assets(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    found = names(doctree) if doctree is not None else []
    for name in ["common", *found] if found else []:
        app.add_js_file(f"explorables/{name}.js", loading_method="defer")
    if found:
        app.add_css_file("explorables/explorables.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("explorable", Explorable)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
