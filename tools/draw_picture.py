"""Draw the picture of README.md, the one of the book's first page: python tools/draw_picture.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from ngtools import descent, families
from ngtools.plots.paths import half_plane_panels
from ngtools.plots.style import use_style

OUT = Path(__file__).resolve().parents[1] / "book" / "_static" / "paths.svg"


def half_plane_paths() -> dict[str, dict]:
    """Gradient flow and natural flow from (2, 2) to the data N(0, 1), as seen by three learners."""
    normal = families.get("normal")
    objective = descent.expected_log_likelihood(normal, [0.0, 1.0])
    paths: dict[str, dict] = {}
    for kind, time in (("gradient", 60.0), ("natural", 8.0)):
        for label, chart in zip(("σ", "σ²", "log σ"), normal.charts):
            start = normal.convert([2.0, 2.0], to=chart)
            trace = descent.flow(kind, normal, start, objective, time, chart, points=400)
            paths.setdefault(f"{kind} flow", {})[label] = trace.distribution
    return paths


def main() -> None:
    use_style()
    half_plane_panels(half_plane_paths(), start=(2, 2), target=(0, 1))
    plt.savefig(OUT, facecolor="white", transparent=False, metadata={"Date": None})


if __name__ == "__main__":
    main()
