"""Draw the logo and the favicon: Fisher ellipses of the normal family, along one path in (mean, std) coordinates.

usage: python tools/draw_logo.py    (writes book/_static/logo.svg and book/_static/favicon.svg)

At (mean, sigma) the Fisher matrix is diag(1, 2) / sigma^2, so a ball of one Fisher radius is an ellipse with half axes
proportional to sigma and sigma / sqrt(2): the same size in KL, larger on the page where the distribution is wider.
"""

from __future__ import annotations

import math
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "book" / "_static"
BLUE, ORANGE = "#0072b2", "#d55e00"


def ellipse(mean: float, sigma: float, radius: float) -> tuple[float, float, float, float]:
    """Centre and half axes on a 64 x 64 page, sigma growing upwards."""
    return mean, 64 - sigma, radius * sigma, radius * sigma / math.sqrt(2)


def geodesic(angle: float) -> tuple[float, float]:
    """A point of the half-ellipse (mean - 32)^2 + 2 sigma^2 = 30^2, a geodesic of the family."""
    return 32 - 30 * math.cos(angle), 30 * math.sin(angle) / math.sqrt(2) * 1.9


def picture(radius: float, width: float, angles: list[float]) -> str:
    shapes = []
    path = [geodesic(math.pi * k / 40) for k in range(2, 39)]
    line = " ".join(f"{x:.2f},{64 - s - 4:.2f}" for x, s in path)
    shapes.append(f'<polyline points="{line}" fill="none" stroke="{ORANGE}" stroke-width="{width}"/>')
    for angle in angles:
        x, y, a, b = ellipse(*geodesic(angle), radius)
        shapes.append(
            f'<ellipse cx="{x:.2f}" cy="{y - 4:.2f}" rx="{a:.2f}" ry="{b:.2f}" fill="{BLUE}" fill-opacity="0.25" '
            f'stroke="{BLUE}" stroke-width="{width}"/>'
        )
    body = "\n  ".join(shapes)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">\n  {body}\n</svg>\n'


def main() -> None:
    angles = [math.pi * f for f in (0.12, 0.27, 0.5, 0.73, 0.88)]
    (STATIC / "logo.svg").write_text(picture(0.25, 1.6, angles), encoding="utf8")
    (STATIC / "favicon.svg").write_text(picture(0.32, 3.2, [angles[1], angles[3]]), encoding="utf8")


if __name__ == "__main__":
    main()
