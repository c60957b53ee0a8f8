"""Exercises of chapter 08: the information about a standard deviation, in other coordinates."""

from __future__ import annotations

from ngtools import descent, families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import (
    ANOTHER_CHART,
    ARROW_AS_LINES,
    GRADIENT_NOT_TRANSFORMED,
    JACOBIAN_UPSIDE_DOWN,
    ONE_JACOBIAN,
    PLAIN_GRADIENT,
    SIGMA_FOR_VARIANCE,
)

SIGMA, G_SIGMA = 3.0, -0.5


def variance_fisher() -> float:
    """The Fisher information about v = sigma^2 of N(0, v), at sigma = 3."""
    family = families.get("zero-mean-normal")
    v = family.convert([SIGMA], to="variance")
    return fisher.stated(family, v, chart="variance")[0, 0]


def variance_fisher_in_sigma() -> float:
    family = families.get("zero-mean-normal")
    return fisher.stated(family, [SIGMA])[0, 0]


def variance_fisher_sigma_read_as_variance() -> float:
    return fisher.stated(families.get("zero-mean-normal"), [SIGMA], chart="variance")[0, 0]


def variance_fisher_with_one_jacobian() -> float:
    return variance_fisher_in_sigma() / (2 * SIGMA)


def precision_step() -> float:
    """The natural gradient in tau = 1/sigma^2, given the derivative g_sigma of
    the objective in sigma."""
    family = families.get("zero-mean-normal")
    J = family.jacobian([SIGMA], to="precision")
    tau = family.convert([SIGMA], to="precision")
    F, g_tau = fisher.stated(family, tau, chart="precision"), [G_SIGMA / J[0, 0]]
    return descent.natural_gradient(F, g_tau)[0]


def precision_step_without_moving_the_gradient() -> float:
    family = families.get("zero-mean-normal")
    tau = family.convert([SIGMA], to="precision")
    return descent.natural_gradient(fisher.stated(family, tau, chart="precision"), [G_SIGMA])[0]


def precision_step_left_in_sigma() -> float:
    return descent.natural_gradient(fisher.stated(families.get("zero-mean-normal"), [SIGMA]), [G_SIGMA])[0]


def precision_step_moved_the_wrong_way() -> float:
    J = families.get("zero-mean-normal").jacobian([SIGMA], to="precision")
    return precision_step_left_in_sigma() / J[0, 0]


def power_fisher(sigma: float, k: float) -> float:
    """The Fisher information about phi = sigma^k, k not 0, at a given sigma."""
    slope = k * sigma ** (k - 1)
    return 2 / sigma**2 / slope**2


def power_fisher_with_one_jacobian(sigma: float, k: float) -> float:
    return 2 / sigma**2 / (k * sigma ** (k - 1))


def power_fisher_upside_down(sigma: float, k: float) -> float:
    return 2 / sigma**2 * (k * sigma ** (k - 1)) ** 2


def power_fisher_of_another_letter(sigma: float, k: float) -> float:
    """2/sigma^2 with phi in the place of sigma."""
    return 2 / sigma ** (2 * k)


def power_fisher_not_moved(sigma: float, k: float) -> float:
    return 2 / sigma**2


def _derivative(sigma: float) -> float:
    """The derivative by sigma of the expected log-likelihood of N(0, 1) data."""
    return -1 / sigma + 1 / sigma**3


def exit_rate_of_the_precision() -> float:
    """The learning rate from which on a natural step in tau = 1/sigma^2 leaves
    the domain, at sigma = 1/2."""
    family, sigma = families.get("zero-mean-normal"), 0.5
    J = family.jacobian([sigma], to="precision")[0, 0]
    tau = family.convert([sigma], to="precision")
    F = fisher.stated(family, tau, chart="precision")
    natural = descent.natural_gradient(F, [_derivative(sigma) / J])[0]
    return float(-tau[0] / natural)


def exit_rate_of_the_plain_gradient() -> float:
    family, sigma = families.get("zero-mean-normal"), 0.5
    J = family.jacobian([sigma], to="precision")[0, 0]
    return float(-family.convert([sigma], to="precision")[0] / (_derivative(sigma) / J))


def exit_rate_of_a_standard_deviation() -> float:
    """Alice's learning rate at the same slope, if it pointed downwards."""
    family, sigma = families.get("zero-mean-normal"), 0.5
    return float(sigma / descent.natural_gradient(fisher.stated(family, [sigma]), [_derivative(sigma)])[0])


def exit_rate_without_moving_the_gradient() -> float:
    family, sigma = families.get("zero-mean-normal"), 0.5
    tau = family.convert([sigma], to="precision")
    F = fisher.stated(family, tau, chart="precision")
    return float(tau[0] / descent.natural_gradient(F, [_derivative(sigma)])[0])


EXERCISES = (
    Exercise(
        "variance_fisher",
        "value",
        variance_fisher,
        (
            ANOTHER_CHART.by(variance_fisher_in_sigma, "It is the information about sigma."),
            SIGMA_FOR_VARIANCE.by(variance_fisher_sigma_read_as_variance, "You put sigma = 3 in the place of v."),
            ONE_JACOBIAN.by(variance_fisher_with_one_jacobian),
        ),
        "1/(2 v^2) at v = 9, or equally 2/sigma^2 over (2 sigma)^2 at sigma = 3.",
    ),
    Exercise(
        "precision_step",
        "value",
        precision_step,
        (
            GRADIENT_NOT_TRANSFORMED.by(
                precision_step_without_moving_the_gradient, "The information is in tau already."
            ),
            ANOTHER_CHART.by(precision_step_left_in_sigma, "It is the natural gradient in sigma; move it with J."),
            ARROW_AS_LINES.by(precision_step_moved_the_wrong_way),
        ),
        "Fisher and gradient both changed, and the result is J times the natural gradient in sigma.",
        hint="With g_sigma = -1/2: divide it by J = -2/sigma^3, and the result by the information about tau.",
    ),
    Exercise(
        "power_fisher",
        "function",
        power_fisher,
        (
            ONE_JACOBIAN.by(power_fisher_with_one_jacobian),
            JACOBIAN_UPSIDE_DOWN.by(power_fisher_upside_down),
            Mistake(
                "a letter exchanged for a chart",
                power_fisher_of_another_letter,
                "you wrote phi for sigma in the formula of sigma. The formula itself changes with the chart.",
            ),
            ANOTHER_CHART.by(power_fisher_not_moved, "It is the information about sigma."),
        ),
        "In phi it is 2/(k phi)^2: a positive scale parameter, whatever the power, and the constant falls with k^2.",
        inputs=((3.0, 2.0), (0.7, -2.0), (1.3, 0.5)),
    ),
    Exercise(
        "exit_rate_of_the_precision",
        "value",
        exit_rate_of_the_precision,
        (
            PLAIN_GRADIENT.by(exit_rate_of_the_plain_gradient, "It is her exit with gradient steps."),
            ANOTHER_CHART.by(
                exit_rate_of_a_standard_deviation, "It is computed with sigma and the natural gradient in sigma."
            ),
            GRADIENT_NOT_TRANSFORMED.by(exit_rate_without_moving_the_gradient),
        ),
        "Bob leaves on the way down, she on the way up: each chart has its edge on another side.",
        hint="Her natural gradient is J times the one in sigma. From which rate on is tau plus alpha times it not positive?",
    ),
)
