"""K-FAC against the dense Fisher matrix: where it is exact, and where it is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import kfac, products


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def one_layer(params, x, dense=kfac.dense):
    return dense(params, "out", x)


def two_layers(params, x, dense=kfac.dense):
    return dense(params, "out", jnp.tanh(dense(params, "hidden", x)))


def twice(params, x, dense=kfac.dense):
    """One layer used twice, then read out."""
    h = jnp.tanh(dense(params, "shared", x))
    return dense(params, "out", jnp.tanh(dense(params, "shared", h)))


def convolution(params, image, dense=kfac.dense):
    return dense(params, "conv", kfac.patches(image, (2, 2)))


def draw(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def layer(seed, inputs, outputs, bias=True):
    return {"kernel": draw(seed, inputs, outputs)} | ({"bias": draw(seed + 50, outputs)} if bias else {})


def dense_pair(model, params, batch, head, **keywords):
    factors = kfac.factors(model, params, batch, head, **keywords)
    K = products.dense(lambda v: kfac.product(factors, v), params)
    F = products.dense(products.fisher_vector_product(model, params, batch, head), params)
    return np.asarray(K), np.asarray(F)


def test_exact_for_one_linear_layer_with_gaussian_outputs():
    """F = E[a a^T] (x) I with columns of W stacked, which is the kernel row by row; the other order is another."""
    params, X = {"out": layer(0, 3, 2, bias=False)}, draw(1, 7, 3)
    K, F = dense_pair(one_layer, params, X, "unit-normal")
    second_moment = np.asarray(X.T @ X) / 7
    np.testing.assert_allclose(F, np.kron(second_moment, np.eye(2)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(K, F, rtol=0, atol=1e-13)
    assert np.abs(np.kron(np.eye(2), second_moment) - F).max() > 0.1


def test_a_bias_is_one_more_input():
    params, X = {"out": layer(0, 3, 2)}, draw(1, 7, 3)
    K, F = dense_pair(one_layer, params, X, "unit-normal")
    np.testing.assert_allclose(K, F, rtol=0, atol=1e-13)


def test_exact_for_one_example_and_approximate_for_a_batch():
    """A softmax layer; observed 8e-17 and 0.3."""
    params = {"out": layer(2, 3, 4)}
    K, F = dense_pair(one_layer, params, draw(3, 1, 3), "categorical")
    np.testing.assert_allclose(K, F, rtol=0, atol=1e-13)
    K, F = dense_pair(one_layer, params, 3 * draw(3, 8, 3), "categorical")
    assert np.linalg.norm(K - F) / np.linalg.norm(F) > 0.02


def test_two_layers_keep_each_block_of_one_example_and_drop_what_lies_between():
    params = {"hidden": layer(4, 2, 3), "out": layer(5, 3, 3)}
    K, F = dense_pair(two_layers, params, draw(6, 1, 2), "categorical")
    first = 9  # entries of the hidden layer: 3 biases and 6 weights
    np.testing.assert_allclose(K[:first, :first], F[:first, :first], rtol=0, atol=1e-13)
    np.testing.assert_allclose(K[first:, first:], F[first:, first:], rtol=0, atol=1e-13)
    np.testing.assert_array_equal(K[:first, first:], 0)
    assert np.abs(F[:first, first:]).max() > 0.01


def test_exact_for_a_linear_convolution():
    """Shared weights: every place is an output with noise of its own."""
    params, images = {"conv": layer(7, 8, 2)}, draw(8, 3, 3, 4, 2)
    K, F = dense_pair(convolution, params, images, "unit-normal")
    np.testing.assert_allclose(K, F, rtol=0, atol=1e-12)
    outside = jax.lax.conv_general_dilated(
        images,
        params["conv"]["kernel"].reshape(2, 2, 2, 2),
        (1, 1),
        "VALID",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    ours = jax.vmap(lambda image: convolution(params, image))(images).reshape(outside.shape)
    np.testing.assert_allclose(ours, outside + params["conv"]["bias"], rtol=0, atol=1e-13)


def test_a_layer_used_twice_sums_its_uses():
    """By hand: Omega = sum of a a^T over the uses, Gamma = mean of g g^T over the uses."""
    params, x = {"shared": layer(9, 2, 2, bias=False), "out": layer(10, 2, 2, bias=False)}, draw(11, 1, 2)
    factors = kfac.factors(twice, params, x, "unit-normal")
    W, V, a = np.asarray(params["shared"]["kernel"]), np.asarray(params["out"]["kernel"]), np.asarray(x[0])
    h = np.tanh(a @ W)
    top = np.tanh(h @ W)
    g2 = V.T * (1 - top**2)  # rows: outputs
    g1 = (g2 @ W.T) * (1 - h**2)
    np.testing.assert_allclose(factors.inputs["shared"], np.outer(a, a) + np.outer(h, h), rtol=0, atol=1e-14)
    np.testing.assert_allclose(factors.outputs["shared"], (g1.T @ g1 + g2.T @ g2) / 2, rtol=0, atol=1e-14)


def test_the_size_of_the_batch_does_not_scale_the_factors():
    """The trap: gradients of the mean loss are N times smaller, their outer products N^2, a mean of N of them N."""
    params, X = {"out": layer(2, 3, 4, bias=False)}, draw(3, 6, 3)
    once = kfac.factors(one_layer, params, X, "categorical")
    doubled = kfac.factors(one_layer, params, jnp.concatenate([X, X]), "categorical")
    np.testing.assert_allclose(doubled.outputs["out"], once.outputs["out"], rtol=0, atol=1e-15)
    p = np.asarray(jax.nn.softmax(X @ params["out"]["kernel"]))
    right = np.mean([np.diag(row) - np.outer(row, row) for row in p], axis=0)
    np.testing.assert_allclose(once.outputs["out"], right, rtol=0, atol=1e-15)
    # summed outer products of the gradients of a *mean* loss, outcome by outcome
    wrong = sum(row[k] * np.outer((np.eye(4)[k] - row) / 6, (np.eye(4)[k] - row) / 6) for row in p for k in range(4))
    np.testing.assert_allclose(wrong * 6, right, rtol=0, atol=1e-15)


def test_sampled_factors_estimate_the_exact_ones():
    params, X = {"out": layer(2, 3, 4)}, draw(3, 1, 3)
    exact = kfac.factors(one_layer, params, X, "categorical")
    many = kfac.factors(one_layer, params, jnp.repeat(X, 20_000, axis=0), "categorical", key=jax.random.key(0))
    # the entries of g g^T are at most 1: four standard errors
    np.testing.assert_allclose(many.outputs["out"], exact.outputs["out"], rtol=0, atol=4 / np.sqrt(20_000))
    np.testing.assert_allclose(many.inputs["out"], exact.inputs["out"], rtol=1e-12)


def test_weights_replace_the_mean():
    params, X = {"out": layer(2, 3, 4)}, draw(3, 3, 3)
    weighted = kfac.factors(one_layer, params, X, "categorical", weights=jnp.array([2.0, 0.0, 2.0]))
    picked = kfac.factors(one_layer, params, X[jnp.array([0, 2])], "categorical")
    np.testing.assert_allclose(weighted.inputs["out"], picked.inputs["out"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(weighted.outputs["out"], picked.outputs["out"], rtol=0, atol=1e-15)


def test_solve_is_the_dense_solve():
    params, X = {"hidden": layer(4, 2, 3), "out": layer(5, 3, 3, bias=False)}, draw(6, 9, 2)
    factors = kfac.factors(two_layers, params, X, "categorical")
    K = np.asarray(products.dense(lambda v: kfac.product(factors, v), params))
    gradient = jax.tree.map(lambda leaf: jnp.sin(1 + leaf), params)
    flat = np.asarray(ravel_pytree(gradient)[0])
    solution = kfac.solve(factors, gradient, damping=0.1)
    np.testing.assert_allclose(
        ravel_pytree(solution.value)[0], np.linalg.solve(K + 0.1 * np.eye(len(K)), flat), rtol=0, atol=1e-12
    )
    assert bool(solution.converged)
    assert float(solution.residual) < 1e-13
    factored = kfac.solve(factors, gradient, damping=0.1, method="factored")
    assert float(factored.residual) > 0.05  # another system, and it says so
    new = kfac.step(params, gradient, factors, learning_rate=0.5, damping=0.1)
    np.testing.assert_allclose(
        ravel_pytree(new)[0], ravel_pytree(params)[0] + 0.5 * ravel_pytree(solution.value)[0], rtol=0, atol=1e-15
    )


def test_a_step_does_not_see_an_invertible_map_of_the_inputs():
    """a -> a S, kernel -> S^-1 kernel leaves every output; after an undamped step as well. Damped, it shows."""
    X, kernel, S = draw(12, 9, 3), draw(13, 3, 3), draw(14, 3, 3) + 2 * jnp.eye(3)
    rewards = draw(15, 9, 3)

    def stepped(inputs, kernel, damping):
        params = {"out": {"kernel": kernel}}
        objective = lambda p: jnp.mean(jax.nn.softmax(inputs @ p["out"]["kernel"]) * rewards)  # noqa: E731
        factors = kfac.factors(sigmoid_outputs, params, inputs, "unit-normal")
        new = kfac.step(params, jax.grad(objective)(params), factors, learning_rate=1.0, damping=damping)
        return np.asarray(inputs @ new["out"]["kernel"])

    moved = jnp.linalg.solve(S, kernel)
    np.testing.assert_allclose(stepped(X @ S, moved, 0.0), stepped(X, kernel, 0.0), rtol=0, atol=1e-11)
    assert np.abs(stepped(X @ S, moved, 0.1) - stepped(X, kernel, 0.1)).max() > 1e-3


def sigmoid_outputs(params, x, dense=kfac.dense):
    """Unlike softmax logits these have no gauge, so that Gamma_out can be inverted."""
    return jax.nn.sigmoid(dense(params, "out", x))


def test_under_jit_and_in_single_precision():
    params, X = {"hidden": layer(4, 2, 3), "out": layer(5, 3, 3)}, draw(6, 9, 2)

    @jax.jit
    def run(params, X):
        factors = kfac.factors(two_layers, params, X, "categorical")
        return kfac.solve(factors, params, damping=0.1)

    plain = kfac.solve(kfac.factors(two_layers, params, X, "categorical"), params, damping=0.1)
    np.testing.assert_allclose(run(params, X).value["out"]["bias"], plain.value["out"]["bias"], rtol=0, atol=1e-13)
    single = run(*jax.tree.map(lambda leaf: leaf.astype(jnp.float32), (params, X)))
    assert {leaf.dtype for leaf in jax.tree.leaves(single.value)} == {np.dtype(np.float32)}
    # condition number about 10^2 at this damping
    np.testing.assert_allclose(single.value["out"]["bias"], plain.value["out"]["bias"], rtol=0, atol=1e-4)


def test_bad_inputs_are_named():
    params, X = {"out": layer(0, 4, 2)}, draw(1, 1, 4)
    factors = kfac.factors(one_layer, params, X, "unit-normal")
    with pytest.raises(ValueError, match=r"Omega of layer 'out' has rank 1 of 5; add damping"):
        kfac.solve(factors, params, damping=0.0)
    with pytest.raises(ValueError, match=r"damping must be >= 0 \(got -1.0\)"):
        kfac.solve(factors, params, damping=-1.0)
    with pytest.raises(ValueError, match="method must be one of"):
        kfac.solve(factors, params, damping=1.0, method="eigen")
    with pytest.raises(ValueError, match=r"the gradient \(or v\) has layers \['in'\]"):
        kfac.solve(factors, {"in": params["out"]}, damping=1.0)
    with pytest.raises(ValueError, match="gradient contains nan"):
        kfac.solve(factors, jax.tree.map(lambda leaf: leaf * jnp.nan, params), damping=1.0)
    with pytest.raises(ValueError, match="K-FAC needs parameters of the form"):
        kfac.factors(one_layer, {"out": [draw(0, 4, 2)]}, X, "unit-normal")
    with pytest.raises(ValueError, match="kernel must have two axes"):
        kfac.factors(one_layer, {"out": {"kernel": draw(0, 4)}}, X, "unit-normal")
    with pytest.raises(ValueError, match=r"never applied dense\(params, name, ...\) to \['spare'\]"):
        kfac.factors(one_layer, params | {"spare": layer(0, 2, 2)}, X, "unit-normal")
    with pytest.raises(ValueError, match="learning_rate must be > 0"):
        kfac.step(params, params, factors, learning_rate=0.0, damping=1.0)
    with pytest.raises(ValueError, match=r"window must be between \(1, 1\) and the image of shape \(2, 2, 1\)"):
        kfac.patches(jnp.ones((2, 2, 1)), (3, 3))


def by_hand(A, G):
    return kfac.Factors({"out": jnp.asarray(A)}, {"out": jnp.asarray(G)})


def test_residual_is_a_share_of_the_gradient():
    """1 x 1 factors 4 and 1, damping 1: the factored system is (4 + 2)(1 + 1/2) = 9 where 4 + 1 = 5 is asked for."""
    for size in (0.01, 50.0):
        solution = kfac.solve(
            by_hand([[4.0]], [[1.0]]), {"out": {"kernel": jnp.array([[size]])}}, damping=1.0, method="factored"
        )
        assert float(solution.value["out"]["kernel"][0, 0]) == pytest.approx(size / 9, rel=1e-14)
        assert float(solution.residual) == pytest.approx(4 / 9, rel=1e-14)
        assert bool(solution.converged)  # it is what was asked for: another damping
    for method in ("exact", "factored"):
        nothing = kfac.solve(
            by_hand([[4.0]], [[1.0]]), {"out": {"kernel": jnp.zeros((1, 1))}}, damping=1.0, method=method
        )
        assert (float(nothing.residual), bool(nothing.converged)) == (0.0, True)


def test_an_exact_solve_has_converged_up_to_rounding():
    """Omega = [[1, 2 s], [0, 1]] is solved as its symmetric part, which leaves a residual of s at x = (1, 0)."""
    limit = 100 * np.sqrt(np.finfo(float).eps)
    for s, within in ((0.997 * limit, True), (1.003 * limit, False)):
        gradient = {"out": {"kernel": jnp.array([[1.0], [s]])}}
        solution = kfac.solve(by_hand([[1.0, 2 * s], [0.0, 1.0]], [[1.0]]), gradient, damping=0.0)
        assert float(solution.residual) == pytest.approx(s, rel=1e-6)
        assert bool(solution.converged) is within


def test_a_layer_without_an_answer_leaves_the_others_theirs():
    """The layers wait for one another, and nothing of an answer comes along: neither its size nor its nan."""
    names = ("a", "b", "c")
    many = kfac.Factors(*({name: jnp.ones((1, 1)) for name in names} for _ in range(2)))
    gradient = {name: {"kernel": jnp.full((1, 1), size)} for name, size in zip(names, (jnp.nan, 3.0, 5.0))}
    solution = jax.jit(lambda g: kfac.solve(many, g, damping=1.0))(gradient)
    np.testing.assert_array_equal([solution.value[name]["kernel"][0, 0] for name in names], [np.nan, 1.5, 2.5])
    assert int(solution.status) == 3


def test_weights_count_examples_not_places():
    """Two images of two places each, the second without weight; as many places as images."""
    params, images = {"conv": layer(7, 4, 1)}, draw(8, 2, 2, 3, 1)
    weighted = kfac.factors(convolution, params, images, "unit-normal", weights=jnp.array([2.0, 0.0]))
    alone = kfac.factors(convolution, params, images[:1], "unit-normal")
    np.testing.assert_allclose(weighted.inputs["conv"], alone.inputs["conv"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(weighted.outputs["conv"], alone.outputs["conv"], rtol=0, atol=1e-14)


def test_a_learning_rate_may_be_traced_and_small():
    params, factors = {"out": {"kernel": jnp.array([[1.0]])}}, by_hand([[4.0]], [[1.0]])
    step = lambda rate: kfac.step(params, params, factors, learning_rate=rate, damping=1.0)  # noqa: E731
    for found in (step(0.5), jax.jit(step)(0.5)):
        assert float(found["out"]["kernel"][0, 0]) == pytest.approx(1.1, rel=1e-15)


def test_factors_pass_through_jit_as_a_pytree_of_their_matrices():
    doubled = jax.jit(lambda f: jax.tree.map(lambda leaf: 2 * leaf, f))(by_hand([[4.0]], [[1.0]]))
    assert (float(doubled.inputs["out"][0, 0]), float(doubled.outputs["out"][0, 0])) == (8.0, 2.0)
