"""A folded linear function is the same function with fewer arrays inside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.products.folding import folded


def draw(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def dense(activation):
    def model(params, x):
        return activation(x @ params["a"] + params["b"]) @ params["c"]

    return model


def recurrent(params, x):
    def step(h, u):
        h = jnp.tanh(u * params["b"] + h @ params["c"] @ params["a"][:4])
        return h, h.sum()

    return jax.lax.scan(step, jnp.zeros_like(params["b"]), x)


def branches(params, x):
    """Sums, differences and signs of one value, and a leaf that is not used."""
    s = x @ params["a"]
    t = jnp.tanh(s)
    return {"one": -(s * t) - s + 3 * s, "two": (jnp.where(s > 0, s, 0.1 * s), t * t - jnp.exp(-s)), "none": x}


def first_the_bias(params, x):
    """A difference and a sum of two values, the older one first and then last."""
    s = x @ params["a"]
    return jnp.tanh(params["b"] - s) @ params["c"], (s - params["b"]) @ params["c"] + x


MODELS = {
    "tanh": dense(jnp.tanh),
    "sigmoid": dense(jax.nn.sigmoid),
    "gelu": dense(jax.nn.gelu),
    "softplus, compiled inside": dense(jax.jit(jax.nn.softplus)),
    "recomputed": jax.checkpoint(dense(jnp.tanh)),
    "recurrent": recurrent,
    "branches": branches,
    "first the bias": first_the_bias,
}


@pytest.mark.parametrize("name", MODELS)
def test_the_same_function_and_the_same_transpose(name):
    with jax.enable_x64(True):
        params, v = ({"a": draw(s, 4, 5), "b": draw(s + 1, 5), "c": draw(s + 2, 5, 4)} for s in (0, 10))
        x = draw(20, 4)
        z, push = jax.linearize(lambda p: MODELS[name](p, x), params)
        short = folded(push, params)
        u = jax.tree.map(jnp.cos, z)
        for one, two in (
            (push(v), short(v)),
            (jax.linear_transpose(push, v)(u), jax.linear_transpose(short, v)(u)),
            (push(v), jax.jit(lambda f, v: f(v))(short, v)),
        ):
            assert jax.tree.structure(one) == jax.tree.structure(two)
            for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two)):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)  # another order of rounding


def test_an_activation_is_one_product():
    """tanh takes three steps, v -> (v + v t)(1 - t), each as large as the layer over the batch."""
    params = {"a": draw(0, 4, 5), "b": draw(1, 5), "c": draw(2, 5, 4)}
    X = draw(3, 100, 4)
    push = jax.linearize(lambda p: jax.vmap(MODELS["tanh"], (None, 0))(p, X), params)[1]
    short = folded(push, params)
    assert sorted(leaf.shape for leaf in jax.tree.leaves(short)) == [(5, 4), (100, 4), (100, 5), (100, 5)]
    names = [equation.primitive.name for equation in jax.make_jaxpr(short)(params).jaxpr.eqns]
    assert names.count("mul") == 1
    assert names.count("dot_general") == 3


def test_single_precision_stays_single():
    params = jax.tree.map(
        lambda leaf: jnp.asarray(leaf, jnp.float32), {"a": draw(0, 4, 5), "b": draw(1, 5), "c": draw(2, 5, 4)}
    )
    x = jnp.asarray(draw(3, 4), jnp.float32)
    with jax.enable_x64(True):
        push = jax.linearize(lambda p: MODELS["gelu"](p, x), params)[1]
        assert folded(push, params)(params).dtype == jnp.float32


def test_an_array_that_is_used_twice_is_held_once():
    M, N = draw(0, 4, 5), draw(1, 4, 5)

    def push(v):
        return v["a"] @ M, M @ v["b"], v["a"] @ N, (v["a"] @ N) @ M.T

    v = {"a": draw(2, 4), "b": draw(3, 5)}
    short = folded(push, v)
    assert sorted(leaf.shape for leaf in jax.tree.leaves(short)) == [(4, 5), (4, 5), (5, 4)]
    for one, two in zip(push(v), short(v)):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-6)
