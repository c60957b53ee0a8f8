"""Exercises of chapter 01: one parameter, several names for it."""

from __future__ import annotations

import numpy as np

from ngtools import descent, families
from ngtools.descent.comparison import in_charts
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import ANOTHER_CHART, MISSING_ROOT, ONE_JACOBIAN, UPSIDE_DOWN

SIGMA = 0.1


def bob_over_carol() -> float:
    """How many times farther Bob moves sigma than Carol, to first order, at
    sigma = 0.1 with one learning rate."""
    family = families.get("zero-mean-normal")
    bob = family.jacobian([SIGMA], to="variance")[0, 0]
    carol = family.jacobian([SIGMA], to="log-std")[0, 0]
    return (1 / bob**2) / (1 / carol**2)


def bob_over_carol_with_one_factor() -> float:
    family = families.get("zero-mean-normal")
    return float(family.jacobian([SIGMA], to="log-std")[0, 0] / family.jacobian([SIGMA], to="variance")[0, 0])


def bob_over_carol_upside_down() -> float:
    return 1 / bob_over_carol()


def bob_over_alice() -> float:
    return 1 / families.get("zero-mean-normal").jacobian([SIGMA], to="variance")[0, 0] ** 2


def alice_in_metres() -> float:
    """The factor on Alice's learning rate when she writes m/s for km/s and
    wants the same distributions."""
    family, unit = families.get("zero-mean-normal"), 1000.0

    def slope(sigma: float, true: float) -> float:
        f = descent.expected_log_likelihood(family, [true])
        return descent.chart_setting(family, f).gradient(np.array([sigma]))[0]

    return float(unit * slope(90.0, 80.0) / slope(90.0 * unit, 80.0 * unit))


def alice_in_metres_step_only() -> float:
    return float(np.sqrt(alice_in_metres()))


def alice_in_metres_unchanged() -> float:
    return alice_in_metres() / alice_in_metres()


def alice_in_metres_upside_down() -> float:
    return 1 / alice_in_metres()


def dora(sigma: float, alpha: float, mean_square: float) -> float:
    """The standard deviation after one gradient step in the precision tau =
    1/sigma^2."""
    tau = 1 / sigma**2
    slope = (1 / tau - mean_square) / 2
    return 1 / np.sqrt(tau + alpha * slope)


def dora_with_alices_gradient(sigma: float, alpha: float, mean_square: float) -> float:
    slope = -1 / sigma + mean_square / sigma**3
    return 1 / np.sqrt(1 / sigma**2 + alpha * slope)


def dora_who_descends(sigma: float, alpha: float, mean_square: float) -> float:
    return dora(sigma, -alpha, mean_square)


def dora_who_forgets_the_root(sigma: float, alpha: float, mean_square: float) -> float:
    return dora(sigma, alpha, mean_square) ** 2


LEAVERS = ("nobody", "Bob alone", "Alice and Bob", "all three")


def _first_steps(start: float) -> dict[str, tuple[float | None, float]]:
    """For each learner: sigma after the first step (None outside), and how far
    it is from the start, in nats of KL."""
    family, alpha, answer = families.get("zero-mean-normal"), 0.003, 0.07861
    f = descent.expected_log_likelihood(family, [answer])
    charts = ("std", "variance", "log-std")
    runs = in_charts("gradient", family, [start], f, alpha, 1, charts)
    found: dict[str, tuple[float | None, float]] = {}
    for who, run in zip(("Alice", "Bob", "Carol"), runs.values()):
        end = None if run.exits else float(run.distribution[1, 0])
        moved = np.inf if end is None else float(family.kl([end], [start]))
        found[who] = end, moved
    return found


def _named(who: list[str]) -> str:
    return {0: LEAVERS[0], 1: LEAVERS[1], 2: LEAVERS[2], 3: LEAVERS[3]}[len(who)]


