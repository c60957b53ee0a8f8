"""Exercises of chapter 04: the divergence and its curvature."""

from __future__ import annotations

import math

from ngtools import families, fisher, geometry
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.fisher.channels import binned, normal_location_cdf
from ngtools.geometry.kl_remainder import kl_remainder, slope


def kl_widening() -> float:
    """KL(N(0, 1) || N(0, 4)) in nats; the family wants standard deviations."""
    return float(families.get("zero-mean-normal").kl([1.0], [2.0]))


def kl_widening_reversed() -> float:
    return float(families.get("zero-mean-normal").kl([2.0], [1.0]))


def kl_widening_variance_read_as_std() -> float:
    return float(families.get("zero-mean-normal").kl([1.0], [4.0]))


def kl_widening_in_bits() -> float:
    return kl_widening() / math.log(2)


def kl_widening_quadratic() -> float:
    return float(fisher.stated(families.get("zero-mean-normal"), [1.0])[0, 0]) / 2


def jeffreys_order() -> str:
    """The measured power, at rate 2."""
    sizes = [0.01, 0.02, 0.04, 0.08]
    return str(round(slope(sizes, kl_remainder(families.get("poisson"), [2.0], [1.0], sizes, "symmetrised"))))


def jeffreys_order_averaged_over_signs() -> str:
    sizes = [0.01, 0.02, 0.04, 0.08]
    return str(round(slope(sizes, kl_remainder(families.get("poisson"), [2.0], [1.0], sizes, "averaged over signs"))))


def jeffreys_order_nothing_subtracted() -> str:
    return "2"


def poisson_distance(rate0: float, rate1: float) -> float:
    """The integral of sqrt(F) = 1/sqrt(rate): closed form, as the library states it."""
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


EXERCISES = (
    Exercise(
        "kl_widening",
        "value",
        kl_widening,
        (
            Mistake(
                "direction reversed",
                kl_widening_reversed,
                "this is KL(N(0,4) || N(0,1)). The mean is taken under the first distribution, the narrow one.",
            ),
            Mistake(
                "variance read as standard deviation",
                kl_widening_variance_read_as_std,
                "you gave the second distribution standard deviation 4. Its variance is 4.",
            ),
            Mistake("bits", kl_widening_in_bits, "this is in bits. Nats use the natural logarithm."),
            Mistake(
                "quadratic form for the divergence",
                kl_widening_quadratic,
                "this is the quadratic form at a step of 1 in sigma. The step is not small; use the divergence itself.",
            ),
        ),
        "The quadratic form would say 1 nat: the step is far from small, and widening is the cheap direction.",
    ),
    Exercise(
        "jeffreys_order",
        "prediction",
        jeffreys_order,
        (
            Mistake(
                "symmetrised means even",
                jeffreys_order_averaged_over_signs,
                "exchanging the arguments is not changing the sign of the step. Averaging over the signs would give 4.",
            ),
            Mistake(
                "quadratic term left in",
                jeffreys_order_nothing_subtracted,
                "the quadratic term is subtracted exactly; what is left starts one power higher.",
            ),
        ),
        "A quarter of the slope of F stays, and 1/rate has a slope.",
        choices=("2", "3", "4"),
    ),
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
                "the integral of 1/sqrt(rate) is 2 sqrt(rate); the 2 is missing.",
            ),
            Mistake(
                "divergence for distance",
                poisson_distance_from_kl,
                "sqrt(2 KL) agrees with the distance only for close rates, and it is not symmetric.",
            ),
        ),
        "In the coordinate 2 sqrt(rate) the information is 1, and distances are differences.",
        inputs=((2.2, 3.1), (4.0, 1.0), (0.5, 6.0)),
    ),
    Exercise(
        "sign_information",
        "value",
        sign_information,
        (
            Mistake(
                "kept for lost",
                sign_information_kept,
                "this is the share that is kept. The question asks for the rest.",
            ),
            Mistake(
                "evaluated at mean 0",
                sign_information_at_the_centre,
                "this is the loss where the cut goes through the mean. Here the mean is 1 and the cut is 0.",
            ),
        ),
        "A sign says most where both answers are equally likely; here one of them comes five times out of six.",
    ),
)
