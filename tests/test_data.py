"""The data sets are the published ones: sizes, checksums and figures printed long before this book."""

import hashlib
import shutil
from collections import Counter
from dataclasses import FrozenInstanceError
from importlib.resources import files

import numpy as np
import pytest

from ngtools import data

SIZES = {"air_conditioning": 12, "horse_kicks": 200, "michelson": 100, "zea_mays": 15}

# Stated a second time on purpose: a value and its checksum in the catalogue cannot be changed together unseen.
SHA256 = {
    "air_conditioning": "7c60bcd93844f15e7bb1fd62542971942a3416bed1745443ad92a444ff3be61d",
    "horse_kicks": "738c73a951ed5396efa70098efde0146c02457c2bb32cb47b6da39d8e25d86f4",
    "michelson": "17b5f8eeb29fc791ccd21dab7c3e85ccbc5d8c5669e60e620c9a6f129b990a3e",
    "zea_mays": "8196b728db7172928e41b389675becfb3aacc2263a32c26de9870b1e0017a5a2",
}


def test_names_are_the_files_of_the_package():
    carried = sorted(f.name for f in files("ngtools.data").iterdir() if f.name.endswith(".csv"))
    assert carried == [f"{name}.csv" for name in data.names()]
    assert set(data.names()) == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_the_bytes_are_the_ones_checked_against_the_source(name):
    content = files("ngtools.data").joinpath(f"{name}.csv").read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert hashlib.sha256(content).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", SIZES)
def test_record(name):
    sample = data.load(name)
    assert sample.name == name
    assert sample.values.shape == (SIZES[name],)
    assert sample.values.dtype == np.float64
    assert np.array_equal(sample.values, np.round(sample.values))  # so that the representation is exact
    for text in (sample.unit, sample.source, sample.note):
        assert text
    first, second, third = repr(sample).split("\n")
    assert first == f"{name}: {SIZES[name]} values, {sample.unit}"
    assert second.split()[0] == f"{sample.values[0]:g}"
    assert second.split()[-1] == f"{sample.values[-1]:g}"
    assert third == f"  source: {sample.source}"


def test_a_short_sample_is_shown_whole():
    assert repr(data.load("air_conditioning")).split("\n")[1] == "  3 5 7 18 43 85 91 98 100 130 230 487"


def test_nothing_can_be_written():
    sample = data.load("michelson")
    with pytest.raises(ValueError, match="read-only"):
        sample.values[0] = 0.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        sample.values.setflags(write=True)
    with pytest.raises(FrozenInstanceError):
        sample.unit = "miles"


def test_michelson():
    speed = data.load("michelson").values
    assert speed.sum() == 85240  # mean 852.4, standard deviation 79.01: the figures in print
    assert round(speed.std(ddof=1), 2) == 79.01
    # The means of the five experiments; they fix the order of the rows.
    assert speed.reshape(5, 20).mean(axis=1).tolist() == [909.0, 856.0, 845.0, 820.5, 831.5]


def test_horse_kicks():
    deaths = data.load("horse_kicks").values
    assert Counter(deaths.tolist()) == {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}  # Fisher (1925)
    assert deaths.sum() == 122
    rows = files("ngtools.data").joinpath("horse_kicks.csv").read_text("ascii").splitlines()[1:]
    corps, years = zip(*(row.split(",")[:2] for row in rows), strict=True)
    assert list(dict.fromkeys(corps)) == ["II", "III", "IV", "V", "VII", "VIII", "IX", "X", "XIV", "XV"]
    assert years == tuple(str(year) for year in range(1875, 1895)) * 10  # reshape(10, 20) has a row for each corps


def test_air_conditioning():
    hours = data.load("air_conditioning").values
    assert hours.sum() == 1297
    assert round(hours.mean(), 3) == 108.083  # Davison and Hinkley (1997), example 1.1
    assert np.all(np.diff(hours) > 0)  # sorted, as the note says


def test_zea_mays():
    difference = data.load("zea_mays").values
    assert difference.sum() == 314  # Fisher (1935): mean 20.93
    t = difference.mean() / (difference.std(ddof=1) / np.sqrt(difference.size))
    assert round(t, 3) == 2.148  # Fisher (1935)


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"'iris'.*air_conditioning, horse_kicks, michelson, zea_mays"):
        data.load("iris")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"850", b"851"), (b"\n", b"\r\n"), (b"5,20,870\n", b"")],
    ids=["one digit", "line ends", "a row lost"],
)
def test_a_changed_file_is_refused(tmp_path, old, new):
    copy = shutil.copy(str(files("ngtools.data").joinpath("michelson.csv")), tmp_path / "michelson.csv")
    assert np.array_equal(data.load("michelson", folder=tmp_path).values, data.load("michelson").values)
    content = copy.read_bytes()
    assert old in content
    copy.write_bytes(content.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"michelson\.csv has changed.*restore the file"):
        data.load("michelson", folder=tmp_path)
