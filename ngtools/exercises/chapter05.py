"""Exercises of chapter 05: closed forms, derived and carried between charts."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import sympy as sp

from ngtools import families, fisher, symbolic
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    JACOBIAN_UPSIDE_DOWN,
    METRIC_NOT_TRANSFORMED,
    NUMBERS_FOR_THE_ARROW,
    ONE_JACOBIAN,
    ROOT_TAKEN,
)
from ngtools.fisher.density import of_density
from ngtools.geometry.kl_remainder import slope

SCALE, SQUARE = sp.Symbol("s", positive=True), sp.Symbol("v", positive=True)


def squared_scale() -> sp.Expr:
    """The information of a Rayleigh distribution about v = s^2, from its
    density in v."""
    x = sp.Symbol("x")
    log_density = sp.log(x) - sp.log(SQUARE) - x**2 / (2 * SQUARE)
    return symbolic.fisher_of(log_density, x, SQUARE, (0, sp.oo))[0, 0]


def _from_scale(jacobian: sp.Expr) -> sp.Expr:
    F = symbolic.fisher(families.get("rayleigh"))[0, 0]
    return (F * jacobian).subs(SCALE, sp.sqrt(SQUARE))


def scale_read_as_its_square() -> sp.Expr:
    return symbolic.fisher(families.get("rayleigh"))[0, 0].subs(SCALE, SQUARE)


def value_only() -> sp.Expr:
    return _from_scale(sp.S.One)


def one_jacobian() -> sp.Expr:
    return _from_scale(1 / (2 * SCALE))


def jacobian_the_wrong_way() -> sp.Expr:
    return _from_scale((2 * SCALE) ** 2)


CHOICES = ("nothing", "less than half", "more than half")


def _gamma(chart: str) -> np.ndarray:
    family = families.get("gamma")
    return fisher.stated(family, family.convert([2.3, 1.4], to=chart), chart)


def _in_words(share: float) -> str:
    return CHOICES[0] if share < 1e-12 else CHOICES[1 + (share > 0.5)]


def _lost(chart: str, index: int) -> str:
    """The share of the information on one coordinate that is lost because the
    other is unknown, in words."""
    F = _gamma(chart)
    return _in_words(1 - 1 / (F[index, index] * np.linalg.inv(F)[index, index]))


def mean_with_unknown_shape() -> str:
    """What a gamma's mean loses when its shape is unknown."""
    return _lost("shape-mean", 1)


def rate_with_unknown_shape() -> str:
    return _lost("shape-rate", 1)


def information_shared_out() -> str:
    """The shape's part of the sum of the two informations, as if there were one stock to be divided."""
    F = _gamma("shape-mean")
    return _in_words(F[0, 0] / np.trace(F))


def share_left() -> str:
    F = _gamma("shape-mean")
    return f"Of F_22 = {F[1, 1]:.4g} there is {1 / np.linalg.inv(F)[1, 1]:.4g} left."


_K, _RATE = sp.symbols("k b", positive=True)


def _log_moment(k: sp.Expr, b: sp.Expr) -> sp.Expr:
    """E[log x] of a gamma distribution: the derivative of its log-partition
    function log Gamma(k) - k log b by k."""
    shape = sp.Symbol("shape", positive=True)
    return sp.diff(sp.loggamma(shape) - shape * sp.log(b), shape).subs(shape, k)


def partner_of_the_rate() -> sp.Expr:
    """The expectation parameter that is orthogonal to the rate of a gamma
    distribution."""
    return _log_moment(_K, _RATE)


def partner_of_the_shape() -> sp.Expr:
    """E[x], the expectation parameter of the other group."""
    return sp.diff(_K * sp.log(1 / _RATE), _RATE) * -1


def log_of_the_mean() -> sp.Expr:
    return sp.log(partner_of_the_shape())


def partner_with_the_scale() -> sp.Expr:
    return _log_moment(_K, 1 / _RATE)


_POWERS = ("a constant", "m", "m^2", "m^4")
_SIZES = np.array([0.02, 0.04, 0.08])


def _log_mixture(x: Any, t: Any) -> Any:
    """The log density of the even mixture of N(-m, 1) and N(m, 1), t = (m,)."""
    return jnp.logaddexp(-((x - t[0]) ** 2) / 2, -((x + t[0]) ** 2) / 2) - jnp.log(8 * jnp.pi) / 2


