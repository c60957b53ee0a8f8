"""What damping, a small batch and the layers do to a natural step, each against the definition written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import descent, families, kfac, products, trees
from ngtools.descent import adam_differences, damping, layers, shared_batch
from ngtools.descent.networks import initial, tanh_network

F, G = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        params = jax.tree.map(np.asarray, initial(jax.random.key(0), (2, 3, 3), jnp.float64))
    for name in params:
        params[name]["bias"] = rng.standard_normal(params[name]["bias"].shape)
    return params, rng.standard_normal((5, 2)), np.array([0, 2, 1, 1, 0])


def test_a_damped_step_and_its_report_by_hand():
    """F^-1 g = (4, -9)/7; with lambda = 3 the matrix is (7, 1; 1, 5) of determinant 34, and x = (7, -15)/34."""
    found = damping.damped_step(F, G, 3.0)
    x, natural = np.array([7.0, -15.0]) / 34, np.array([4.0, -9.0]) / 7
    assert found.value == pytest.approx(x, rel=1e-14)
    size, whole = (4 * 49 - 2 * 105 + 2 * 225) / 34**2, (4 + 18) / 7  # x^T F x and g^T F^-1 g
    assert found.length == pytest.approx(np.sqrt(size / whole), rel=1e-13)
    assert found.budget == pytest.approx(size / (size + 3 * (49 + 225) / 34**2), rel=1e-13)
    assert found.to_gradient == pytest.approx(37 / np.sqrt(5 * 274), rel=1e-13)
    assert found.to_natural == pytest.approx((28 + 135) / np.sqrt(97 * 274), rel=1e-13)
    none = damping.damped_step(F, G, 0.0)
    assert none.value == pytest.approx(natural, rel=1e-13)
    assert [none.length, none.budget, none.to_natural] == pytest.approx([1, 1, 1], rel=1e-13)
    weighted = damping.damped_step(F, G, 3.0, metric=np.diag([0.0, 1.0])).value
    assert weighted == pytest.approx(np.linalg.solve([[4, 1], [1, 5]], G), rel=1e-13)
    # a direction without information: undamped it stays where it is
    assert damping.damped_step(np.diag([2.0, 0.0]), [1.0, 0.0], 0.0).value == pytest.approx([0.5, 0])
    with pytest.raises(ValueError, match="damping must be >= 0"):
        damping.damped_step(F, G, -1.0)


def test_damping_in_another_chart():
    """theta = 2 phi: lambda I in phi is lambda/4 in theta; lambda S^T S is lambda I again."""
    S = 2 * np.eye(2)
    assert damping.damped_in_chart(F, G, S, 3.0) == pytest.approx(np.linalg.solve(F + 0.75 * np.eye(2), G), rel=1e-13)
    here, there = np.linalg.solve(F + 3 * np.eye(2), G), np.linalg.solve(F + 0.75 * np.eye(2), G)
    assert damping.damped_in_chart(F, G, S, 3.0, covariant=True) == pytest.approx(here, rel=1e-13)
    gap = there - here
    assert damping.chart_defect(F, G, S, 3.0) == pytest.approx(np.sqrt(gap @ F @ gap / (here @ F @ here)), rel=1e-12)
    assert damping.chart_defect(F, G, S, 3.0, covariant=True) < 1e-14


def test_batch_estimates_are_means_of_the_estimator_written_out():
    """The same draws in the same order, one batch after another by pseudo-inverses."""

    def by_hand(N, d, repeats, cubic, shared):
        rng = np.random.default_rng(4)
        x = rng.standard_normal((repeats, N, d))
        noise = rng.standard_normal((repeats, N))
        design = x if shared else rng.standard_normal(x.shape)
        y = x[..., 0] + cubic * (x[..., 0] ** 3 - 3 * x[..., 0]) + noise
        each = [np.linalg.pinv(z.T @ z / N) @ (one.T @ r / N) for one, z, r in zip(x, design, y)]
        first = np.array(each)[:, 0]
        return first.mean(), np.sqrt(first.var(ddof=1) / repeats)

    for N, d, cubic, shared in [(5, 2, 0.0, True), (5, 2, 0.7, False), (2, 4, 0.7, True), (3, 3, 0.0, False)]:
        found = shared_batch.batch_estimates(np.random.default_rng(4), N, d, 3, cubic=cubic, shared=shared)
        assert (found.mean, found.error) == pytest.approx(by_hand(N, d, 3, cubic, shared), rel=1e-8)
    with pytest.raises(ValueError, match=r"two batches need N >= d \(got N = 2, d = 4\)"):
        shared_batch.batch_estimates(np.random.default_rng(4), 2, 4, 3, shared=False)


def test_batches_are_drawn_in_chunks_that_fit():
    """Two million numbers at a time: 1200 of size 2000 are two chunks, and none is lost or doubled."""
    found = shared_batch.batch_estimates(np.random.default_rng(1), 500, 4, 1200)
    assert abs(found.mean - 1) < 4 * found.error
    # the variance of the first coordinate is 1 / (N - d - 1)
    assert found.error == pytest.approx(1 / np.sqrt(495 * 1200), rel=0.1)


def test_expected_batch_estimates():
    expected = shared_batch.expected_batch_estimate
    assert [expected(40, 10), expected(10, 10), expected(5, 20)] == [1, 1, 0.25]
    assert expected(10, 3, shared=False) == 10 / 6
    assert expected(5, 3, shared=False) == 5
    for N in (3, 4):
        with pytest.raises(ValueError, match=rf"exists for N > d \+ 1 only \(got N = {N}, d = 3\)"):
            expected(N, 3, shared=False)


def test_leading_bias_of_a_shared_batch_is_what_a_small_resampling_shows():
    """Two points in one dimension: psi = 1 with r = 3, psi = 2 with r = 2; F = 5/2, g = 7/2, w = 7/5.

    Leverages psi^2/F are 2/5 and 8/5, residuals 8/5 and -4/5: -(2/5)(2/5 8/5 - 2 8/5 4/5)/2 = 48/125.
    """
    found = shared_batch.shared_batch_bias([[1.0], [2.0]], [3.0, 2.0], 10)
    assert found == pytest.approx([48 / 125 / 10], rel=1e-13)


def test_the_diagonal_by_layers_is_that_of_the_dense_matrix(problem):
    params, X, _ = problem
    with jax.enable_x64(True):
        F = np.asarray(products.dense(products.fisher_vector_product(tanh_network, params, X, "categorical"), params))
        found = trees.flatten(layers.layer_diagonal(tanh_network, params, X, "categorical"))[0]
        np.testing.assert_allclose(found, np.diag(F), rtol=1e-12)

        def shared(params, x, dense=kfac.dense):  # one layer used twice, without bias
            return dense(params, "0", jnp.tanh(dense(params, "0", x)))

        square = {"0": {"kernel": np.array([[0.3, -1.0], [0.8, 0.5]])}}
        F = np.asarray(products.dense(products.fisher_vector_product(shared, square, X, "unit-normal"), square))
        found = layers.layer_diagonal(shared, square, X, "unit-normal")["0"]["kernel"]
        np.testing.assert_allclose(np.ravel(found), np.diag(F), rtol=1e-12)


def test_the_error_of_kfac_by_layers(problem):
    """Blocks cut out by hand: 3 + 6 entries of layer 0, then 3 + 9 of layer 1."""
    params, X, _ = problem
    found = layers.block_errors(tanh_network, params, X, "categorical")
    with jax.enable_x64(True):
        factors = kfac.factors(tanh_network, params, X, "categorical")
        F = np.asarray(products.dense(products.fisher_vector_product(tanh_network, params, X, "categorical"), params))
        K = np.asarray(products.dense(lambda v: kfac.product(factors, v), params))
    expected = {
        name: np.linalg.norm((K - F)[part, part]) / np.linalg.norm(F[part, part])
        for name, part in (("0", slice(0, 9)), ("1", slice(9, 21)))
    }
    assert found == pytest.approx(expected, rel=1e-12)
    assert min(found.values()) > 0.01


@pytest.mark.parametrize(("damping", "times"), [(0.05, 1), (2.0, 1), (0.5, 420)])
def test_the_trap_of_the_mean_loss_by_the_library_itself(problem, damping, times):
    """Gamma_out / N in the factors of the library gives the step of the trap; repeated data change N alone."""
    params, X, y = problem
    with jax.enable_x64(True):
        factors = kfac.factors(tanh_network, params, X, "categorical")
        trap = kfac.Factors(factors.inputs, trees.scale(1 / 5 / times, factors.outputs))

        def likelihood(p):
            log_p = jax.nn.log_softmax(jax.vmap(tanh_network, (None, 0))(p, X))
            return log_p[np.arange(5), y].mean()

        gradient = jax.grad(likelihood)(params)
        lengths = [float(trees.norm(kfac.solve(f, gradient, damping=damping).value)) for f in (trap, factors)]
    data = np.tile(X, (times, 1)), np.tile(y, times)
    found = layers.trap_lengths(tanh_network, params, data, "categorical", damping)
    assert found == pytest.approx(lengths[0] / lengths[1], rel=1e-10)


def test_moment_ratios_by_single_examples(problem):
    """E[(mean gradient of a mini-batch)^2] = mean^2 + var / size, over F_ii, where F_ii shows at all."""
    params, X, y = problem
    X[:, 1] = 0.0  # a pixel that is never inked: three weights without information
    with jax.enable_x64(True):
        F = np.diag(products.dense(products.fisher_vector_product(tanh_network, params, X, "categorical"), params))

        def loss(p, x, label):
            return -jax.nn.log_softmax(tanh_network(p, x))[label]

        each = np.stack([trees.flatten(jax.grad(loss)(params, x, label))[0] for x, label in zip(X, y)])
    assert (F == 0).sum() == 3
    expected = [
        np.median((each.mean(axis=0) ** 2 + each.var(axis=0) / size)[F > 0] / F[F > 0]) for size in (1, 2, 1000)
    ]
    found = adam_differences.moment_ratios(tanh_network, params, (X, y), "categorical", (1, 2, 1000))
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_step_that_ends_within_rounding_of_the_edge_is_on_it():
    """In the variance the step is -2 sqrt(c) v: it ends at (1 - 2 sqrt(c)) v, 5e-13 v or 5e-12 v before the edge."""
    zero = families.get("zero-mean-normal")
    c = [((1 - gap) / 2) ** 2 for gap in (5e-13, 5e-12)]
    spent = descent.spent(zero, [1.3], [-3.0], c, "variance")
    assert spent[0] == np.inf
    assert spent[1] == pytest.approx((1 / 5e-12 - 1 + np.log(5e-12)) / 2, rel=1e-3)  # the end has three digits left


def test_divergences_of_a_flow_are_those_between_its_points():
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.3, 1.2])
    trace = descent.flow("natural", normal, [-0.5, 2.0], f, 1.5, points=4)
    assert trace.theta.shape == (4, 2)
    pairs = zip(trace.theta, trace.theta[1:])
    assert trace.kl == pytest.approx([normal.kl(old, new) for old, new in pairs], rel=1e-9)
    assert trace.times == pytest.approx([0, 0.5, 1, 1.5], rel=1e-15)
    assert descent.flow("gradient", normal, [-0.5, 2.0], f, 0.1).theta.shape == (101, 2)
    with pytest.raises(ValueError, match="points must be at least 2"):
        descent.flow("natural", normal, [-0.5, 2.0], f, 1.5, points=1)


@pytest.mark.parametrize(("N", "chunk", "repeats"), [(666_667, 2, 3), (1_000_000, 2, 3), (2_000_001, 1, 2)])
def test_a_chunk_holds_two_million_numbers(N, chunk, repeats):
    """One parameter, sum of x y over sum of x^2: the inputs of a chunk are drawn before its noise."""
    rng, found = np.random.default_rng(3), []
    for begin in range(0, repeats, chunk):
        x = rng.standard_normal((min(chunk, repeats - begin), N))
        y = x + rng.standard_normal(x.shape)
        found += list((x * y).sum(axis=1) / (x * x).sum(axis=1))
    estimate = shared_batch.batch_estimates(np.random.default_rng(3), N, 1, repeats)
    assert estimate.mean == pytest.approx(np.mean(found), rel=1e-12)


def test_a_chunk_counts_batches_and_parameters():
    """A million numbers are two parameters of half a million examples, or more parameters than that of one example."""
    rng, found = np.random.default_rng(3), []
    for size in (2, 1):
        x = rng.standard_normal((size, 500_000, 2))
        y = x[..., 0] + rng.standard_normal(x.shape[:2])
        found += [np.linalg.solve(one.T @ one, one.T @ r)[0] for one, r in zip(x, y)]
    estimate = shared_batch.batch_estimates(np.random.default_rng(3), 500_000, 2, 3)
    assert estimate.mean == pytest.approx(np.mean(found), rel=1e-12)
    rng, found = np.random.default_rng(3), []
    for _ in range(2):
        x = rng.standard_normal(1_000_001)
        found.append(x[0] * (x[0] + rng.standard_normal()) / (x @ x))
    estimate = shared_batch.batch_estimates(np.random.default_rng(3), 1, 1_000_001, 2)
    assert estimate.mean == pytest.approx(np.mean(found), rel=1e-10)


def test_leading_bias_in_two_dimensions():
    """Three examples written out one after another."""
    psi, r = np.array([[1.0, 0.5], [-2.0, 1.0], [0.5, 3.0]]), np.array([1.0, 2.0, -1.5])
    F = sum(np.outer(p, p) for p in psi) / 3
    w = np.linalg.lstsq(psi, r, rcond=None)[0]
    terms = [(p @ np.linalg.solve(F, p)) * p * (y - p @ w) for p, y in zip(psi, r)]
    expected = -np.linalg.solve(F, sum(terms) / 3) / 7
    assert shared_batch.shared_batch_bias(psi, r, 7) == pytest.approx(expected, rel=1e-12)


def test_damping_in_a_chart_that_is_not_symmetric():
    """lambda I in phi is lambda (S S^T)^-1 in theta."""
    S = np.array([[2.0, 0.5], [-1.0, 3.0]])
    expected = np.linalg.solve(F + 3.0 * np.linalg.inv(S @ S.T), G)
    assert damping.damped_in_chart(F, G, S, 3.0) == pytest.approx(expected, rel=1e-12)
    here = np.linalg.solve(F + 3.0 * np.eye(2), G)
    assert damping.damped_in_chart(F, G, S, 3.0, covariant=True) == pytest.approx(here, rel=1e-12)
    with pytest.raises(ValueError, match="damping must be >= 0"):
        damping.damped_in_chart(F, G, S, -1.0)
