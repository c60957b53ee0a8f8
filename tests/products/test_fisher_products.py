"""Fisher-vector products judged by a matrix derived by hand in NumPy, and by each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import families, linear, products

# 3-6-4: 52 parameters, more than 5 inputs times 3 free outputs
SIZES = (3, 6, 4)


def net(params, x):
    return jnp.tanh(x @ params["w"] + params["b"]) @ params["w_out"] + params["b_out"]


def make(seed=0, count=5, dtype=np.float64):
    rng = np.random.default_rng(seed)
    i, h, o = SIZES
    params = {"w": rng.standard_normal((i, h)), "b": rng.standard_normal(h)}
    params |= {"w_out": rng.standard_normal((h, o)), "b_out": rng.standard_normal(o)}
    X = rng.standard_normal((count, i))
    return {k: jnp.asarray(v, dtype) for k, v in params.items()}, jnp.asarray(X, dtype)


def by_hand(params, X):
    """Jacobians (N, outputs, d) and outputs of the net, derived by hand; d in the order b, b_out, w, w_out."""
    w, b, w_out, b_out = (np.asarray(params[k]) for k in ("w", "b", "w_out", "b_out"))
    jacobians, zs = [], []
    for x in np.asarray(X):
        h = np.tanh(x @ w + b)
        zs.append(h @ w_out + b_out)
        back = w_out.T * (1 - h**2)  # dz / d(pre-activation), (outputs, hidden)
        eye = np.eye(len(b_out))
        d_w = back[:, None, :] * x[None, :, None]
        d_w_out = h[None, :, None] * eye[:, None, :]
        jacobians.append(np.concatenate([back, eye, d_w.reshape(4, -1), d_w_out.reshape(4, -1)], axis=1))
    return np.stack(jacobians), np.stack(zs)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def fisher_by_hand(params, X):
    J, z = by_hand(params, X)
    p = softmax(z)
    F_z = p[:, :, None] * np.eye(4) - p[:, :, None] * p[:, None, :]
    return np.einsum("nkd,nkl,nle->de", J, F_z, J) / len(X)


def flat(tree):
    return np.asarray(ravel_pytree(tree)[0])


def random_like(params, seed):
    vector, back = ravel_pytree(params)
    return back(jnp.asarray(np.random.default_rng(seed).standard_normal(vector.size), vector.dtype))


def test_two_routes_equal_the_matrix_derived_by_hand():
    """The Gauss-Newton form, the KL Hessian and the matrix entry by entry; linear and symmetric; observed 2e-16."""
    params, X = make()
    F = fisher_by_hand(params, X)
    u, v = random_like(params, 1), random_like(params, 2)
    gauss_newton = products.fisher_vector_product(net, params, X, "categorical")
    kl_hessian = products.kl_hessian_vector_product(net, params, X, "categorical")
    for op in (gauss_newton, kl_hessian):
        np.testing.assert_allclose(flat(op(v)), F @ flat(v), rtol=0, atol=1e-12)
        np.testing.assert_allclose(products.dense(op, params), F, rtol=0, atol=1e-12)
        assert abs(flat(u) @ flat(op(v)) - flat(v) @ flat(op(u))) < 1e-12
        products.check_operator(op, params, jax.random.key(0))


def test_rank_is_bounded_by_the_batch():
    """Rank at most N (K - 1): 5 inputs, 4 classes: rank 15 although there are 52 parameters."""
    params, X = make()
    F = np.asarray(products.dense(products.fisher_vector_product(net, params, X, "categorical"), params))
    spectrum = np.linalg.eigvalsh(F)
    assert len(F) == 52
    assert (spectrum > 1e-12 * spectrum[-1]).sum() == 15
    # nothing sits between: the gap is rounding against the smallest true eigenvalue
    assert np.sort(spectrum)[-15] > 1e-6 * spectrum[-1]


def test_products_are_means_over_the_batch_and_weights_replace_the_mean():
    params, X = make()
    v = random_like(params, 3)
    once = flat(products.fisher_vector_product(net, params, X, "categorical")(v))
    doubled = jnp.concatenate([X, X])
    np.testing.assert_allclose(
        flat(products.fisher_vector_product(net, params, doubled, "categorical")(v)), once, rtol=0, atol=1e-14
    )
    weights = jnp.array([1.0, 0, 0, 3.0, 0])
    expected = (fisher_by_hand(params, X[:1]) + 3 * fisher_by_hand(params, X[3:4])) / 4 @ flat(v)
    for route in (products.fisher_vector_product, products.kl_hessian_vector_product):
        np.testing.assert_allclose(
            flat(route(net, params, X, "categorical", weights=weights)(v)), expected, rtol=0, atol=1e-13
        )
    rows = products.fisher_rows(net, params, X, "categorical", weights=weights)
    R = np.asarray(jax.vmap(lambda row: ravel_pytree(row)[0])(rows))
    np.testing.assert_allclose(R.T @ (R @ flat(v)), expected, rtol=0, atol=1e-13)


def test_diagonal_and_rows():
    params, X = make(count=7)
    F = fisher_by_hand(params, X)
    for chunk in (None, 3, 7):
        diagonal = products.diagonal(net, params, X, "categorical", chunk=chunk)
        np.testing.assert_allclose(flat(diagonal), np.diag(F), rtol=0, atol=1e-14)
    rows = products.fisher_rows(net, params, X, "categorical")
    R = np.asarray(jax.vmap(lambda row: ravel_pytree(row)[0])(rows))
    assert R.shape == (28, 52)
    np.testing.assert_allclose(R.T @ R, F, rtol=0, atol=1e-14)


def positive_net(params, x):
    return jnp.exp(net(params, x))


HEADS = [
    ("bernoulli", net),
    ("poisson", net),
    ("normal", net),
    ("unit-normal", net),
    (("categorical", "logits", {"K": 4}), net),
    (("gamma", "shape-rate", {}), positive_net),
]


@pytest.mark.parametrize(("head", "model"), HEADS, ids=lambda value: str(getattr(value, "__name__", value)))
def test_every_head_by_every_route(head, model):
    """Stated Fisher matrix of the family in Gauss-Newton form = Hessian of the family's KL = outer rows."""
    params, X = make(count=3)
    if isinstance(head, tuple):
        name, chart, constants = head
        head = (families.get(name, **constants), chart)
    F = np.asarray(products.dense(products.fisher_vector_product(model, params, X, head), params))
    scale = np.abs(F).max()
    kl = products.dense(products.kl_hessian_vector_product(model, params, X, head), params)
    np.testing.assert_allclose(kl, F, rtol=0, atol=1e-12 * scale)
    R = np.asarray(jax.vmap(lambda r: ravel_pytree(r)[0])(products.fisher_rows(model, params, X, head)))
    np.testing.assert_allclose(R.T @ R, F, rtol=0, atol=1e-12 * scale)


