"""Exercises of chapter 04: lengths, channels and other divergences."""

from __future__ import annotations

import math

import sympy as sp

from ngtools import families, geometry
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import EUCLIDEAN_LENGTH, KL_REVERSED, LEFT_OVER_FOR_LOST, MISSING_HALF
from ngtools.fisher.channels import binned, normal_location_cdf
from ngtools.geometry.half_plane import half_ellipse


def poisson_distance(rate0: float, rate1: float) -> float:
    """The integral of sqrt(F) = 1/sqrt(rate): closed form, as the library
    states it."""
    return geometry.distance(families.get("poisson"), [rate0], [rate1]).value


def poisson_distance_metric_frozen(rate0: float, rate1: float) -> float:
    return abs(rate1 - rate0) / math.sqrt(rate0)


def poisson_distance_integral_of_information(rate0: float, rate1: float) -> float:
    return abs(math.log(rate1 / rate0))


def poisson_distance_without_the_two(rate0: float, rate1: float) -> float:
    return abs(math.sqrt(rate1) - math.sqrt(rate0))


def poisson_distance_from_kl(rate0: float, rate1: float) -> float:
    return math.sqrt(2 * float(families.get("poisson").kl([rate0], [rate1])))


def sign_information() -> float:
    """The share lost: 1 - phi(1)^2 / (Phi(1) (1 - Phi(1)))."""
    return 1.0 - binned(normal_location_cdf, [1.0], [0.0])[0, 0]


def sign_information_kept() -> float:
    return binned(normal_location_cdf, [1.0], [0.0])[0, 0]


def sign_information_at_the_centre() -> float:
    return 1.0 - binned(normal_location_cdf, [0.0], [0.0])[0, 0]


def sign_information_of_one_answer() -> float:
    """phi(1)^2 / (1 - Phi(1)) counts the rarer answer only."""
    above = normal_location_cdf(0.0, [1.0])
    density_squared = binned(normal_location_cdf, [1.0], [0.0])[0, 0] * above * (1 - above)
    return float(1.0 - density_squared / above)


def widest_on_the_way(sigma: float, delta: float) -> float:
    """The largest standard deviation on the geodesic from N(0, sigma^2) to
    N(delta, sigma^2)."""
    return half_ellipse([0.0, sigma], [delta, sigma]).radius / math.sqrt(2)


def widest_on_a_circle(sigma: float, delta: float) -> float:
    return math.sqrt(sigma**2 + delta**2 / 4)


def widest_on_the_straight_path(sigma: float, delta: float) -> float:
    return sigma


def radius_for_height(sigma: float, delta: float) -> float:
    return half_ellipse([0.0, sigma], [delta, sigma]).radius


_A, _U = sp.symbols("a u", positive=True)


def _half_curvature(generator: sp.Expr) -> sp.Expr:
    """f''(1) / 2."""
    return sp.simplify(sp.diff(generator, _U, 2).subs(_U, 1) / 2)


def power_moment() -> sp.Expr:
    """K(a) in E_p[(q/p)^a] = 1 + K(a) Delta^T F Delta + O(Delta^3)."""
    return _half_curvature(_U**_A - 1)


def power_moment_without_the_half() -> sp.Expr:
    return 2 * power_moment()


def power_moment_reversed() -> sp.Expr:
    """The mean of (p/q)^a under p."""
    return _half_curvature(_U ** (-_A) - 1)


def power_moment_of_the_square() -> sp.Expr:
    """Half of the square of a z, the first-order change of the power."""
    return _half_curvature((1 + _A * (_U - 1)) ** 2 / 2)


def power_moment_first_order() -> sp.Expr:
    """The slope a of the power in the place of its curvature."""
    return sp.diff(_U**_A, _U).subs(_U, 1) / 2


EXERCISES = (
    Exercise(
        "poisson_distance",
        "function",
        poisson_distance,
        (
            Mistake(
                "metric frozen at the start",
                poisson_distance_metric_frozen,
                "you measured the whole way with the information at the first rate. It changes on the way: integrate.",
            ),
            Mistake(
                "information integrated without its root",
                poisson_distance_integral_of_information,
                "you integrated F. A length adds up sqrt(F) times the step.",
            ),
            Mistake(
                "factor of the integral lost",
                poisson_distance_without_the_two,
                "the integral of rate^(-1/2) is rate^(1/2) times a number, and the number is missing.",
            ),
            Mistake(
                "divergence for distance",
                poisson_distance_from_kl,
                "sqrt(2 KL) agrees with the distance only for close rates, and it is not symmetric.",
            ),
        ),
        "In the coordinate 2 sqrt(rate) the information is 1, and distances are differences.",
        inputs=((2.2, 3.1), (4.0, 1.0), (0.5, 6.0)),
        hint="Integrate the root of the information between the rates. A distance has no sign.",
    ),
    Exercise(
        "sign_information",
        "value",
        sign_information,
        (
            LEFT_OVER_FOR_LOST.by(sign_information_kept),
            Mistake(
                "evaluated at mean 0",
                sign_information_at_the_centre,
                "this is the loss where the cut goes through the mean. Here the mean is 1 and the cut is 0.",
            ),
            Mistake(
                "one answer counted",
                sign_information_of_one_answer,
                "you counted one of the two answers. Both carry information, and their scores differ.",
            ),
        ),
        "A sign says most where both answers are equally likely; here one of them comes five times out of six.",
        hint="The formula for one bit needs the cut minus the mean. It gives what is kept.",
    ),
    Exercise(
        "widest_on_the_way",
        "function",
        widest_on_the_way,
        (
            EUCLIDEAN_LENGTH.by(widest_on_a_circle, "A circle is a geodesic where d sigma^2 carries no factor 2."),
            Mistake(
                "straight for short",
                widest_on_the_straight_path,
                "the straight path keeps sigma. A step in the mean costs less where sigma is large, so it is not the "
                "shortest.",
            ),
            Mistake(
                "radius for height",
                radius_for_height,
                "this is R, the half-axis along the mean. The half-axis along sigma is shorter.",
            ),
        ),
        "Far apart, the way leads through a width proportional to the gap: over a third of it.",
        inputs=((1.0, 2.0), (0.5, 3.0), (2.0, 0.7)),
        hint="At the top of the half-ellipse the mean is the centre. Put that into its equation.",
    ),
    Exercise(
        "power_moment",
        "formula",
        power_moment,
        (
            MISSING_HALF.by(power_moment_without_the_half),
            KL_REVERSED.by(power_moment_reversed, "You took the mean of (p/q)^a."),
            Mistake(
                "square of the first-order term",
                power_moment_of_the_square,
                "you squared the first-order change of the power. Its own second-order term counts as well.",
            ),
            Mistake(
                "slope for curvature",
                power_moment_first_order,
                "you used the first derivative of the generator. The first-order term has mean zero; take the second.",
            ),
        ),
        "At a = 2 it is 1: the variance of importance weights is the mean squared relative change of chapter 03.",
        hint="f(u) = u^a - 1 is zero at u = 1, and what the expansion needs is half its second derivative there.",
    ),
)
