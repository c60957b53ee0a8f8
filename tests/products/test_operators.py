"""Unusual pytrees and models, precision, compilation, and what bad inputs meet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import linear, products


def tied(params, x):
    """An autoencoder whose decoder is the transposed encoder; a list, a tuple and a scalar as parameters."""
    (w,), (shift, log_scale) = params
    return jnp.exp(log_scale) * jnp.tanh(x["left"] @ w + shift) @ w.T + x["right"]


def convolution(params, image):
    """Two uses of one 3 x 3 kernel, then a sum over places."""
    apply = lambda a: jax.lax.conv(a[None, None], params["kernel"][None, None], (1, 1), "SAME")[0, 0]  # noqa: E731
    return (jnp.tanh(apply(jnp.tanh(apply(image)))) * params["readout"]).sum(axis=(1, 2)) + params["bias"]


def cases():
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape))  # noqa: E731
    yield "tied", tied, [(draw(4, 2),), (draw(2), draw())], {"left": draw(5, 4), "right": draw(5, 4)}, "unit-normal"
    params = {"kernel": 0.5 * draw(3, 3), "readout": draw(3, 4, 4), "bias": draw(3)}
    yield "convolution", convolution, params, draw(4, 4, 4), "categorical"


@pytest.mark.parametrize("name", ["tied", "convolution"])
def test_shared_weights_and_convolutions_against_the_dense_matrix(name):
    """F = mean J^T F_z J with J from jacrev, one example after another."""
    with jax.enable_x64(True):
        ((_, model, params, batch, head),) = [case for case in cases() if case[0] == name]
    flat, back = ravel_pytree(params)
    count = len(jax.tree.leaves(batch)[0])
    F = 0
    for n in range(count):
        x = jax.tree.map(lambda leaf, n=n: leaf[n], batch)
        z, J = model(params, x), np.asarray(jax.jacrev(lambda v, x=x: model(back(v), x))(flat))
        p = np.asarray(jax.nn.softmax(z))
        F_z = np.diag(p) - np.outer(p, p) if head == "categorical" else np.eye(len(z))
        F = F + J.T @ F_z @ J / count
    for route in (products.fisher_vector_product, products.kl_hessian_vector_product):
        np.testing.assert_allclose(products.dense(route(model, params, batch, head), params), F, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ravel_pytree(products.diagonal(model, params, batch, head))[0], np.diag(F), atol=1e-12)


def net(params, x):
    return jnp.tanh(x @ params["w"]) @ params["v"]


def make(dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    params = {"w": rng.standard_normal((3, 4)), "v": rng.standard_normal((4, 3))}
    return {k: jnp.asarray(a, dtype) for k, a in params.items()}, jnp.asarray(rng.standard_normal((6, 3)), dtype)


def test_single_precision_stays_single_where_double_is_switched_on():
    params, X = make()
    params32, X32 = make(np.float32)
    F = np.asarray(products.dense(products.fisher_vector_product(net, params, X, "categorical"), params))
    for head in ("categorical", "poisson"):
        for route in (products.fisher_vector_product, products.kl_hessian_vector_product):
            image = route(net, params32, X32, head)(params32)
            assert {leaf.dtype for leaf in jax.tree.leaves(image)} == {np.dtype(np.float32)}
    F32 = products.dense(products.fisher_vector_product(net, params32, X32, "categorical"), params32)
    # some tens of roundings of 6e-8
    np.testing.assert_allclose(F32, F, rtol=0, atol=5e-6 * np.abs(F).max())


def test_an_operator_is_a_value_and_compiles_once():
    """Handed through jit and vmap; the next linearisation of the same model compiles nothing."""
    params, X = make()
    traces = []

    @jax.jit
    def solve(op, b):
        traces.append(1)
        return linear.cg(op, b, damping=0.1, max_steps=30, tol=1e-12).value

    for factor in (1.0, 0.5, 0.25):
        scaled = jax.tree.map(lambda leaf, factor=factor: factor * leaf, params)
        op = products.fisher_vector_product(net, scaled, X, "categorical")
        F = np.asarray(products.dense(op, params))
        x = ravel_pytree(solve(op, params))[0]
        np.testing.assert_allclose(x, np.linalg.solve(F + 0.1 * np.eye(24), ravel_pytree(params)[0]), atol=1e-9)
    assert len(traces) == 1


def test_linearised_once():
    """The model is traced when the operator is made, and not again by its products."""
    params, X = make()
    calls = []

    def counted(params, x):
        calls.append(1)
        return net(params, x)

    op = products.fisher_vector_product(counted, params, X, "categorical")
    before = len(calls)
    op(params)
    op(jax.tree.map(lambda leaf: 2 * leaf, params))
    assert len(calls) == before


def test_under_jit_and_over_several_parameter_settings():
    params, X = make()
    product = jax.jit(lambda p, X, v: products.fisher_vector_product(net, p, X, "categorical")(v))
    expected = products.fisher_vector_product(net, params, X, "categorical")(params)
    np.testing.assert_allclose(product(params, X, params)["w"], expected["w"], rtol=0, atol=1e-15)
    both = jax.tree.map(lambda leaf: jnp.stack([leaf, -leaf]), params)
    stacked = jax.vmap(product, (0, None, None))(both, X, params)
    np.testing.assert_allclose(stacked["w"][0], expected["w"], rtol=0, atol=1e-14)


def test_outputs_may_be_a_pytree():
    """Means and log deviations apart are the normal head's one vector."""
    params, X = make()
    apart = lambda p, x: {"a_mean": net(p, x), "b_log_std": 0.1 * net(p, x)}  # noqa: E731
    joined = lambda p, x: jnp.concatenate([net(p, x), 0.1 * net(p, x)])  # noqa: E731
    one = products.fisher_vector_product(apart, params, X, "normal")(params)
    two = products.fisher_vector_product(joined, params, X, "normal")(params)
    np.testing.assert_allclose(one["w"], two["w"], rtol=0, atol=1e-13)


