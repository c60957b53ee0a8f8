"""The gallery: every family in every chart, its Fisher matrix as typeset from the verified code, and its verdict.

Nothing here states a formula.  ``entry`` reads the record of a family, has it verified by ``symbolic``, evaluates it at
a point and integrates the square of its score there; ``gallery`` shows the entries of a kind as a table of a page.
"""

from ngtools.gallery.entry import KINDS, Entry, entry, families_of, kind_of, one_row
from ngtools.gallery.page import Gallery, gallery
from ngtools.gallery.typeset import Typeset, typeset

__all__ = ["KINDS", "Entry", "Gallery", "Typeset", "entry", "families_of", "gallery", "kind_of", "one_row", "typeset"]
