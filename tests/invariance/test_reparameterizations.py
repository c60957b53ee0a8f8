"""Every change of coordinates at one point, by hand, and what is refused."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from ngtools import invariance

PSI = np.array([0.8, -0.5])
C, S = np.cos(0.7), np.sin(0.7)
U, V = 1.1 * 0.8 - 0.5 * 0.5, -0.3 * 0.8 - 0.9 * 0.5  # the linear mix of the smooth map
BENT = U + 0.4 * np.sin(V)
BY_HAND = {
    "orthogonal": (PSI, [0.8 * C + 0.5 * S, 0.8 * S - 0.5 * C]),
    "diagonal": (PSI, [1.6, -0.2]),
    "affine": (PSI, [1.2 - 0.3 + 0.2, -0.32 - 0.4 - 0.1]),
    "log-sigma": (PSI, [0.8, np.exp(-0.5)]),
    "smooth": (PSI, [BENT, np.exp(V + 0.3 * np.tanh(BENT))]),
    "redundant": (np.array([0.8, 1.5, 2.5]), [0.8 + 0.45, 3.75]),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_every_map_by_hand(name):
    column = invariance.REPARAMETERIZATIONS[name]
    psi, theta = BY_HAND[name]
    with jax.enable_x64(True):
        np.testing.assert_allclose(column.h(psi, column.constants), theta, rtol=1e-14)


def test_where_redundant_coordinates_start():
    """sigma = a b with a = 1.4 sqrt(sigma), so that the two factors differ, and mu = p + 0.3 a."""
    theta = np.array([-0.5, 4.0])
    psi = invariance.REPARAMETERIZATIONS["redundant"].encode(theta)
    np.testing.assert_allclose(psi, [-0.5 - 0.3 * 2.8, 2.8, 4 / 2.8], rtol=1e-14)
    # one place of the whole line of them
    setting = invariance.REPARAMETERIZATIONS["redundant"].apply(invariance.normal_problem().setting)
    np.testing.assert_allclose(setting.distribution(psi), theta, rtol=1e-14)


def test_columns_in_the_order_of_the_table():
    assert list(invariance.REPARAMETERIZATIONS) == [*BY_HAND, "another-network"]
    assert {column.dimension for name, column in invariance.REPARAMETERIZATIONS.items() if name != "redundant"} == {
        None
    }


def test_an_affine_map_without_a_shift():
    column = invariance.affine("a", "a map", [[2.0, 1.0], [0.0, 4.0]])
    with jax.enable_x64(True):
        np.testing.assert_allclose(column.h(np.array([1.0, 0.5]), column.constants), [2.5, 2.0], rtol=1e-15)
    np.testing.assert_allclose(column.encode(np.array([2.5, 2.0])), [1.0, 0.5], rtol=1e-15)
    one_shift = invariance.affine("a", "a map", [[2.0, 1.0], [0.0, 4.0]], 3.0)
    np.testing.assert_allclose(one_shift.encode(np.array([5.5, 5.0])), [1.0, 0.5], rtol=1e-15)
    with pytest.raises(ValueError, match=r"A must have shape \(d, d\) \(got \(2, 3\)\)"):
        invariance.affine("a", "a map", np.ones((2, 3)))


def test_a_smooth_map_is_one_of_the_plane():
    with pytest.raises(ValueError, match=r"A must have shape \(2, 2\) \(got \(3, 3\)\)"):
        invariance.smooth("a", "a map", np.eye(3), (0.1, 0.2))
    with pytest.raises(ValueError, match=r"shears must have shape \(2,\) \(got \(3,\)\)"):
        invariance.smooth("a", "a map", np.eye(2), (0.1, 0.2, 0.3))


@pytest.mark.parametrize("given", [{}, {"h": lambda psi, _: psi}, {"encode": lambda theta: theta}])
def test_a_map_and_its_start_belong_together(given):
    column = invariance.Reparameterization("half", "half a map", reason="no way back", **given)
    with pytest.raises(ValueError, match="'half' is no reparameterization: no way back"):
        column.apply(invariance.normal_problem().setting)


def test_changes_of_coordinates_are_compared_by_identity():
    """They hold arrays, which have no one truth value and no hash."""
    first, second = (invariance.affine("a", "a map", np.eye(2)) for _ in range(2))
    assert first != second
    assert hash(first) == hash(first)
