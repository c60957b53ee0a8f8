"""The Fisher matrix by independent routes, and their agreement.

``stated`` is the closed form of a family.  ``by_score``, ``by_curvature`` and ``by_kl`` compute the same
matrix from the family's density (or its Kullback-Leibler divergence) and never look at the closed form.
``by_sampling`` estimates it from draws of the model.  ``empirical`` is a different matrix: the mean
outer product of scores at *observed data*.  All are per observation, in the coordinates of ``chart``.
"""

from ngtools.fisher.agreement import Agreement, agreement
from ngtools.fisher.change import relative_change
from ngtools.fisher.density import integers, of_density
from ngtools.fisher.divergence import by_kl
from ngtools.fisher.invariants import in_charts, relative_eigenvalues, squared_length
from ngtools.fisher.observed import observed
from ngtools.fisher.routes import (
    SampledFisher,
    by_curvature,
    by_sampling,
    by_score,
    empirical,
    mean_score,
    scores,
    stated,
)
from ngtools.fisher.sampling import sampling_errors, sampling_variance
from ngtools.fisher.scoring import Scoring, scoring, scoring_rate

__all__ = [
    "Agreement",
    "SampledFisher",
    "Scoring",
    "agreement",
    "by_curvature",
    "by_kl",
    "by_sampling",
    "by_score",
    "empirical",
    "in_charts",
    "integers",
    "mean_score",
    "observed",
    "of_density",
    "relative_change",
    "relative_eigenvalues",
    "sampling_errors",
    "sampling_variance",
    "scores",
    "scoring",
    "scoring_rate",
    "squared_length",
    "stated",
]
