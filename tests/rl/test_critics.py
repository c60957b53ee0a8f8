"""Critics fit, keep their precision, and are not spoiled by what is not a number."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import critics

MLP = critics.mlp((8,), steps=3, cg_steps=8)


@pytest.fixture
def data(rng):
    X = rng.standard_normal((400, 3))
    return X, 50 + 10 * X[:, 0] - 4 * X[:, 1] * X[:, 2]


def loss(critic, params, X, y, weights=None):
    error = y - np.asarray(critic.values(params, X))
    return np.average(error**2, weights=weights)


def test_quadratic_is_ridge_least_squares(data, rng):
    X, y = data
    weights = rng.random(400)
    weights /= weights.sum()
    critic = critics.quadratic(ridge=1e-2)
    with jax.enable_x64(True):
        params = critic.fit(critic.init(None, 3), jnp.asarray(X), jnp.asarray(y), jnp.asarray(weights))
        found = np.asarray(critic.values(params, jnp.asarray(X)))
    i, j = np.triu_indices(3)
    Xi = np.concatenate([X, X[:, i] * X[:, j]], axis=1)
    centre = weights @ Xi
    spread = np.sqrt(weights @ (Xi - centre) ** 2)
    Z = (Xi - centre) / spread
    w = np.linalg.solve(Z.T @ (weights[:, None] * Z) + 1e-2 * np.eye(9), Z.T @ (weights * (y - weights @ y)))
    np.testing.assert_allclose(found, weights @ y + Z @ w, rtol=1e-4)  # conjugate gradients stop at 1e-5
    A, b = Z.T @ (weights[:, None] * Z) + 1e-2 * np.eye(9), Z.T @ (weights * (y - weights @ y))
    left = np.linalg.norm(A @ (np.asarray(params["weights"]) * spread) - b) / np.linalg.norm(b)
    assert 1e-8 < left <= 1e-5  # there, and no further


@pytest.mark.parametrize("x64", [True, False])
def test_gauss_newton_learns_and_adapts_its_damping(data, x64):
    with jax.enable_x64(x64):
        X, y = (jnp.asarray(entry, float) for entry in data)
        params = start = MLP.init(jax.random.key(0), 3)
        losses = [loss(MLP, params, X, y)]
        fit = jax.jit(MLP.fit)
        for _ in range(10):
            params = fit(params, X, y, None)
            losses.append(loss(MLP, params, X, y))
        assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.result_type(float)}
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] < 0.06 * np.var(data[1])  # 30 short steps leave 2.5 %, the mean alone 100 %
    assert params["damping"] < start["damping"]


def test_one_gauss_newton_step_on_a_linear_model_is_ridge(rng):
    # without hidden units the model is linear, so the damped step is the ridge solution from 0
    critic = critics.mlp((), steps=1, cg_steps=20, damping=0.5)
    X, y = rng.standard_normal((50, 3)), rng.standard_normal(50)
    with jax.enable_x64(True):
        params = jax.tree.map(lambda leaf: 0 * leaf, critic.init(jax.random.key(0), 3)) | {"damping": jnp.asarray(0.5)}
        fitted = critic.fit(params, jnp.asarray(X), jnp.asarray(y), None)["net"]["0"]
    Z = np.column_stack([np.ones(50), X])
    expected = np.linalg.solve(Z.T @ Z / 50 + 0.5 * np.eye(4), Z.T @ y / 50)
    # conjugate gradients stop at a residual of 1e-3
    found = np.concatenate([fitted["bias"], fitted["kernel"][:, 0]])
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


def test_rows_without_weight_do_not_count(data):
    X, y = data
    weights = np.repeat([1 / 200, 0], 200)
    spoiled = np.where(weights > 0, y, 1e6)
    with jax.enable_x64(True):
        for critic in (MLP, critics.quadratic()):
            start = critic.init(jax.random.key(0), 3)
            a = critic.fit(start, jnp.asarray(X), jnp.asarray(y), jnp.asarray(weights))
            b = critic.fit(start, jnp.asarray(X), jnp.asarray(spoiled), jnp.asarray(weights))
            jax.tree.map(np.testing.assert_array_equal, a, b)


def test_a_target_that_is_not_a_number_leaves_the_network_alone(data):
    X, y = data
    y = np.where(np.arange(400) == 7, np.nan, y)
    start = MLP.init(jax.random.key(0), 3)
    fitted = MLP.fit(start, jnp.asarray(X, jnp.float32), jnp.asarray(y, jnp.float32), None)
    jax.tree.map(np.testing.assert_array_equal, fitted["net"], start["net"])
    assert np.isfinite(fitted["damping"])


def test_no_critic_is_zero():
    critic = critics.none()
    assert critic.fit((), None, None, None) == ()
    np.testing.assert_array_equal(critic.values((), jnp.ones((3, 2, 4))), np.zeros((3, 2)))


def test_counts_are_checked():
    with pytest.raises(ValueError, match=r"cg_steps must be a whole number of at least 1 \(got 0\)"):
        critics.mlp(cg_steps=0)


def test_the_defaults_are_these():
    assert critics.mlp() is critics.mlp([64, 64], steps=1, cg_steps=5, damping=0.1)
    assert critics.quadratic() is critics.quadratic(ridge=1e-3)
    assert repr(critics.mlp((3, 5))) == "<critic: network of 3, 5 tanh units, Gauss-Newton>"
    with pytest.raises(ValueError, match=r"damping must be > 0 \(got 0\)"):
        critics.mlp(damping=0)
    with pytest.raises(ValueError, match=r"ridge must be >= 0 \(got -1\)"):
        critics.quadratic(-1)
    assert critics.quadratic(0) != critics.quadratic()


@partial(jax.jit, static_argnums=0)
def fit_compiled(critic, *data):
    return critic.fit(*data)


def linear_fit(X, y, damping, **settings):
    """Coefficients after one fit of a network without hidden units from 0, and its damping; 64 bits."""
    critic = critics.mlp((), **settings)
    with jax.enable_x64(True):
        start = jax.tree.map(lambda leaf: 0 * leaf, critic.init(jax.random.key(0), X.shape[1]))
        fitted = fit_compiled(critic, start | {"damping": jnp.asarray(damping)}, jnp.asarray(X), jnp.asarray(y), None)
    layer = fitted["net"]["0"]
    return np.concatenate([layer["bias"], layer["kernel"][:, 0]]), float(fitted["damping"])


def test_the_damping_falls_after_a_step_that_served_and_rises_after_one_that_did_not(rng):
    X, y = rng.standard_normal((20, 2)), rng.standard_normal(20)
    wrong = np.where(np.arange(20) == 3, np.nan, y)
    for targets, before, after in (
        (y, 0.6, 0.2),
        (wrong, 0.6, 1.8),
        (0 * y, 0.6, 1.8),  # fitted already: no step lowers a loss of 0
        (y, 2e-4, 1e-4),  # the bounds are 1e-4 and 1e4
        (wrong, 9e3, 1e4),
    ):
        found, damping = linear_fit(X, targets, before)
        assert damping == pytest.approx(after, rel=1e-12)
        assert found.any() == (targets is y)
    _, damping = linear_fit(X, y, 0.9, steps=2)
    assert damping == pytest.approx(0.1, rel=1e-12)


def test_a_step_is_solved_to_a_thousandth_and_no_further(rng):
    """Conjugate gradients may take twenty steps; features of twenty sizes would need more."""
    X, y = rng.standard_normal((200, 20)) * np.linspace(0.2, 3, 20), rng.standard_normal(200)
    Z = np.column_stack([np.ones(200), X])
    A, b = Z.T @ Z / 200 + 0.05 * np.eye(21), Z.T @ y / 200
    left = [np.linalg.norm(A @ linear_fit(X, y, 0.05, cg_steps=steps)[0] - b) / np.linalg.norm(b) for steps in (2, 60)]
    assert left[0] > 1e-2
    assert 1e-5 < left[1] <= 1e-3


def test_a_feature_that_is_constant_counts_for_nothing(rng):
    X = np.column_stack([rng.standard_normal(60), np.full(60, 2.0)])
    y = 3 + X[:, 0]
    critic = critics.quadratic(ridge=0)
    with jax.enable_x64(True):
        start = critic.init(None, 2)
        assert {name: leaf.shape for name, leaf in start.items()} == {"weights": (5,), "centre": (5,), "constant": ()}
        assert critic.value(start, jnp.array([1.0, 2.0])) == 0  # before its first fit
        params = critic.fit(start, jnp.asarray(X), jnp.asarray(y), None)
        found = critic.values(params, jnp.asarray(X))
    np.testing.assert_allclose(found, y, atol=1e-4)
    # x2, x2^2: their spread is 0
    assert params["weights"][jnp.array([1, 4])].tolist() == [0, 0]


def test_values_of_one_observation_and_of_many(rng):
    critic = critics.mlp((3,))
    params = critic.init(jax.random.key(1), 2)
    X = rng.standard_normal((4, 5, 2)).astype(np.float32)
    net = params["net"]
    hidden = np.tanh(X @ net["0"]["kernel"] + net["0"]["bias"])
    expected = (hidden @ net["1"]["kernel"] + net["1"]["bias"])[..., 0]
    np.testing.assert_allclose(critic.values(params, X), expected, rtol=1e-5)
    np.testing.assert_allclose(critic.values(params, X[1, 2]), expected[1, 2], rtol=1e-5)
