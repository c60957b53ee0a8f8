"""The catalogue of data sets, and how a file is read.

A file is read only if its bytes are the bytes that were checked against the source: the catalogue
keeps the sha256 of each, so a number changed by accident (an editor, a merge, a line-end conversion)
is an error and not a slightly different figure in a chapter.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """One data set: a sample and what it is a sample of.

    Two records are equal only if they are the same object; compare their `values`.

    Attributes
    ----------
    name : str
        The name it is loaded by.
    values : numpy.ndarray
        The observations, float64, one-dimensional, in the order of the file; it cannot be written to.
    unit : str
        What one value counts or measures.
    source : str
        The publication the numbers come from.
    note : str
        How to read the numbers, and how they were reduced.

    Examples
    --------
    >>> from ngtools import data
    >>> sample = data.load("zea_mays")
    >>> sample.unit
    'eighths of an inch'
    >>> sample.values[:3].tolist()
    [49.0, -67.0, 8.0]
    """

    name: str
    values: np.ndarray
    unit: str
    source: str
    note: str

    def __repr__(self) -> str:
        # Written out by hand because NumPy's own layout depends on its print options. Every value
        # carried here is a whole number, so ":g" prints it exactly.
        shown = [f"{v:g}" for v in self.values]
        if len(shown) > 12:
            shown = [*shown[:8], "...", *shown[-3:]]
        return f"{self.name}: {len(self.values)} values, {self.unit}\n  {' '.join(shown)}\n  source: {self.source}"


class _Entry(NamedTuple):
    """What the catalogue knows of a file before it is read."""

    sha256: str
    unit: str
    source: str
    note: str


_CATALOGUE = {
    "air_conditioning": _Entry(
        sha256="7c60bcd93844f15e7bb1fd62542971942a3416bed1745443ad92a444ff3be61d",
        unit="hours between failures",
        source="F. Proschan, Technometrics 5 (1963) 375-383",
        note=(
            "Times between successive failures of the air-conditioning equipment of one Boeing 720, the ninth "
            "aircraft in Davison and Hinkley's numbering. Sorted by size: the order of the failures is not in the file."
        ),
    ),
    "horse_kicks": _Entry(
        sha256="738c73a951ed5396efa70098efde0146c02457c2bb32cb47b6da39d8e25d86f4",
        unit="deaths in one corps in one year",
        source="L. von Bortkiewicz, Das Gesetz der kleinen Zahlen (1898)",
        note=(
            "Deaths by horse kick in ten corps of the Prussian army, 1875 to 1894, corps by corps: "
            "values.reshape(10, 20) has a row for each corps. Of the fourteen corps reported, the Guard, I, VI and XI "
            "are left out, as Fisher (1925) did, because they were organised differently."
        ),
    ),
    "michelson": _Entry(
        sha256="17b5f8eeb29fc791ccd21dab7c3e85ccbc5d8c5669e60e620c9a6f129b990a3e",
        unit="km/s above 299000",
        source="A. A. Michelson, Astronomical Papers 1 (1882) 109-145",
        note=(
            "Velocity of light in air, measured from 5 June to 2 July 1879, in order of time: "
            "values.reshape(5, 20) has a row for each of the five experiments of 20 consecutive runs. "
            "On this scale the accepted value in air is 734.5 (Stigler 1977)."
        ),
    ),
    "zea_mays": _Entry(
        sha256="8196b728db7172928e41b389675becfb3aacc2263a32c26de9870b1e0017a5a2",
        unit="eighths of an inch",
        source="C. Darwin, The Effects of Cross and Self Fertilisation in the Vegetable Kingdom (1876)",
        note=(
            "Height of the cross-fertilised plant minus height of the self-fertilised plant in 15 pairs of maize, "
            "as Fisher (1935) tabulated the differences."
        ),
    ),
}


def names() -> tuple[str, ...]:
    """List the data sets, in alphabetical order.

    Returns
    -------
    tuple of str
        The names that `load` knows.

    Examples
    --------
    >>> from ngtools import data
    >>> data.names()
    ('air_conditioning', 'horse_kicks', 'michelson', 'zea_mays')
    """
    return tuple(sorted(_CATALOGUE))


def unchanged(name: str, sha256: str, folder: Traversable | None = None) -> bytes:
    """Return the bytes of a file of the package, or of ``folder``; ValueError unless they have the checksum."""
    file = (files("ngtools.data") if folder is None else folder).joinpath(name)
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{file} has changed: its sha256 is {found}, not {sha256}; "
            "restore the file from the repository (with LF line ends) or install the package again"
        )
    return content


def load(name: str, *, folder: Traversable | None = None) -> Dataset:
    """Read a data set, after checking that its file is unchanged.

    Parameters
    ----------
    name : str
        One of `names()`.
    folder : Traversable, optional
        Where the CSV file lies (a `pathlib.Path` will do); by default inside the installed package.

    Returns
    -------
    Dataset
        The record; its values are the last column of the file.

    Raises
    ------
    ValueError
        If the name is unknown, or if the file is not the one whose checksum is in the catalogue.

    Examples
    --------
    >>> from ngtools import data
    >>> data.load("michelson")
    michelson: 100 values, km/s above 299000
      850 740 900 1070 930 850 950 980 ... 800 810 870
      source: A. A. Michelson, Astronomical Papers 1 (1882) 109-145
    """
    if name not in _CATALOGUE:
        raise ValueError(f"name = {name!r} is no data set; the data sets are {', '.join(names())}")
    entry = _CATALOGUE[name]
    lines = unchanged(f"{name}.csv", entry.sha256, folder).decode("ascii").splitlines()[1:]
    column = np.array([float(line.rsplit(",", 1)[-1]) for line in lines], dtype=np.float64)
    # An array over bytes stays read-only: NumPy refuses to set its write flag again.
    values = np.frombuffer(column.tobytes(), dtype=np.float64)
    return Dataset(name, values, entry.unit, entry.source, entry.note)