def test_normal_head_reads_means_then_log_deviations():
    """By hand for one example: F = diag(1/sigma^2, ..., 2, ...) in (means, log stds)."""
    z = jnp.array([0.3, -1.0, 0.5, -0.7])
    op = products.fisher_vector_product(lambda params, x: params, z, jnp.zeros((1, 1)), "normal")
    expected = np.diag([np.exp(-1.0), np.exp(1.4), 2.0, 2.0])
    np.testing.assert_allclose(products.dense(op, z), expected, rtol=1e-14, atol=1e-16)


def test_the_categorical_head_is_the_family_in_array_form():
    """Log density, KL, Fisher matrix and samples against the record of the gallery."""
    head = products.heads.resolve("categorical", 5)
    family = families.get("categorical", K=5)
    rng = np.random.default_rng(0)
    for _ in range(2):
        z, z1, u = (jnp.asarray(3 * rng.standard_normal(5)) for _ in range(3))
        for y in (0, 4):
            assert float(head.log_density(y, z)) == pytest.approx(float(family.log_density(y, z, "logits")), abs=1e-13)
        assert float(head.kl(z, z1)) == pytest.approx(float(family.kl(z, z1, "logits")), abs=1e-13)
        F = np.asarray(family.fisher(z, "logits"))
        np.testing.assert_allclose(head.multiply(head.state(z), u), F @ u, rtol=0, atol=1e-14)
        B = np.asarray(head.root(z))
        np.testing.assert_allclose(B @ B.T, F, rtol=0, atol=1e-14)
    keys = jax.random.split(jax.random.key(1), 20_000)
    counts = np.bincount(np.asarray(jax.vmap(lambda k: head.sample(k, z))(keys)), minlength=5) / 20_000
    # four standard errors of the least favourable probability
    np.testing.assert_allclose(counts, np.asarray(jax.nn.softmax(z)), rtol=0, atol=4 * 0.5 / np.sqrt(20_000))


# -- the gauge of the softmax, and solves on a singular F ------------------------------------------------


def logits(params, x):
    return params


