"""Exercises of chapter 11: what the approximations do to numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import MISSING_HALF, SUM_FOR_MEAN

INPUT, CHANCE = (1.0, 2.0), (0.5, 0.9)  # one weight, two examples: inputs, and the model's probabilities of label 1


def logistic_kfac() -> float:
    """K-FAC's number for the one weight of a logistic unit: mean of a^2 times mean of p (1 - p)."""
    a, p = np.array(INPUT), np.array(CHANCE)
    return float(np.mean(a**2) * np.mean(p * (1 - p)))


def logistic_exact() -> float:
    a, p = np.array(INPUT), np.array(CHANCE)
    return float(np.mean(a**2 * p * (1 - p)))


def logistic_kfac_of_mean_input() -> float:
    a, p = np.array(INPUT), np.array(CHANCE)
    return float(np.mean(a) ** 2 * np.mean(p * (1 - p)))


def logistic_kfac_of_mean_probability() -> float:
    a, p = np.array(INPUT), np.array(CHANCE)
    return float(np.mean(a**2) * np.mean(p) * (1 - np.mean(p)))


def logistic_kfac_summed() -> float:
    return len(INPUT) * logistic_kfac()


MODEL_VARIANCE, DATA_VARIANCE, OBSERVATIONS = 1.0, 4.0, 50


def optimism() -> float:
    """tr(F^-1 C) / N for a normal mean: F = 1 / model variance, C the mean squared score at the data."""
    F, C = 1 / MODEL_VARIANCE, DATA_VARIANCE / MODEL_VARIANCE**2
    return float(np.divide(C, F)) / OBSERVATIONS


def optimism_by_counting() -> float:
    """Akaike's: the number of parameters over N."""
    return float(np.divide(1, OBSERVATIONS))


def optimism_of_the_training_loss_alone() -> float:
    """Half of it: what fitting takes off the training loss, without what it adds to the loss of new data."""
    return optimism() / 2


def optimism_with_the_roles_exchanged() -> float:
    F, C = 1 / MODEL_VARIANCE, DATA_VARIANCE / MODEL_VARIANCE**2
    return float(np.divide(F, C)) / OBSERVATIONS


def squared_batch_gradient(gradients: np.ndarray, size: int) -> np.ndarray:
    """The expected square of the mean gradient of ``size`` examples drawn with replacement from the rows."""
    mean, square = gradients.mean(axis=0), (gradients**2).mean(axis=0)
    return mean**2 + (square - mean**2) / size


def squared_gradient_of_an_example(gradients: np.ndarray, size: int) -> np.ndarray:
    return (gradients**2).mean(axis=0)


def squared_mean_gradient(gradients: np.ndarray, size: int) -> np.ndarray:
    return gradients.mean(axis=0) ** 2


def variance_of_the_batch_gradient(gradients: np.ndarray, size: int) -> np.ndarray:
    return gradients.var(axis=0) / size


LENGTHS = ("64 times as long", "8 times as long", "about as long", "64 times as short")
BATCH = 64


def _nearest(ratio: float) -> str:
    return min(
        zip(np.log([BATCH, np.sqrt(BATCH), 1, 1 / BATCH]), LENGTHS), key=lambda pair: abs(pair[0] - np.log(ratio))
    )[1]


def _trap(damping: float, power: float = 1.0) -> float:
    """Length of the step with output factor Gamma / 64^power over that of the right one, largest eigenvalue 1."""
    M = np.array([[1.0, -0.5, 0.3], [0.4, 2.0, -1.0]])
    Omega, Gamma = np.diag([1.0, 0.5, 0.2]), np.diag([1.0, 0.3])
    right, wrong = (
        np.linalg.norm(np.linalg.solve(np.kron(Omega, G) + damping * np.eye(6), M.ravel(order="F")))
        for G in (Gamma, Gamma / BATCH**power)
    )
    return float(wrong / right)


def hidden_trap() -> str:
    """The trap under a damping a hundred times the largest eigenvalue."""
    return _nearest(_trap(100.0))


def hidden_trap_undamped() -> str:
    return _nearest(_trap(1e-9))


def hidden_trap_by_root() -> str:
    """One factor of N for one of the two gradients in the outer product, and no damping."""
    return _nearest(_trap(1e-9, power=0.5))


def hidden_trap_multiplied() -> str:
    """The matrix is that much smaller, and the step is read as its product."""
    return _nearest(1 / _trap(1e-9))


_GRADIENTS = np.array([[1.0, -2.0, 0.5], [3.0, 0.4, 0.5], [-0.5, 1.0, 0.5], [0.2, 0.2, 0.5]])

EXERCISES = (
    Exercise(
        "logistic_kfac",
        "value",
        logistic_kfac,
        (
            Mistake(
                "mean of products for product of means",
                logistic_exact,
                "that is the Fisher information itself. K-FAC takes the two means apart.",
            ),
            Mistake(
                "first moment of the input",
                logistic_kfac_of_mean_input,
                "Omega is the mean of a^2, a second moment; this squares the mean.",
            ),
            Mistake(
                "variance at the mean probability",
                logistic_kfac_of_mean_probability,
                "average the variances p (1 - p) of the examples, not the probabilities.",
            ),
            SUM_FOR_MEAN.by(logistic_kfac_summed),
        ),
        "The exact information is lower: the example with the large input is the one the model is sure of.",
    ),
    Exercise(
        "optimism",
        "value",
        optimism,
        (
            Mistake(
                "parameters counted",
                optimism_by_counting,
                "d/N is right for a well-specified model. Here the scores of the data have another variance than the model's.",
            ),
            MISSING_HALF.by(
                optimism_of_the_training_loss_alone,
                "Fitting takes as much off the training loss as it adds to the loss of new data; the gap is both.",
            ),
            Mistake(
                "roles exchanged",
                optimism_with_the_roles_exchanged,
                "this is tr(C^-1 F)/N: the model's information belongs into the inverse.",
            ),
        ),
        "Noise larger than the model believes is fitted all the more.",
    ),
    Exercise(
        "squared_batch_gradient",
        "function",
        squared_batch_gradient,
        (
            Mistake(
                "square before the mean",
                squared_gradient_of_an_example,
                "this is the mean square of single gradients. A mini-batch is averaged before it is squared.",
            ),
            Mistake(
                "noise left out",
                squared_mean_gradient,
                "this is the square of the expected gradient. The mean of a few draws scatters around it.",
            ),
            Mistake(
                "variance for second moment",
                variance_of_the_batch_gradient,
                "this is the variance. Adam does not subtract the mean.",
            ),
        ),
        "With size 1 it is the diagonal of the empirical matrix, with a large size the square of the gradient itself.",
        inputs=((_GRADIENTS, 1), (_GRADIENTS, 3), (_GRADIENTS[:, :2], 10)),
    ),
    Exercise(
        "hidden_trap",
        "prediction",
        hidden_trap,
        (
            Mistake(
                "damping overlooked",
                hidden_trap_undamped,
                "so it is without damping. Look at which of the two terms of K-FAC + lambda I is large here.",
            ),
            Mistake(
                "one gradient of two scaled",
                hidden_trap_by_root,
                "both gradients of an outer product carry the factor, and the damping has been forgotten.",
            ),
            Mistake(
                "matrix for its inverse",
                hidden_trap_multiplied,
                "a smaller matrix makes a longer step. And the damping has been forgotten.",
            ),
        ),
        "Heavy damping hides the mistake: the step is the gradient over lambda, with or without it.",
        choices=LENGTHS,
        hint="What is (K + lambda I)^-1 when lambda is a hundred times the largest eigenvalue of K?",
    ),
)
