"""Which matrices pass for Fisher matrices, and what is solved where they are singular."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools.geometry.psd import direction, spectrum, square_matrix

RNG = np.random.default_rng(5)
ROOT = RNG.normal(size=(4, 4))
REGULAR = ROOT @ ROOT.T
DEFICIENT = ROOT[:, :2] @ ROOT[:, :2].T


def test_a_regular_matrix():
    found = spectrum(REGULAR)
    assert (found.rank, found.singular, found.null.shape) == (4, False, (4, 0))
    assert found.matrix == pytest.approx(REGULAR, rel=1e-14)
    assert found.scale == pytest.approx(np.sqrt(np.diag(REGULAR)), rel=1e-14)
    for g in (RNG.normal(size=4), RNG.normal(size=(4, 3))):
        assert REGULAR @ found.solve(g) == pytest.approx(g, rel=1e-9)


def test_a_singular_matrix_is_solved_with_least_norm():
    found = spectrum(DEFICIENT)
    assert (found.rank, found.singular) == (2, True)
    assert DEFICIENT @ found.null == pytest.approx(np.zeros((4, 2)), abs=1e-12)
    basis = np.column_stack([found.null, found.range])
    assert basis.T @ basis == pytest.approx(np.eye(4), abs=1e-12)
    for g in (DEFICIENT @ RNG.normal(size=4), DEFICIENT @ RNG.normal(size=(4, 3))):
        assert found.solve(g) == pytest.approx(np.linalg.pinv(DEFICIENT, rcond=1e-10) @ g, rel=1e-8)


def test_units_decide_nothing():
    units = np.diag([1e-7, 1.0, 1e5, 1e8])
    assert spectrum(units @ REGULAR @ units).rank == 4
    found = spectrum(units @ DEFICIENT @ units)
    assert found.rank == 2
    # the null space is that of the matrix itself, not of its scaling
    gone = np.linalg.qr(np.linalg.inv(units) @ np.linalg.svd(ROOT[:, :2].T)[2][2:].T)[0]
    assert np.abs(np.linalg.svd(gone.T @ found.null)[1]) == pytest.approx([1, 1], rel=1e-6)
    assert spectrum(units).solve(np.ones(4)) == pytest.approx(1 / np.diag(units), rel=1e-12)


def test_nothing_is_known_about_a_zero_matrix():
    found = spectrum(np.zeros((2, 2)))
    assert (found.rank, found.scale.tolist(), found.null.shape) == (0, [1.0, 1.0], (2, 2))
    half = spectrum([[4.0, 0.0], [0.0, 0.0]])
    assert (half.rank, half.scale.tolist()) == (1, [2.0, 1.0])
    assert half.describe() == "rank 1 of 2; null direction v = (0, 1)"
    assert half.solve(np.array([2.0, 0.0])) == pytest.approx([0.5, 0], abs=1e-15)


# a Fisher matrix of float32 keeps 24 bits, one of float64 keeps 53
@pytest.mark.parametrize(
    ("kind", "gap", "rank"),
    [(np.float64, 1e-9, 2), (np.float64, 1e-13, 1), (np.float32, 1e-2, 2), (np.float32, 1e-4, 1)],
)
def test_zero_is_what_rounding_leaves_of_it(kind, gap, rank):
    assert spectrum(np.array([[1.0, 1.0 - gap], [1.0 - gap, 1.0]], dtype=kind)).rank == rank


def test_rounding_may_disturb_symmetry_and_sign_a_little():
    for kind, little, much in ((np.float64, 1e-10, 1e-6), (np.float32, 1e-4, 1e-2)):
        crooked = np.array([[3e4, 1e4], [1e4 * (1 + little), 3e4]], dtype=kind)
        assert spectrum(crooked).matrix == pytest.approx((crooked + crooked.T) / 2, rel=1e-12)
        with pytest.raises(ValueError, match=r"C is not symmetric: max \|C - C\^T\| = "):
            spectrum(np.array([[3e4, 1e4], [1e4 * (1 + 4 * much), 3e4]], dtype=kind), "C")
        # eigenvalues 2 + little and -little
        assert spectrum(np.array([[1, 1 + little], [1 + little, 1]], dtype=kind)).rank == 1
        with pytest.raises(ValueError, match="C has eigenvalue -.* < 0"):
            spectrum(np.array([[1, 1 + 3 * much], [1 + 3 * much, 1]], dtype=kind), "C")


def test_the_size_of_a_defect_is_said():
    with pytest.raises(ValueError, match=r"max \|F - F\^T\| = 0\.125$"):
        spectrum([[1.0, 0.5], [0.375, 1.0]])
    with pytest.raises(ValueError, match=r"F has eigenvalue -0\.667 < 0; .*generalised Gauss-Newton"):
        spectrum(np.diag([3.0, -2 / 3, 5.0]))
    # an entry outside a zero on the diagonal: (3 - 5) / 2 and (3 + 5) / 2
    with pytest.raises(ValueError, match="F has eigenvalue -1 < 0"):
        spectrum([[3.0, 2.0], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (np.ones((2, 3)), ValueError, r"M must be a square matrix \(got shape \(2, 3\)\)"),
        (np.ones((2, 2, 2)), ValueError, r"got shape \(2, 2, 2\)"),
        (np.ones(2), ValueError, r"got shape \(2,\)"),
        (np.ones((0, 0)), ValueError, r"got shape \(0, 0\)"),
        ([[1j]], TypeError, r"M must hold real numbers \(got dtype complex128\)"),
        ([["a"]], TypeError, "M must hold real numbers"),
        ([[1.0, 0.0], [np.inf, np.nan]], ValueError, r"M contains inf at index \(1, 0\)"),
    ],
)
def test_what_is_no_matrix(value, kind, words):
    with pytest.raises(kind, match=words):
        square_matrix(value, "M")


def test_whole_numbers_are_numbers():
    assert square_matrix([[2]]).tolist() == [[2]]
    assert spectrum([[2, 1], [1, 2]]).solve(np.array([3.0, 3.0])) == pytest.approx([1, 1])


def test_a_direction_is_written_with_its_largest_entry_positive():
    assert direction(np.array([0.6, -0.8, 1e-13])) == "(-0.6, 0.8, 0)"
    assert direction(np.array([1e-11, 1.0])) == "(1e-11, 1)"
    assert direction(np.array([2 / 3, 1 / 3, -1 / 3])) == "(0.667, 0.333, -0.333)"
