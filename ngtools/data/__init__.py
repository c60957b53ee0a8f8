"""Small historical data sets, carried as CSV files with their provenance and checksums.

`PROVENANCE.md` beside this file tells where every number was taken from.
"""

from ngtools.data.datasets import Dataset, load, names
from ngtools.data.images import Digits, digits

__all__ = ["Dataset", "Digits", "digits", "load", "names"]
