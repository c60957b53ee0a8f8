"""One style for all figures: fonts, sizes, and colours that a colour-blind reader can tell apart.

The colours are those of Okabe and Ito (2008), darkened where a thin line would lack contrast on white.
A colour means one thing throughout the book; line style repeats it, so that print and grey suffice.
"""

from __future__ import annotations

from importlib.resources import files

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

__all__ = [
    "ALICE",
    "BLACK",
    "BLUE",
    "BOB",
    "CAROL",
    "FISHER",
    "GRADIENT",
    "GREEN",
    "GREY",
    "KL",
    "NATURAL",
    "ORANGE",
    "PURPLE",
    "RED",
    "SKY",
    "TARGET",
    "axes",
    "use_style",
]

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#c77f00", "#00805c", "#c44e00", "#aa4499", "#3a9fd8"
BLACK, GREY = "#222222", "#767676"

ALICE, BOB, CAROL = BLUE, ORANGE, GREEN  # sigma, sigma squared, log sigma
GRADIENT, NATURAL = RED, BLUE  # the two kinds of step
FISHER, KL = BLUE, ORANGE  # the quadratic form, the divergence it approximates
TARGET = BLACK  # data, targets, exact answers


def use_style() -> None:
    """Apply the style of the book and draw figures as SVG without a date, the same bytes each time."""
    plt.style.use(str(files("ngtools.plots") / "book.mplstyle"))
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # outside a notebook there is no inline figure
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None}, facecolor="white")


def axes(ax: Axes | None, xlabel: str = "", ylabel: str = "", title: str = "") -> Axes:
    """Return the given axes, or new ones, with labels set; every drawing function starts with it."""
    if ax is None:
        _, ax = plt.subplots()
    if xlabel:
        ax.set_xlabel(xlabel)
    if ylabel:
        ax.set_ylabel(ylabel)
    if title:
        ax.set_title(title)
    return ax
