"""Exercises of chapter 03: what estimators can do, and a prior that belongs to no chart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import quad

from ngtools import families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    SUM_FOR_MEAN,
    WRONG_SIGN,
)
from ngtools.fisher.estimators import gamma_shape_rate, replicate

SIGNS = ("positive", "zero", "negative")


def _in_a_word(number: float) -> str:
    return SIGNS[1] if abs(number) < 1e-9 else SIGNS[0 if number > 0 else 2]


def _gamma(chart: str) -> np.ndarray:
    gamma = families.get("gamma")
    return fisher.stated(gamma, gamma.convert([2.3, 1.4], to=chart), chart)


def scale_correlation() -> str:
    """The sign of the correlation of efficient estimates of a gamma's shape and
    scale, from the inverse of F."""
    return _in_a_word(np.linalg.inv(_gamma("shape-scale"))[0, 1])


def sign_of_the_scores() -> str:
    return _in_a_word(_gamma("shape-scale")[0, 1])


def correlation_with_the_mean() -> str:
    return _in_a_word(np.linalg.inv(_gamma("shape-mean"))[0, 1])


def correlation_measured() -> str:
    """Maximum likelihood on simulated samples."""
    rng = np.random.default_rng(3)
    model = gamma_shape_rate, families.get("gamma"), [2.3, 1.4]
    shape, rate = replicate(*model, n=100, runs=2000, rng=rng).estimates.T
    found = np.corrcoef(shape, 1 / rate)[0, 1]
    return f"In 2000 samples of 100 it is {found:.2f}."


def cauchy_scoring(mu: float, x: np.ndarray) -> float:
    """One step of Fisher scoring for the location of a Cauchy distribution of
    scale 1, whose information is 1/2."""
    score = 2 * (x - mu) / (1 + (x - mu) ** 2)
    return mu + score.mean() / 0.5


def cauchy_newton(mu: float, x: np.ndarray) -> float:
    u = x - mu
    observed = (2 * (1 - u**2) / (1 + u**2) ** 2).mean()
    return mu + (2 * u / (1 + u**2)).mean() / observed


def cauchy_scoring_with_a_sum(mu: float, x: np.ndarray) -> float:
    return mu + len(x) * (cauchy_scoring(mu, x) - mu)


def cauchy_scoring_downhill(mu: float, x: np.ndarray) -> float:
    return 2 * mu - cauchy_scoring(mu, x)


def cauchy_gradient(mu: float, x: np.ndarray) -> float:
    return mu + (cauchy_scoring(mu, x) - mu) / 2


def cauchy_scoring_with_empirical_information(mu: float, x: np.ndarray) -> float:
    score = 2 * (x - mu) / (1 + (x - mu) ** 2)
    return mu + score.mean() / (score**2).mean()


def _mass(low: float, high: float, density: Callable[[float], float]) -> float:
    """The integral of a density over low < sigma < high."""
    return float(quad(density, low, high)[0])


def _information(sigma: float) -> float:
    return float(families.get("zero-mean-normal").fisher([sigma])[0, 0])


def jeffreys_share() -> float:
    """The share of the Jeffreys measure of 1 < sigma < 4 that lies in 1 < sigma
    < 2."""

    def density(sigma: float) -> float:
        return float(np.sqrt(_information(sigma)))

    return _mass(1, 2, density) / _mass(1, 4, density)


def share_without_the_root() -> float:
    return _mass(1, 2, _information) / _mass(1, 4, _information)


def share_flat_in_sigma() -> float:
    return _mass(1, 2, lambda sigma: 1.0) / _mass(1, 4, lambda sigma: 1.0)


def share_flat_in_the_variance() -> float:
    return _mass(1, 2, lambda sigma: 2 * sigma) / _mass(1, 4, lambda sigma: 2 * sigma)


BELOW = ("both", "only the variance", "neither")
SHRINK, RUNS = 0.9, 5


def _shrunken(mu: float) -> tuple[float, float]:
    """n times variance and mean squared error of 0.9 times the mean of 5
    observations of N(mu, 1)."""
    variance, bias = SHRINK**2 / RUNS, (SHRINK - 1) * mu
    return RUNS * variance, RUNS * (variance + bias**2)


def _below(variance: float, error: float, bound: float) -> str:
    if variance >= bound - 1e-12:
        return BELOW[2]
    return BELOW[0] if error < bound else BELOW[1]


def shrunken_mean() -> str:
    """Which of the two lie below the bound 1/F = 1 of unbiased estimators, at mu = 2."""
    return _below(*_shrunken(2.0), bound=1.0)


def shrunken_mean_near_zero() -> str:
    return _below(*_shrunken(0.5), bound=1.0)


def shrunken_mean_against_its_own_bound() -> str:
    """The bound with the bias in it, (1 + slope of the bias)^2 / F."""
    return _below(*_shrunken(2.0), bound=SHRINK**2)


def shrunken_mean_measured() -> str:
    draws = SHRINK * np.random.default_rng(3).normal(2.0, 1.0, (200_000, RUNS)).mean(axis=1)
    found = RUNS * draws.var(), RUNS * ((draws - 2.0) ** 2).mean()
    return f"In 200 000 samples n Var is {found[0]:.2f} and n MSE {found[1]:.2f}, against 1."


EXERCISES = (
    Exercise(
        "scale_correlation",
        "prediction",
        scale_correlation,
        (
            Mistake(
                "entry of F for entry of its inverse",
                sign_of_the_scores,
                "that is how the scores go together. The estimates go with the inverse matrix.",
            ),
            ANOTHER_CHART.by(
                correlation_with_the_mean, "It is shape and mean whose estimates do not know of each other."
            ),
        ),
        "The product of shape and scale, the mean, is well determined; so an overestimate of one is paid by the other.",
        choices=SIGNS,
        measured=correlation_measured,
    ),
    Exercise(
        "cauchy_scoring",
        "function",
        cauchy_scoring,
        (
            Mistake(
                "observed for expected information",
                cauchy_newton,
                "this is Newton's step, with the curvature at the data. Scoring takes the model's expectation of it.",
            ),
            SUM_FOR_MEAN.by(
                cauchy_scoring_with_a_sum, "F is the information of one observation, so the score is a mean."
            ),
            WRONG_SIGN.by(cauchy_scoring_downhill, "The likelihood is to grow."),
            Mistake(
                "step without the information",
                cauchy_gradient,
                "you added the mean score itself. Divide it by the information.",
            ),
            Mistake(
                "squared scores of the data",
                cauchy_scoring_with_empirical_information,
                "you divided by the mean square of the data's scores. The information is an expectation over the model.",
            ),
        ),
        "The score is bounded, so no observation, however far out, moves the step by more than 2/n.",
        inputs=(
            (0.0, np.array([0.3, -1.0, 2.5, 0.8])),
            (1.0, np.array([4.0, 0.2, 0.9])),
            (-0.5, np.array([0.1, 0.6])),
        ),
        hint="Add to mu the mean score divided by the information.",
    ),
    Exercise(
        "jeffreys_share",
        "value",
        jeffreys_share,
        (
            Mistake(
                "density without its root",
                share_without_the_root,
                "you integrated F. A density carries one factor |det J|, and det F carries two.",
            ),
            Mistake(
                "flat prior on sigma",
                share_flat_in_sigma,
                "that is the share of lengths on the axis of sigma. On another axis it would be another share.",
            ),
            Mistake(
                "flat prior on the variance",
                share_flat_in_the_variance,
                "that is the share of lengths on the axis of the variance. On another axis it would be another share.",
            ),
        ),
        "One octave of two: the measure is flat in log sigma, because there F is constant.",
        hint="Integrate the root of F over the part, and over the whole.",
    ),
    Exercise(
        "shrunken_mean",
        "prediction",
        shrunken_mean,
        (
            Mistake(
                "bias not counted",
                shrunken_mean_near_zero,
                "close to 0, where shrinking aims, that is true. Here the bias is a tenth of 2.",
            ),
            Mistake(
                "bound of another estimator",
                shrunken_mean_against_its_own_bound,
                "the bound with this estimator's bias in it does hold. The question is about the bound of unbiased ones.",
            ),
        ),
        "Shrinking trades variance for bias; whether it pays depends on where the truth is, which nobody knows.",
        choices=BELOW,
        measured=shrunken_mean_measured,
    ),
)
