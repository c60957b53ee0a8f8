"""Draw the picture that a link to the book shows where links have pictures: python tools/draw_preview.py

The paths of the book's first picture, natural gradient flow beside gradient flow, under the title, 1200 x 630 pixels.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
from draw_picture import half_plane_paths

from ngtools.plots.paths import half_plane_panels
from ngtools.plots.style import use_style

OUT = Path(__file__).resolve().parents[1] / "book" / "_static" / "preview.png"


def main() -> None:
    use_style()
    half_plane_panels(half_plane_paths(), start=(2, 2), target=(0, 1))
    figure = plt.gcf()
    figure.set_size_inches(8, 4.2)
    figure.suptitle("Fisher Information and Natural Gradients", fontsize=21)
    plt.rcParams["savefig.bbox"] = "standard"  # 150 dots an inch make 1200 x 630
    plt.savefig(OUT, dpi=150, facecolor="white", transparent=False, metadata={"Software": None})


if __name__ == "__main__":
    main()
