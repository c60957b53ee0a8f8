"""Twin networks: what is asked of their sizes, and each method's defect by dense matrices."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import kfac
from ngtools.descent.networks import as_sigmoid, initial, sigmoid_network, tanh_network
from ngtools.invariance import layerwise


def test_as_many_outputs_as_parameters(monkeypatch):
    """Three inputs, two hidden units, two outputs: 4 2 + 3 2 = 14 parameters, and 7 examples of 2 outputs."""
    seen = []

    def stub(model, params, X, Y, rate):
        seen.append((X.shape, Y.shape, rate))
        return {name: jnp.full((len(X), 2), 1.0 + len(seen)) for name in layerwise.STEPS}

    monkeypatch.setattr(layerwise, "_outputs_after", stub)
    with pytest.raises(
        ValueError,
        match=r"examples must be at least 7 \(got 6\): with 2 outputs each, fewer leave the Fisher matrix of 14 parameters",
    ):
        layerwise.layerwise_defects(np.random.default_rng(0), (3, 2, 2), 6)
    assert list(layerwise.layerwise_defects(np.random.default_rng(0), (3, 2, 2), 7, 0.25)) == list(layerwise.STEPS)
    assert seen == [((7, 3), (7, 2), 0.25)] * 2
    # 2 3 + 4 1 = 10 parameters of one output do not divide: rounded up for two
    with pytest.raises(ValueError, match=r"at least 9 \(got 8\): with 2 outputs each, .* of 17 parameters"):
        layerwise.layerwise_defects(np.random.default_rng(0), (2, 3, 2), 8)
    seen.clear()
    layerwise.layerwise_defects(np.random.default_rng(0))
    assert seen == [((60, 3), (60, 2), 0.5)] * 2


def test_every_defect_by_dense_matrices():
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    found = layerwise.layerwise_defects(rng, sizes=(2, 2, 1), examples=30, rate=0.7)
    with jax.enable_x64(True):
        params = initial(jax.random.key(int(again.integers(2**31))), (2, 2, 1))
        X, Y = again.standard_normal((30, 2)), again.standard_normal((30, 1))
        ends: dict[str, list[np.ndarray]] = {"gradient": [], "diagonal": [], "K-FAC, damped": []}
        for model, start in ((tanh_network, params), (sigmoid_network, as_sigmoid(params))):
            vector, back = ravel_pytree(start)
            outputs = jax.jit(lambda v, model=model, back=back: jax.vmap(model, (None, 0))(back(v), X))
            J = np.asarray(jax.jacobian(outputs)(vector))[:, 0]
            g = J.T @ (np.asarray(outputs(vector)) - Y)[:, 0] / 30
            damped = kfac.solve(kfac.factors(model, start, X, "unit-normal"), back(jnp.asarray(g)), damping=0.01).value
            steps = {
                "gradient": g,
                "diagonal": g / ((J**2).sum(axis=0) / 30),
                "K-FAC, damped": np.asarray(ravel_pytree(damped)[0]),
            }
            for name, direction in steps.items():
                ends[name].append(np.asarray(outputs(vector - 0.7 * direction)))
        before = np.asarray(jax.vmap(tanh_network, (None, 0))(params, X))
    for name, (one, two) in ends.items():
        expected = np.abs(one - two).max() / np.abs(one - before).max()
        assert found[name] == pytest.approx(expected, rel=1e-6)
        assert 0.01 < expected < 10
    assert max(found["K-FAC"], found["natural"]) < 1e-8
