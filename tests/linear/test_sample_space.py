"""The solve through the small matrix, judged by the dense solve in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import linear


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
    assert float(solution.residual) < 1e-12 + 1e-14 / damping


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
    with pytest.raises(ValueError, match=r"a row has shape \(2,\) at \['b'\]"):
        linear.sample_space(rows, {"w": b["w"], "b": jnp.ones(3)}, damping=1.0)
