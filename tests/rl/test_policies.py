"""Policies: the distributions their heads make, their derivatives, their Fisher matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ngtools import families, products, trees
from ngtools.rl import envs, policies

CARTPOLE, PENDULUM = envs.make("CartPole-v1"), envs.make("Pendulum-v1")
CATEGORICAL = families.get("categorical", K=2)
NORMAL = families.get("normal")
KINDS = {
    "softmax network": (CARTPOLE, lambda: policies.mlp(CARTPOLE, (5,))),
    "linear softmax": (CARTPOLE, lambda: policies.linear(CARTPOLE)),
    "minimal logits": (CARTPOLE, lambda: policies.linear(CARTPOLE, head=(CATEGORICAL, "minimal-logits"))),
    "bernoulli": (CARTPOLE, lambda: policies.linear(CARTPOLE, head="bernoulli", bias=False)),
    "normal network": (PENDULUM, lambda: policies.mlp(PENDULUM, (5,))),
    "linear normal": (PENDULUM, lambda: policies.linear(PENDULUM, head="unit-normal")),
}


@pytest.fixture(params=list(KINDS))
def setting(request, rng):
    """A policy at random parameters, states, and actions drawn by it; 64 bits."""
    with jax.enable_x64(True):
        env, make = KINDS[request.param]
        policy = make()
        flat, unflatten = trees.flatten(policy.init(jax.random.key(1)))
        params = unflatten(jnp.asarray(0.5 * rng.standard_normal(flat.size)))
        states = jnp.asarray(rng.standard_normal((30, env.observation_size)))
        yield policy, params, states, policy.sample(params, states, jax.random.key(2))


def dense_fisher(policy, params, states):
    """The mean over states of E_a[score score^T], the expectation over actions summed or by Gauss-Hermite nodes."""
    flat, unflatten = trees.flatten(params)

    def log_prob(theta, s, a):
        return policy.log_prob(unflatten(theta), s[None], a[None])[0]

    score = jax.jit(jax.vmap(jax.grad(log_prob), (None, 0, 0)))
    total = np.zeros((flat.size, flat.size))
    if isinstance(policy.action_space, envs.Discrete):
        for a in range(policy.action_space.n):
            actions = jnp.full(len(states), a)
            psi, p = np.asarray(score(flat, states, actions)), np.exp(policy.log_prob(params, states, actions))
            total += (psi * np.asarray(p)[:, None]).T @ psi
    else:
        nodes, shares = np.polynomial.hermite_e.hermegauss(8)  # exact: scores are quadratic in the action
        outputs = np.asarray(policy.outputs(params, states))
        spread = np.exp(outputs[:, 1]) if outputs.shape[1] == 2 else np.ones(len(states))
        for z, w in zip(nodes, shares / shares.sum()):
            psi = np.asarray(score(flat, states, jnp.asarray(outputs[:, :1] + spread[:, None] * z)))
            total += w * psi.T @ psi
    return total / len(states)


def test_fisher_products_are_the_dense_fisher_matrix(setting):
    policy, params, states, _ = setting
    expected = dense_fisher(policy, params, states)
    F = np.asarray(products.dense(policy.fisher(params, states), params))
    np.testing.assert_allclose(F, expected, atol=1e-13 * max(1, np.abs(expected).max()))
    again = products.dense(products.kl_hessian_vector_product(policy.model, params, states, policy.head), params)
    np.testing.assert_allclose(again, expected, atol=1e-13 * max(1, np.abs(expected).max()))


def test_gradient_of_log_prob_is_a_finite_difference(setting, rng):
    policy, params, states, actions = setting
    flat, unflatten = trees.flatten(params)
    v, h = rng.standard_normal(flat.size), 1e-5

    def log_prob(theta):
        return policy.log_prob(unflatten(theta), states, actions)

    _, along = jax.jvp(log_prob, (flat,), (jnp.asarray(v),))
    expected = (log_prob(flat + h * v) - log_prob(flat - h * v)) / (2 * h)
    # h^2 truncation times third derivatives of order 10, and 1e-16 / h rounding
    np.testing.assert_allclose(along, expected, atol=1e-7)


def test_log_prob_and_kl_are_those_of_the_distribution(setting):
    policy, params, states, actions = setting
    other = jax.tree.map(lambda leaf: leaf + 0.1, params)
    z0, z1 = (np.asarray(policy.outputs(p, states)) for p in (params, other))
    if isinstance(policy.action_space, envs.Discrete):
        if z0.shape[1] == 2:
            p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (z0, z1))
        else:  # one logit: of action 1 (bernoulli), or of action 0 (minimal logits: the last outcome's is 0)
            p, q = (1 / (1 + np.exp(-z[:, 0])) for z in (z0, z1))
            order = [1 - p, p] if policy.head.name == "bernoulli" else [p, 1 - p]
            p, q = np.array(order).T, np.array([1 - q, q] if policy.head.name == "bernoulli" else [q, 1 - q]).T
        log_p = np.log(p[np.arange(len(p)), np.asarray(actions)])
        kl = (p * np.log(p / q)).sum(axis=1)
    else:
        (m0, s0), (m1, s1) = ((z[:, 0], np.exp(z[:, 1]) if z.shape[1] == 2 else np.ones(len(z))) for z in (z0, z1))
        log_p = stats.norm.logpdf(np.asarray(actions)[:, 0], m0, s0)
        kl = np.log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - 0.5
    np.testing.assert_allclose(policy.log_prob(params, states, actions), log_p, rtol=1e-12)
    np.testing.assert_allclose(policy.kl(params, other, states), kl, atol=1e-13)


def test_samples_follow_the_policy(setting):
    policy, params, states, _ = setting
    many = jnp.repeat(states[:1], 4000, axis=0)
    actions = np.asarray(policy.sample(params, many, jax.random.key(5)))
    z = np.asarray(policy.outputs(params, states[:1]))[0]
    if isinstance(policy.action_space, envs.Discrete):
        assert actions.dtype.kind == "i"
        p = float(np.exp(policy.log_prob(params, states[:1], jnp.array([1]))[0]))
        assert abs(actions.mean() - p) < 5 * np.sqrt(p * (1 - p) / 4000)
        most = int(p > 0.5)
        assert int(policy.greedy(params, states[:1])[0]) == most
    else:
        assert actions.shape == (4000, 1)
        spread = np.exp(z[1]) if len(z) == 2 else 1.0
        assert abs(actions.mean() - z[0]) < 5 * spread / np.sqrt(4000)
        assert abs(actions.std() / spread - 1) < 5 / np.sqrt(2 * 4000)
        np.testing.assert_allclose(policy.greedy(params, states[:1])[0], z[:1])


def test_sensitivity_is_the_trace_of_the_outputs_fisher_matrix():
    policy = policies.linear(CARTPOLE)
    states = jnp.eye(4)[:2]
    params = {"kernel": jnp.array([[0.0, 0.0], [200.0, 0], [0, 0], [0, 0]]), "bias": jnp.zeros(2)}
    # a coin in the first state: 1 - 1/4 - 1/4; certain in the second
    np.testing.assert_allclose(policy.sensitivity(params, states), [0.5, 0.0])
    gaussian = policies.linear(PENDULUM)
    start = gaussian.init(jax.random.key(0))
    np.testing.assert_allclose(gaussian.sensitivity(start, jnp.ones((1, 3))), [1.0 + 2.0])  # 1 / sigma^2 + 2


def test_rescaled_features_and_charts_make_the_same_policies(rng):
    with jax.enable_x64(True):
        states = jnp.asarray(rng.standard_normal((9, 4)))
        scale = np.array([1.0, 1.0, 10.0, 0.1])
        plain, scaled = policies.linear(CARTPOLE), policies.linear(CARTPOLE, scale=scale)
        params = {"kernel": jnp.asarray(rng.standard_normal((4, 2))), "bias": jnp.asarray(rng.standard_normal(2))}
        there = {"kernel": params["kernel"] / scale[:, None], "bias": params["bias"]}
        np.testing.assert_allclose(plain.outputs(params, states), scaled.outputs(there, states), atol=1e-13)

        def to(p):
            return jax.tree.map(jnp.sinh, p)

        def back(p):
            return jax.tree.map(jnp.arcsinh, p)

        curved = policies.in_chart(plain, to, back, "sinh")
        np.testing.assert_allclose(plain.outputs(params, states), curved.outputs(to(params), states), atol=1e-13)
        start = jax.random.key(0)
        np.testing.assert_array_equal(curved.init(start)["kernel"], to(plain.init(start))["kernel"])


def test_a_normal_head_in_another_chart_has_the_same_mean():
    head = (NORMAL, "natural")
    policy = policies.of_model(PENDULUM, lambda p, x: p, lambda key: jnp.array([1.5, -0.5]), head=head)
    params = policy.init(jax.random.key(0))  # eta1 = mu / v, eta2 = -1 / (2 v): v = 1, mu = 1.5
    np.testing.assert_allclose(policy.greedy(params, jnp.ones((2, 3))), [[1.5], [1.5]])
    np.testing.assert_allclose(
        policy.log_prob(params, jnp.ones((1, 3)), jnp.array([[2.0]])), stats.norm.logpdf(0.5), rtol=1e-6
    )


@pytest.mark.parametrize("x64", [True, False])
def test_precision_is_that_of_the_caller(x64):
    with jax.enable_x64(x64):
        policy = policies.mlp(PENDULUM, (4,))
        params = policy.init(jax.random.key(0))
        dtype = jnp.float64 if x64 else jnp.float32
        assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype(dtype)}
        states = np.ones((2, 3))  # 64 bits, as some Gymnasium environments show
        actions = policy.sample(params, states, jax.random.key(0))
        assert actions.dtype == policy.log_prob(params, states, actions).dtype == dtype
        v = policy.fisher(params, states)(params)
        assert {leaf.dtype for leaf in jax.tree.leaves(v)} == {jnp.dtype(dtype)}


def test_the_same_request_gives_the_same_record():
    assert policies.mlp(CARTPOLE) is policies.mlp(CARTPOLE, hidden=[64, 64])
    assert envs.make("CartPole-v1") is CARTPOLE


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (lambda: policies.linear(CARTPOLE, scale=(1, 1, 0, 1)), r"4 finite factors other than 0"),
        (lambda: policies.linear(CARTPOLE, scale=(1, 1)), r"4 finite factors"),
        (lambda: policies.linear(CARTPOLE, head="normal"), "over 2 actions needs the head"),
        (lambda: policies.linear(PENDULUM, head="categorical"), "over vectors needs the head"),
        (lambda: policies.mlp(CARTPOLE, hidden=(64, 0)), r"hidden\[1\] must be a whole number of at least 1 \(got 0\)"),
    ],
)
def test_bad_requests_are_named(request_, message):
    with pytest.raises(ValueError, match=message):
        request_()


def test_a_bernoulli_head_needs_two_actions():
    three = type("Env", (), {"observation_size": 2, "action_space": envs.Discrete(3)})()
    with pytest.raises(ValueError, match=r"needs 2 actions \(the environment has 3\)"):
        policies.linear(three, head="bernoulli")


def test_a_model_of_the_wrong_size_is_named():
    policy = policies.of_model(CARTPOLE, lambda w, x: w * x, lambda key: jnp.ones(4))
    with pytest.raises(ValueError, match=r"must return 2 outputs of one observation; .* it returns shape \(4,\)"):
        policy.sample(jnp.ones(4), np.ones((3, 4)), jax.random.key(0))


def test_observations_and_actions_that_are_none():
    policy = policies.linear(CARTPOLE)
    params = policy.init(jax.random.key(0))
    with pytest.raises(ValueError, match="observations must have a leading axis"):
        policy.sample(params, 1.0, jax.random.key(0))
    with pytest.raises(ValueError, match=r"actions must lie in 0, ..., 1 \(got values from 0 to 2\)"):
        policy.log_prob(params, np.ones((2, 4)), [0, 2])
    with pytest.raises(ValueError, match=r"actions must lie in 0, ..., 1 \(got values from -1 to 1\)"):
        policy.log_prob(params, np.ones((2, 4)), [-1, 1])
    with pytest.raises(TypeError, match=r"hidden must list the units of each hidden layer \(got '64'\)"):
        policies.mlp(CARTPOLE, hidden="64")
