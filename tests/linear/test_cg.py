"""Conjugate gradients, judged by dense linear algebra in NumPy."""

import sys

import jax
import jax.numpy as jnp
import jax.scipy.sparse.linalg as outside
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import linear


def spd(spectrum, seed):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(spectrum),) * 2))[0]
    A = (Q * np.asarray(spectrum, float)) @ Q.T
    return (A + A.T) / 2


def of(A):
    # a pytree operator: the compiled solver is reused between matrices of one size
    return jax.tree_util.Partial(jnp.matmul, jnp.asarray(A))


def vector(d, seed):
    return np.random.default_rng(seed).standard_normal(d)


def test_exact_in_d_steps():
    """A fixed case (this is about rounding), kappa = 30; observed 1e-10 after 12 steps, 2e-3 after 11.

    With kappa = 1000 the same dimension leaves 0.08 to 0.7 after 12 steps: "exact" is exact arithmetic's word.
    """
    A, b = spd(np.geomspace(1, 30, 12), 1), vector(12, 2)
    solution = linear.cg(of(A), b, max_steps=12, tol=0.0)
    assert np.linalg.norm(A @ solution.value - b) / np.linalg.norm(b) < 1e-8
    before = linear.cg(of(A), b, max_steps=11, tol=0.0)
    assert float(before.residual) > 1e-5


def test_exact_in_as_many_steps_as_distinct_eigenvalues():
    """Three eigenvalues, three steps; observed 1e-15."""
    A, b = spd([1] * 5 + [7] * 4 + [20] * 3, 2), vector(12, 3)
    solution = linear.cg(of(A), b, max_steps=12, tol=1e-12)
    assert int(solution.steps) == 3
    assert np.linalg.norm(A @ solution.value - b) / np.linalg.norm(b) < 1e-12


def test_energy_error_is_monotone_where_the_residual_is_not():
    """CG minimises the energy error over growing spaces; nothing is claimed of the residual."""
    A, b = spd(np.geomspace(1e-3, 1, 10), 4), vector(10, 5)
    exact = np.linalg.solve(A, b)
    errors = [exact]
    errors += [exact - np.asarray(linear.cg(of(A), b, max_steps=k, tol=0.0).value) for k in range(1, 8)]
    energy = np.array([np.sqrt(e @ A @ e) for e in errors])
    assert np.diff(energy).max() < 0
    history = np.asarray(linear.cg(of(A), b, max_steps=7, tol=0.0).history)
    assert np.diff(history).max() > 0.1


@settings(deadline=None, max_examples=20)
@given(d=st.sampled_from([1, 5]), seed=st.integers(0, 10_000), damping=st.sampled_from([0.0, 0.1, 3.0]))
def test_agrees_with_the_dense_solve(d, seed, damping):
    """Condition number at most 30, so 1e-10 leaves two digits above its rounding."""
    rng = np.random.default_rng(seed)
    A, b = spd(1 + 29 * rng.random(d), seed), rng.standard_normal(d)
    with jax.enable_x64(True):
        solution = linear.cg(of(A), b, damping=damping, max_steps=50, tol=1e-12)
        assert bool(solution.converged)
        np.testing.assert_allclose(solution.value, np.linalg.solve(A + damping * np.eye(d), b), rtol=0, atol=1e-10)


def test_the_outside_twin_takes_the_same_steps():
    """jax.scipy.sparse.linalg.cg after the same number of steps: the same iterate."""
    A, b = spd(np.geomspace(1, 50, 9), 6), vector(9, 7)
    ours = linear.cg(of(A), b, max_steps=4, tol=0.0).value
    theirs, _ = outside.cg(of(A), jnp.asarray(b), tol=0.0, maxiter=4)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


def test_a_singular_consistent_system_gives_the_minimum_norm_solution():
    """Stopped on the residual; kappa = 50 on the range of dimension 6 in 10."""
    A = spd([0] * 4 + list(np.geomspace(1, 50, 6)), 8)
    b = A @ vector(10, 9)
    solution = linear.cg(of(A), b, max_steps=40, tol=1e-10)
    expected = np.linalg.pinv(A, rcond=1e-10) @ b
    assert bool(solution.converged)
    assert np.linalg.norm(solution.value - expected) / np.linalg.norm(expected) < 1e-6


@pytest.mark.parametrize("metric", ["diagonal", "function"])
def test_covariant_damping_solves_with_the_metric(metric):
    A, b, m = spd(np.geomspace(1, 9, 5), 10), vector(5, 11), np.arange(1.0, 6.0)
    given = jnp.asarray(m) if metric == "diagonal" else lambda v: jnp.asarray(m) * v
    solution = linear.cg(of(A), b, damping=0.3, metric=given, max_steps=20, tol=1e-13)
    np.testing.assert_allclose(solution.value, np.linalg.solve(A + 0.3 * np.diag(m), b), rtol=0, atol=1e-11)


