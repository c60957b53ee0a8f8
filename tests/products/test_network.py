"""The trial network, the count of multiply-adds, and the batch spread over devices."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import products, trees
from ngtools.products import network, sharding
from ngtools.products.cost import multiply_adds


def test_network_by_hand_and_its_gradient_by_differences():
    params, X, y = network.problem(np.random.default_rng(0), (3, 5, 4, 2), 7)
    h = X
    for name in ("0", "1"):
        h = np.tanh(h @ params[name]["kernel"] + params[name]["bias"])
    z = h @ params["2"]["kernel"] + params["2"]["bias"]
    np.testing.assert_allclose(jax.vmap(network.network, (None, 0))(params, X), z, rtol=0, atol=1e-14)

    def objective(p):
        z = jax.vmap(network.network, (None, 0))(p, X)
        return np.mean(np.asarray(z)[np.arange(7), y] - np.log(np.exp(np.asarray(z)).sum(axis=1)))

    v, step = network.tangent(np.random.default_rng(1), params), 1e-6
    ends = [objective(jax.tree.map(lambda p, t, s=s: p + s * step * t, params, v)) for s in (1, -1)]
    gradient = network.log_likelihood_gradient(network.network, params, (X, y), "categorical")
    assert float(trees.dot(gradient, v)) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7)


def test_ten_layers_are_taken_in_order():
    params, X, _ = network.problem(np.random.default_rng(0), (2,) * 12, 1)
    h = X[0]
    for i in range(11):
        h = h @ params[str(i)]["kernel"] + params[str(i)]["bias"]
        h = np.tanh(h) if i < 10 else h
    np.testing.assert_allclose(network.network(params, X[0]), h, rtol=0, atol=1e-14)


def test_mean_divergence_of_a_network_from_another():
    params, X, _ = network.problem(np.random.default_rng(0), (3, 5, 2), 7)
    other, _, _ = network.problem(np.random.default_rng(1), (3, 5, 2), 7)
    log_p, log_q = (jax.nn.log_softmax(jax.vmap(network.network, (None, 0))(p, X)) for p in (params, other))
    expected = float(jnp.mean(jnp.sum(jnp.exp(log_p) * (log_p - log_q), axis=1)))
    assert float(network.mean_kl(network.network, params, other, X, "categorical")) == pytest.approx(
        expected, rel=1e-12
    )


def test_counting_goes_into_jit_scan_and_batches():
    A, v = jnp.ones((3, 4)), jnp.ones(4)
    assert multiply_adds(lambda v: A @ v, v) == 12
    assert multiply_adds(jax.jit(lambda v: A @ v), v) == 12
    assert multiply_adds(jax.vmap(lambda v: A @ v), jnp.ones((5, 4))) == 60
    loop = lambda v: jax.lax.scan(lambda c, _: (A.T @ (A @ c), None), v, length=7)[0]  # noqa: E731
    assert multiply_adds(loop, v) == 7 * 24
    assert multiply_adds(jnp.tanh, v) == 0


SCRIPT = """
import jax, numpy as np
from ngtools import products, trees
from ngtools.products import network, sharding
jax.config.update("jax_enable_x64", True)
mesh = sharding.data_mesh()
assert mesh.size == 4
params, X, y = network.problem(np.random.default_rng(0), (3, 6, 4), 32)
v = network.tangent(np.random.default_rng(1), params)
one = trees.flatten(products.fisher_vector_product(network.network, params, X, "categorical")(v))[0]
X = sharding.spread(X, mesh)
assert {shard.data.shape for shard in X.addressable_shards} == {(8, 3)}
params, v = sharding.replicate((params, v), mesh)
op = products.fisher_vector_product(network.network, params, X, "categorical")
assert np.abs(trees.flatten(op(v))[0] - one).max() < 1e-14
"""


def test_a_batch_spread_over_four_devices_gives_the_same_product():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_examples_that_cannot_be_spread_evenly():
    class Two:
        local_devices = (0, 1)

    with pytest.raises(ValueError, match="5 examples cannot be spread evenly over 2 devices; leave out 1"):
        sharding.spread(np.ones((5, 3)), Two())


def test_explicit_matrix_is_in_64_bits_whatever_it_is_given():
    params, X, _ = network.problem(np.random.default_rng(0), (3, 5, 2), 7)
    F = network.explicit_fisher(network.network, jax.tree.map(jnp.float32, params), X, "categorical")
    op = products.fisher_vector_product(network.network, params, X, "categorical")
    assert F.dtype == np.float64
    assert pytest.approx(np.asarray(products.dense(op, params)), abs=1e-6) == F


def test_one_device_is_a_mesh_as_well():
    """On the devices that there are, most often one: the arrays themselves, spread or copied."""
    mesh, X = sharding.data_mesh(jax.devices()[:1]), np.arange(6.0, dtype=np.float32).reshape(3, 2)
    assert (mesh.axis_names, mesh.size) == (("data",), 1)
    assert sharding.data_mesh().size == len(jax.devices())
    spread, copied = sharding.spread({"x": X, "y": X[:, 0]}, mesh), sharding.replicate([X], mesh)
    np.testing.assert_array_equal(spread["x"], X)
    np.testing.assert_array_equal(spread["y"], X[:, 0])
    np.testing.assert_array_equal(copied[0], X)
    assert spread["x"].sharding.spec == jax.sharding.PartitionSpec("data")
    assert copied[0].sharding.spec == jax.sharding.PartitionSpec()


def test_what_a_random_problem_is_drawn_from():
    """Kernels of variance 1 / inputs, biases of deviation 0.1, labels from all classes: four standard errors each."""
    params, X, y = network.problem(np.random.default_rng(0), (400, 300, 5), 1000)
    for name, (inputs, outputs) in (("0", (400, 300)), ("1", (300, 5))):
        kernel, bias = params[name]["kernel"], params[name]["bias"]
        assert (kernel.shape, bias.shape) == ((inputs, outputs), (outputs,))
        assert kernel.std() * np.sqrt(inputs) == pytest.approx(1, abs=4 / np.sqrt(2 * kernel.size))
    assert params["0"]["bias"].std() == pytest.approx(0.1, abs=4 * 0.1 / np.sqrt(2 * 300))
    assert (X.shape, y.shape) == ((1000, 400), (1000,))
    assert X.std() == pytest.approx(1, abs=4 / np.sqrt(2 * X.size))
    assert sorted(set(y.tolist())) == [0, 1, 2, 3, 4]


def test_element_wise_work_is_not_counted():
    assert multiply_adds(lambda v: jnp.exp(v) + v * jnp.sum(v) - jnp.where(v > 0, v, 1.0), jnp.ones(5)) == 0
    matrices = jnp.ones((2, 3, 4)), jnp.ones((2, 4, 5))
    assert multiply_adds(lambda A, B: jnp.einsum("bij,bjk->bik", A, B), *matrices) == 2 * 3 * 4 * 5
    assert multiply_adds(lambda A: jnp.einsum("bij,bij->b", A, A), matrices[0]) == 2 * 3 * 4
