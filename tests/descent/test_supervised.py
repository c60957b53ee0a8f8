"""The five supervised steps against the dense matrix, Optax and general products; the twins; the differences of Adam."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ngtools import kfac, linear, products, trees
from ngtools.descent import adam_differences, layers, supervised
from ngtools.descent.networks import as_sigmoid, initial, sigmoid_network, tanh_network


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    params = initial(jax.random.key(0), (3, 4, 3), jnp.float64)
    return params, (jnp.asarray(rng.standard_normal((20, 3))), jnp.asarray(rng.integers(0, 3, 20)))


def taken(name, params, batch, rate, knob):
    new, _ = supervised.STEPS[name](tanh_network, "categorical", params, supervised.start(params), batch, rate, knob)
    return np.asarray(trees.flatten(new)[0] - trees.flatten(params)[0])


def test_each_step_is_its_linear_system(problem):
    params, batch = problem
    g = np.asarray(trees.flatten(jax.grad(supervised.loss, 2)(tanh_network, "categorical", params, batch))[0])
    F = np.asarray(
        products.dense(products.fisher_vector_product(tanh_network, params, batch[0], "categorical"), params)
    )
    factors = kfac.factors(tanh_network, params, batch[0], "categorical")
    K = np.asarray(products.dense(lambda v: kfac.product(factors, v), params))
    I = np.eye(len(g))
    np.testing.assert_allclose(taken("SGD", params, batch, 0.3, 0.9), -0.3 * g, rtol=0, atol=1e-15)
    np.testing.assert_allclose(taken("diagonal", params, batch, 0.3, 0.1), -0.3 * g / (np.diag(F) + 0.1), atol=1e-14)
    np.testing.assert_allclose(
        taken("K-FAC", params, batch, 0.3, 0.1), -0.3 * np.linalg.solve(K + 0.1 * I, g), atol=1e-12
    )
    # ten steps of CG stop at a residual of 1e-3
    found, exact = taken("natural, CG", params, batch, 0.3, 0.1), -0.3 * np.linalg.solve(F + 0.1 * I, g)
    assert np.linalg.norm((F + 0.1 * I) @ (found - exact)) < 1e-3 * 0.3 * np.linalg.norm(g) * 1.01


def test_adam_is_optax_and_momentum_accumulates(problem):
    params, batch = problem
    rule = optax.adam(0.01, b2=0.99)
    ours, theirs, state, memory = params, params, supervised.start(params), rule.init(params)
    velocity, plain, held = jax.tree.map(jnp.zeros_like, params), params, supervised.start(params)
    for _ in range(3):
        ours, state = supervised.adam_step(tanh_network, "categorical", ours, state, batch, 0.01, 0.99)
        update, memory = rule.update(jax.grad(supervised.loss, 2)(tanh_network, "categorical", theirs, batch), memory)
        theirs = optax.apply_updates(theirs, update)
        g = jax.grad(supervised.loss, 2)(tanh_network, "categorical", plain, batch)
        velocity = trees.axpy(0.9, velocity, g)
        expected = trees.axpy(-0.1, velocity, plain)
        plain, held = supervised.sgd_step(tanh_network, "categorical", plain, held, batch, 0.1, 0.9)
        np.testing.assert_allclose(trees.flatten(plain)[0], trees.flatten(expected)[0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(trees.flatten(ours)[0], trees.flatten(theirs)[0], rtol=0, atol=1e-10)


def test_fit_lowers_the_loss_it_reports_and_names_a_wrong_method(problem):
    params, batch = problem
    last, losses = supervised.fit(
        "Adam",
        tanh_network,
        "categorical",
        params,
        batch,
        rate=0.03,
        knob=0.9,
        batch=10,
        steps=30,
        key=jax.random.key(1),
    )
    assert losses.shape == (31,)
    assert losses[0] == pytest.approx(float(supervised.loss(tanh_network, "categorical", params, batch)), rel=1e-12)
    assert losses[-1] == pytest.approx(float(supervised.loss(tanh_network, "categorical", last, batch)), rel=1e-12)
    assert losses[-1] < losses[0] - 0.1
    with pytest.raises(ValueError, match=r"method must be one of SGD, Adam, .*'Shampoo'"):
        supervised.fit(
            "Shampoo", tanh_network, "categorical", params, batch, rate=1, knob=1, batch=1, steps=1, key=None
        )


def test_the_twins_are_one_function():
    # twelve layers: in the order of words "10" comes before "2"
    for sizes in ((3, 2), (3, 4, 2), (3, 4, 5, 2), (3, *[2] * 11, 2)):
        params = initial(jax.random.key(3), sizes, jnp.float64)
        for layer in params.values():
            layer["bias"] = 0.1 + 0.05 * np.arange(len(layer["bias"]))
        x = jnp.array([0.3, -1.2, 2.0])
        np.testing.assert_allclose(sigmoid_network(as_sigmoid(params), x), tanh_network(params, x), rtol=0, atol=1e-13)
    assert len(params) == 12


def twice(params, x, dense=kfac.dense):
    return dense(params, "out", jnp.tanh(dense(params, "shared", jnp.tanh(dense(params, "shared", x)))))


def test_the_layer_diagonal_is_the_general_one_also_where_a_layer_is_used_twice():
    shared = initial(jax.random.key(4), (3, 3), jnp.float64)["0"]
    params = {"shared": shared, "out": {"kernel": initial(jax.random.key(5), (3, 2), jnp.float64)["0"]["kernel"]}}
    X = jnp.asarray(np.random.default_rng(1).standard_normal((6, 3)))
    found = layers.layer_diagonal(twice, params, X, "categorical")
    expected = products.diagonal(twice, params, X, "categorical")
    np.testing.assert_allclose(trees.flatten(found)[0], trees.flatten(expected)[0], rtol=0, atol=1e-14)


def test_adam_differences_are_what_they_say(problem):
    params, (X, y) = problem
    found = adam_differences.adam_differences(tanh_network, params, (X, y), "categorical", size=4)
    side = products.side_by_side(tanh_network, params, (X, y), "categorical")
    assert found["labels"] == pytest.approx(np.trace(side.empirical) / np.trace(side.fisher), rel=1e-12)
    moments = products.gradient_moments(tanh_network, params, (X, y), "categorical")
    second = moments.mean**2 + (np.diag(side.empirical) - moments.mean**2) / 4
    assert found["mini-batch mean"] == pytest.approx(np.median(second / np.diag(side.empirical)), rel=1e-10)
    assert found["uncentred"] == pytest.approx((moments.mean**2).sum() / second.sum(), rel=1e-10)
    F = side.fisher + 0.01 * np.diag(side.fisher).mean() * np.eye(len(side.fisher))
    g = moments.mean
    assert adam_differences.gain(np.linalg.solve(F, g), g, F) == pytest.approx(1, rel=1e-10)
    x = g / (np.diag(side.fisher) + 0.01 * np.diag(side.fisher).mean())
    # the best length along x gains (g.x)^2 / (2 x.Fx), the natural step g.F^-1 g / 2
    best = (g @ x) / (x @ F @ x)
    assert found["diagonal"] == pytest.approx(
        (best * g @ x - best**2 * x @ F @ x / 2) / (g @ np.linalg.solve(F, g) / 2), rel=1e-10
    )
    assert 0 < found["square root"] < 1
    with pytest.raises(ValueError, match=r"size must be at least 1 \(got 0\)"):
        moments.of_batches(0)


def test_a_network_has_inputs_and_outputs():
    with pytest.raises(ValueError, match=r"sizes must list the inputs, any hidden units and the outputs \(got \(3,\)\)"):
        initial(jax.random.key(0), (3,))


def test_weights_are_drawn_by_layer_with_variance_one_over_inputs():
    params = initial(jax.random.key(7), (100, 100, 100), jnp.float64)
    kernels = [params[name]["kernel"] for name in ("0", "1")]
    # 10 000 entries: the standard deviation is 1/10 to within 1/141 of it, four times over; layers are independent
    assert [float(jnp.std(kernel)) for kernel in kernels] == pytest.approx([0.1, 0.1], rel=4 / 141)
    assert abs(float(jnp.mean(kernels[0] * kernels[1]))) < 4 * 0.01 / 100
    assert all(kernel.dtype == jnp.float64 for kernel in kernels)
    assert all((params[name]["bias"] == np.zeros(100)).all() for name in params)
    # entries do not depend on how many are drawn
    key = jax.random.fold_in(jax.random.key(7), 0)
    expected = np.asarray(jax.random.normal(key, (10_000,), jnp.float64)).reshape(100, 100) / 10
    np.testing.assert_allclose(kernels[0], expected, rtol=1e-14)
    assert initial(jax.random.key(7), (2, 1))["0"]["kernel"].dtype == jnp.result_type(float)


def test_a_run_is_its_steps_one_after_another(problem):
    params, (X, y) = problem
    key = jax.random.key(5)
    last, losses = supervised.fit(
        "SGD", tanh_network, "categorical", params, (X[:2], y[:2]), rate=0.3, knob=0.5, batch=3, steps=4, key=key
    )
    state, found = supervised.start(params), [supervised.loss(tanh_network, "categorical", params, (X[:2], y[:2]))]
    advance, drawn = jax.jit(supervised.sgd_step, static_argnums=(0, 1)), []
    for one in jax.random.split(key, 4):
        rows = jax.random.randint(one, (3,), 0, 2)  # either of two examples
        drawn += rows.tolist()
        params, state = advance(tanh_network, "categorical", params, state, (X[:2][rows], y[:2][rows]), 0.3, 0.5)
        found.append(supervised.loss(tanh_network, "categorical", params, (X[:2], y[:2])))
    assert set(drawn) == {0, 1}
    np.testing.assert_allclose(losses, found, rtol=1e-12)
    np.testing.assert_allclose(trees.flatten(last)[0], trees.flatten(params)[0], rtol=0, atol=1e-13)


def test_conjugate_steps_stop_after_ten_or_at_a_thousandth(problem):
    params, batch = problem
    g = jax.grad(supervised.loss, 2)(tanh_network, "categorical", params, batch)
    F = products.fisher_vector_product(tanh_network, params, batch[0], "categorical")
    for damping, steps, converged in ((1e-6, 10, False), (1.0, None, True)):
        solution = linear.cg(F, g, damping=damping, max_steps=steps or 10, tol=1e-3)
        assert bool(solution.converged) == converged
        expected = -0.3 * np.asarray(trees.flatten(solution.value)[0])
        np.testing.assert_allclose(taken("natural, CG", params, batch, 0.3, damping), expected, rtol=0, atol=1e-10)


def test_states_start_at_zero_and_methods_have_these_names(problem):
    params, _ = problem
    first, second, count = supervised.start(params)
    assert [float(trees.norm(one)) for one in (first, second)] == [0, 0]
    assert (int(count), count.dtype.kind) == (0, "i")
    assert list(supervised.STEPS) == ["SGD", "Adam", "diagonal", "K-FAC", "natural, CG"]


def test_adam_differences_leave_out_what_moves_nothing(problem):
    params, (X, y) = problem
    X = X.at[:, 1].set(0.0)  # a pixel that is never inked
    found = adam_differences.adam_differences(tanh_network, params, (X, y), "categorical", size=4, damping=0.3)
    side = products.side_by_side(tanh_network, params, (X, y), "categorical")
    empirical, F = np.asarray(side.empirical), np.asarray(side.fisher)
    moments = products.gradient_moments(tanh_network, params, (X, y), "categorical")
    g, seen = moments.mean, np.diag(empirical) > 0
    assert (~seen).sum() == 4
    second = g**2 + (np.diag(empirical) - g**2) / 4
    assert found["mini-batch mean"] == pytest.approx(np.median(second[seen] / np.diag(empirical)[seen]), rel=1e-10)
    # the square root of the diagonal as preconditioner, damped by a share of its own mean
    root = np.sqrt(np.diag(F))
    damped = F + 0.3 * np.diag(F).mean() * np.eye(len(F))
    x = g / (root + 0.3 * root.mean())
    best = np.sqrt(np.linalg.solve(damped, g) @ g)
    assert found["square root"] == pytest.approx((g @ x / np.sqrt(x @ damped @ x) / best) ** 2, rel=1e-9)
