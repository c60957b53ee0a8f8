"""Misconceptions that wrong answers of more than one exercise show: what each is called and what to say to it.

What is said holds for every exercise.  An exercise adds its own sentence where there is one to add.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ngtools.exercises.checker import Mistake

__all__ = [
    "ANOTHER_CHART",
    "ARROW_AS_LINES",
    "DIAGONAL_ONLY",
    "EMPIRICAL_FOR_TRUE",
    "EUCLIDEAN_LENGTH",
    "GRADIENT_NOT_TRANSFORMED",
    "JACOBIAN_UPSIDE_DOWN",
    "KL_REVERSED",
    "LEFT_OVER_FOR_LOST",
    "METRIC_FOR_INVERSE",
    "METRIC_NOT_TRANSFORMED",
    "MISSING_HALF",
    "MISSING_ROOT",
    "NUISANCE_KNOWN",
    "NUMBERS_FOR_THE_ARROW",
    "ONE_JACOBIAN",
    "PLAIN_GRADIENT",
    "ROOT_TAKEN",
    "SIGMA_FOR_VARIANCE",
    "SUM_FOR_MEAN",
    "UPSIDE_DOWN",
    "VARIANCE_FOR_SIGMA",
    "WRONG_SIGN",
    "Misconception",
]


@dataclass(frozen=True)
class Misconception:
    """A misconception by name, and what to say to every answer that shows it."""

    name: str
    feedback: str

    def by(self, program: Callable[..., Any], note: str = "") -> Mistake:
        """The mistake of an exercise in which ``program`` follows this misconception."""
        return Mistake(self.name, program, f"{self.feedback} {note}".rstrip())


ONE_JACOBIAN = Misconception(
    "one Jacobian instead of two",
    "one Jacobian is missing. A gradient and an arrow take one each, a metric takes two.",
)
JACOBIAN_UPSIDE_DOWN = Misconception(
    "Jacobian in the wrong direction",
    "the Jacobian is used in the wrong direction: inverted where it should not be, or the reverse.",
)
ARROW_AS_LINES = Misconception(
    "vector moved as a covector",
    "a tangent vector is moved here by the law of gradients. The two laws run in opposite directions.",
)
GRADIENT_NOT_TRANSFORMED = Misconception(
    "gradient not transformed",
    "the derivative is still the one by the old coordinate. It has to change with the chart.",
)
METRIC_NOT_TRANSFORMED = Misconception(
    "metric not transformed",
    "the metric, or the information, is still the one of the old coordinate. It has to change with the chart.",
)
ANOTHER_CHART = Misconception(
    "another chart",
    "this is the answer to the same question about another coordinate.",
)
NUMBERS_FOR_THE_ARROW = Misconception(
    "invariant read as constant numbers",
    "what is invariant is the object. The numbers that describe it change with the chart.",
)
NUISANCE_KNOWN = Misconception(
    "nuisance parameter treated as known",
    "this would be right if the other coordinates were known: an entry of F is not an entry of its inverse.",
)
METRIC_FOR_INVERSE = Misconception(
    "metric for its inverse",
    "a metric turns arrows into lines. To turn the derivatives into an arrow, use its inverse.",
)
PLAIN_GRADIENT = Misconception(
    "gradient taken for natural gradient",
    "this is what the plain gradient does.",
)
EUCLIDEAN_LENGTH = Misconception(
    "Euclidean length",
    "a length is measured here with the identity matrix of the chart. The length that counts is that of the metric.",
)
DIAGONAL_ONLY = Misconception(
    "diagonal only",
    "only the diagonal entries are used here. The others are not zero.",
)
MISSING_HALF = Misconception(
    "missing ½",
    "a factor ½ has been lost or gained: the quadratic term of an expansion carries one.",
)
MISSING_ROOT = Misconception(
    "square for its root",
    "this is a squared quantity where its square root is asked for.",
)
ROOT_TAKEN = Misconception(
    "root for its square",
    "this is the square root of the quantity that is asked for.",
)
WRONG_SIGN = Misconception("wrong sign", "the size is right and the sign is not.")
UPSIDE_DOWN = Misconception("upside down", "this is the reciprocal of what is asked for.")
KL_REVERSED = Misconception(
    "direction reversed",
    "the arguments of the divergence are exchanged: the mean is taken under the first distribution.",
)
SIGMA_FOR_VARIANCE = Misconception(
    "sigma read as variance",
    "a standard deviation stands where a variance belongs.",
)
VARIANCE_FOR_SIGMA = Misconception(
    "variance read as standard deviation",
    "a variance stands where a standard deviation belongs.",
)
SUM_FOR_MEAN = Misconception(
    "sum and mean exchanged",
    "a sum over the observations stands where their mean belongs, or the other way round.",
)
EMPIRICAL_FOR_TRUE = Misconception(
    "empirical and true Fisher exchanged",
    "the average is over the wrong draws: the Fisher matrix takes the model's, the empirical one the data's.",
)
LEFT_OVER_FOR_LOST = Misconception(
    "kept for lost",
    "this is the complementary share: one question is what is lost, the other what is kept.",
)
