"""Pytrees as vectors, judged by flattening them with NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import trees


def odd_tree(seed, dtype=np.float64):
    """A pytree no benchmark uses: a tuple in a dict, a scalar, an empty subtree and an empty array."""
    rng = np.random.default_rng(seed)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape), dtype)  # noqa: E731
    return {"a": (draw(2, 3), [draw()]), "b": {}, "c": draw(0, 4), "d": draw(5)}


def flat(tree):
    return np.concatenate([np.asarray(leaf).reshape(-1) for leaf in jax.tree.leaves(tree)])


def test_dot_norm_axpy_and_scale_are_those_of_the_flat_vectors():
    with jax.enable_x64(True):
        u, v = odd_tree(0), odd_tree(1)
        # one rounding a term: 12 terms of order one
        assert float(trees.dot(u, v)) == pytest.approx(flat(u) @ flat(v), abs=1e-14)
        assert float(trees.norm(u)) == pytest.approx(np.linalg.norm(flat(u)), rel=1e-15)
        np.testing.assert_allclose(flat(trees.axpy(0.3, u, v)), 0.3 * flat(u) + flat(v), rtol=0, atol=1e-15)
        np.testing.assert_allclose(flat(trees.scale(-2.0, u)), -2 * flat(u), rtol=0, atol=0)
        vector, back = trees.flatten(u)
        np.testing.assert_array_equal(vector, flat(u))
        assert jax.tree.structure(back(vector)) == jax.tree.structure(u)


def test_double_is_double_without_the_switch():
    u = odd_tree(0, np.float32)
    found = trees.double(u)
    assert jax.tree.structure(found) == jax.tree.structure(u)
    assert {(type(leaf), leaf.dtype) for leaf in jax.tree.leaves(found)} == {(np.ndarray, np.dtype(np.float64))}
    np.testing.assert_array_equal(flat(found), flat(u))


def test_single_precision_stays_single_where_double_is_switched_on():
    with jax.enable_x64(True):
        u = odd_tree(0, np.float32)
        # a NumPy scalar is not weakly typed: it would promote every leaf
        for tree in (trees.axpy(np.float64(0.5), u, u), trees.scale(np.float64(0.5), u), trees.dot(u, u)):
            assert {leaf.dtype for leaf in jax.tree.leaves(tree)} == {np.dtype(np.float32)}


def test_shapes_are_compared_leaf_by_leaf_and_never_broadcast():
    grad, params = {"w": jnp.ones((3, 1))}, {"w": jnp.ones(3)}
    with pytest.raises(
        ValueError, match=r"grad has shape \(3, 1\) at \['w'\], params has shape \(3,\); no broadcasting"
    ):
        trees.check_like(grad, params, "grad", "params")
    with pytest.raises(ValueError, match="differ in structure"):
        trees.check_like({"v": jnp.ones(3)}, params, "grad", "params")


def test_bad_leaves_are_named():
    with pytest.raises(ValueError, match=r"b contains nan at index 4 of \['w'\]"):
        trees.check_finite({"w": jnp.array([0.0, 1, 2, 3, np.nan])}, "b")
    with pytest.raises(ValueError, match=r"b contains inf at index \(1, 0\)"):
        trees.check_finite(jnp.array([[0.0], [np.inf]]), "b")
    with pytest.raises(TypeError, match=r"params must be floating point \(got int32 at \['n'\]\)"):
        trees.check_floating({"n": jnp.arange(3)}, "params")
    with pytest.raises(ValueError, match="params is an empty pytree"):
        trees.check_floating({}, "params")


def test_numbers_are_read_by_their_kind():
    assert trees.numbers([1, 2.5], "x").tolist() == [1.0, 2.5]
    assert trees.numbers([True], "done", (jnp.bool_,)).dtype == bool
    with pytest.raises(TypeError, match=r"x must be real numbers \(got dtype bool\)"):
        trees.numbers([True], "x")
    with pytest.raises(TypeError, match=r"done must be booleans \(got dtype int64\)"):
        trees.numbers([1], "done", (jnp.bool_,))
    with pytest.raises(ValueError, match="x contains nan at index 1"):
        trees.numbers([0.0, float("nan")], "x")


def test_the_place_of_what_is_wrong():
    whole = r"at \(the whole\)"
    with pytest.raises(ValueError, match=rf"g has shape \(2,\) {whole}, p has shape \(3,\)"):
        trees.check_like(jnp.ones(2), jnp.ones(3), "g", "p")
    with pytest.raises(TypeError, match=rf"p must be floating point \(got int32 {whole}\)"):
        trees.check_floating(jnp.arange(3), "p")
    # the first of several, one axis and two, and a number
    for leaf, place in (
        (np.array([1.0, np.nan, np.inf]), "nan at index 1"),
        (np.array([[1.0, 2.0], [3.0, -np.inf], [np.nan, 1.0]]), "-inf at index (1, 1)"),
        (np.array(np.nan), "nan at its only entry"),
        (jnp.asarray(jnp.inf), "inf at its only entry"),
    ):
        for tree, where in ((leaf, ""), ([1.0, leaf], " of [1]")):
            with pytest.raises(ValueError) as told:
                trees.check_finite(tree, "b")
            assert str(told.value) == f"b contains {place}{where}"


def test_what_is_right_passes():
    tree = odd_tree(0, np.float32)
    trees.check_finite(tree, "b")
    trees.check_floating(tree, "b")
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), tree)
    trees.check_like(tree, shapes, "b", "shapes")
    assert trees.numbers([1, 2], "x").tolist() == [1, 2]
    assert trees.numbers(jnp.arange(2), "x").tolist() == [0, 1]


def test_traced_values_are_not_looked_at():
    assert not trees.is_traced(1.0, [jnp.ones(2)])

    @jax.jit
    def look(x):
        assert trees.is_traced([1.0, x])
        trees.check_finite([jnp.asarray(jnp.nan), x], "b")
        return x

    assert np.isnan(look(jnp.nan))


def test_of_an_array_on_several_processes_the_entries_here_are_looked_at():
    """Stand-ins: one process has no such array.  One that lies here, or is the same everywhere, is read as a whole."""
    from types import SimpleNamespace
    from unittest.mock import MagicMock

    shards = [SimpleNamespace(data=np.array([1.0, 2.0])), SimpleNamespace(data=np.array([3.0]))]
    for addressable, replicated, expected in (
        (False, False, [1, 2, 3]),
        (True, False, [7, 8]),
        (False, True, [7, 8]),
        (True, True, [7, 8]),
    ):
        spread = MagicMock(
            spec=jax.Array,
            is_fully_addressable=addressable,
            is_fully_replicated=replicated,
            addressable_shards=shards,
        )
        spread.__array__ = lambda *_, **__: np.array([7.0, 8.0])
        assert trees.local(spread).tolist() == expected


def test_the_inner_product_keeps_its_precision_and_of_nothing_is_zero():
    half = {"a": jnp.ones(3, jnp.float16), "b": jnp.zeros(0, jnp.float16)}
    assert trees.dot(half, half).dtype == jnp.float16
    assert float(trees.dot(half, half)) == 3
    assert float(trees.dot([jnp.zeros(0)], [jnp.zeros(0)])) == 0
