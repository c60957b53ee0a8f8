"""Small historical data sets, carried as CSV files with their provenance and checksums.

`PROVENANCE.md` beside this file tells where every number was taken from.
"""

from ngtools.data.datasets import Dataset, load, names

__all__ = ["Dataset", "load", "names"]
