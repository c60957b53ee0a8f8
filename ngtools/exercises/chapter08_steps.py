"""Exercises of chapter 08: tests that miss a slip, and finite steps in a power of sigma."""

from __future__ import annotations

import sympy as sp

from ngtools import descent, families, fisher
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import MISSING_HALF, WRONG_SIGN

PLACES = {"sigma = 1/2": 0.5, "sigma = 1": 1.0, "sigma = 2": 2.0}
NOWHERE = "none of these"


def _first_place(holds: dict[str, bool]) -> str:
    return next((name for name, here in holds.items() if here), NOWHERE)


def _agree(one: float, two: float) -> bool:
    return abs(one - two) < 1e-9 * abs(one)


def _about_the_variance(argument: float) -> float:
    return float(fisher.stated(families.get("zero-mean-normal"), [argument], chart="variance")[0, 0])


def blind_test() -> str:
    """Where a program that feeds sigma to 1/(2 v^2) passes a test at one
    place."""
    found = {}
    for name, sigma in PLACES.items():
        right, misread = _about_the_variance(sigma**2), _about_the_variance(sigma)
        found[name] = _agree(right, misread)
    return _first_place(found)


def _about_sigma(sigma: float) -> float:
    return float(fisher.stated(families.get("zero-mean-normal"), [sigma])[0, 0])


def blind_where_the_charts_agree() -> str:
    """Where the information about the variance is the information about sigma."""
    return _first_place({n: _agree(_about_the_variance(s**2), _about_sigma(s)) for n, s in PLACES.items()})


def blind_where_the_derivative_is_the_square() -> str:
    """Where 2 sigma, the derivative of sigma^2, is sigma^2."""
    return _first_place({n: _agree(2 * s, s**2) for n, s in PLACES.items()})


def blind_where_formulas_are_the_same() -> str:
    """Where the misread value is the information about sigma: 1/(2 sigma^2) against 2/sigma^2."""
    return _first_place({n: _agree(_about_the_variance(s), _about_sigma(s)) for n, s in PLACES.items()})


def ratios_measured() -> str:
    rows = ", ".join(f"{_about_the_variance(s) / _about_the_variance(s**2):g} at {n}" for n, s in PLACES.items())
    return f"Misread over right: {rows}."


CHARTS = ("std", "variance", "log-std", "precision")


def _ends() -> dict[str, float]:
    """Sigma after one step of learning rate 1 from sigma = 3, in each chart;
    data from N(0, 1)."""
    family, ends = families.get("zero-mean-normal"), {}
    f = descent.expected_log_likelihood(family, [1.0])
    for chart in CHARTS:
        start = family.convert([3.0], to=chart)
        end = descent.step("natural-euler", family, start, f, 1.0, chart)
        ends[chart] = float(family.convert(end, to="std", chart=chart)[0])
    return ends


def lands_in_one() -> str:
    """The chart in which one natural step of rate 1 ends at the maximum, sigma
    = 1."""
    ends = _ends()
    return min(CHARTS, key=lambda chart: abs(ends[chart] - 1.0))


def lands_by_constant_information() -> str:
    """The chart whose information is the same at two places."""
    family = families.get("zero-mean-normal")

    def change(chart: str) -> float:
        here, there = (float(family.fisher(family.convert([s], to=chart), chart)[0, 0]) for s in (1.0, 3.0))
        return abs(here / there - 1)

    return min(CHARTS, key=change)


def lands_where_the_answer_is_stated() -> str:
    """The chart of which sigma is a straight function: its slope is the same at two places."""
    family = families.get("zero-mean-normal")

    def change(chart: str) -> float:
        here, there = (float(family.jacobian([s], to=chart)[0, 0]) for s in (1.0, 3.0))
        return abs(here / there - 1)

    return min(CHARTS, key=change)


def lands_in_natural_parameters() -> str:
    """The chart in which the log density is a straight line: the natural parameter of the family."""
    x = sp.Symbol("x", positive=True)
    family = families.get("zero-mean-normal")

    def bend(chart: str) -> float:
        t = sp.Symbol("t", positive=True)
        with_data = sp.diff(family.log_density(x, [t], chart), x)
        return abs(float(sp.diff(with_data, t, 2).subs({x: 2, t: sp.Rational(3, 2)})))

    return min(CHARTS, key=bend)


