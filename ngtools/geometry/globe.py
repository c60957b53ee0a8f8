"""What is drawn of the globe: its graticule, equal circles and a few places, on the sheet of a chart or seen from afar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.geometry.sphere import LATITUDE_LONGITUDE, SphereChart, circle, locate, point

__all__ = ["EARTH_RADIUS", "PLACES", "Sheet", "named", "seen_from", "sheet", "view"]

EARTH_RADIUS = 6371.0  # mean radius, km
_RADIUS = np.radians(9.0)  # of the circles drawn

# latitude and longitude in whole degrees, north and east positive
PLACES: Mapping[str, tuple[int, int]] = {
    "Oslo": (60, 11),
    "Tokyo": (36, 140),
    "Nairobi": (-1, 37),
    "Quito": (0, -79),
    "New York": (41, -74),
    "Cape Town": (-34, 18),
    "Sydney": (-34, 151),
}


@dataclass(frozen=True)
class Sheet:
    """Curves and places in two coordinates; each curve is an array (2, n), broken by nan where it leaves the sheet."""

    lines: tuple[np.ndarray, ...]
    circles: tuple[np.ndarray, ...]
    places: Mapping[str, np.ndarray]


def named(place: str) -> np.ndarray:
    """The point (x, y, z) of one of ``PLACES``."""
    return np.asarray(point(LATITUDE_LONGITUDE, np.radians(np.asarray(PLACES[place], dtype=np.float64))))


def sheet(chart: SphereChart, radius: float = _RADIUS) -> Sheet:
    """The globe on the sheet of a chart: meridians and parallels, circles of one radius, places."""

    def drawn(curve: np.ndarray) -> np.ndarray:
        return _broken(np.asarray(locate(chart, curve)))

    return Sheet(
        tuple(drawn(curve) for curve in _graticule()),
        tuple(drawn(circle(centre, radius, 181)) for centre in _centres()),
        {place: np.asarray(locate(chart, named(place))) for place in PLACES},
    )


def view(latitude: float, longitude: float, radius: float = _RADIUS) -> Sheet:
    """The globe seen from afar above a place (degrees), its far side left out."""
    return Sheet(
        tuple(seen_from(latitude, longitude, curve) for curve in _graticule()),
        tuple(seen_from(latitude, longitude, circle(centre, radius, 181)) for centre in _centres()),
        {place: seen_from(latitude, longitude, named(place)) for place in PLACES},
    )


def seen_from(latitude: float, longitude: float, points: Any) -> np.ndarray:
    """Points (3, ...) on the disc (2, ...) that an observer far above a place (degrees) sees; nan on the far side."""
    beta, ell = np.radians([latitude, longitude])
    towards = [np.cos(beta) * np.cos(ell), np.cos(beta) * np.sin(ell), np.sin(beta)]
    right = [-np.sin(ell), np.cos(ell), 0.0]
    up = np.cross(towards, right)
    return np.where(np.dot(towards, points) >= 0, np.stack([right, up]) @ points, np.nan)


def _graticule() -> Iterable[np.ndarray]:
    # the ends stop just short of the poles and of the meridian of 180 degrees, which the charts leave out
    along, across = np.radians(np.linspace(-89.9, 89.9, 121)), np.radians(np.linspace(-179.9, 179.9, 241))
    for longitude in np.radians(np.arange(-150.0, 180.0, 30.0)):
        yield np.asarray(point(LATITUDE_LONGITUDE, [along, np.full_like(along, longitude)]))
    for latitude in np.radians(np.arange(-60.0, 90.0, 30.0)):
        yield np.asarray(point(LATITUDE_LONGITUDE, [np.full_like(across, latitude), across]))


def _centres() -> Iterable[np.ndarray]:
    for latitude in (-30.0, 0.0, 30.0, 60.0):
        for longitude in (-120.0, -60.0, 0.0, 60.0, 120.0):
            yield np.asarray(point(LATITUDE_LONGITUDE, np.radians([latitude, longitude])))


def _broken(curve: np.ndarray) -> np.ndarray:
    gaps = np.flatnonzero(np.abs(np.diff(curve)).max(axis=0) > np.pi) + 1
    return np.insert(curve, gaps, np.nan, axis=1)
