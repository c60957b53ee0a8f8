"""Exercises of chapter 09: which steps agree between charts, and to which order."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import minimize_scalar

from ngtools import descent, families, invariance, symbolic
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import KL_REVERSED, MISSING_ROOT, PLAIN_GRADIENT
from ngtools.geometry.kl_remainder import slope

CHOICES = ("exact", "order 1", "order 2", "broken")


def _newton(setting: descent.Setting, theta: Any, alpha: float) -> np.ndarray:
    """Newton's step: the Hessian of the objective in the place of -F."""
    H, g = setting.hessian(theta), setting.gradient(theta)
    return theta - alpha * np.linalg.solve(H, g)


def _verdict(name: str, column: str, repeat: int = 3) -> str:
    """The order of the gap between (mu, sigma) and changed coordinates."""
    problem = invariance.normal_problem()
    change = invariance.REPARAMETERIZATIONS[column]
    other = change.apply(problem.setting)
    start = change.encode(problem.theta) if change.encode else problem.theta
    rule = descent.Method("newton", _newton) if name == "newton" else name
    here = problem.setting, problem.theta
    return invariance.measure(rule, *here, other, start, repeat=repeat).kind


def momentum_kind() -> str:
    """Momentum on the natural gradient, three steps, under a general affine map."""
    return _verdict("momentum", "affine")


def momentum_beyond_affine() -> str:
    return _verdict("momentum", "smooth")


def momentum_on_the_gradient() -> str:
    return _verdict("gradient", "affine")


def momentum_as_a_midpoint() -> str:
    return _verdict("natural-midpoint", "smooth")


def newton_kind() -> str:
    """One Newton step, under a change of coordinates that bends."""
    return _verdict("newton", "smooth", repeat=1)


def newton_under_affine_maps() -> str:
    return _verdict("newton", "affine", repeat=1)


def newton_as_a_natural_gradient() -> str:
    return _verdict("natural-euler", "smooth", repeat=1)


def newton_as_a_second_order_method() -> str:
    return _verdict("natural-midpoint", "smooth", repeat=1)


def newton_measured() -> str:
    return (
        f"Under a general affine map it is {_verdict('newton', 'affine', repeat=1)}; here the gap shrinks like alpha."
    )


POWERS = ("like alpha^2", "like alpha^3", "like alpha^4", "it is zero")
_RATES = (0.1, 0.05, 0.025)


def _ends(alpha: float) -> dict[str, float]:
    """Sigma after one natural step from 3 towards 1."""
    family, ends = families.get("zero-mean-normal"), {}
    f = descent.expected_log_likelihood(family, [1.0])
    for who, chart in zip(("Alice", "Bob", "Carol"), ("std", "variance", "log-std")):
        end = descent.step("natural-euler", family, family.convert([3.0], to=chart), f, alpha, chart)
        ends[who] = float(family.convert(end, to="std", chart=chart)[0])
    return ends


def _gaps() -> dict[str, np.ndarray]:
    """Distances to Alice of Bob, of Carol and of their mean."""
    rows = [_ends(alpha) for alpha in _RATES]
    people = {who: np.array([row[who] for row in rows]) for who in rows[0]}
    people["mean"] = (people["Bob"] + people["Carol"]) / 2
    return {who: np.abs(ends - people["Alice"]) for who, ends in people.items()}


def _law(gaps: np.ndarray) -> str:
    return POWERS[round(float(slope(_RATES, gaps))) - 2]


def average_of_two() -> str:
    """How far the mean of Bob's and Carol's sigma is from Alice's."""
    return _law(_gaps()["mean"])


def average_as_one_of_them() -> str:
    return _law(_gaps()["Bob"])


def average_with_errors_multiplied() -> str:
    return _law(_gaps()["Bob"] * _gaps()["Carol"])


def average_in_the_series() -> str:
    """The two gaps up to alpha^2, added: what the formula of the chapter keeps."""
    family = families.get("zero-mean-normal")
    alice, bob, carol = (symbolic.euler_step_series(family, chart) for chart in ("std", "variance", "log-std"))
    return POWERS[3] if sp.expand(bob + carol - 2 * alice) == 0 else POWERS[0]


def averages_measured() -> str:
    return "The gaps at " + ", ".join(f"{a:g}: {gap:.2g}" for a, gap in zip(_RATES, _gaps()["mean"])) + "."


