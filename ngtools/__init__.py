"""Fisher information and natural gradients: every formula stated once and judged by independent routes.

Importing this package changes no global state: the numerical judges open a local 64-bit context,
and everything else keeps the precision of its caller.
"""

__version__ = "0.1.0"