# -- bad inputs -----------------------------------------------------------------------------------------


def test_dense_does_not_symmetrise():
    A = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(products.dense(lambda v: jnp.asarray(A) @ v, jnp.zeros(3)), A)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (lambda v: jnp.triu(jnp.ones((3, 3))) @ v, r"u.Fv != v.Fu .*KL\(stop_gradient\(old\) \|\| new\) at new = old"),
        (lambda v: 0 * v, "stop_gradient"),
        (lambda v: v * jnp.linalg.norm(v), "u.Fv != v.Fu|not linear"),
        (lambda v: v + 1.0 * jnp.ones(3) * (v.sum() * 0 + 1), "u.Fv != v.Fu|not linear"),
        (lambda v: -v, "v.Fv = .* < 0: a Fisher matrix is positive semi-definite"),
        (lambda v: v * jnp.nan, "nan or inf"),
    ],
)
def test_what_is_no_fisher_product_is_told(op, message):
    """Not linear, not symmetric, a stale reference."""
    with pytest.raises(ValueError, match=message):
        products.check_operator(op, jnp.zeros(3), jax.random.key(0))


def test_a_forgotten_stop_gradient_is_caught():
    """The Hessian of KL(new || new) is 0 for every v."""
    params, X = make()
    kl = products.heads.resolve("categorical", 3).kl

    def wrong(p):
        z = jax.vmap(net, (None, 0))(p, X)
        return jnp.mean(jax.vmap(kl)(z, z))

    product = lambda v: jax.jvp(jax.grad(wrong), (params,), (v,))[1]  # noqa: E731
    with pytest.raises(ValueError, match=r"u.Fv != v.Fu|F v = 0|v.Fv"):
        products.check_operator(product, params, jax.random.key(0))


