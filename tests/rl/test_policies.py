"""Policies: the distributions their heads make, their derivatives, their Fisher matrices."""

from dataclasses import replace

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


def env_of(space, size=2):
    return type("Env", (), {"observation_size": size, "action_space": space})()


THREE = env_of(envs.Box(3, (-1.0,) * 3, (1.0,) * 3))


@pytest.mark.parametrize(
    ("head", "mean", "std"),
    [
        (None, [0.5, -1.0, 2.0], [1.0, 2.0, 0.5]),
        ("normal", [0.5, -1.0, 2.0], [1.0, 2.0, 0.5]),
        ("unit-normal", [0.5, -1.0, 2.0], [1.0, 1.0, 1.0]),
        ((NORMAL, "mean-variance"), [0.5, -1.0, 2.0], [1.0, 2.0, 0.5]),
    ],
)
def test_actions_of_three_entries(head, mean, std):
    mean, std = np.array(mean), np.array(std)
    outputs = {"unit-normal": mean, None: np.append(mean, np.log(std)), "normal": np.append(mean, np.log(std))}
    z = outputs[head] if not isinstance(head, tuple) else np.append(mean, std**2)
    policy = policies.of_model(THREE, lambda p, x: p, lambda key: jnp.asarray(z), head=head)
    params, states = policy.init(None), np.ones((2, 2))
    assert policy.outputs(params, states).shape == (2, len(z))
    np.testing.assert_allclose(policy.greedy(params, states), [mean, mean], rtol=1e-6)
    actions = np.array([[1.0, 0.0, 2.5], [0.0, -3.0, 1.0]], np.float32)
    expected = stats.norm.logpdf(actions, mean, std).sum(axis=1)
    np.testing.assert_allclose(policy.log_prob(params, states, actions), expected, rtol=1e-5)
    drawn = np.asarray(policy.sample(params, np.ones((3000, 2)), jax.random.key(0)))
    assert drawn.shape == (3000, 3)
    assert (np.abs(drawn.mean(axis=0) - mean) < 5 * std / np.sqrt(3000)).all()


def test_a_network_starts_close_to_uniform():
    """Kernels of variance 1 / inputs, so that sizes stay; the last of a policy is a hundredth of that in deviation."""
    start = policies.network_start(jax.random.key(0), (400, 300, 100))
    for layer, inputs, outputs in (("0", 400, 300), ("1", 300, 100)):
        assert start[layer]["kernel"].shape == (inputs, outputs)
        # relative error of a deviation of n numbers: 1 / sqrt(2 n), here below 0.5 %
        assert float(start[layer]["kernel"].std()) == pytest.approx(inputs**-0.5, rel=0.02)
        assert not start[layer]["bias"].any()
    policy = policies.mlp(env_of(envs.Discrete(50)), (200,))
    params = policy.init(jax.random.key(1))
    assert float(params["0"]["kernel"].std()) == pytest.approx(2**-0.5, rel=0.2)
    assert float(params["1"]["kernel"].std()) == pytest.approx(0.01 * 200**-0.5, rel=0.05)
    p = np.exp(policy.log_prob(params, np.ones((50, 2)), np.arange(50)))
    assert p == pytest.approx(np.full(50, 1 / 50), rel=0.05)


def test_heads_of_two_actions_say_what_they_are():
    assert repr(policies.linear(CARTPOLE)) == "<policy: linear, categorical head>"
    assert repr(policies.mlp(CARTPOLE, [3, 5])) == "<policy: network of 3, 5 tanh units, categorical head>"
    with_name = policies.in_chart(policies.linear(CARTPOLE), lambda p: p, lambda p: p)
    assert with_name.name == "linear, another chart"
    assert policies.linear(CARTPOLE, head="categorical").head.size == 2
    assert policies.linear(CARTPOLE, head=[CATEGORICAL, "minimal-logits"]).head.size == 1
    start = policies.linear(CARTPOLE, scale=(1, -1, 2, 1)).init(None)  # a mirrored entry is an entry
    assert {name: leaf.shape for name, leaf in start.items()} == {"kernel": (4, 2), "bias": (2,)}
    both = policies.linear(CARTPOLE), policies.linear(CARTPOLE, bias=False)
    assert [sorted(policy.init(None)) for policy in both] == [["bias", "kernel"], ["kernel"]]
    assert replace(both[0]) != both[0]  # a record is itself alone


