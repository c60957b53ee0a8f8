"""Matrix-free natural gradient steps against dense ones."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import descent, products


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def model(params, x):
    return x @ params["w"] + params["b"]


def make(head="unit-normal"):
    rng = np.random.default_rng(0)
    params = {"w": jnp.asarray(rng.standard_normal((3, 2))), "b": jnp.asarray(rng.standard_normal(2))}
    X, Y = jnp.asarray(rng.standard_normal((9, 3))), jnp.asarray(rng.standard_normal((9, 2)))

    def log_likelihood(p):
        z = jax.vmap(model, (None, 0))(p, X)
        return (
            -0.5 * jnp.mean(jnp.sum((z - Y) ** 2, axis=1))
            if head == "unit-normal"
            else jnp.mean(jax.nn.log_softmax(z)[:, 0])
        )

    op = products.fisher_vector_product(model, params, X, head)
    return params, X, Y, jax.grad(log_likelihood)(params), op


def flat(tree):
    return np.asarray(ravel_pytree(tree)[0])


def test_one_step_of_size_one_is_least_squares():
    """Linear regression on a pytree: Fisher matrix = Hessian, so a natural step of size 1 lands on the solution."""
    params, X, Y, gradient, op = make()
    step = descent.natural_gradient_step(params, gradient, op, learning_rate=1.0, tol=1e-13)
    design = np.column_stack([X, np.ones(9)])
    solution = np.linalg.lstsq(design, np.asarray(Y), rcond=None)[0]
    np.testing.assert_allclose(np.vstack([step.params["w"], step.params["b"]]), solution, rtol=0, atol=1e-11)


@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_length_from_a_budget(damping):
    """1/2 Delta^T F Delta = c with the undamped F; the gain is g^T Delta; undamped it is sqrt(2 c g^T F^-1 g)."""
    params, _, _, gradient, op = make()
    F, g = np.asarray(products.dense(op, params)), flat(gradient)
    step = descent.natural_gradient_step(params, gradient, op, kl_budget=0.03, damping=damping, tol=1e-13)
    delta = flat(step.delta)
    assert delta @ F @ delta / 2 == pytest.approx(0.03, rel=1e-11)
    assert float(step.predicted_kl) == pytest.approx(0.03, rel=1e-11)
    assert float(step.predicted_gain) == pytest.approx(g @ delta, rel=1e-13)
    direction = np.linalg.solve(F + damping * np.eye(len(F)), g)
    np.testing.assert_allclose(delta / np.linalg.norm(delta), direction / np.linalg.norm(direction), rtol=0, atol=1e-10)
    best = np.sqrt(2 * 0.03 * g @ np.linalg.solve(F, g))
    assert (float(step.predicted_gain) == pytest.approx(best, rel=1e-10)) == (damping == 0)
    np.testing.assert_allclose(flat(step.params), flat(params) + delta, rtol=0, atol=1e-15)


def test_covariant_damping_commutes_with_a_change_of_coordinates():
    """theta = S phi: lambda S^T S restores the affine invariance that lambda I breaks."""
    params, X, _, gradient, op = make()
    scale = jax.tree.map(lambda leaf: 1.0 + jnp.arange(1.0, leaf.size + 1).reshape(leaf.shape), params)
    phi = jax.tree.map(jnp.divide, params, scale)

    def rescaled(phi, x):
        return model(jax.tree.map(jnp.multiply, phi, scale), x)

    g_phi = jax.tree.map(jnp.multiply, gradient, scale)
    op_phi = products.fisher_vector_product(rescaled, phi, X, "unit-normal")

    def result(metric):
        step = descent.natural_gradient_step(
            phi, g_phi, op_phi, learning_rate=1.0, damping=0.3, metric=metric, max_steps=200, tol=1e-13
        )
        return flat(jax.tree.map(jnp.multiply, step.params, scale))

    expected = flat(
        descent.natural_gradient_step(params, gradient, op, learning_rate=1.0, damping=0.3, tol=1e-13).params
    )
    np.testing.assert_allclose(result(jax.tree.map(jnp.square, scale)), expected, rtol=0, atol=1e-10)
    assert np.abs(result(None) - expected).max() > 0.01


def test_zero_gradient_is_a_zero_step():
    """A zero step with a status, and no 0/0."""
    params, _, _, gradient, op = make()
    step = descent.natural_gradient_step(params, jax.tree.map(jnp.zeros_like, gradient), op, kl_budget=0.01)
    np.testing.assert_array_equal(flat(step.params), flat(params))
    assert float(step.predicted_kl) == 0


def test_bad_inputs_are_named():
    params, X, _, gradient, op = make()
    step = lambda **k: descent.natural_gradient_step(**({"params": params, "gradient": gradient, "fisher": op} | k))  # noqa: E731
    for keywords, message in (
        ({}, "give either learning_rate= or kl_budget="),
        ({"learning_rate": 1.0, "kl_budget": 1.0}, "give either learning_rate= or kl_budget="),
        ({"kl_budget": 0.0}, r"kl_budget must be > 0 \(got 0.0\)"),
        ({"learning_rate": np.nan}, "learning_rate must be > 0"),
        ({"learning_rate": 1.0, "gradient": {"w": gradient["w"], "b": jnp.ones((2, 1))}}, "gradient has shape"),
        ({"learning_rate": 1.0, "gradient": jax.tree.map(lambda a: a * jnp.nan, gradient)}, "gradient contains nan"),
        ({"learning_rate": 1.0, "fisher": lambda v: jax.tree.map(jnp.negative, v)}, "negative curvature"),
    ):
        with pytest.raises(ValueError, match=message):
            step(**keywords)
    transformation = descent.optax_natural_gradient(1.0, model, "unit-normal")
    with pytest.raises(ValueError, match="batch=inputs"):
        transformation.update(gradient, transformation.init(params), params)
    with pytest.raises(ValueError, match="learning_rate must be > 0"):
        descent.optax_natural_gradient(-1.0, model, "unit-normal")


def test_optax_transformation_descends_a_loss_and_chains():
    """With a loss the update is -alpha x; a clip after it sees the natural gradient; extra arguments pass by."""
    params, X, _, gradient, op = make("categorical")
    loss_gradient = jax.tree.map(jnp.negative, gradient)
    F = np.asarray(products.dense(op, params))
    expected = 0.5 * np.linalg.solve(F + 0.1 * np.eye(len(F)), flat(gradient))
    transformation = optax.chain(
        descent.optax_natural_gradient(lambda count: 0.5 / (1 + count), model, "categorical", damping=0.1, tol=1e-12),
        optax.scale(2.0),
    )
    assert isinstance(transformation, optax.GradientTransformationExtraArgs)
    update = jax.jit(lambda g, s, p, X: transformation.update(g, s, p, batch=X, unknown=3))
    updates, state = update(loss_gradient, transformation.init(params), params, X)
    np.testing.assert_allclose(flat(updates), 2 * expected, rtol=0, atol=1e-9)
    assert bool(state[0].converged)
    assert int(state[0].cg_steps) > 0
    updates, state = update(loss_gradient, state, params, X)  # the schedule has moved on
    np.testing.assert_allclose(flat(updates), expected, rtol=0, atol=1e-9)
    assert int(state[0].count) == 2


SPREAD = jnp.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 89.0] * 3) ** 3 * (1 + jnp.arange(30) / 100)


def test_defaults_are_twenty_steps_a_millionth_and_no_damping():
    """Thirty different eigenvalues: what 20 steps reach, and what a residual of 1e-6 asks for."""
    params, g = jnp.zeros(30), jnp.arange(1.0, 31.0)
    step = descent.natural_gradient_step(params, g, lambda v: SPREAD * v, learning_rate=0.5)
    assert int(step.solution.steps) == 20
    assert not bool(step.solution.converged)
    # two eigenvalues take two steps, one of them 1e-3 of a share: after the first step the residual is about 1e-3
    for share, steps in ((0.9e-6, 1), (1.5e-6, 2)):
        few = descent.natural_gradient_step(
            jnp.zeros(2), jnp.array([1.0, share]), lambda v: jnp.array([1.0, 2.0]) * v, learning_rate=0.5
        )
        assert int(few.solution.steps) == steps
        assert np.asarray(few.delta)[0] == pytest.approx(0.5, rel=1e-5)


def test_defaults_of_the_transformation():
    """A linear model with unit-normal outputs: F is the mean of x x^T, here diagonal."""
    roots = jnp.sqrt(SPREAD)
    inputs = jnp.diag(roots) * jnp.sqrt(30.0)
    transformation = descent.optax_natural_gradient(0.5, lambda w, x: w @ x, "unit-normal")
    w, g = jnp.zeros(30), jnp.arange(1.0, 31.0)
    state = transformation.init(w)
    assert [np.asarray(part).tolist() for part in state] == [0, 0, 0.0, False]
    assert (state.count.dtype.kind, state.residual.dtype) == ("i", jnp.float64)
    updates, state = transformation.update(g, state, w, batch=inputs)
    assert (int(state.count), int(state.cg_steps), bool(state.converged)) == (1, 20, False)
    # one eigenvalue: one step, and 1/1000 of damping
    updates, state = transformation.update(g, state, w, batch=jnp.eye(30) * jnp.sqrt(30.0))
    np.testing.assert_allclose(updates, -0.5 * g / 1.001, rtol=1e-12)
    assert (int(state.count), int(state.cg_steps), bool(state.converged)) == (2, 1, True)
    for missing in ({}, {"params": w}, {"batch": inputs}):
        with pytest.raises(ValueError, match="natural gradients need update"):
            transformation.update(g, state, **missing)


def test_steps_under_jit_return_their_report():
    """The size may be traced, and the report is a pytree; a budget where the curvature is 0 gives no step."""
    g, F = jnp.array([1.0, 4.0]), jnp.array([2.0, 4.0])

    @jax.jit
    def taken(rate):
        return descent.natural_gradient_step(jnp.ones(2), g, lambda v: F * v, learning_rate=rate)

    step = taken(0.3)
    np.testing.assert_allclose(step.params, [1.15, 1.3], rtol=1e-14)
    # 1/2 Delta^T F Delta and g^T Delta by hand
    assert float(step.predicted_kl) == pytest.approx((2 * 0.15**2 + 4 * 0.3**2) / 2, rel=1e-13)
    assert float(step.predicted_gain) == pytest.approx(0.15 + 1.2, rel=1e-13)
    still = jax.jit(
        lambda c: descent.natural_gradient_step(jnp.ones(2), jnp.zeros(2), lambda v: F * v, kl_budget=c).params
    )
    assert still(0.1).tolist() == [1.0, 1.0]


def test_a_budget_where_the_undamped_curvature_is_not_positive_gives_no_step():
    """x = (F + lambda)^-1 g is (1/0.9, 0), and x^T F x below 0; a small gradient has a small curvature and a full step."""
    F = jnp.array([-0.1, 1.0])
    g = jnp.array([1.0, 0.0])
    step = descent.natural_gradient_step(jnp.ones(2), g, lambda v: F * v, kl_budget=0.1, damping=1.0)
    assert step.params.tolist() == [1.0, 1.0]
    small = descent.natural_gradient_step(jnp.ones(2), 1e-4 * g, lambda v: jnp.abs(F) * v, kl_budget=0.2)
    np.testing.assert_allclose(small.delta, [2.0, 0.0], rtol=1e-12)  # 0.1 delta^2 / 2 = 0.2
