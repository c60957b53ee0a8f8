"""Wrong programs, kept to be looked at: each has one mistake, and the name of the test that catches it.

Nothing in the library imports this package.  ``catalogue`` lists what it holds.
"""

from ngtools.bugs.catalogue import CATALOGUE, Bug, listed

__all__ = ["CATALOGUE", "Bug", "listed"]