def test_bad_inputs_are_named():
    params, X = make()

    def call(model=net, params=params, batch=X, head="categorical", **keywords):
        return products.fisher_vector_product(model, params, batch, head, **keywords)

    with pytest.raises(TypeError, match=r"params must be floating point \(got int"):
        call(params={"w": jnp.ones((3, 4), int), "v": params["v"]})
    with pytest.raises(ValueError, match=r"params contains nan at index \(1, 2\) of \['w'\]"):
        call(params={"w": params["w"].at[1, 2].set(jnp.nan), "v": params["v"]})
    with pytest.raises(ValueError, match="the batch is empty"):
        call(batch=X[:0])
    with pytest.raises(ValueError, match="one leading axis of the same length"):
        call(batch={"a": X, "b": X[:3]})
    with pytest.raises(ValueError, match="head must be one of .*'categorical'"):
        call(head="softmax")
    with pytest.raises(ValueError, match="has 2 coordinates; the model has 3 outputs"):
        call(head="normal")
    with pytest.raises(ValueError, match="at least 2 logits"):
        call(model=lambda p, x: net(p, x)[0], head="categorical")
    with pytest.raises(ValueError, match=r"weights must have shape \(6,\)"):
        call(weights=jnp.ones(5))
    with pytest.raises(ValueError, match="weights must be >= 0"):
        call(weights=jnp.array([1.0, -1, 1, 1, 1, 1]))
    op = call()
    with pytest.raises(ValueError, match=r"v has shape \(4, 3\) at \['w'\], params has shape \(3, 4\)"):
        op({"w": params["w"].T, "v": params["v"]})
    with pytest.raises(TypeError, match="v has dtype float32 .*params has float64"):
        op(jax.tree.map(lambda leaf: leaf.astype(np.float32), params))
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        products.diagonal(net, params, X, "categorical", chunk=0)


# -- what a check finds, by hand on two vectors of our own -----------------------------------------------


P, Q = 2.0, 4.0  # the vectors are (P, 0) and (0, Q): powers of two, so that every number below is exact


@pytest.fixture
def axes(monkeypatch):
    drawn = iter([jnp.array([P, 0.0]), jnp.array([0.0, Q])])
    monkeypatch.setattr(jax.random, "normal", lambda *given: next(drawn))


def check(F, tol, at_the_sum=(0.0, 0.0)):
    """Check v -> F v, to which something is added at u + 2v alone."""

    def op(w):
        return jnp.asarray(F) @ w + jnp.where((w == jnp.array([P, 2 * Q])).all(), 1.0, 0.0) * jnp.asarray(at_the_sum)

    products.check_operator(op, jnp.zeros(2), jax.random.key(0), tol)


def test_symmetry_is_measured_against_the_norms(axes):
    """|u.Fv - v.Fu| = PQ |0 - 4|, against |Fu| |v| + |Fv| |u| = PQ (5 + 3): one half, which is still good."""
    assert check([[3.0, 0.0], [4.0, 3.0]], 0.5) is None


def test_a_product_that_is_less_symmetric_than_that(axes):
    with pytest.raises(ValueError, match=r"u.Fv != v.Fu \(0 against 32\)"):
        check([[3.0, 0.0], [4.0, 3.0]], 0.499)


def test_linearity_is_measured_against_the_norms(axes):
    """F(u + 2v) is off by 5, against |Fu| + 2 |Fv| = 5 P + 2 5 Q = 50: one tenth, which is still good."""
    assert check([[3.0, 4.0], [4.0, 3.0]], 0.1, at_the_sum=(3.0, -4.0)) is None


def test_a_product_that_is_symmetric_and_not_linear(axes):
    with pytest.raises(ValueError, match=r"F\(u \+ 2v\) != Fu \+ 2Fv \(relative difference 1.0e-01\)"):
        check([[3.0, 4.0], [4.0, 3.0]], 0.099, at_the_sum=(3.0, -4.0))


