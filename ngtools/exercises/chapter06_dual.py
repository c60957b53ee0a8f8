"""Exercises of chapter 06: dual coordinates, conjugate models, and what a fixed budget does at the end."""

from __future__ import annotations

import numpy as np
import sympy as sp

from ngtools import descent, families, fisher, geometry, symbolic
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import METRIC_FOR_INVERSE, PLAIN_GRADIENT, SUM_FOR_MEAN, WRONG_SIGN

ETA, M = sp.symbols("eta m")


def _information() -> sp.Expr:
    """The information of a Poisson distribution about eta = log(rate)."""
    F = symbolic.fisher(families.get("poisson"), "log-rate")[0, 0]
    (name,) = F.free_symbols
    return F.subs(name, ETA)


def poisson_natural() -> sp.Expr:
    """The natural gradient in eta of the mean log-likelihood m eta - exp(eta)
    of counts with mean m."""
    return sp.diff(M * ETA - sp.exp(ETA), ETA) / _information()


def poisson_gradient() -> sp.Expr:
    return sp.diff(M * ETA - sp.exp(ETA), ETA)


def poisson_with_f_itself() -> sp.Expr:
    return poisson_gradient() * _information()


def poisson_downhill() -> sp.Expr:
    return -poisson_natural()


def poisson_to_the_answer() -> sp.Expr:
    """The whole way to the maximum of the likelihood."""
    return sp.log(M) - ETA


def conjugate_step(
    k: float,
    b: float,
    alpha: float,
    k0: float,
    b0: float,
    counts: np.ndarray,
) -> np.ndarray:
    """Shape and rate after a natural-gradient step from Gamma(k, b) on the
    bound; prior Gamma(k0, b0), Poisson counts."""
    k_hat, b_hat = k0 + counts.sum(), b0 + len(counts)
    now, then = np.array([k, b]), np.array([k_hat, b_hat])
    return (1 - alpha) * now + alpha * then


def conjugate_step_without_the_prior(
    k: float, b: float, alpha: float, k0: float, b0: float, counts: np.ndarray
) -> np.ndarray:
    return conjugate_step(k, b, alpha, 0.0, 0.0, counts)


def conjugate_step_with_the_mean(
    k: float, b: float, alpha: float, k0: float, b0: float, counts: np.ndarray
) -> np.ndarray:
    return conjugate_step(k, b, alpha, k0, b0, np.array([counts.mean()]))


def data_added_on_top(k: float, b: float, alpha: float, k0: float, b0: float, counts: np.ndarray) -> np.ndarray:
    """The data's part of the posterior added to the present parameters, nothing of them forgotten."""
    return np.array([k + alpha * counts.sum(), b + alpha * len(counts)])


def conjugate_gradient_step(k: float, b: float, alpha: float, k0: float, b0: float, counts: np.ndarray) -> np.ndarray:
    """The plain gradient in eta = (k, -b) of the bound, which is F(eta) (eta_hat - eta)."""
    sign = np.array([1.0, -1.0])
    F = fisher.stated(families.get("gamma"), [k, b]) * np.outer(sign, sign)
    way = (conjugate_step(k, b, 1.0, k0, b0, counts) - [k, b]) * sign
    return np.array([k, b]) + alpha * sign * (F @ way)


FATES = ("it converges", "it jumps to and fro", "it runs away")


def _run(by_budget: bool) -> tuple[np.ndarray, np.ndarray]:
    """Fisher-Rao distances to the optimum and learning rates of 60 natural
    steps from (2, 2) towards N(0, 1)."""
    normal, theta = families.get("normal"), np.array([2.0, 2.0])
    f = descent.expected_log_likelihood(normal, [0.0, 1.0])
    setting = descent.chart_setting(normal, f)
    far, rates = [], []
    for _ in range(60):
        F, g = setting.fisher(theta), setting.gradient(theta)
        natural = descent.natural_gradient(F, g)
        step = descent.budget_step(F, g, 0.01) if by_budget else 0.2 * natural
        rates.append(float(np.linalg.norm(step) / np.linalg.norm(natural)))
        theta = theta + step
        far.append(float(geometry.distance(normal, theta, [0.0, 1.0]).value))
    return np.array(far), np.array(rates)


def _fate(sizes: np.ndarray) -> str:
    """From the sizes of something along a run: gone to 0, grown, or neither."""
    if sizes[-1] < 1e-3:
        return FATES[0]
    return FATES[2] if sizes[-1] > 2 * sizes[0] else FATES[1]


def fixed_budget() -> str:
    """What becomes of the distance to the optimum when every step spends 0.01 nats in the model."""
    return _fate(_run(by_budget=True)[0])


def fixed_rate() -> str:
    return _fate(_run(by_budget=False)[0])


def growing_rate() -> str:
    """The fate of the learning rate instead of that of the distance."""
    return _fate(_run(by_budget=True)[1])


def fixed_budget_measured() -> str:
    far, _ = _run(by_budget=True)
    return f"After 60 steps the distances are still {far[-3]:.3f}, {far[-2]:.3f}, {far[-1]:.3f}."


EXERCISES = (
    Exercise(
        "poisson_natural",
        "formula",
        poisson_natural,
        (
            PLAIN_GRADIENT.by(poisson_gradient, "It would be the natural gradient of the other, dual coordinate."),
            METRIC_FOR_INVERSE.by(poisson_with_f_itself),
            WRONG_SIGN.by(poisson_downhill, "The likelihood is to grow."),
            Mistake(
                "the whole way",
                poisson_to_the_answer,
                "one step of rate 1 lands on the answer in the expectation parameter. In eta the way there is curved.",
            ),
        ),
        "It is the gradient by the rate, as duality says: no information had to be inverted.",
        hint="The gradient by eta is m - exp(eta), and the information about eta is exp(eta).",
    ),
    Exercise(
        "conjugate_step",
        "function",
        conjugate_step,
        (
            Mistake(
                "prior forgotten",
                conjugate_step_without_the_prior,
                "the exact posterior contains the prior.",
            ),
            SUM_FOR_MEAN.by(conjugate_step_with_the_mean, "The posterior counts every observation."),
            Mistake(
                "data added on top",
                data_added_on_top,
                "you added the data to what was there. The step also forgets a part of what was there.",
            ),
            PLAIN_GRADIENT.by(conjugate_gradient_step, "It needs the Fisher matrix; the natural gradient does not."),
        ),
        "At alpha = 1 it is Bayes' theorem, in one step and from anywhere.",
        inputs=(
            (1.0, 1.0, 0.3, 2.0, 0.5, np.array([3.0, 1.0, 4.0])),
            (2.5, 0.7, 0.8, 1.0, 1.0, np.array([0.0, 2.0])),
        ),
        hint="Average the natural parameters of now and of the posterior, with the weights 1 - alpha and alpha.",
    ),
    Exercise(
        "fixed_budget",
        "prediction",
        fixed_budget,
        (
            Mistake(
                "budget taken for a learning rate",
                fixed_rate,
                "that is a run with a fixed learning rate, whose steps shrink with the slope. What does a budget do to "
                "a small slope?",
            ),
            Mistake(
                "learning rate for distance",
                growing_rate,
                "the learning rate that a budget implies grows without bound as the slope vanishes. The length of the "
                "step does not.",
            ),
        ),
        "Every step has the same Fisher length, √(2c), near the optimum too: a trust region must shrink at the end.",
        choices=FATES,
        measured=fixed_budget_measured,
    ),
)
