"""Steps of every kind, each in its own coordinates, and runs that return a `Trace`."""

from ngtools.descent.natural import budget_step, natural_gradient, solve_traced

__all__ = ["budget_step", "natural_gradient", "solve_traced"]