@pytest.mark.parametrize(("F", "value"), [([[-3.0, 4.0], [4.0, 3.0]], -12), ([[3.0, 4.0], [4.0, -3.0]], -48)])
def test_curvature_is_measured_against_the_norms(F, value, axes, monkeypatch):
    """u.Fu = -3 P^2 against |u| |Fu| = 5 P^2, or the same of v: three fifths."""
    assert check(F, 0.6) is None
    drawn = iter([jnp.array([P, 0.0]), jnp.array([0.0, Q])])
    monkeypatch.setattr(jax.random, "normal", lambda *given: next(drawn))
    with pytest.raises(ValueError, match=f"v.Fv = {value} < 0: a Fisher matrix is positive semi-definite"):
        check(F, 0.599)


@pytest.mark.parametrize(
    ("turn", "dtype"), [(1e-9, np.float64), (3e-12, np.float64), (1e-3, np.float32), (1e-6, np.float32)]
)
def test_the_default_tolerance_lies_between_rounding_and_what_is_wrong(turn, dtype):
    """Against a part that turns: eps^(2/3) is 4e-11 in 64 bits and 2e-5 in 32."""

    def op(w):
        return w + jnp.asarray(turn, dtype) * jnp.array([-w[1], w[0]])

    if turn in (1e-9, 1e-3):
        with pytest.raises(ValueError, match="u.Fv != v.Fu"):
            products.check_operator(op, jnp.zeros(2, dtype), jax.random.key(0))
    else:
        assert products.check_operator(op, jnp.zeros(2, dtype), jax.random.key(0)) is None


@pytest.mark.parametrize("tol", [0.0, -1.0])
def test_a_tolerance_is_positive(tol):
    with pytest.raises(ValueError, match=f"tol must be > 0 .got {tol}."):
        products.check_operator(lambda v: v, jnp.ones(2), jax.random.key(0), tol)


# -- operators as values -----------------------------------------------------------------------------------


def test_an_operator_shows_itself():
    params, X = make()
    op = products.fisher_vector_product(net, params, X, "categorical")
    assert repr(op) == "<Fisher matrix, categorical: v -> F v, 24 parameters>"
    bare = products.Operator((), lambda residuals, v: 3 * v, products.operator.like_of(jnp.ones(2)))
    assert repr(bare) == "<operator: v -> F v, 2 parameters>"


def test_a_product_runs_compiled():
    traces = []

    def rule(residuals, v):
        traces.append(1)
        return residuals * v

    op = products.Operator(jnp.array(3.0), rule, products.operator.like_of(jnp.ones(2)))
    for scale in (1.0, 2.0):
        assert op(jnp.array([scale, -scale])).tolist() == [3 * scale, -3 * scale]
    assert len(traces) == 1


@pytest.mark.parametrize(("wanted", "given"), [(np.float64, np.float32), (np.float32, np.float64)])
def test_the_precision_of_a_vector_is_that_of_the_parameters(wanted, given):
    like = {"w": jnp.ones(2, wanted), "x": jnp.ones(3, wanted)}
    op = products.Operator((), lambda residuals, v: v, products.operator.like_of(like))
    names = np.dtype(given).name, np.dtype(wanted).name
    with pytest.raises(TypeError, match=rf"v has dtype {names[0]} at \['x'\], params has {names[1]}; convert v with"):
        op({"w": jnp.ones(2, wanted), "x": jnp.ones(3, given)})
    alone = products.Operator((), lambda residuals, v: v, products.operator.like_of(like["w"]))
    with pytest.raises(TypeError, match=rf"v has dtype {names[0]} at \(the whole\), params has {names[1]}"):
        alone(jnp.ones(2, given))


def test_a_matrix_of_whole_numbers_is_refused():
    with pytest.raises(TypeError, match="like must be floating point"):
        products.dense(lambda v: v, jnp.ones(3, int))
