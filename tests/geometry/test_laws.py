"""Defects of the transformation laws, in numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools.geometry.laws import Defects, law_defects

J = np.array([[2.0, 1.0], [0.0, 4.0]])
F_PHI, G_PHI = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([3.0, -1.0])
F, G = J.T @ F_PHI @ J, J.T @ G_PHI


def test_what_obeys_the_laws_has_no_defect():
    found = law_defects(F, G, F_PHI, G_PHI, J)
    assert found.largest == pytest.approx(0, abs=1e-14)


def test_each_defect_is_what_it_says():
    # theta: F = diag(4, 9), g = (2, 3); phi = theta, F = diag(4, 16), g = (2, 8): natural gradients (1/2, 1/3), (1/2, 1/2)
    found = law_defects(np.diag([4.0, 9.0]), [2.0, 3.0], np.diag([4.0, 16.0]), [2.0, 8.0], np.eye(2))
    assert found.covector == pytest.approx(5 / np.sqrt(13))
    assert found.metric == pytest.approx(7 / 9)
    # (0, -1/6) has the square 16/36 in the metric of phi, g F^{-1} g = 1 + 4 there and 1 + 1 in theta
    assert found.vector == pytest.approx(np.sqrt(16 / 36 / 5))
    assert found.length == pytest.approx(3 / 5)
    assert found.largest == found.covector


def test_a_jacobian_that_is_not_the_identity_is_used_the_right_way():
    # one coordinate: phi = 2 theta, F_phi = 1, g_phi = 1 call for F_theta = 4, g_theta = 2
    found = law_defects([[2.0]], [1.0], [[1.0]], [1.0], [[2.0]])
    assert (found.covector, found.metric) == pytest.approx((1, 1))
    # natural gradient 1/2 goes to 1, which is right; squares 1/2 and 1
    assert (found.vector, found.length) == pytest.approx((0, 0.5))


def test_off_diagonal_entries_are_measured_by_the_diagonal():
    found = law_defects(np.diag([4.0, 25.0]), [1.0, 0.0], [[4.0, 1.0], [1.0, 25.0]], [1.0, 0.0], np.eye(2))
    assert found.metric == pytest.approx(1 / 10)


@pytest.mark.parametrize("name", ["covector", "metric", "vector", "length"])
def test_the_largest_is_any_of_them(name):
    assert Defects(**{**dict.fromkeys(("covector", "metric", "vector", "length"), 0.25), name: 0.5}).largest == 0.5


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="g_theta must not be zero"):
        law_defects(F, [0.0, 0.0], F_PHI, G_PHI, J)
    with pytest.raises(ValueError, match=r"J must have shape \(2, 1\)"):
        law_defects([[1.0]], [1.0], F_PHI, G_PHI, J)
    with pytest.raises(ValueError, match=r"g_phi must have shape \(2,\)"):
        law_defects(F, G, F_PHI, [1.0], J)
    with pytest.raises(ValueError, match="F_phi must be positive definite"):
        law_defects(F, G, -F_PHI, G_PHI, J)