@pytest.mark.parametrize(
    ("env", "head", "message"),
    [
        (env_of(envs.Discrete(1)), "bernoulli", r"needs 2 actions \(the environment has 1\)"),
        (CARTPOLE, (families.get("categorical", K=3), "logits"), "distribution over the actions 0, ..., 1"),
        (env_of(envs.Discrete(4)), (CATEGORICAL, "logits"), r"actions 0, ..., 3 \(got 'categorical' on Integers"),
        (CARTPOLE, (families.get("geometric"), "probability"), "distribution over the actions 0, ..., 1"),
        # it has density between the actions, and none on them
        (CARTPOLE, (families.get("beta"), "alpha-beta"), r"actions 0, ..., 1 \(got 'beta' on Interval"),
        (CARTPOLE, (CATEGORICAL, "logits", "more"), "a policy over 2 actions needs the head"),
        (CARTPOLE, ("categorical", "logits"), "a policy over 2 actions needs the head"),
        (PENDULUM, "von-mises", "a policy over vectors needs the head"),
        (PENDULUM, (families.get("laplace"), "location-scale"), "a policy over vectors needs the head"),
        (PENDULUM, (families.get("weibull"), "shape-scale"), "a policy over vectors needs the head"),
        (CARTPOLE, (CATEGORICAL,), "a policy over 2 actions needs the head"),
    ],
)
def test_heads_that_do_not_fit_the_actions(env, head, message):
    with pytest.raises(ValueError, match=message):
        policies.linear(env, head=head)


def test_what_is_no_environment_and_no_layers():
    for nothing in (object(), type("Env", (), {"observation_size": 2})(), type("Env", (), {"action_space": 2})()):
        with pytest.raises(TypeError, match=r"env must come from envs.make or envs.gymnasium"):
            policies.linear(nothing)
    with pytest.raises(TypeError, match="hidden must list the units"):
        policies.mlp(CARTPOLE, hidden=64)
    with pytest.raises(ValueError, match="4 finite factors"):
        policies.linear(CARTPOLE, scale=(1, 1, 1, 1, 1))


@pytest.mark.parametrize(
    "model",
    [
        lambda p, x: p["kernal"] @ x,  # KeyError
        lambda p, x: p @ x[:3],  # TypeError: shapes of a product
        lambda p, x: (p, x)[2],  # IndexError
        lambda p, x: jnp.einsum("ij->i", x),  # ValueError
    ],
)
def test_a_model_that_fails_is_named(model):
    policy = policies.of_model(CARTPOLE, model, lambda key: {"kernel": jnp.ones((2, 4))})
    with pytest.raises(ValueError, match=r"the model of <policy: a model, categorical head> fails on these params"):
        policy.outputs(policy.init(None), np.ones((3, 4)))


def test_sizes_are_named_whether_too_large_or_too_small():
    policy = policies.of_model(CARTPOLE, lambda w, x: w[:1] * x[0], lambda key: jnp.ones(4))
    with pytest.raises(ValueError, match=r"it returns shape \(1,\)"):
        policy.outputs(jnp.ones(4), np.ones((3, 4)))
    linear = policies.linear(CARTPOLE)
    params = linear.init(None)
    for actions in ([0], [0, 1, 1], [[0], [1]]):
        with pytest.raises(ValueError, match=r"actions must have shape \(2,\), one for each observation"):
            linear.log_prob(params, np.ones((2, 4)), actions)
    with pytest.raises(TypeError, match="actions must be whole numbers"):
        linear.log_prob(params, np.ones((2, 4)), [0.0, 1.0])
    pendulum = policies.linear(PENDULUM)
    with pytest.raises(ValueError, match=r"actions must have shape \(2, 1\)"):
        pendulum.log_prob(pendulum.init(None), np.ones((2, 3)), [0.5, 0.5])
    assert linear.log_prob(params, np.ones((0, 4)), np.zeros(0, int)).shape == (0,)  # no step, no action to look at
