"""Exercises of chapter 08: the variance example."""

from __future__ import annotations

from ngtools import descent, families, fisher
from ngtools.exercises.checker import Exercise, Mistake

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
    """The natural gradient in tau = 1/sigma^2, given the derivative g_sigma of the objective in sigma."""
    family = families.get("zero-mean-normal")
    J = family.jacobian([SIGMA], to="precision")
    tau = family.convert([SIGMA], to="precision")
    g_tau = [G_SIGMA / J[0, 0]]
    return descent.natural_gradient(fisher.stated(family, tau, chart="precision"), g_tau)[0]


def precision_step_without_moving_the_gradient() -> float:
    family = families.get("zero-mean-normal")
    tau = family.convert([SIGMA], to="precision")
    return descent.natural_gradient(fisher.stated(family, tau, chart="precision"), [G_SIGMA])[0]


def precision_step_left_in_sigma() -> float:
    return descent.natural_gradient(fisher.stated(families.get("zero-mean-normal"), [SIGMA]), [G_SIGMA])[0]


def precision_step_moved_the_wrong_way() -> float:
    J = families.get("zero-mean-normal").jacobian([SIGMA], to="precision")
    return precision_step_left_in_sigma() / J[0, 0]


EXERCISES = (
    Exercise(
        "variance_fisher",
        "value",
        variance_fisher,
        (
            Mistake(
                "information in another coordinate",
                variance_fisher_in_sigma,
                "this is the information about sigma, 2/sigma^2. For v, divide it by the square of dv/dsigma.",
            ),
            Mistake(
                "sigma read as variance",
                variance_fisher_sigma_read_as_variance,
                "you put sigma = 3 in the place of v. The variance is 9.",
            ),
            Mistake(
                "one Jacobian instead of two",
                variance_fisher_with_one_jacobian,
                "a gradient takes one Jacobian, a metric takes two: divide by (2 sigma)^2, not by 2 sigma.",
            ),
        ),
        "1/(2 v^2) at v = 9, or equally 2/sigma^2 over (2 sigma)^2 at sigma = 3.",
    ),
    Exercise(
        "precision_step",
        "value",
        precision_step,
        (
            Mistake(
                "gradient not transformed",
                precision_step_without_moving_the_gradient,
                "the derivative is still the one in sigma, the information is in tau. Divide by dtau/dsigma first.",
            ),
            Mistake(
                "answer left in the old chart",
                precision_step_left_in_sigma,
                "this is the natural gradient in sigma. A tangent vector moves with J = dtau/dsigma.",
            ),
            Mistake(
                "vector moved as a covector",
                precision_step_moved_the_wrong_way,
                "you divided by the Jacobian. Gradients divide; tangent vectors multiply.",
            ),
        ),
        "Fisher and gradient both changed, and the result is J times the natural gradient in sigma.",
    ),
)
