"""The solve through the small matrix, judged by the dense solve in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import linear
from ngtools.linear.solution import direct


def problem(seed=0, M=5, shape=(3, 4)):
    rng = np.random.default_rng(seed)
    rows = {"w": rng.standard_normal((M, *shape)), "b": rng.standard_normal((M, 2))}
    b = {"w": rng.standard_normal(shape), "b": rng.standard_normal(2)}
    R = np.stack([np.concatenate([rows["b"][i], rows["w"][i].reshape(-1)]) for i in range(M)])
    return rows, b, R, np.concatenate([b["b"], b["w"].reshape(-1)])


def flat(tree):
    return np.asarray(jax.flatten_util.ravel_pytree(tree)[0])


@pytest.mark.parametrize("damping", [1e-8, 1e-3, 10.0])
def test_equals_the_dense_damped_solve(damping):
    rows, b, R, g = problem()
    solution = linear.sample_space(rows, b, damping=damping)
    dense = np.linalg.solve(R.T @ R + damping * np.eye(14), g)
    # the dense solve itself loses cond = 1/damping digits
    np.testing.assert_allclose(flat(solution.value), dense, rtol=1e-12 + 1e-13 / damping)
    assert bool(solution.converged)
    # the solution is 1/damping long, so that R^T R x rounds at eps/damping times |R|^2 = 28; a few of these, by the machine
    assert float(solution.residual) < 1e-12 + 1e-13 / damping


def test_without_damping_the_minimum_norm_solution():
    rows, _, R, _ = problem(1)
    g = R.T @ np.arange(1.0, 6.0)
    b = {"b": g[:2], "w": g[2:].reshape(3, 4)}
    solution = linear.sample_space(rows, b, damping=0.0)
    np.testing.assert_allclose(flat(solution.value), np.linalg.pinv(R.T @ R, rcond=1e-10) @ g, rtol=0, atol=1e-12)
    assert bool(solution.converged)


def test_a_gradient_outside_the_range_is_reported():
    rows, b, R, g = problem(2)
    solution = linear.sample_space(rows, b, damping=0.0)
    outside = g - np.linalg.pinv(R) @ (R @ g)
    assert not bool(solution.converged)
    assert float(solution.residual) == pytest.approx(np.linalg.norm(outside) / np.linalg.norm(g), rel=1e-10)
    np.testing.assert_allclose(flat(solution.value), np.linalg.pinv(R.T @ R, rcond=1e-10) @ g, rtol=0, atol=1e-12)


def test_repeated_rows_are_no_obstacle():
    rows, b, R, g = problem(3)
    twice = jax.tree.map(lambda x: np.concatenate([x, x]), rows)
    solution = jax.jit(lambda rows: linear.sample_space(rows, b, damping=0.1))(twice)
    np.testing.assert_allclose(flat(solution.value), np.linalg.solve(2 * R.T @ R + 0.1 * np.eye(14), g), rtol=1e-11)


def test_bad_inputs():
    rows, b, _, _ = problem()
    with pytest.raises(ValueError, match=r"damping must be >= 0 \(got -1.0\)"):
        linear.sample_space(rows, b, damping=-1.0)
    with pytest.raises(ValueError, match="one leading axis of the same length"):
        linear.sample_space({"w": rows["w"], "b": rows["b"][:3]}, b, damping=1.0)
    with pytest.raises(ValueError, match=r"one leading axis of the same length in every leaf \(got \[\(\)\]\)"):
        linear.sample_space(np.float64(1.0), np.float64(1.0), damping=1.0)
    with pytest.raises(ValueError, match=r"in every leaf \(got \[\]\)"):
        linear.sample_space({}, b, damping=1.0)
    with pytest.raises(ValueError, match=r"a row has shape \(2,\) at \['b'\]"):
        linear.sample_space(rows, {"w": b["w"], "b": jnp.ones(3)}, damping=1.0)


def test_the_rank_is_cut_where_it_is_asked_for():
    """Rows 3, 2 and 1 long on three axes: eigenvalues 9, 4 and 1."""
    rows, b = np.diag([3.0, 2.0, 1.0]), np.array([9.0, 8.0, 7.0])

    def solved(rank_tol):
        return linear.sample_space(rows, b, damping=0.0, rank_tol=rank_tol).value

    np.testing.assert_allclose(solved(None), [1, 2, 7], rtol=1e-13)
    np.testing.assert_allclose(solved(0.4), [1, 2, 0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(solved(0.5), [1, 0, 0], rtol=1e-13, atol=1e-14)
    unit = np.finfo(float).eps  # without a request: three rounding units for three rows
    for factor, last in ((2, 0.0), (4, 7 / (4 * unit))):
        rows = np.diag([1.0, 1.0, np.sqrt(factor * unit)])
        np.testing.assert_allclose(solved(None), [9, 8, last], rtol=1e-12)


@pytest.mark.parametrize(("damping", "expected", "residual"), [(0.0, [0, 0], 1), (0.5, [6, 8], 0)])
def test_rows_of_zeros(damping, expected, residual):
    solution = linear.sample_space(np.zeros((3, 2)), np.array([3.0, 4.0]), damping=damping)
    np.testing.assert_array_equal(solution.value, expected)
    assert float(solution.residual) == residual


def test_a_zero_right_hand_side_is_solved_by_zero():
    solution = linear.sample_space(np.eye(2), np.zeros(2), damping=0.0)
    np.testing.assert_array_equal(solution.value, 0)
    assert (float(solution.residual), bool(solution.converged)) == (0.0, True)


def test_the_residual_is_a_share_and_its_limit_is_what_is_documented():
    """One row e_1: of b = (s, s r) the second entry has no preimage, so that the residual is r / sqrt(1 + r^2)."""
    limit = 100 * np.sqrt(np.finfo(float).eps)
    for size in (0.01, 1.0, 50.0):
        for r, within in ((0.997 * limit, True), (1.003 * limit, False)):
            solution = linear.sample_space(np.eye(2)[:1], size * np.array([1.0, r]), damping=0.0)
            assert float(solution.residual) == pytest.approx(r, rel=1e-9)
            assert bool(solution.converged) is within


@pytest.mark.parametrize("damping", [0.0, 0.3])
def test_the_answer_can_be_differentiated_although_the_rows_repeat(damping):
    """The answer is linear in b with a symmetric matrix: the derivative of its inner product with w is its value at w."""
    rows, w = np.array([[1.0, 2.0, 0.0]] * 2), np.array([0.5, -1.0, 2.0])
    answer = lambda b, damping: linear.sample_space(rows, b, damping=damping).value  # noqa: E731
    slope = jax.grad(lambda b: answer(b, damping) @ w)(np.ones(3))
    np.testing.assert_allclose(slope, answer(w, damping), rtol=1e-12, atol=1e-14)
    if damping:
        dense = np.linalg.inv(rows.T @ rows + damping * np.eye(3))
        found = jax.grad(lambda damping: answer(np.ones(3), damping) @ w)(damping)
        assert float(found) == pytest.approx(-w @ dense @ dense @ np.ones(3), rel=1e-12)


def test_a_report_within_the_limit_to_the_bit_has_converged():
    for residual, within in ((0.5, True), (0.5 + 1e-15, False)):
        report = direct(None, jnp.asarray(residual), 0.5)
        assert (bool(report.converged), int(report.status)) == (within, 0 if within else 1)
        assert report.history.shape == (1,)
    assert int(direct(None, jnp.asarray(jnp.inf), float("inf")).status) == 3
    assert direct(None, jnp.asarray(0.5), 0.1).message == "not converged: residual 5.0e-01 after 0 of 0"
    assert direct(None, jnp.asarray(0.5), 1.0).message == "converged: residual 5.0e-01 after 0 steps"
