"""Kronecker identities against NumPy's kron; the order of stacking is part of the claim."""

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import linear


def factors(seed=0, inputs=4, outputs=3):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((9, inputs)), rng.standard_normal((9, outputs))
    return X.T @ X / 9, Y.T @ Y / 9, rng.standard_normal((inputs, outputs))


def test_vec_stacks_columns():
    M = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(linear.vec(jnp.asarray(M)), M.flatten(order="F"))
    np.testing.assert_array_equal(linear.unvec(linear.vec(jnp.asarray(M)), (2, 3)), M)


def test_the_inverse_of_a_kronecker_product():
    """(A (x) G)^-1 vec(M) = vec(G^-1 M A^-1), columns stacked; a kernel is M transposed."""
    A, G, kernel = factors()
    W = kernel.T
    dense = np.linalg.solve(np.kron(A, G), W.flatten(order="F"))
    np.testing.assert_allclose(linear.kron_solve(A, G, kernel).T.flatten(order="F"), dense, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        np.kron(A, G) @ W.flatten(order="F"), linear.kron_product(A, G, kernel).reshape(-1), atol=1e-13
    )
    # the other order is another matrix: this is the mix-up the documented convention prevents
    wrong = np.linalg.solve(np.kron(G, A), W.flatten(order="F"))
    assert np.abs(wrong - dense).max() > 0.1


def test_damping_is_exact_in_the_one_and_larger_in_the_other():
    A, G, kernel = factors(1)
    lam = 0.05
    flat = kernel.reshape(-1)
    exact = np.linalg.solve(np.kron(A, G) + lam * np.eye(12), flat)
    np.testing.assert_allclose(linear.kron_solve(A, G, kernel, lam).reshape(-1), exact, rtol=0, atol=1e-12)
    pi = np.sqrt(np.trace(A) / 4 / (np.trace(G) / 3))
    split = np.kron(A + pi * np.sqrt(lam) * np.eye(4), G + np.sqrt(lam) / pi * np.eye(3))
    factored = linear.kron_solve_factored(A, G, kernel, lam)
    np.testing.assert_allclose(factored.reshape(-1), np.linalg.solve(split, flat), rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(split - np.kron(A, G) - lam * np.eye(12)).min() > 0


@pytest.mark.parametrize("solve", [linear.kron_solve, linear.kron_solve_factored])
def test_a_singular_factor_needs_damping(solve):
    """K-FAC from one example."""
    a = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="A has rank 1 of 4; add damping"):
        solve(np.outer(a, a), np.eye(3), np.ones((4, 3)), 0.0)
    assert np.isfinite(solve(jnp.asarray(np.outer(a, a)), jnp.eye(3), jnp.ones((4, 3)), 1e-3)).all()


def test_swapped_factors_are_a_shape_error():
    A, G, kernel = factors()
    with pytest.raises(ValueError, match=r"needs A of shape \(4, 4\) and G of shape \(3, 3\)"):
        linear.kron_solve(G, A, kernel)


@pytest.mark.parametrize("function", [linear.kron_product, linear.kron_solve, linear.kron_solve_factored])
def test_either_factor_of_another_size_is_refused(function):
    right = {"A": jnp.eye(2), "G": jnp.eye(3), "kernel": jnp.ones((2, 3))}
    if function is not linear.kron_product:
        right["damping"] = 0.1
    assert function(**right).shape == (2, 3)
    wrong_ones = [("A", 3, 3), ("A", 1, 1), ("A", 2, 3), ("G", 2, 2), ("G", 4, 4), ("G", 3, 2), ("kernel", 3, 3)]
    for name, *shape in wrong_ones:
        wrong = jnp.eye(*shape)
        with pytest.raises(ValueError, match=r"needs A of shape .* and G of shape"):
            function(**right | {name: wrong})


@pytest.mark.parametrize("shape", [(4,), (2, 2, 1)])
def test_only_matrices_are_stacked(shape):
    with pytest.raises(ValueError, match=r"M must be a matrix \(got shape"):
        linear.vec(jnp.ones(shape))


def test_the_split_of_the_damping_follows_the_smaller_factor():
    """pi^2 = mean eig(A) / mean eig(G) well below 1; and 1 where a factor vanishes, up to a rounding error below 0."""
    A, G, kernel = factors(2)
    lam, root = 0.04, 0.2

    def expected(A, G, pi):
        left = np.linalg.solve(A + pi * root * np.eye(4), kernel)
        return np.linalg.solve(G + root / pi * np.eye(3), left.T).T

    pi = np.sqrt(0.01 * np.trace(A) / 4 / (np.trace(G) / 3))
    assert pi < 0.3
    np.testing.assert_allclose(
        linear.kron_solve_factored(0.01 * A, G, kernel, lam), expected(0.01 * A, G, pi), rtol=1e-10
    )
    nothing, none = np.zeros((4, 4)), np.zeros((3, 3))
    for A0, G0 in ((nothing, G), (A, none), (nothing, none), (-1e-18 * np.eye(4), G)):
        np.testing.assert_allclose(linear.kron_solve_factored(A0, G0, kernel, lam), expected(A0, G0, 1.0), rtol=1e-10)


def test_a_rounding_error_below_zero_does_not_cancel_the_damping():
    """An eigenvalue of -1e-12 is 0; unclipped it would cancel a damping of 1e-12."""
    lam, kernel = 1e-12, np.array([[1.0, 2.0], [3.0, 4.0]])
    off, one = np.diag([1.0, -lam]), np.eye(2)
    weights = np.array([1 / (1 + lam), 1 / lam])
    np.testing.assert_allclose(linear.kron_solve(off, one, kernel, lam), kernel * weights[:, None], rtol=1e-12)
    np.testing.assert_allclose(linear.kron_solve(one, off, kernel, lam), kernel * weights, rtol=1e-12)


@pytest.mark.parametrize("solve", [linear.kron_solve, linear.kron_solve_factored])
def test_the_rank_of_a_factor_counts_eigenvalues_above_rounding(solve):
    """The threshold is the largest eigenvalue times the size times the rounding unit: here 8 * 3 units."""
    unit, kernel = np.finfo(float).eps, np.ones((3, 2))
    assert np.isfinite(solve(np.diag([8.0, 1.0, 30 * unit]), np.eye(2), kernel, 0.0)).all()
    with pytest.raises(ValueError, match="A has rank 2 of 3; add damping"):
        solve(np.diag([8.0, 1.0, 20 * unit]), np.eye(2), kernel, 0.0)
    with pytest.raises(ValueError, match="G has rank 0 of 2; add damping"):
        solve(np.eye(3), np.zeros((2, 2)), kernel, 0.0)
    with pytest.raises(ValueError, match="damping must be >= 0"):
        solve(np.eye(3), np.eye(2), kernel, -1.0)