def test_preconditioner_changes_the_path_not_the_answer():
    scale = np.geomspace(1, 1e3, 8)
    A = np.sqrt(scale)[:, None] * spd(np.linspace(1, 3, 8), 12) * np.sqrt(scale)
    b = vector(8, 13)
    plain = linear.cg(of(A), b, max_steps=200, tol=1e-12)
    helped = linear.cg(of(A), b, max_steps=200, tol=1e-12, preconditioner=lambda r: r / scale)
    np.testing.assert_allclose(helped.value, np.linalg.solve(A, b), rtol=0, atol=1e-10)
    assert int(helped.steps) <= 8 < int(plain.steps)


def test_pytrees_jit_and_vmap():
    A, b = spd(np.geomspace(1, 5, 6), 14), {"w": vector(4, 15).reshape(2, 2), "b": (vector(1, 16), np.float64(0.7))}
    flat, back = jax.flatten_util.ravel_pytree(b)
    matvec = lambda v: back(jnp.asarray(A) @ jax.flatten_util.ravel_pytree(v)[0])  # noqa: E731
    expected = np.linalg.solve(A, flat)
    solve = jax.jit(lambda b: linear.cg(matvec, b, max_steps=10, tol=1e-13))
    np.testing.assert_allclose(jax.flatten_util.ravel_pytree(solve(b).value)[0], expected, rtol=0, atol=1e-12)
    batch = jax.tree.map(lambda x: jnp.stack([x, 2 * x, 0 * x]), b)
    batched = jax.vmap(solve)(batch)
    w = np.stack([np.asarray(back(factor * expected)["w"]) for factor in (1.0, 2.0, 0.0)])
    np.testing.assert_allclose(batched.value["w"], w, rtol=0, atol=1e-12)
    assert batched.steps.tolist()[2] == 0
    assert batched.converged.all()


def test_single_precision_stays_single():
    b = jnp.ones(3, jnp.float32)
    solution = linear.cg(lambda v: 2 * v, b, damping=np.float64(0.5), max_steps=3, tol=1e-6)
    assert solution.value.dtype == solution.history.dtype == jnp.float32
    np.testing.assert_allclose(solution.value, 0.4, rtol=1e-6)


@pytest.mark.parametrize("tol", [0.0, 1e-6])
def test_zero_right_hand_side_takes_no_step(tol):
    solution = linear.cg(of(np.eye(3)), np.zeros(3), max_steps=5, tol=tol)
    assert (int(solution.steps), float(solution.residual), bool(solution.converged)) == (0, 0.0, True)
    np.testing.assert_array_equal(solution.value, 0)


def test_not_converging_is_reported():
    solution = linear.cg(of(spd(np.geomspace(1e-4, 1, 30), 17)), vector(30, 18), max_steps=10, tol=1e-8)
    assert not bool(solution.converged)
    assert solution.message.startswith("not converged: residual ")
    assert solution.message.endswith(" after 10 of 10")
    assert np.isfinite(solution.history).all()
    assert float(solution.history[-1]) == float(solution.residual)


def test_history_is_nan_after_the_last_step():
    solution = linear.cg(of(2 * np.eye(3)), np.ones(3), max_steps=5, tol=1e-12)
    assert int(solution.steps) == 1
    np.testing.assert_array_equal(np.isnan(solution.history), [False, False, True, True, True, True])
    assert "after 1 steps" in repr(solution)


def test_negative_curvature_raises_and_is_a_status_under_jit():
    """Never a nan step."""
    A, b = np.diag([1.0, -2.0]), np.array([1.0, 1.0])
    with pytest.raises(ValueError, match=r"negative curvature after 0 steps.*use the GGN or the KL Hessian"):
        linear.cg(of(A), b, max_steps=5, tol=1e-8)
    solution = jax.jit(lambda b: linear.cg(of(A), b, max_steps=5, tol=1e-8))(b)
    assert int(solution.status) == 2
    assert not bool(solution.converged)
    np.testing.assert_array_equal(solution.value, 0)
    # small curvatures: -0.01, and 0 on a matrix that maps b to nothing
    for matrix, right in ((A, b / 10), (np.zeros((2, 2)), b)):
        with pytest.raises(ValueError, match=r"negative curvature after 0 steps \(residual 1.0e\+00\)"):
            linear.cg(of(matrix), right, max_steps=5, tol=1e-8)


