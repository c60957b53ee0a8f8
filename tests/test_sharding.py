"""The same code on a batch spread over eight devices gives the same numbers, without gathering the batch."""

import os
import socket
import subprocess
import sys

SCRIPT = """
import jax, jax.numpy as jnp, numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from ngtools import descent, kfac, linear, products

jax.config.update("jax_enable_x64", True)
assert len(jax.devices()) == 8

# Explicit axes, the default, would make vmap over anything else fail
mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
spread, everywhere = NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())


def model(params, x, dense=kfac.dense):
    return dense(params, "out", jnp.tanh(dense(params, "hidden", x)))


rng = np.random.default_rng(0)
draw = lambda *shape: jnp.asarray(rng.standard_normal(shape))
params = {"hidden": {"kernel": draw(3, 8), "bias": draw(8)}, "out": {"kernel": draw(8, 4), "bias": draw(4)}}
gradient, X = jax.tree.map(jnp.sin, params), draw(64, 3)


def everything(params, gradient, X):
    op = products.fisher_vector_product(model, params, X, "categorical")
    kl = products.kl_hessian_vector_product(model, params, X, "categorical")
    rows = products.fisher_rows(model, params, X[:16], "categorical")
    factors = kfac.factors(model, params, X, "categorical")
    return {
        "product": op(gradient),
        "kl hessian": kl(gradient),
        "cg": linear.cg(op, gradient, damping=0.1, max_steps=40, tol=1e-12).value,
        "step": descent.natural_gradient_step(params, gradient, op, kl_budget=0.1, damping=0.1).params,
        "diagonal": products.diagonal(model, params, X, "categorical"),
        "sample space": linear.sample_space(rows, gradient, damping=0.1).value,
        "kfac": kfac.solve(factors, gradient, damping=0.1).value,
    }


one = everything(params, gradient, X)
sharded = jax.device_put(X, spread)
replicated = jax.device_put((params, gradient), everywhere)
for run in (everything, jax.jit(everything)):
    eight = run(*replicated, sharded)
    for name in one:
        a, b = (np.asarray(ravel_pytree(tree[name])[0]) for tree in (one, eight))
        difference = np.abs(a - b).max() / np.abs(a).max()
        print(f"{name}: {difference:.1e}")
        # the sums are taken in another order: roundings, times the condition number of a solve
        assert difference < 1e-10, name
    assert np.isfinite(difference)

op = products.fisher_vector_product(model, replicated[0], sharded, "categorical")
batched = [leaf for leaf in jax.tree.leaves(op) if leaf.shape[:1] == (64,)]
assert batched and all(leaf.sharding.is_equivalent_to(spread, leaf.ndim) for leaf in batched)
text = jax.jit(lambda op, v: op(v)).lower(op, replicated[1]).compile().as_text()
assert "all-reduce" in text
assert "all-gather" not in text and "all-to-all" not in text
print("communication: all-reduce only")
"""


def test_eight_devices_give_the_numbers_of_one():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "communication: all-reduce only" in done.stdout


TWO_PROCESSES = """
import sys
import jax
import numpy as np

rank, port = int(sys.argv[1]), sys.argv[2]
jax.config.update("jax_enable_x64", True)
jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=rank)

import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from ngtools import linear, products
from ngtools.products import sharding

assert (len(jax.devices()), len(jax.local_devices())) == (4, 2)


def model(params, x):
    return jnp.tanh(x @ params["a"]) @ params["b"]


rng = np.random.default_rng(0)
params = {"a": rng.standard_normal((3, 5)), "b": rng.standard_normal((5, 4))}
gradient, X = {name: np.sin(leaf) for name, leaf in params.items()}, rng.standard_normal((64, 3))


def both(params, gradient, X):
    op = products.fisher_vector_product(model, params, X, "categorical")
    return op(gradient), linear.cg(op, gradient, damping=0.1, max_steps=60, tol=1e-12).value


alone = both(params, gradient, X)
mesh = sharding.data_mesh()
mine = X[32 * rank : 32 * rank + 32]
spread = sharding.spread(mine, mesh)
assert spread.shape == (64, 3)
together = both(*sharding.replicate((params, gradient), mesh), spread)
for one, all_ in zip(alone, together):
    a, b = (np.asarray(ravel_pytree(jax.tree.map(np.asarray, tree))[0]) for tree in (one, all_))
    # the sums are taken in another order: roundings, times the condition number of the solve
    assert np.abs(a - b).max() / np.abs(a).max() < 1e-10
print("two processes give the numbers of one")
"""


def test_two_processes_give_the_numbers_of_one():
    """``jax.distributed`` on this machine: each process brings its half of the examples."""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    with socket.socket() as one:  # a port that is free now
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TWO_PROCESSES, str(rank), port],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in started:
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, out + err
            assert "two processes give the numbers of one" in out
    finally:
        for process in started:
            process.kill()