def proximal_sigma(sigma: float, alpha: float, mean_square: float) -> float:
    """Sigma after a KL-proximal step of the zero-mean normal, in closed form."""
    return np.sqrt((sigma**2 + alpha * mean_square) / (1 + alpha))


def _best(sigma: float, alpha: float, mean_square: float, price: float, reverse: bool) -> float:
    """The u that maximises f(u) - price KL, found by search over log u."""

    def loss(log_u: float) -> float:
        u = np.exp(log_u)
        ratio = (u / sigma if reverse else sigma / u) ** 2
        return log_u + mean_square / (2 * u**2) + price * (ratio - 1 - np.log(ratio)) / 2

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded", options={"xatol": 1e-10}).x))


def proximal_sigma_reversed(sigma: float, alpha: float, mean_square: float) -> float:
    return _best(sigma, alpha, mean_square, 1 / alpha, reverse=True)


def proximal_sigma_with_the_price_upside_down(sigma: float, alpha: float, mean_square: float) -> float:
    return _best(sigma, alpha, mean_square, alpha, reverse=False)


def proximal_variance(sigma: float, alpha: float, mean_square: float) -> float:
    return proximal_sigma(sigma, alpha, mean_square) ** 2


def linearised_sigma(sigma: float, alpha: float, mean_square: float) -> float:
    return sigma + alpha * sigma**2 / 2 * (mean_square - sigma**2) / sigma**3


EXERCISES = (
    Exercise(
        "momentum_kind",
        "prediction",
        momentum_kind,
        (
            Mistake(
                "affine maps treated as curved",
                momentum_beyond_affine,
                "that is what a curved change of coordinates gives. Under an affine map all Jacobians are the same matrix.",
            ),
            PLAIN_GRADIENT.by(momentum_on_the_gradient, "Each natural gradient here moves with J."),
            Mistake(
                "memory taken for accuracy",
                momentum_as_a_midpoint,
                "averaging old directions makes no midpoint rule, and under this map nothing is lost at all.",
            ),
        ),
        "A sum of tangent vectors moves with J when J is one matrix for all of them.",
        choices=CHOICES,
    ),
    Exercise(
        "average_of_two",
        "prediction",
        average_of_two,
        (
            Mistake(
                "opposite terms not cancelled",
                average_as_one_of_them,
                "that is the gap of each of them alone. Their leading terms have opposite signs and equal size.",
            ),
            Mistake(
                "errors multiplied",
                average_with_errors_multiplied,
                "a mean adds two gaps. Their product would shrink like this.",
            ),
            Mistake(
                "the rest of the series forgotten",
                average_in_the_series,
                "up to the order of the formula it is. The formula has a remainder.",
            ),
        ),
        "One order is gained by luck of two charts; a third one would have no partner.",
        choices=POWERS,
        measured=averages_measured,
    ),
    Exercise(
        "proximal_sigma",
        "function",
        proximal_sigma,
        (
            KL_REVERSED.by(proximal_sigma_reversed, "The step pays for KL(old || new)."),
            Mistake(
                "learning rate for price",
                proximal_sigma_with_the_price_upside_down,
                "you paid α for a nat. A long step is a cheap one: the price is one over the learning rate.",
            ),
            MISSING_ROOT.by(proximal_variance),
            Mistake(
                "models for the things themselves",
                linearised_sigma,
                "this is natural Euler: objective and divergence replaced by their models. The proximal step keeps both.",
            ),
        ),
        "The new variance is a weighted mean of the old one and the data's: for α > 0 it can never leave the domain.",
        inputs=((3.0, 0.8, 1.0), (0.5, 2.0, 1.2), (1.5, 0.1, 4.0)),
    ),
    Exercise(
        "newton_kind",
        "prediction",
        newton_kind,
        (
            Mistake(
                "affine for every map",
                newton_under_affine_maps,
                "that is true of affine maps, for which Newton's method is famous. This one bends.",
            ),
            Mistake(
                "Hessian taken for a tensor",
                newton_as_a_natural_gradient,
                "that is the natural gradient. Differentiate g_θ = Jᵀg_φ once more: is the Hessian moved by J alone?",
            ),
            Mistake(
                "second derivatives taken for second order",
                newton_as_a_second_order_method,
                "the order of a method's agreement between charts is not the order of the derivatives that it uses.",
            ),
        ),
        "Away from a stationary point the Hessian carries a term with the gradient and h'': no tensor, no arrow.",
        choices=CHOICES,
        measured=newton_measured,
    ),
)