def leaving_from_below() -> str:
    """Who is outside after one step from sigma = 0.02, far below the answer
    0.07861 (unit 1000 km/s)."""
    ends = _first_steps(0.02)
    return _named([who for who, (end, _) in ends.items() if end is None])


def leaving_from_above() -> str:
    """The same from 0.1, a little above the answer."""
    return _named([who for who, (end, _) in _first_steps(0.1).items() if end is None])


def thrown_counted_as_out() -> str:
    """Whoever is thrown more than tenfold beyond the answer is counted as out."""
    return _named([who for who, (end, _) in _first_steps(0.02).items() if end is None or end > 10 * 0.07861])


def moved_counted_as_out() -> str:
    """Whoever has another distribution after the step is counted as out."""
    return _named([who for who, (_, moved) in _first_steps(0.02).items() if moved > 0])


def sigmas_from_below() -> str:
    ends = ", ".join(f"{who} at {end:.3g}" for who, (end, _) in _first_steps(0.02).items())
    return f"After one step: {ends}, and all of these are standard deviations."


EXERCISES = (
    Exercise(
        "bob_over_carol",
        "value",
        bob_over_carol,
        (
            ONE_JACOBIAN.by(
                bob_over_carol_with_one_factor,
                "Here the chart enters when the derivative is taken, and again when the step is read as a change of sigma.",
            ),
            UPSIDE_DOWN.by(bob_over_carol_upside_down, "It compares Carol with Bob."),
            Mistake("somebody else", bob_over_alice, "this compares Bob with Alice, whose factor is 1."),
        ),
        "The ratio is 1/(4 sigma^4): at sigma = 2 it would be Carol who leaps.",
        hint="By the theorem each change of sigma carries one over a squared Jacobian. Divide the two.",
    ),
    Exercise(
        "alice_in_metres",
        "value",
        alice_in_metres,
        (
            Mistake(
                "only the step counted",
                alice_in_metres_step_only,
                "the step must grow with the unit, and the derivative shrinks with it as well.",
            ),
            Mistake(
                "a learning rate has no unit",
                alice_in_metres_unchanged,
                "sigma is larger in the new unit and the slope is smaller; with the same rate she would crawl.",
            ),
            UPSIDE_DOWN.by(alice_in_metres_upside_down, "It takes her from metres to kilometres."),
        ),
        "Her learning rate carries the square of the unit of sigma; Carol's carries none.",
        hint="What does a change of unit do to the derivative, and what to the step that is wanted?",
    ),
    Exercise(
        "dora",
        "function",
        dora,
        (
            ANOTHER_CHART.by(
                dora_with_alices_gradient, "The derivative by sigma was added to tau; Dora needs the derivative by tau."
            ),
            Mistake("descent", dora_who_descends, "f is a mean log-likelihood: it is to be increased."),
            MISSING_ROOT.by(dora_who_forgets_the_root, "1/tau is a variance."),
        ),
        "A fourth chart and a fourth answer.",
        inputs=((2.0, 0.05, 1.0), (0.8, 0.1, 1.3), (1.5, 0.2, 0.7)),
        hint="Write the mean log-likelihood in tau, differentiate by tau, take the step, and go back to sigma.",
    ),
    Exercise(
        "leaving_from_below",
        "prediction",
        leaving_from_below,
        (
            Mistake(
                "the exit carried over from the other side",
                leaving_from_above,
                "that is what happens above the answer, where the derivative is negative. Which sign has it here?",
            ),
            Mistake(
                "too far is not outside",
                thrown_counted_as_out,
                "a huge step up is a bad step. Is there a standard deviation, or a variance, that is too large to be one?",
            ),
            Mistake(
                "any step counted",
                moved_counted_as_out,
                "everybody moves. To leave means to arrive at a number that no distribution has.",
            ),
        ),
        "Only a step towards zero can leave; up there the sets have no edge. The long way back is another matter.",
        choices=LEAVERS,
        measured=sigmas_from_below,
    ),
)
