"""Exercises of chapter 10: natural gradients without the matrix."""

from __future__ import annotations

import numpy as np

from ngtools.descent.damping import damped_step
from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import ROOT_TAKEN, SUM_FOR_MEAN
from ngtools.linear.convergence import steps_bound

SPECTRUM = (1.0,) * 1000 + (2.0,) * 30 + (50.0,) * 3  # of the matrix in the first exercise
F_DIAGONAL, GRADIENT, DAMPING = (1.0, 0.01), (1.0, 0.1), 0.01


def cg_steps() -> int:
    """Steps of CG in exact arithmetic: one for each distinct eigenvalue."""
    return len(set(SPECTRUM))


def cg_steps_by_dimension() -> int:
    return len(SPECTRUM)


def cg_steps_by_condition() -> int:
    return int(np.ceil(steps_bound(max(SPECTRUM) / min(SPECTRUM), 1e-6)))


def cg_steps_by_root() -> int:
    return round(np.sqrt(max(SPECTRUM) / min(SPECTRUM)))


def fisher_times(J, F_z, v):
    """F v = mean over the examples of J_n^T F_n (J_n v); no (d, d) array on the way."""
    u = J @ v  # (N, outputs): derivatives of the outputs along v
    w = np.einsum("nij,nj->ni", F_z, u)
    return np.einsum("nid,ni->d", J, w) / len(J)


def fisher_times_summed(J, F_z, v):
    return len(J) * fisher_times(J, F_z, v)


def fisher_times_without_output_fisher(J, F_z, v):
    return np.einsum("nid,ni->d", J, J @ v) / len(J)


def fisher_times_mean_jacobian(J, F_z, v):
    return np.mean(J, axis=0).T @ np.mean(F_z, axis=0) @ (np.mean(J, axis=0) @ v)


def budget_spent() -> float:
    """x^T F x / x^T (F + lambda I) x for the damped step of a diagonal F."""
    return damped_step(np.diag(F_DIAGONAL), GRADIENT, DAMPING).budget


def budget_spent_by_undamped_step() -> float:
    F, x = np.diag(F_DIAGONAL), np.asarray(GRADIENT) / F_DIAGONAL
    return float(x @ F @ x / (x @ F @ x + DAMPING * x @ x))


def budget_spent_as_ratio_of_lengths() -> float:
    return damped_step(np.diag(F_DIAGONAL), GRADIENT, DAMPING).length


def budget_spent_root() -> float:
    return float(np.sqrt(budget_spent()))


_RNG = np.random.default_rng(10)
_J, _B, _V = _RNG.standard_normal((4, 2, 5)), _RNG.standard_normal((4, 2, 2)), _RNG.standard_normal(5)

EXERCISES = (
    Exercise(
        "cg_steps",
        "value",
        cg_steps,
        (
            Mistake(
                "steps by dimension",
                cg_steps_by_dimension,
                "d steps are enough for any spectrum. A polynomial needs one root for all equal eigenvalues.",
            ),
            Mistake(
                "steps by the bound",
                cg_steps_by_condition,
                "that is the bound for *any* spectrum of this condition number. This spectrum is a very special one.",
            ),
            Mistake(
                "steps by the root of kappa",
                cg_steps_by_root,
                "sqrt(kappa) says how fast the worst spectrum goes. Count the roots that a polynomial needs here.",
            ),
        ),
        "A polynomial with a root at each distinct eigenvalue and P(0) = 1 is zero on the whole spectrum.",
    ),
    Exercise(
        "fisher_times",
        "function",
        fisher_times,
        (
            SUM_FOR_MEAN.by(fisher_times_summed, "This is N times the product."),
            Mistake(
                "output Fisher left out",
                fisher_times_without_output_fisher,
                "this is the product with the mean of J^T J. The Fisher matrix of the outputs belongs between the Jacobians.",
            ),
            Mistake(
                "mean taken too early",
                fisher_times_mean_jacobian,
                "you averaged the Jacobians first. The mean of products is not the product of means.",
            ),
        ),
        "The numbers agree, and numbers are all a check can see: make sure that no array of size d by d was on the way.",
        inputs=((_J, _B @ _B.swapaxes(1, 2), _V), (_J[:1], np.eye(2)[None], _V)),
    ),
    Exercise(
        "budget_spent",
        "value",
        budget_spent,
        (
            Mistake(
                "undamped step",
                budget_spent_by_undamped_step,
                "you put the undamped step into the formula. The step is x = (F + lambda I)^-1 g.",
            ),
            Mistake(
                "ratio of lengths",
                budget_spent_as_ratio_of_lengths,
                "this compares the damped step with the undamped one. The budget compares two quadratic forms of the same step.",
            ),
            ROOT_TAKEN.by(budget_spent_root, "It is the share of the length; the divergence is quadratic in the step."),
        ),
        "The rest of the budget went to the damping term, which is no divergence.",
        hint="Find x = (F + lambda I)^-1 g entry by entry; the share is x^T F x over x^T (F + lambda I) x.",
    ),
)
