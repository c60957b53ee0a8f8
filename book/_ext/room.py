"""Keep room for every formula while it is not drawn yet, so that text does not jump when it is.

A formula's source is wider than the formula. Its width, and the height of a displayed one, are estimated here from
the source, to within a letter or two for most; `formulas.js` hides the source behind the room until it has drawn.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx
from written import change_pages

INLINE = re.compile(r'<span class="math notranslate nohighlight">(\\\(.*?\\\))</span>', re.DOTALL)
DISPLAYED = re.compile(r'<div class="math notranslate nohighlight"((?: id="[^"]*")?)>(.*?)</div>', re.DOTALL)
TOKEN = re.compile(r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\[a-zA-Z]+|\\.|[^\s]")

SCALE = 1.11  # a formula is set to the x-height of the text, and then by svg.scale of _config.yml
SMALL = 0.72  # indices and fractions within a line


def signs(line: str) -> set[str]:
    return set(line.split())


RELATIONS = signs(
    r"= < > : \le \leq \ge \geq \in \to \approx \sim \ne \neq \mapsto \equiv \propto \succ \succeq \preceq"
)
RELATIONS |= signs(r"\ll \gg \colon \Longrightarrow \Rightarrow \iff \subset \mid")
OPERATIONS = signs(r"+ - \cdot \times \pm \mp \circ \otimes")
NARROW = signs(r"i j l t r f ( ) [ ] | . ! ' \| \{ \}")
WORDS = {"\\KL": 2.0, "\\tr": 0.9, "\\diag": 1.9, "\\Var": 1.7, "\\Cov": 1.9, "\\log": 1.3, "\\exp": 1.5, "\\sin": 1.2}
WORDS |= {"\\cos": 1.4, "\\max": 1.9, "\\min": 1.7, "\\arg": 1.4, "\\quad": 1.0, "\\qquad": 2.0, "\\sum": 1.2}
WORDS |= {"\\int": 0.8, "\\arcsin": 2.5, "\\dots": 1.2, "\\ldots": 1.2, "\\cdots": 1.2, "\\infty": 1.0}
WORDS |= {"\\natgrad": 0.85, "\\nabla": 0.83, "\\dFR": 1.3, "\\top": 0.78}
SPACES = {"\\,": 0.17, "\\;": 0.28, "\\:": 0.22, "\\!": -0.17, "\\ ": 0.25, "~": 0.25, ",": 0.44, ";": 0.44}
NOTHING = signs(r"\left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \limits \displaystyle \textstyle & $")
ACCENTS = signs(r"\hat \tilde \bar \dot \ddot \vec \check \widehat \overline \underline \text \operatorname")
ACCENTS |= signs(r"\mathbf \mathrm \mathcal \mathbb \mathit \boldsymbol")


def width(source: str) -> float:
    """The width of a formula within a line, in em."""
    return round(SCALE * total(iter(TOKEN.findall(source))), 2)


def total(tokens: Iterator[str]) -> float:
    """The width of what follows, up to the end of its group."""
    sum_, raised, pending = 0.0, {"^": 0.0, "_": 0.0}, False
    for token in tokens:
        if token == "}":
            break
        if token in "^_":
            raised[token] = max(raised[token], SMALL * argument(tokens))
            pending = True
            continue
        if pending and token != "'":
            sum_, raised, pending = sum_ + max(raised.values()), {"^": 0.0, "_": 0.0}, False
        sum_ += one(token, tokens)
    return sum_ + max(raised.values())


def argument(tokens: Iterator[str]) -> float:
    token = next(tokens, "")
    return total(tokens) if token == "{" else one(token, tokens) if token else 0.0


def one(token: str, tokens: Iterator[str]) -> float:
    """The width of one sign, with the arguments that it takes."""
    if token == "{":
        return total(tokens)
    if token in ("\\frac", "\\tfrac", "\\dfrac", "\\binom"):
        return SMALL * max(argument(tokens), argument(tokens)) + 0.25
    if token == "\\sqrt":
        return argument(tokens) + 0.85
    if token in ACCENTS:
        return argument(tokens)
    if token in NOTHING or token.startswith(("\\begin", "\\end")):
        return 0.0
    for known in (WORDS, SPACES):
        if token in known:
            return known[token]
    if token in RELATIONS:
        return 1.33
    if token in OPERATIONS:
        return 1.22
    if token in NARROW:
        return 0.39
    return 0.5 if token.isdigit() else 0.75 if token.lstrip("\\")[:1].isupper() else 0.57


def height(source: str) -> float:
    """The height of a displayed formula, in em."""
    rows = re.split(r"\\\\(?:\[[^\]]*\])?", source)
    deep = re.compile(r"\\d?frac|\\sum|\\int|\\begin\{pmatrix\}|\\prod|\\binom|\\max_|\\min_")
    return round(2.3 + sum(2.5 if deep.search(row) else 1.6 for row in rows), 1)


def with_room(page: str) -> str:
    """A page whose formulas say how much room they will take."""

    def inline(found: re.Match[str]) -> str:
        room = width(html.unescape(found[1])[2:-2])
        return f'<span class="math notranslate nohighlight" style="--room: {room:g}em">{found[1]}</span>'

    def displayed(found: re.Match[str]) -> str:
        source = re.sub(r'<span class="eqno">.*?</span>', "", found[2], flags=re.DOTALL)
        style = f'style="--room: {height(html.unescape(source)):g}em"'
        return f'<div class="math notranslate nohighlight"{found[1]} {style}>{found[2]}</div>'

    return DISPLAYED.sub(displayed, INLINE.sub(inline, page))


def setup(app: Sphinx) -> dict[str, Any]:
    change_pages(app, lambda page, path: with_room(page))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
