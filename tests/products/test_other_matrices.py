"""GGN, Hessian, empirical and sampled Fisher: where they agree with the Fisher matrix, and where they do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngtools import families, products


def net(params, x):
    w, (w_out, b_out) = params
    return jnp.tanh(x @ w) @ w_out + b_out


def linear_model(params, x):
    return x @ params


def make(seed=0, count=6):
    rng = np.random.default_rng(seed)
    params = (rng.standard_normal((2, 3)), (rng.standard_normal((3, 3)), rng.standard_normal(3)))
    X, y = rng.standard_normal((count, 2)), rng.integers(0, 3, count)
    return jax.tree.map(jnp.asarray, params), jnp.asarray(X), jnp.asarray(y)


def dense(op, params):
    return np.asarray(products.dense(op, params))


def scores(params, X, y):
    """Gradients of log p(y | x), one by one."""
    one = jax.grad(lambda p, x, y: jax.nn.log_softmax(net(p, x))[y])
    return np.stack([np.asarray(ravel_pytree(one(params, x, label))[0]) for x, label in zip(X, y)])


def test_gauss_newton_is_the_fisher_matrix_for_softmax_and_the_hessian_is_not():
    """Softmax outputs are natural parameters: J^T H_L J = F; observed 4e-16."""
    params, X, y = make()
    F = dense(products.fisher_vector_product(net, params, X, "categorical"), params)
    G = dense(products.ggn_vector_product(net, params, (X, y), "categorical"), params)
    H = dense(products.hessian_vector_product(net, params, (X, y), "categorical"), params)
    np.testing.assert_allclose(G, F, rtol=0, atol=1e-12)
    flat, back = ravel_pytree(params)
    loss = lambda v: -jnp.mean(jax.vmap(lambda x, k: jax.nn.log_softmax(net(back(v), x))[k])(X, y))  # noqa: E731
    np.testing.assert_allclose(H, jax.hessian(loss)(flat), rtol=0, atol=1e-12)
    assert np.abs(H - F).max() > 0.05
    assert np.linalg.eigvalsh(H)[0] < -0.01


def test_any_loss_may_be_given_as_a_function():
    """Squared error without the half: G = 2 mean J^T J."""
    params, X, _ = make()
    Y = jnp.asarray(np.random.default_rng(1).standard_normal((6, 3)))
    G = dense(products.ggn_vector_product(net, params, (X, Y), squared_error), params)
    F = dense(products.fisher_vector_product(net, params, X, "unit-normal"), params)
    np.testing.assert_allclose(G, 2 * F, rtol=0, atol=1e-13)


def squared_error(z, y):
    return jnp.sum((z - y) ** 2)


@pytest.mark.parametrize("head", ["bernoulli", "poisson", "categorical", "unit-normal"])
def test_in_a_canonical_glm_the_fisher_matrix_is_the_hessian_whatever_the_labels(head):
    """Outputs linear in the parameters and natural; observed 2e-15; the empirical Fisher differs by order one."""
    rng = np.random.default_rng(2)
    X, w = jnp.asarray(rng.standard_normal((8, 3))), jnp.asarray(0.5 * rng.standard_normal((3, 2)))
    y = jnp.asarray(rng.integers(0, 2, 8 if head == "categorical" else (8, 2)))
    F = dense(products.fisher_vector_product(linear_model, w, X, head), w)
    H = dense(products.hessian_vector_product(linear_model, w, (X, y), head), w)
    E = dense(products.empirical_fisher_vector_product(linear_model, w, (X, y), head), w)
    np.testing.assert_allclose(H, F, rtol=0, atol=1e-12)
    assert np.linalg.norm(E - F) / np.linalg.norm(F) > 0.05


def test_linear_regression_by_hand():
    X = jnp.array([[1.0, 2.0], [3.0, -1.0]])
    F = dense(products.fisher_vector_product(linear_model, jnp.zeros((2, 1)), X, "unit-normal"), jnp.zeros((2, 1)))
    np.testing.assert_allclose(F, [[5.0, -0.5], [-0.5, 2.5]], rtol=1e-15)
    # y = 2x, w = 0: the empirical Fisher is the mean of x^2 (y - w x)^2 = 4 x^4
    x = jnp.array([[1.0], [2.0]])
    batch = (x, 2 * x[:, 0])
    E = products.empirical_fisher_vector_product(linear_model, jnp.zeros((1, 1)), batch, "unit-normal")
    np.testing.assert_allclose(dense(E, jnp.zeros((1, 1))), [[4 * (1 + 16) / 2]], rtol=1e-15)


def test_empirical_fisher_is_the_outer_product_of_label_scores():
    params, X, y = make()
    S = scores(params, X, y)
    E = dense(products.empirical_fisher_vector_product(net, params, (X, y), "categorical"), params)
    np.testing.assert_allclose(E, S.T @ S / len(S), rtol=0, atol=1e-14)
    weights = jnp.array([1.0, 0, 0, 0, 0, 1.0])
    E = dense(products.empirical_fisher_vector_product(net, params, (X, y), "categorical", weights=weights), params)
    np.testing.assert_allclose(E, S[[0, 5]].T @ S[[0, 5]] / 2, rtol=0, atol=1e-14)


def test_importance_weights_recover_the_fisher_matrix_exactly():
    """Every outcome once, drawn by a uniform behaviour: the weighted outer products are F without noise."""
    params, X, _ = make()
    F = dense(products.fisher_vector_product(net, params, X, "categorical"), params)
    states, actions = jnp.repeat(X, 3, axis=0), jnp.tile(jnp.arange(3), len(X))
    behaviour = jnp.full(len(actions), -np.log(3.0))
    op = products.sampled_fisher_vector_product(
        net, params, states, "categorical", observations=actions, behaviour=behaviour
    )
    np.testing.assert_allclose(dense(op, params), F, rtol=0, atol=1e-14)


def test_sampling_error_falls_as_one_over_the_root():
    """Slope -1/2 over 64 to 4096 draws an example, ten keys each; and unbiased within four standard errors."""
    params, X, _ = make()
    F = dense(products.fisher_vector_product(net, params, X, "categorical"), params)
    v = jax.tree.map(jnp.ones_like, params)
    exact = F @ np.asarray(ravel_pytree(v)[0])

    def error(samples):
        draws = []
        for seed in range(10):
            op = products.sampled_fisher_vector_product(
                net, params, X, "categorical", key=jax.random.key(seed), samples=samples
            )
            draws.append(np.asarray(ravel_pytree(op(v))[0]) - exact)
        return np.array(draws)

    counts = np.array([64, 512, 4096])
    errors = [error(int(count)) for count in counts]
    slope = np.polyfit(np.log(counts), [np.log(np.sqrt((e**2).mean())) for e in errors], 1)[0]
    # ten keys leave about 7 % in each root mean square, 0.03 in a slope over a factor 64
    assert slope == pytest.approx(-0.5, abs=0.08)
    bias, spread = errors[-1].mean(axis=0), errors[-1].std(axis=0, ddof=1) / np.sqrt(10)
    assert (np.abs(bias) < 5 * spread + 1e-15).all()


def test_variance_of_the_outer_product_estimator():
    """Zero-mean normal in sigma, s = (z^2 - 1)/sigma: E s^2 = 2/sigma^2, Var s^2 = 56/sigma^4, exactly."""
    family, sigma = families.get("zero-mean-normal"), 1.7
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)  # exact for polynomials of z up to degree 79
    weights = weights / weights.sum()
    score = jax.vmap(jax.grad(lambda theta, x: family.log_density(x, theta, "std")), (None, 0))
    s = np.asarray(score(jnp.array([sigma]), jnp.asarray(sigma * nodes)))[:, 0]
    assert weights @ s**2 * sigma**2 == pytest.approx(2, abs=1e-9)
    assert (weights @ s**4 - (weights @ s**2) ** 2) * sigma**4 == pytest.approx(56, abs=1e-9)
    # the sampled product is made of the same squares
    op = products.sampled_fisher_vector_product(
        lambda params, x: params,
        jnp.array([sigma]),
        jnp.zeros((1, 1)),
        (family, "std"),
        key=jax.random.key(0),
        samples=40_000,
    )
    # four standard errors
    assert float(op(jnp.ones(1))[0]) == pytest.approx(2 / sigma**2, abs=4 * np.sqrt(56 / 40_000) / sigma**2)


def test_labels_never_pass_for_samples():
    """Data labels, and actions of another policy without weights, are no draws from the model."""
    params, X, y = make()
    with pytest.raises(ValueError, match="pass behaviour=.*empirical_fisher_vector_product"):
        products.sampled_fisher_vector_product(net, params, X, "categorical", observations=y)
    with pytest.raises(ValueError, match="give either key="):
        products.sampled_fisher_vector_product(net, params, X, "categorical")
    with pytest.raises(ValueError, match=r"batch must be a pair \(inputs, labels\)"):
        products.empirical_fisher_vector_product(net, params, X, "categorical")


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (jnp.array([0, 1, 2, 3, 0, 1]), ValueError, r"labels must lie in 0, ..., 2 \(got 3\)"),
        (jnp.array([0, 1, -1, 2, 0, 1]), ValueError, r"labels must lie in 0, ..., 2 \(got -1\)"),
        (jnp.zeros(6), TypeError, "labels of a categorical head must be integers"),
        (jnp.zeros((6, 3), int), ValueError, "not one-hot"),
        (jnp.zeros(5, int), ValueError, "labels must be 6 observations"),
    ],
)
def test_bad_labels(labels, error, message):
    params, X, _ = make()
    with pytest.raises(error, match=message):
        products.empirical_fisher_vector_product(net, params, (X, labels), "categorical")


def test_sampled_products_take_weights():
    X = jnp.asarray(np.random.default_rng(9).standard_normal((3, 2)))
    weights = jnp.array([1.0, 0.0, 3.0])
    w = jnp.array([0.3, -0.2])
    model = lambda w, x: (x @ w)[None]  # noqa: E731
    op = products.sampled_fisher_vector_product(
        model, w, X, "unit-normal", key=jax.random.key(0), samples=20_000, weights=weights
    )
    expected = (X[0, :, None] * X[0] + 3 * X[2, :, None] * X[2]) / 4
    # the square of a standard normal has variance 2: four standard errors
    np.testing.assert_allclose(products.dense(op, w), expected, rtol=4 * np.sqrt(2 / 20_000) * 1.5, atol=0.05)


def test_the_hessian_expected_by_the_model_is_the_fisher_matrix():
    """The second identity, through second derivatives of the whole model; one Hessian at the labels is another matrix."""
    params, X, y = make(count=4)
    params32 = jax.tree.map(jnp.float32, params)
    expected = dense(products.fisher_vector_product(net, jax.tree.map(jnp.float64, params32), X, "categorical"), params)
    calls = []

    def counted(params, x):
        calls.append(1)
        return net(params, x)

    for again in (False, True):
        calls.clear()
        found = products.expected_hessian(counted, params32, np.asarray(X))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
        # compiled once: the second time only the check of the arguments looks at the model
        assert (len(calls) == 1) == again
    H = dense(products.hessian_vector_product(net, params, (X, y), "categorical"), params)
    assert np.abs(H - expected).max() > 0.05


@pytest.mark.parametrize("samples", [None, 3])
def test_sampled_products_by_hand(samples):
    """Observations drawn again from the same keys: the mean of outer products, one an example by default."""
    params, X, _ = make(count=4)
    key, given = jax.random.key(7), {} if samples is None else {"samples": samples}
    op = products.sampled_fisher_vector_product(net, params, X, "categorical", key=key, **given)
    keys = jax.random.split(key, (4, samples or 1))
    z = jax.vmap(net, (None, 0))(params, X)
    drawn = np.array([[int(jax.random.categorical(k, z[n])) for k in row] for n, row in enumerate(keys)])
    rows = np.concatenate([scores(params, X, jnp.asarray(column)) for column in drawn.T])
    np.testing.assert_allclose(dense(op, params), rows.T @ rows / len(rows), rtol=0, atol=1e-14)


def test_rows_of_one_outcome_an_example():
    params, X, _ = make(count=4)
    key, weights = jax.random.key(8), jnp.array([1.0, 2.0, 3.0, 4.0])
    rows = products.fisher_rows(net, params, X, "categorical", key=key)
    z, keys = jax.vmap(net, (None, 0))(params, X), jax.random.split(key, 4)
    drawn = jnp.asarray([int(jax.random.categorical(k, z[n])) for n, k in enumerate(keys)])
    S = scores(params, X, drawn)
    np.testing.assert_allclose(jax.vmap(lambda row: ravel_pytree(row)[0])(rows), S / 2, rtol=0, atol=1e-14)
    rows = products.fisher_rows(net, params, X, "categorical", key=key, weights=weights)
    expected = S * np.sqrt(np.asarray(weights) / 10)[:, None]
    np.testing.assert_allclose(jax.vmap(lambda row: ravel_pytree(row)[0])(rows), expected, rtol=0, atol=1e-14)


def test_what_a_sampled_product_is_asked_for():
    params, X, y = make()
    with pytest.raises(ValueError, match="give either key="):
        products.sampled_fisher_vector_product(
            net, params, X, "categorical", key=jax.random.key(0), observations=y, behaviour=jnp.zeros(6)
        )
    for shape in ((5,), (7,), (), (6, 1)):
        with pytest.raises(ValueError, match=r"behaviour must have shape \(6,\) \(got "):
            products.sampled_fisher_vector_product(
                net, params, X, "categorical", observations=y, behaviour=jnp.zeros(shape)
            )


@pytest.mark.parametrize("count", [5, 7])
@pytest.mark.parametrize("product", [products.ggn_vector_product, products.hessian_vector_product])
def test_as_many_targets_as_inputs(product, count):
    params, X, _ = make()
    with pytest.raises(ValueError, match=f"inputs have 6 examples, targets {count}"):
        product(net, params, (X, jnp.zeros((count, 3))), squared_error)
