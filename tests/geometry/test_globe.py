"""The drawn globe: where its places are, what is drawn, and what an observer from afar sees."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools.geometry import globe, sphere
from ngtools.geometry.sphere import LATITUDE_LONGITUDE, STEREOGRAPHIC

# decimal degrees, from an atlas
ATLAS = {
    "Oslo": (59.91, 10.75),
    "Tokyo": (35.69, 139.69),
    "Nairobi": (-1.29, 36.82),
    "Quito": (-0.22, -78.51),
    "New York": (40.71, -74.01),
    "Cape Town": (-33.93, 18.42),
    "Sydney": (-33.87, 151.21),
}
SHEET = globe.sheet(LATITUDE_LONGITUDE)


def test_places_are_the_atlas_rounded():
    assert {place: tuple(np.rint(ATLAS[place])) for place in ATLAS} == dict(globe.PLACES)
    # the mean radius of an ellipsoid, (2 a + b) / 3 with a = 6378.137 km and b = 6356.752 km
    assert round((2 * 6378.137 + 6356.752) / 3) == globe.EARTH_RADIUS


def test_places_are_drawn_where_they_are():
    assert {place: tuple(np.degrees(SHEET.places[place]).round(9)) for place in SHEET.places} == dict(globe.PLACES)
    latitude, longitude = np.radians(globe.PLACES["Quito"])
    # on the equator of the stereographic sheet the longitude is the polar angle
    assert globe.sheet(STEREOGRAPHIC).places["Quito"] == pytest.approx([np.cos(longitude), np.sin(longitude)])


def test_meridians_and_parallels_every_thirty_degrees():
    meridians, parallels = SHEET.lines[:11], SHEET.lines[11:]
    assert [np.degrees(line[1, 0]).round(9) for line in meridians] == list(range(-150, 180, 30))
    assert [np.degrees(line[0, 0]).round(9) for line in parallels] == list(range(-60, 90, 30))
    # a point about every degree and a half, a tenth of a degree short of the poles and of the date line
    for line in meridians:
        assert np.degrees(line[0]) == pytest.approx(np.linspace(-89.9, 89.9, 121))
        assert np.ptp(line[1]) == pytest.approx(0, abs=1e-12)
    for line in parallels:
        assert np.degrees(line[1]) == pytest.approx(np.linspace(-179.9, 179.9, 241))
        assert np.ptp(line[0]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("drawn", "radius"), [(SHEET, 9), (globe.sheet(LATITUDE_LONGITUDE, np.radians(4)), 4)])
def test_circles_of_one_radius_around_twenty_places(drawn, radius):
    centres = [(latitude, longitude) for latitude in range(-30, 61, 30) for longitude in range(-120, 121, 60)]
    assert len(drawn.circles) == 20
    for circle, centre in zip(drawn.circles, centres, strict=True):
        whole = circle[:, np.isfinite(circle).all(axis=0)]
        assert whole.shape == (2, 181)  # every two degrees
        middle = sphere.point(LATITUDE_LONGITUDE, np.radians(centre))
        far = [sphere.distance(middle, place) for place in np.asarray(sphere.point(LATITUDE_LONGITUDE, whole)).T]
        assert np.degrees(far) == pytest.approx(np.full(181, radius), rel=1e-9)


def test_a_curve_is_broken_where_either_coordinate_jumps():
    found = globe._broken(np.array([[3.0, 2.0, -2.0, -3.0], [0.0, 0.1, 0.1, 4.0]]))
    np.testing.assert_array_equal(found, [[3.0, 2.0, np.nan, -2.0, np.nan, -3.0], [0.0, 0.1, np.nan, 0.1, np.nan, 4.0]])
    half_way_round = np.array([[0.0, np.pi], [0.0, 0.0]])
    np.testing.assert_array_equal(globe._broken(half_way_round), half_way_round)


def test_seen_from_afar():
    latitude, longitude = 40.0, 25.0
    near = np.radians([[40.0, 25.0], [50.0, 25.0], [30.0, 25.0]]).T
    seen = globe.seen_from(latitude, longitude, sphere.point(LATITUDE_LONGITUDE, near))
    # a place at an angular distance a lies at sin(a) from the middle, north up
    assert seen == pytest.approx(np.array([[0, 0, 0], [0, np.sin(np.radians(10)), -np.sin(np.radians(10))]]), abs=1e-12)
    # the east point of the horizon, 90 degrees away on the equator, is just visible; beyond it nothing is
    assert globe.seen_from(0.0, 0.0, np.array([0.0, 1.0, 0.0])).tolist() == [1.0, 0.0]
    assert np.isnan(globe.seen_from(0.0, 0.0, np.array([-0.1, 0.9, 0.0]))).all()
    east = globe.seen_from(0.0, 30.0, sphere.point(LATITUDE_LONGITUDE, np.radians([0.0, 50.0])))
    assert east == pytest.approx([np.sin(np.radians(20)), 0], abs=1e-12)


@pytest.mark.parametrize(("extra", "radius"), [((), 9), ((np.radians(4),), 4)])
def test_view_shows_what_the_sheet_shows(extra, radius):
    seen = globe.view(60.0, 11.0, *extra)
    assert [len(part) for part in (seen.lines, seen.circles, seen.places)] == [16, 20, 7]
    assert seen.places["Oslo"] == pytest.approx([0, 0], abs=1e-12)
    assert np.isnan(seen.places["Sydney"]).all()
    # the meridian of 0 degrees, (0, y) seen from its own middle
    assert np.nanmax(np.abs(globe.view(0.0, 0.0).lines[5][0])) < 1e-12
    # the circle around the middle of the view is a circle on it
    around = globe.view(30.0, 60.0, *extra).circles[13]
    assert np.hypot(*around) == pytest.approx(np.full(181, np.sin(np.radians(radius))), rel=1e-9)
