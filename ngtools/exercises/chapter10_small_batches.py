"""Exercises of chapter 10: small batches, and what a change of units leaves as it was."""

from __future__ import annotations

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake
from ngtools.exercises.misconceptions import LEFT_OVER_FOR_LOST, ROOT_TAKEN, WRONG_SIGN
from ngtools.linear.convergence import cg_path, symmetric


def small_solve(R, g, damping):
    """(R^T R + lambda I)^-1 g for R of shape (M, d), through a system of size M."""
    small = R @ R.T + damping * np.eye(len(R))
    return (g - R.T @ np.linalg.solve(small, R @ g)) / damping


def small_solve_not_divided(R, g, damping):
    return damping * small_solve(R, g, damping)


def small_solve_added(R, g, damping):
    small = R @ R.T + damping * np.eye(len(R))
    return (g + R.T @ np.linalg.solve(small, R @ g)) / damping


def small_solve_in_the_span_of_the_rows(R, g, damping):
    """What is right for a g that is a combination of rows."""
    small = R @ R.T + damping * np.eye(len(R))
    return R.T @ np.linalg.solve(small, np.linalg.solve(R @ R.T, R @ g))


def small_solve_undamped_inside(R, g, damping):
    return (g - R.T @ np.linalg.solve(R @ R.T, R @ g)) / damping


EXAMPLES, FEATURES = 12, 48


def kept_by_one_batch() -> float:
    """The mean of what one batch of 12 inputs in 48 dimensions keeps of a direction: the trace of a projection, over d."""
    X = np.random.default_rng(0).standard_normal((EXAMPLES, FEATURES))
    return float(np.trace(np.linalg.pinv(X) @ X)) / FEATURES


def kept_by_two_batches() -> float:
    """The formula for two batches, where it does not hold."""
    return float(np.divide(EXAMPLES, EXAMPLES - FEATURES - 1))


def kept_in_length() -> float:
    return float(np.sqrt(kept_by_one_batch()))


def lost_by_one_batch() -> float:
    return 1 - kept_by_one_batch()


SURVIVORS = ("the undamped solution", "the damped solution", "three steps of CG", "none of them")


def _defects(back: bool = True, covariant: bool = False) -> list[float]:
    """By survivor: how far the results in theta = S phi and in theta are apart, in units of the result."""
    rng = np.random.default_rng(1)
    F, g, S = symmetric(np.geomspace(0.01, 1, 8), rng), rng.standard_normal(8), np.diag([10.0] * 4 + [1.0] * 4)
    G, h, move = S @ F @ S, S @ g, S if back else np.eye(8)
    M = S @ S if covariant else np.eye(8)
    pairs = (
        (np.linalg.solve(F, g), np.linalg.solve(G, h)),
        (np.linalg.solve(F + 0.1 * np.eye(8), g), np.linalg.solve(G + 0.1 * M, h)),
        (cg_path(F, g, 3).values[3], cg_path(G, h, 3).values[3]),
    )
    return [float(np.linalg.norm(one - move @ two) / np.linalg.norm(one)) for one, two in pairs]


def survivor() -> str:
    """What a change of units leaves as it was."""
    found = _defects()
    same = [name for name, defect in zip(SURVIVORS, found) if defect < 1e-6]
    return same[0] if same else SURVIVORS[-1]


def survivor_by_comparing_numbers() -> str:
    """phi's numbers beside theta's, not moved back."""
    same = [name for name, defect in zip(SURVIVORS, _defects(back=False)) if defect < 1e-6]
    return same[0] if same else SURVIVORS[-1]


def survivor_with_a_damping_that_moves() -> str:
    """The damping carried along as S M S, and the damped solution looked at alone."""
    return SURVIVORS[1] if _defects(covariant=True)[1] < 1e-6 else SURVIVORS[-1]


def survivor_by_counting_steps() -> str:
    """Both charts take the same number of steps, so something is the same."""
    rng = np.random.default_rng(1)
    F, g = symmetric(np.geomspace(0.01, 1, 8), rng), rng.standard_normal(8)
    return SURVIVORS[2] if len(cg_path(F, g, 3).values) == 4 else SURVIVORS[-1]


_RNG = np.random.default_rng(10)
_CASES = tuple(
    (_RNG.standard_normal((M, d)), _RNG.standard_normal(d), damping) for M, d, damping in ((3, 6, 0.3), (2, 5, 2.0))
)

EXERCISES = (
    Exercise(
        "small_solve",
        "function",
        small_solve,
        (
            Mistake(
                "division by the damping forgotten",
                small_solve_not_divided,
                "this is lambda times the solution. Where R g = 0 the matrix is lambda I, and its inverse divides.",
            ),
            WRONG_SIGN.by(
                small_solve_added, "It is that of the second term: the directions of the rows are damped twice."
            ),
            Mistake(
                "range taken for the whole space",
                small_solve_in_the_span_of_the_rows,
                "this keeps only the part of g in the span of the rows. The damped inverse acts on the rest as well.",
            ),
            Mistake(
                "damping left out of the small matrix",
                small_solve_undamped_inside,
                "lambda belongs into the small matrix too. Without it the second term removes all of the span of the rows.",
            ),
        ),
        "The numbers agree, and a check sees no more than these: the system you solved should be as large as the batch.",
        inputs=_CASES,
    ),
    Exercise(
        "kept_by_one_batch",
        "value",
        kept_by_one_batch,
        (
            Mistake(
                "two batches for one",
                kept_by_two_batches,
                "that is the formula for two independent batches, and it needs more examples than parameters.",
            ),
            LEFT_OVER_FOR_LOST.by(lost_by_one_batch),
            ROOT_TAKEN.by(
                kept_in_length, "It is the length of the projection of a unit vector, not its component along it."
            ),
        ),
        "The estimate is a projection on as many random directions as there are examples; its mean is a multiple of w.",
    ),
    Exercise(
        "survivor",
        "prediction",
        survivor,
        (
            Mistake(
                "numbers compared across charts",
                survivor_by_comparing_numbers,
                "steps of two charts are compared after one of them is moved by S. Then something is left.",
            ),
            Mistake(
                "damping carried along",
                survivor_with_a_damping_that_moves,
                "that holds for a damping that changes with the chart. Here both use lambda I.",
            ),
            Mistake(
                "same program, same answer",
                survivor_by_counting_steps,
                "the two programs are the same and the Krylov spaces are not: their inner products are those of the charts.",
            ),
        ),
        "Converged and undamped, the solution is a tangent vector; damping and stopping early each use the chart's identity.",
        choices=SURVIVORS,
        hint="Put S^T F S and S^T g into each of the three, and move the result with S.",
    ),
)