def _grows_like(numbers: np.ndarray) -> str:
    return {0: _POWERS[0], 1: _POWERS[1], 2: _POWERS[2], 4: _POWERS[3]}[round(slope(_SIZES, numbers))]


@cache
def _informations() -> np.ndarray:
    """The information about m at three small m, by quadrature."""
    line = (-np.inf, np.inf)
    return np.array([of_density(_log_mixture, [m], line)[0, 0] for m in _SIZES])


def mixture_near_zero() -> str:
    """How the information about m vanishes where the two components merge."""
    return _grows_like(_informations())


def mixture_with_labels() -> str:
    """The information if it were known which component each observation comes from."""
    return _grows_like(np.array([fisher.stated(families.get("normal"), [m, 1.0])[0, 0] for m in _SIZES]))


def size_of_the_score() -> str:
    return _grows_like(np.sqrt(_informations()))


def mixture_moved_to_the_square() -> str:
    """The information about m^2, moved with the Jacobian 2m upside down."""
    return _grows_like(_informations() * (2 * _SIZES) ** 2)


def informations_measured() -> str:
    rows = ", ".join(f"{F:.3g} at {m:g}" for m, F in zip(_SIZES, _informations()))
    return f"By quadrature it is {rows}."


EXERCISES = (
    Exercise(
        "squared_scale",
        "formula",
        squared_scale,
        (
            NUMBERS_FOR_THE_ARROW.by(
                scale_read_as_its_square, "You wrote v for s. The letter changed and the chart did not."
            ),
            METRIC_NOT_TRANSFORMED.by(value_only, "This is the information about s, at s = √v."),
            ONE_JACOBIAN.by(one_jacobian),
            JACOBIAN_UPSIDE_DOWN.by(
                jacobian_the_wrong_way, "v moves 2s times as fast as s, so one unit of v is less of a change."
            ),
        ),
        "v is a scale parameter too, of x², and a positive scale parameter has information C/v²: here C = 1.",
        hint="Differentiate the log density in v, or divide 4/s² by (dv/ds)² and write it in v.",
    ),
    Exercise(
        "mean_with_unknown_shape",
        "prediction",
        mean_with_unknown_shape,
        (
            ANOTHER_CHART.by(rate_with_unknown_shape, "It is about the rate. Look up the row shape-mean."),
            Mistake(
                "information shared out",
                information_shared_out,
                "informations about two coordinates have different units and are no stock to be divided.",
            ),
        ),
        "Mean and shape are orthogonal: F is diagonal in this chart, and the other coordinate is free of charge.",
        choices=CHOICES,
        hint="Compare 1/[F⁻¹]_22 with F_22 in the chart shape-mean.",
        measured=share_left,
    ),
    Exercise(
        "partner_of_the_rate",
        "formula",
        partner_of_the_rate,
        (
            Mistake(
                "partner of the other coordinate",
                partner_of_the_shape,
                "this is the mean of x, which belongs to the rate: the mixed chart pairs the rate with the statistic of "
                "the shape.",
            ),
            Mistake(
                "logarithm of a mean for mean of a logarithm",
                log_of_the_mean,
                "the mean of log x is not the logarithm of the mean.",
            ),
            ANOTHER_CHART.by(partner_with_the_scale, "A rate is read as a scale."),
        ),
        "For a gamma one may know the mean and doubt the shape, or know the mean logarithm and doubt the rate, at no cost.",
        hint="T = (log x, x) belongs to η = (k, -b). The partner of η₂ is the mean of the first statistic.",
    ),
    Exercise(
        "mixture_near_zero",
        "prediction",
        mixture_near_zero,
        (
            Mistake(
                "labels taken for seen",
                mixture_with_labels,
                "that is so if you see which component an observation comes from. The density alone does not tell.",
            ),
            ROOT_TAKEN.by(size_of_the_score, "The score is of this order; the information is its mean square."),
            Mistake(
                "information about the square",
                mixture_moved_to_the_square,
                "you moved the information to the square of m, and with the Jacobian on the wrong side.",
            ),
        ),
        "The density is even in m, so about its square the information stays positive: the chart is singular, not the family.",
        choices=_POWERS,
        measured=informations_measured,
    ),
)
