"""Measurements beside peers; never part of the tests.  ``make bench`` or ``python -m benchmarks``."""
