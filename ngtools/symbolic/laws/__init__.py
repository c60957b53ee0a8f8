"""The base laws: how an expectation over each of them is looked up, and how a density is proved to be theirs."""

from ngtools.symbolic.laws.reading import NotDerivable, Reading
from ngtools.symbolic.laws.select import read

__all__ = ["NotDerivable", "Reading", "read"]