def test_softmax_gauge_and_minimum_norm_gradient():
    """A softmax on one state: F 1 = 0, rank K - 1; F^+ g = r - mean(r); one step is multiplicative weights."""
    theta, r = jnp.array([0.3, -1.2, 0.7, 0.1]), np.array([1.0, 0.2, -0.5, 2.0])
    p = softmax(np.asarray(theta))
    op = products.fisher_vector_product(logits, theta, jnp.zeros((1, 1)), "categorical")
    np.testing.assert_allclose(op(jnp.ones(4)), 0, atol=1e-16)
    F = np.asarray(products.dense(op, theta))
    assert np.linalg.matrix_rank(F, tol=1e-12) == 3
    g = jnp.asarray(p * (r - p @ r))  # gradient of the expected reward
    x = np.asarray(linear.cg(op, g, max_steps=10, tol=1e-12).value)
    np.testing.assert_allclose(x, r - r.mean(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(x, np.linalg.pinv(F, rcond=1e-10) @ np.asarray(g), rtol=0, atol=1e-12)
    # r - p.r solves the same system, differs by a gauge vector, and gives the same change of policy
    other = r - p @ r
    np.testing.assert_allclose(F @ other, g, rtol=0, atol=1e-14)
    assert np.ptp(other - x) < 1e-12
    assert abs(other.sum()) > 0.1 > abs(x.sum()) + 0.09
    alpha = 0.7
    weights = p * np.exp(alpha * r)
    for step in (x, other):
        np.testing.assert_allclose(softmax(np.asarray(theta) + alpha * step), weights / weights.sum(), atol=1e-12)


def reward_gradient(params, X):
    rewards = jnp.asarray(np.random.default_rng(5).standard_normal((len(X), 4)))
    objective = lambda p: jnp.mean(jnp.sum(jax.nn.softmax(jax.vmap(lambda x: net(p, x))(X)) * rewards, axis=1))  # noqa: E731
    return jax.grad(objective)(params)


def test_policy_gradient_lies_in_the_range_and_cg_finds_the_minimum_norm_solution():
    """Gradient and F over the same states: g in range(F) (5e-15), and stopped CG gives F^+ g (1e-13)."""
    params, X = make()
    g = reward_gradient(params, X)
    op = products.fisher_vector_product(net, params, X, "categorical")
    F = fisher_by_hand(params, X)
    pinv = np.linalg.pinv(F, rcond=1e-11)
    assert np.linalg.norm(F @ pinv @ flat(g) - flat(g)) < 1e-8 * np.linalg.norm(flat(g))
    solution = linear.cg(op, g, max_steps=60, tol=1e-10)
    expected = pinv @ flat(g)
    assert bool(solution.converged)
    assert np.linalg.norm(flat(solution.value) - expected) < 1e-6 * np.linalg.norm(expected)
    # the same through the small matrix: 20 rows for 52 parameters
    rows = products.fisher_rows(net, params, X, "categorical")
    exact = linear.sample_space(rows, g, damping=0.0, rank_tol=1e-11)
    assert np.linalg.norm(flat(exact.value) - expected) < 1e-8 * np.linalg.norm(expected)


def test_cg_needs_its_stopping_test():
    """A fixed case: rank(F) = 15 steps are not enough, and going on after convergence spoils the answer."""
    params, X = make()
    op = products.fisher_vector_product(net, params, X, "categorical")
    g = reward_gradient(params, X)
    expected = np.linalg.pinv(fisher_by_hand(params, X), rcond=1e-11) @ flat(g)

    def error(steps):
        # under jit a negative curvature from rounding is a status, and the solve goes no further
        x = jax.jit(lambda op, g: _unstopped(op, g, steps))(op, g)
        return np.linalg.norm(flat(x) - expected) / np.linalg.norm(expected)

    stopped = linear.cg(op, g, max_steps=60, tol=1e-10)
    assert 15 < int(stopped.steps) < 40
    assert error(15) > 1e-3
    assert error(int(stopped.steps) + 40) > 0.1


def _unstopped(op, b, steps):
    """Textbook conjugate gradients without a stopping test: what not to do."""
    dot = lambda u, v: ravel_pytree(u)[0] @ ravel_pytree(v)[0]  # noqa: E731
    add = lambda a, u, v: jax.tree.map(lambda s, t: a * s + t, u, v)  # noqa: E731

    def body(_, state):
        x, r, p = state
        Fp = op(p)
        alpha = dot(r, r) / dot(p, Fp)
        new = add(-alpha, Fp, r)
        return add(alpha, p, x), new, add(dot(new, new) / dot(r, r), p, new)

    return jax.lax.fori_loop(0, steps, body, (jax.tree.map(jnp.zeros_like, b), b, b))[0]
