"""Handwritten digits: the one data set here that is not a list of numbers."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np

from ngtools.data.datasets import unchanged

__all__ = ["Digits", "digits"]

_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


@dataclass(frozen=True, eq=False)
class Digits:
    """1797 handwritten digits, in the order of the file.

    Attributes
    ----------
    images : numpy.ndarray
        Shape (1797, 64), float64: 8 x 8 images row by row, whole numbers from 0 to 16 (how many of the 4 x 4 pixels
        of a cell were black).
    labels : numpy.ndarray
        Shape (1797,), integers from 0 to 9.
    source, note : str
        Where they come from, and how to read them.
    """

    images: np.ndarray
    labels: np.ndarray
    source: str
    note: str

    def __repr__(self) -> str:
        return f"digits: {len(self.labels)} images of 8 x 8, {len(np.unique(self.labels))} classes\n  source: {self.source}"


def digits(*, folder: Traversable | None = None) -> Digits:
    """Read the digits, after checking that the file is unchanged.

    Parameters
    ----------
    folder
        Where ``digits.csv.gz`` lies; by default inside the installed package.

    Raises
    ------
    ValueError
        The file is not the one whose checksum is kept here.

    Examples
    --------
    >>> from ngtools import data
    >>> data.digits()
    digits: 1797 images of 8 x 8, 10 classes
      source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository (1998)
    """
    content = unchanged("digits.csv.gz", _SHA256, folder)
    rows = np.loadtxt(gzip.decompress(content).decode("ascii").splitlines(), delimiter=",")
    images, labels = rows[:, :-1], rows[:, -1].astype(int)
    for array in (images, labels):
        array.setflags(write=False)
    return Digits(
        images,
        labels,
        "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository (1998)",
        "The test part of the set: 13 writers who are not in its training part. Neighbouring rows often share a writer.",
    )