def ends_measured() -> str:
    return "Sigma after the step: " + ", ".join(f"{chart} {end:.3g}" for chart, end in _ends().items()) + "."


_ALPHA, _G, _SIGMA, _K = sp.symbols("alpha g sigma k", positive=True)


def _after_a_step(J: sp.Expr) -> sp.Expr:
    """Sigma after a natural step in phi = sigma^k, if the vector in sigma is
    moved with J."""
    v = _SIGMA**2 * _G / 2
    return (_SIGMA**_K + _ALPHA * J * v) ** (1 / _K)


def power_gap() -> sp.Expr:
    """The coefficient of alpha^2 in sigma^+ for a natural step in sigma^k, less
    that for a step in sigma."""
    moved = _after_a_step(_K * _SIGMA ** (_K - 1))
    return sp.simplify(sp.diff(moved, _ALPHA, 2).subs(_ALPHA, 0) / 2)


def power_gap_as_a_derivative() -> sp.Expr:
    return 2 * power_gap()


def power_gap_with_the_other_sign() -> sp.Expr:
    return -power_gap()


def power_gap_left_in_phi() -> sp.Expr:
    """The second-order term of phi that makes up for the bend, not read back as a change of sigma."""
    return sp.simplify(power_gap() * _K * _SIGMA ** (_K - 1))


def power_gap_of_the_gradient() -> sp.Expr:
    """The same expansion with g for the natural gradient."""
    return sp.simplify(power_gap() * (2 / _SIGMA**2) ** 2)


EXERCISES = (
    Exercise(
        "blind_test",
        "prediction",
        blind_test,
        (
            Mistake(
                "two charts for two arguments",
                blind_where_the_charts_agree,
                "there a unit of the variance is a unit of sigma. The slip is another: it keeps the formula and changes "
                "the argument.",
            ),
            Mistake(
                "derivative for the square",
                blind_where_the_derivative_is_the_square,
                "there the derivative of the square is the square. The slip needs sigma and its square to be equal.",
            ),
            Mistake(
                "formula for argument",
                blind_where_formulas_are_the_same,
                "you looked for a place where two formulas agree. Here one formula gets two arguments.",
            ),
        ),
        "The unit of measurement hides it: standardised data are the worst data to test with.",
        choices=(*PLACES, NOWHERE),
        measured=ratios_measured,
    ),
    Exercise(
        "lands_in_one",
        "prediction",
        lands_in_one,
        (
            Mistake(
                "constant information taken for linear",
                lands_by_constant_information,
                "there the information is constant, so the gradient and the natural gradient agree up to a factor. "
                "Does the objective have a straight slope there?",
            ),
            Mistake(
                "natural for expectation parameter",
                lands_in_natural_parameters,
                "that is the natural parameter, in which the score is linear in the data. Which one is a mean of the data?",
            ),
            Mistake(
                "unit of the answer for the chart of the step",
                lands_where_the_answer_is_stated,
                "the maximum is stated as a standard deviation, and the step there is straight in sigma. Is the way to "
                "the maximum?",
            ),
        ),
        "σ²(1 + α σ g) at α = 1 is the mean square of the data, from anywhere: the coordinate is a mean, E[x²].",
        choices=CHARTS,
        measured=ends_measured,
    ),
    Exercise(
        "power_gap",
        "formula",
        power_gap,
        (
            MISSING_HALF.by(power_gap_as_a_derivative),
            WRONG_SIGN.by(power_gap_with_the_other_sign, "Check it against Bob, k = 2, who ends below Alice."),
            Mistake(
                "a change of phi",
                power_gap_left_in_phi,
                "this is a change of phi. Divide by dphi/dsigma to read it as a change of sigma.",
            ),
            Mistake(
                "plain for natural vector",
                power_gap_of_the_gradient,
                "you expanded a step along g. The natural gradient in sigma is ½σ²g.",
            ),
        ),
        "k = 1 is Alice, k = 2 Bob, and k → 0 is Carol; between Bob and Carol there is a whole family of gaps.",
        hint="Expand (σ^k + α kσ^(k-1) v)^(1/k) in α, with v = ½σ²g.",
    ),
)
