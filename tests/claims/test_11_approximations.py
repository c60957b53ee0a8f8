"""The equations of chapter 11: which matrix is which, K-FAC, Adam's second moment, Amari's three claims."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import experiments, fisher, kfac, linear, products, trees
from ngtools.descent import layers, networks
from ngtools.descent.networks import initial, tanh_network
from ngtools.experiments import amari1998, takeuchi1976
from ngtools.families import get
from ngtools.invariance.layerwise import layerwise_defects

KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def small(seed=0, sizes=(3, 4, 3), N=12):
    """A softmax network with random inputs and labels."""
    return (
        initial(jax.random.key(seed), sizes, jnp.float64),
        draw(seed, N, sizes[0]),
        np.random.default_rng(seed).integers(0, sizes[-1], N),
    )


def by_hand(params, X, head_density, outcomes):
    """Scores (N, outcomes, d) by automatic differentiation of log p(y | x), for every outcome."""
    flat, back = trees.flatten(params)

    def log_p(p, x, k):
        return head_density(tanh_network(back(p), x), k)

    score = jax.vmap(jax.vmap(jax.grad(log_p), (None, None, 0)), (None, 0, None))
    return np.asarray(score(flat, jnp.asarray(X), jnp.arange(outcomes)))


@pytest.mark.claim("eq-four-fishers", how="numeric")
def test_each_matrix_is_its_definition():
    """From scores and Hessians of log p alone, without linearised products; 1e-12 is rounding of sums of order 1."""
    params, X, y = small()
    scores = by_hand(params, X, lambda z, k: jax.nn.log_softmax(z)[k], 3)
    p = np.asarray(jax.nn.softmax(jax.vmap(tanh_network, (None, 0))(params, X)))
    found = products.side_by_side(tanh_network, params, (X, y), "categorical", KEY, samples=20_000)
    exact = np.einsum("nk,nki,nkj->ij", p, scores, scores) / len(X)
    np.testing.assert_allclose(found.fisher, exact, rtol=0, atol=1e-13)
    own = scores[np.arange(len(X)), y]
    np.testing.assert_allclose(found.empirical, own.T @ own / len(X), rtol=0, atol=1e-13)
    # 240000 draws: standard error about the size of an entry over 500
    np.testing.assert_allclose(found.sampled, exact, rtol=0, atol=5 * np.abs(exact).max() / 500)
    flat, back = trees.flatten(params)

    def loss(v):
        log_p = jax.nn.log_softmax(jax.vmap(tanh_network, (None, 0))(back(v), X))
        return -jnp.mean(log_p[jnp.arange(len(X)), y])

    np.testing.assert_allclose(found.hessian, jax.hessian(loss)(flat), rtol=0, atol=1e-12)
    Z = np.asarray(jax.jacobian(lambda v: jax.vmap(tanh_network, (None, 0))(back(v), X))(flat))
    inner = np.einsum("nk,kl->nkl", p, np.eye(3)) - np.einsum("nk,nl->nkl", p, p)
    np.testing.assert_allclose(found.ggn, np.einsum("nki,nkl,nlj->ij", Z, inner, Z) / len(X), rtol=0, atol=1e-13)
    assert found.errors()["empirical"] > 0.05  # another matrix, not another route


@pytest.mark.claim("eq-empirical-line", how="symbolic")
def test_empirical_information_of_the_line():
    w, s, x, e = sp.symbols("w s x e", real=True)
    normal = sp.exp(-(x**2) / 2 - e**2 / 2) / (2 * sp.pi)
    square = sp.expand((x * ((2 - w) * x + s * e)) ** 2)
    mean = sp.integrate(sp.integrate(square * normal, (x, -sp.oo, sp.oo)), (e, -sp.oo, sp.oo))
    assert sp.simplify(mean - (3 * (2 - w) ** 2 + s**2)) == 0
    points, weights = products.normal_population(2)
    for slope, noise, expected in ((0, 1, 13), (1, 1, 4), (2, 1, 1), (2, 0.1, 0.01), (2, 0, 0)):
        a, b = points.T
        found = products.side_by_side(
            takeuchi1976.regression,
            np.array([float(slope)]),
            (a[:, None], (2 * a + noise * b)[:, None]),
            "unit-normal",
            weights=weights,
        )
        assert found.empirical[0, 0] == pytest.approx(expected, abs=1e-12)
        assert found.fisher[0, 0] == pytest.approx(1, abs=1e-13)
        assert found.ggn[0, 0] == pytest.approx(1, abs=1e-13)


@pytest.mark.claim("eq-ggn-fisher", how="numeric")
@pytest.mark.parametrize("head", ["categorical", "bernoulli", "poisson", "unit-normal"])
def test_ggn_is_fisher_for_natural_parameters_and_any_labels(head):
    """For any labels; observed 4e-16."""
    params, X, y = small()
    labels = {"categorical": y, "unit-normal": draw(3, 12, 3)}.get(
        head, np.random.default_rng(3).integers(0, 2, (12, 3))
    )
    assert products.side_by_side(tanh_network, params, (X, labels), head).errors()["ggn"] < 1e-12


def test_ggn_is_another_matrix_when_the_outputs_are_no_natural_parameters():
    params, X, _ = small(sizes=(3, 4, 2))
    assert products.side_by_side(tanh_network, params, (X, draw(4, 12, 1)), "normal").errors()["ggn"] > 0.1


@pytest.mark.claim("eq-canonical-glm", how="numeric")
def test_observed_hessian_of_a_canonical_linear_model():
    """Hessian = GGN = Fisher for any labels, the empirical matrix is not; with a hidden layer the rest is the
    sum of residuals times second derivatives of the outputs."""
    params, X, y = small(sizes=(3, 3))
    found = products.side_by_side(tanh_network, params, (X, y), "categorical").errors()
    assert max(found["hessian"], found["ggn"]) < 1e-12
    assert found["empirical"] > 0.05
    params, X, y = small()
    found = products.side_by_side(tanh_network, params, (X, y), "categorical")
    flat, back = trees.flatten(params)
    second = np.asarray(jax.hessian(lambda v: jax.vmap(tanh_network, (None, 0))(back(v), X))(flat))
    residual = np.asarray(jax.nn.softmax(jax.vmap(tanh_network, (None, 0))(params, X))) - np.eye(3)[y]
    rest = np.einsum("nk,nkij->ij", residual, second) / len(X)
    np.testing.assert_allclose(found.hessian - found.ggn, rest, rtol=0, atol=1e-12)
    assert np.abs(rest).max() > 0.01


@pytest.mark.claim("eq-expected-hessian", how="numeric")
def test_expected_hessian_is_the_fisher_matrix():
    params, X, y = small()
    found = products.side_by_side(tanh_network, params, (X, y), "categorical")
    np.testing.assert_allclose(products.expected_hessian(tanh_network, params, X), found.fisher, rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(found.hessian)[0] < -1e-3  # at the data's labels it is not even semi-definite
    assert np.linalg.eigvalsh(found.fisher)[0] > -1e-14


def test_on_policy_actions_estimate_the_fisher_matrix():
    """20000 states; observed 0.03, 2.5, 0.02, 3.4."""
    policy, states = initial(jax.random.key(1), (4, 3), jnp.float64), 2 * draw(1, 20_000, 4)
    labels = (states[:, 0] > 0).astype(int)
    found = list(products.policy_estimates(tanh_network, policy, states, labels, KEY).values())
    assert max(found[0], found[2]) < 0.1
    assert min(found[1], found[3]) > 0.3


@pytest.mark.claim("eq-takeuchi", how="monte-carlo")
def test_generalisation_gap_is_takeuchis():
    """On fewer data sets than the study: the standard error of the gap is about 4 % of it."""
    d, N, noise = 5, 200, 1.5724
    gap, error = takeuchi1976.gap(d, N, noise, 3000, 7)
    predicted = takeuchi1976.criterion(d, noise, 7) / N
    assert abs(gap - predicted) < 4 * error + 0.03 * predicted  # the sampled criterion, and terms of order 1 / N^2
    assert abs(gap - d / N) > 8 * error


@pytest.mark.claim("eq-kron-block", how="numeric")
def test_a_layers_block_is_the_mean_of_kronecker_products():
    params, X, _ = small()
    inputs, gradients = kfac.signals(tanh_network, params, X, "categorical")
    F = products.dense(products.fisher_vector_product(tanh_network, params, X, "categorical"), params)
    a, g = inputs["0"][:, 0], gradients["0"][:, :, 0]
    block = np.einsum("ni,nj,nco,ncp->iojp", a, a, g, g).reshape(16, 16) / len(X)
    # trees.flatten puts the bias first; here it is the last input
    order = np.r_[4:16, 0:4]
    np.testing.assert_allclose(block, np.asarray(F)[np.ix_(order, order)], rtol=0, atol=1e-13)
    diagonal = layers.layer_diagonal(tanh_network, params, X, "categorical")
    np.testing.assert_allclose(trees.flatten(diagonal)[0], np.diag(F), rtol=0, atol=1e-14)


@pytest.mark.claim("eq-kfac", how="numeric")
def test_kfac_is_the_product_of_the_means_and_is_inverted_by_factors():
    """The inverse by columns, and the factors against second moments taken one example at a time."""
    params, X, _ = small()
    factors = kfac.factors(tanh_network, params, X, "categorical")
    inputs, gradients = kfac.signals(tanh_network, params, X, "categorical")
    for name in params:
        a, g = np.asarray(inputs[name])[:, 0], np.asarray(gradients[name])[:, :, 0]
        np.testing.assert_allclose(
            factors.inputs[name], np.mean([np.outer(r, r) for r in a], axis=0), rtol=0, atol=1e-14
        )
        np.testing.assert_allclose(factors.outputs[name], np.mean([r.T @ r for r in g], axis=0), rtol=0, atol=1e-14)
    A, G = factors.inputs["0"] + np.eye(4), factors.outputs["0"] + np.eye(4)
    M = draw(5, 4, 4)  # (outputs, inputs), columns stacked
    expected = np.linalg.solve(np.kron(A, G), np.asarray(linear.vec(jnp.asarray(M))))
    found = np.linalg.solve(G, M) @ np.linalg.inv(A)
    np.testing.assert_allclose(linear.vec(jnp.asarray(found)), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(linear.kron_solve(A, G, jnp.asarray(M.T)).T, found, rtol=0, atol=1e-11)


@pytest.mark.claim("eq-kfac-error", how="numeric")
def test_error_of_kfac_is_a_covariance_and_vanishes_in_the_named_cases():
    """One linear layer with unit Gaussian outputs, one example; and the last layer under Gaussian noise, whatever lies below it."""
    params, X, _ = small(sizes=(3, 4))
    inputs, gradients = kfac.signals(tanh_network, params, X, "categorical")
    aa = np.einsum("ni,nj->nij", inputs["0"][:, 0], inputs["0"][:, 0])
    B = np.einsum("nco,ncp->nop", gradients["0"][:, :, 0], gradients["0"][:, :, 0])
    covariance = np.mean([np.kron(x - aa.mean(axis=0), y - B.mean(axis=0)) for x, y in zip(aa, B)], axis=0)
    error = np.mean([np.kron(x, y) for x, y in zip(aa, B)], axis=0) - np.kron(aa.mean(axis=0), B.mean(axis=0))
    np.testing.assert_allclose(error, covariance, rtol=0, atol=1e-14)
    size = np.linalg.norm(error) / np.linalg.norm(error + np.kron(aa.mean(axis=0), B.mean(axis=0)))
    assert layers.block_errors(tanh_network, params, X, "categorical")["0"] == pytest.approx(size, rel=1e-10)
    assert size > 0.02
    assert layers.block_errors(tanh_network, params, X[:1], "categorical")["0"] < 1e-13
    assert layers.block_errors(tanh_network, params, X, "unit-normal")["0"] < 1e-13
    deep, _, _ = small()
    found = layers.block_errors(tanh_network, deep, X, "unit-normal")
    assert found["1"] < 1e-13 < 0.01 < found["0"]
    found = layers.block_errors(linear_network, deep, X, "unit-normal")
    assert max(found.values()) < 1e-13


def linear_network(params, x, dense=kfac.dense):
    return dense(params, "1", dense(params, "0", x))


@pytest.mark.claim("eq-batch-trap", how="exact")
def test_gradients_of_the_mean_loss_make_a_factor_n_times_too_small():
    params, _, _ = small(sizes=(3, 4, 2))
    for N in (8, 32):
        data = draw(6, N, 3), draw(7, N, 2)
        assert layers.trap_lengths(tanh_network, params, data, "unit-normal", 0.0) == pytest.approx(N, rel=1e-9)
        assert layers.trap_lengths(tanh_network, params, data, "unit-normal", 0.1) < 0.9 * N


@pytest.mark.claim("eq-kfac-invariance", how="numeric")
def test_undamped_kfac_does_not_see_layerwise_affine_maps():
    """Tanh against sigmoid units; 1e-8: condition numbers of 1e6 times rounding."""
    params = initial(jax.random.key(2), (3, 4, 4, 2), jnp.float64)
    x = draw(8, 3)
    twin = networks.as_sigmoid(params)
    np.testing.assert_allclose(networks.sigmoid_network(twin, x), tanh_network(params, x), rtol=0, atol=1e-13)
    found = layerwise_defects(np.random.default_rng(11))
    assert max(found["K-FAC"], found["natural"]) < 1e-8
    assert min(found["gradient"], found["diagonal"], found["K-FAC, damped"]) > 0.05
    # and the algebra, with general S and T
    S, T = draw(9, 3, 3) + 2 * np.eye(3), draw(10, 2, 2) + 2 * np.eye(2)
    M, omega, gamma = draw(11, 2, 3), draw(12, 3, 3), draw(13, 2, 2)
    omega, gamma = omega @ omega.T + np.eye(3), gamma @ gamma.T + np.eye(2)
    step = np.asarray(linear.kron_solve(jnp.asarray(omega), jnp.asarray(gamma), jnp.asarray(M.T))).T
    Ti = np.linalg.inv(T)
    there = np.asarray(
        linear.kron_solve(*(jnp.asarray(m) for m in (S @ omega @ S.T, Ti.T @ gamma @ Ti, (Ti.T @ M @ S.T).T)))
    ).T
    np.testing.assert_allclose(there, T @ step @ np.linalg.inv(S), rtol=0, atol=1e-11)


@pytest.mark.claim("eq-adam-moment", how="exact")
def test_expected_square_of_a_minibatch_gradient():
    """All 5^3 mini-batches of 3 out of 5 examples, with replacement."""
    params, X, y = small(N=5)
    flat, back = trees.flatten(params)

    def loss(v, x, k):
        return -jax.nn.log_softmax(tanh_network(back(v), x))[k]

    each = np.asarray(jax.vmap(jax.grad(loss), (None, 0, 0))(flat, X, y))
    batches = np.stack(np.meshgrid(*[range(5)] * 3), axis=-1).reshape(-1, 3)
    expected = (each[batches].mean(axis=1) ** 2).mean(axis=0)
    moments = products.gradient_moments(tanh_network, params, (X, y), "categorical")
    np.testing.assert_allclose(moments.of_batches(3), expected, rtol=0, atol=1e-14)
    found = products.side_by_side(tanh_network, params, (X, y), "categorical")
    np.testing.assert_allclose(moments.of_batches(1), np.diag(found.empirical), rtol=0, atol=1e-14)


@pytest.mark.claim("eq-fisher-efficiency", how="monte-carlo")
def test_online_natural_gradient_is_efficient():
    """Live in miniature (7 % in a variance from 400 runs), and the stored study."""
    draws = np.random.default_rng(3).gamma(2.3, 1.0, (400, 500))
    family = amari1998.gamma_shape()
    assert amari1998.efficiency(family, "shape", 2.3, 4.0, 10.0, draws) == pytest.approx(1, abs=0.3)
    stored = experiments.load("amari1998")["results"]["efficiency"]
    assert list(stored.values()) == pytest.approx([1, 1], abs=0.1)
    F = fisher.stated(get("gamma"), [2.3, 1.0])[0, 0]
    assert float(family.fisher(np.array([2.3]), "shape")[0, 0]) == pytest.approx(F, rel=1e-12)


@pytest.mark.claim("eq-equivariance", how="numeric")
def test_separation_depends_on_the_global_matrix_alone():
    """Paths of C for three mixings, and one step written in C and s."""
    found = amari1998.sample()["separation"]
    assert found["natural"] < 1e-9
    assert found["vanilla"] > 1e-3
    rng = np.random.default_rng(4)
    signals, A, C, alpha = (
        rng.laplace(size=(3, 200)),
        draw(14, 3, 3) + 2 * np.eye(3),
        np.eye(3) + 0.1 * draw(15, 3, 3),
        0.1,
    )
    W = C @ np.linalg.inv(A)
    y = W @ A @ signals
    gradient = (np.eye(3) - np.tanh(y) @ y.T / 200) @ np.linalg.inv(W).T
    after = (W + alpha * gradient @ W.T @ W) @ A
    y = C @ signals
    np.testing.assert_allclose(after, C + alpha * (np.eye(3) - np.tanh(y) @ y.T / 200) @ C, rtol=0, atol=1e-12)