def test_nan_products_raise_and_are_a_status_under_jit():
    with pytest.raises(ValueError, match=r"returned nan or inf after 0 steps; look at the parameters and the batch"):
        linear.cg(lambda v: v * jnp.nan, np.ones(2), max_steps=5, tol=1e-8)
    solution = jax.jit(lambda b: linear.cg(lambda v: v * jnp.nan, b, max_steps=5, tol=1e-8))(np.ones(2))
    assert int(solution.status) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_steps": 0}, "max_steps must be a whole number of at least 1 (got 0)"),
        ({"max_steps": True}, "max_steps must be a whole number of at least 1 (got True)"),
        ({"max_steps": 2.5}, "max_steps must be a whole number of at least 1 (got 2.5)"),
        ({"tol": -1.0}, "tol must be >= 0 (got -1.0)"),
        ({"tol": np.nan}, "tol must be >= 0 (got nan)"),
        ({"damping": -0.1}, "damping must be >= 0 (got -0.1)"),
        ({"damping": np.nan}, "damping must be >= 0 (got nan)"),
        ({"damping": np.ones(2)}, "damping must be one number (got shape (2,))"),
        ({"b": np.array([1.0, np.nan])}, "b contains nan at index 1"),
        ({"matvec": lambda v: jnp.ones(3)}, "matvec(v) has shape (3,)"),
        ({"metric": jnp.ones(3), "damping": 1.0}, "metric has shape (3,)"),
    ],
)
def test_bad_inputs(change, message):
    given = {"matvec": lambda v: v, "b": np.ones(2), "max_steps": 5, "tol": 1e-6} | change
    with pytest.raises(ValueError) as error:
        linear.cg(**given)
    assert message in str(error.value)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="b must be floating point"):
        linear.cg(lambda v: v, np.arange(3), max_steps=3, tol=1e-6)


def test_the_tolerance_is_relative_to_the_right_hand_side():
    """F = 3 I solves anything in one step; norm(b) = 0.1, so that an absolute tolerance of 0.05 would be another."""
    b = np.array([0.06, 0.08])
    one = linear.cg(of(3 * np.eye(2)), b, max_steps=4, tol=0.05)
    np.testing.assert_allclose(one.value, b / 3, rtol=1e-15)
    assert int(one.steps) == 1
    assert float(one.history[0]) == 1
    # a first residual of 1 is within any tolerance of at least 1: no step
    for tol, right in ((1.0, b), (2.0, 100 * b)):
        none = linear.cg(of(3 * np.eye(2)), right, max_steps=4, tol=tol)
        assert (int(none.steps), bool(none.converged)) == (0, True)


def test_a_residual_of_exactly_the_tolerance_has_converged():
    """2 I and ones: every number of the step is exact in binary."""
    solution = jax.jit(lambda tol: linear.cg(of(2 * np.eye(4)), np.ones(4), max_steps=5, tol=tol))(0.0)
    assert (int(solution.steps), float(solution.residual), int(solution.status)) == (1, 0.0, 0)


def test_a_right_hand_side_that_is_not_finite_is_a_status_under_jit():
    solution = jax.jit(lambda b: linear.cg(of(np.eye(2)), b, max_steps=5, tol=1e-8))(np.array([np.nan, 1.0]))
    assert (int(solution.status), int(solution.steps)) == (3, 0)


def test_a_product_that_takes_other_arguments_is_named():
    with pytest.raises(TypeError, match="matvec cannot be applied to a vector like b"):
        linear.cg(lambda v, w: v, np.ones(2), max_steps=5, tol=1e-6)


def test_only_pytree_operators_are_compiled_once_and_for_all():
    """Linearisations of one shape share a program; a plain function would stay in the cache for ever."""
    compiled = sys.modules["ngtools.linear.cg"]._compiled
    matrix = spd(np.linspace(1, 2, 17), 3)

    def added(scale, operator=None, **given):
        before = compiled._cache_size()
        linear.cg(operator or of(scale * matrix), vector(17, 5), damping=0.1, max_steps=30, tol=1e-6, **given)
        return compiled._cache_size() - before

    assert [added(1.0), added(2.0)] == [1, 0]
    helper, weights = of(np.eye(17)), jnp.arange(1.0, 18)
    assert [added(1.0, preconditioner=helper), added(2.0, preconditioner=helper)] == [1, 0]
    assert [added(1.0, metric=weights), added(2.0, metric=weights)] == [1, 0]
    assert added(1.0, operator=lambda v: jnp.asarray(matrix) @ v) == 0
    assert added(1.0, preconditioner=lambda r: r) == 0
    assert added(1.0, metric=lambda v: weights * v) == 0


def test_a_damped_operator_carries_its_arrays_as_leaves():
    matrix, weights = spd([1, 2], 0), jnp.array([3.0, 4.0])
    leaves = lambda *given: [np.shape(leaf) for leaf in jax.tree.leaves(linear.damped(*given))]  # noqa: E731
    assert leaves(of(matrix), 0.5) == [(2, 2), ()]
    assert leaves(of(matrix), 0.5, weights) == [(2, 2), (), (2,)]
    assert leaves(lambda v: v, 0.5, lambda v: v) == [()]
    image = linear.damped(of(matrix), 0.5, weights)(jnp.array([1.0, -1.0]))
    np.testing.assert_allclose(image, matrix @ [1, -1] + [1.5, -2.0], rtol=0, atol=1e-15)


def test_a_report_of_several_solves_is_marked_as_such():
    stacked = jax.vmap(lambda b: linear.cg(of(np.eye(2)), b, max_steps=3, tol=1e-6))(np.ones((3, 2)))
    assert repr(stacked) == "<Solution: batched>"
    seen = []
    jax.jit(lambda b: seen.append(repr(linear.cg(of(np.eye(2)), b, max_steps=3, tol=1e-6))))(np.ones(2))
    assert seen == ["<Solution: traced>"]
