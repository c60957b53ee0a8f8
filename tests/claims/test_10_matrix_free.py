"""The equations of chapter 10: products, conjugate gradients, damping, the kernel solve, finite batches."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import linear, products, trees
from ngtools.descent import damping, shared_batch
from ngtools.linear import convergence
from ngtools.products import cost, network

D = 131  # of the network below


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def small(N=200, sizes=(4, 16, 3), seed=10):
    params, X, y = network.problem(np.random.default_rng(seed), sizes, N)
    g = network.log_likelihood_gradient(network.network, params, (X, y), "categorical")
    return params, X, y, g


def flat(tree):
    return np.asarray(trees.flatten(tree)[0])


def by_outcomes(params, X):
    """E[score score^T], the expectation written out over the outcomes: neither heads nor Jacobians of outputs."""
    log_p = lambda p, x: jax.nn.log_softmax(network.network(p, x))  # noqa: E731
    F = 0
    for x in X:
        scores = jax.vmap(lambda tree: trees.flatten(tree)[0])(jax.jacrev(log_p)(params, x))
        F = F + jnp.einsum("k,ki,kj->ij", jnp.exp(log_p(params, x)), scores, scores)
    return np.asarray(F) / len(X)


def spd(spectrum, seed=0):
    return convergence.symmetric(spectrum, np.random.default_rng(seed))


def energy(F, v):
    return np.sqrt(v @ F @ v)


@pytest.mark.claim("eq-mf-sandwich", "eq-mf-gauss-newton", how="numeric")
def test_the_fisher_matrix_of_a_network_and_its_product():
    params, X, _, _ = small(N=6)
    expected = by_outcomes(params, X)
    assert network.explicit_fisher(network.network, params, X, "categorical") == pytest.approx(expected, abs=1e-14)
    v = network.tangent(np.random.default_rng(1), params)
    op = products.fisher_vector_product(network.network, params, X, "categorical")
    assert flat(op(v)) == pytest.approx(expected @ flat(v), abs=1e-13)


@pytest.mark.claim("eq-mf-kl-hessian", how="numeric")
def test_the_hessian_of_the_divergence_is_the_fisher_matrix():
    params, X, _, _ = small(N=6)
    expected = by_outcomes(params, X)
    v = network.tangent(np.random.default_rng(1), params)
    op = products.kl_hessian_vector_product(network.network, params, X, "categorical")
    assert flat(op(v)) == pytest.approx(expected @ flat(v), abs=1e-13)
    # and the divergence itself is the quadratic form to second order: third-order remainder at h = 1e-3
    h = 1e-3
    moved = jax.tree.map(lambda a, b: a + h * b, params, v)
    kl = float(network.mean_kl(network.network, params, moved, X, "categorical"))
    assert kl == pytest.approx(h**2 / 2 * flat(v) @ expected @ flat(v), rel=20 * h)


@pytest.mark.claim("eq-mf-costs", how="exact")
def test_cost_of_the_matrix():
    params, X, _, _ = small(N=10)
    rows = products.fisher_rows(network.network, params, X, "categorical")
    R = jax.vmap(lambda row: trees.flatten(row)[0])(rows)
    N, r, d = 10, 3, D
    assert cost.multiply_adds(lambda R: R.T @ R, R) == N * r * d**2
    n, k = sp.symbols("n k", positive=True, integer=True)
    # column k of a Cholesky factorisation updates the lower triangle of what is left, size n - k
    updates = sp.summation((n - k) * (n - k + 1) / 2, (k, 1, n))
    assert sp.limit(updates / n**3, n, sp.oo) == sp.Rational(1, 6)
    assert network.explicit_fisher(network.network, params, X, "categorical").size == d**2


@pytest.mark.claim("eq-mf-product-cost", how="exact")
@pytest.mark.parametrize("sizes", [(4, 16, 3), (5, 8, 8, 3)])
def test_cost_of_a_product(sizes):
    params, X, y, _ = small(20, sizes)
    layers = [20 * a * b for a, b in zip(sizes, sizes[1:])]
    P, first, head = sum(layers), layers[0], 20 * sizes[-1]
    gradient = lambda p: network.log_likelihood_gradient(network.network, p, (X, y), "categorical")  # noqa: E731
    gauss_newton = products.fisher_vector_product(network.network, params, X, "categorical")
    kl_hessian = products.kl_hessian_vector_product(network.network, params, X, "categorical")
    assert cost.multiply_adds(gradient, params) == 3 * P - first
    # the output Fisher product itself: one inner product of length r an example
    assert cost.multiply_adds(gauss_newton, params) == 4 * P - 2 * first + head
    assert cost.multiply_adds(kl_hessian, params) == 6 * P - 4 * first


@pytest.mark.claim("eq-mf-quadratic", how="symbolic")
def test_the_quadratic_is_the_energy_error():
    a, b, c, g1, g2, x1, x2 = sp.symbols("a b c g1 g2 x1 x2")
    F, g, x = sp.Matrix([[a, b], [b, c]]), sp.Matrix([g1, g2]), sp.Matrix([x1, x2])
    star = F.inv() * g
    quadratic = (x.T * F * x)[0] / 2 - (g.T * x)[0]
    square = lambda v: (v.T * F * v)[0]  # noqa: E731
    assert sp.simplify(quadratic - square(x - star) / 2 + square(star) / 2) == 0
    # and cg_path's energy error is that distance
    A, right = spd([1.0, 2.0, 5.0]), np.array([1.0, -1.0, 0.5])
    path = convergence.cg_path(A, right, 2)
    exact = np.linalg.solve(A, right)
    q = [x @ A @ x / 2 - right @ x for x in path.values]
    assert path.energy**2 == pytest.approx(1 + 2 * np.array(q) / (exact @ A @ exact), rel=1e-12)


def krylov_best(F, g, k):
    """The minimiser of the energy error over span{g, Fg, ..., F^(k-1) g}, by a direct solve."""
    basis = [g]
    for _ in range(k - 1):
        basis.append(F @ basis[-1] / np.linalg.norm(basis[-1]))
    V = np.linalg.qr(np.stack(basis, axis=1))[0]
    return V @ np.linalg.solve(V.T @ F @ V, V.T @ g)


@pytest.mark.claim("eq-mf-cg", "eq-mf-cg-optimal", how="numeric")
def test_cg_finds_the_best_point_of_the_krylov_space():
    F, g = spd(np.geomspace(1, 40, 12), 1), np.random.default_rng(2).standard_normal(12)
    path = convergence.cg_path(F, g, 6)
    residuals = g - path.values @ F
    for k in range(1, 7):
        # observed 1e-13; the basis has condition 1e3
        assert path.values[k] == pytest.approx(krylov_best(F, g, k), rel=1e-9, abs=1e-11)
    gram = residuals @ residuals.T
    off = gram / np.sqrt(np.outer(np.diag(gram), np.diag(gram))) - np.eye(7)
    assert np.abs(off).max() < 1e-10
    # the recursion as printed, by hand
    x, r, u = np.zeros(12), g, g
    for k in range(6):
        tau = r @ r / (u @ F @ u)
        x, new = x + tau * u, r - tau * F @ u
        u, r = new + new @ new / (r @ r) * u, new
        assert x == pytest.approx(path.values[k + 1], rel=1e-9, abs=1e-12)


@pytest.mark.claim("eq-mf-energy-decrease", how="numeric")
def test_energy_error_falls_by_what_is_said():
    """The energy error falls at every step, and the residual does rise on the way."""
    F, g = spd(np.geomspace(1e-3, 1, 30), 4), np.random.default_rng(5).standard_normal(30)
    path = convergence.cg_path(F, g, 15)
    residuals = g - path.values @ F
    squares = np.array([energy(F, path.exact - x) ** 2 for x in path.values])
    moves = np.diff(path.values, axis=0)
    # x moves by tau u, so (r.r)^2 / u.Fu = tau^2 u.Fu = move.F.move
    assert -np.diff(squares) == pytest.approx([m @ F @ m for m in moves], rel=1e-6)
    tau = [r @ r / (r @ m) for r, m in zip(residuals, moves)]  # r.u = r.r, so r.m = tau r.r
    assert [m @ F @ m for m in moves] == pytest.approx(
        [(r @ r) ** 2 / ((m * t) @ F @ (m * t)) for r, m, t in zip(residuals, moves, tau)], rel=1e-6
    )
    assert np.diff(path.energy).max() < 0
    assert np.diff(path.residual).max() > 0.05


@pytest.mark.claim("eq-mf-polynomial", how="numeric")
def test_polynomials_bound_the_error():
    """With roots at the distinct eigenvalues CG is exact in as many steps."""
    spectrum = [1.0] * 20 + [7.0] * 12 + [20.0] * 8
    F, g = spd(spectrum, 6), np.random.default_rng(7).standard_normal(40)
    path = convergence.cg_path(F, g, 4)
    assert convergence.polynomial_bound(spectrum, [1.0, 7.0, 20.0]) == 0
    assert path.energy[3] < 1e-12
    assert path.energy[2] > 1e-3
    for roots in ([4.0], [1.0, 20.0], [3.0, 15.0]):
        assert path.energy[len(roots)] <= convergence.polynomial_bound(spectrum, roots)


@pytest.mark.claim("eq-mf-sqrt-kappa", how="numeric")
def test_chebyshev_bound():
    for kappa in (4.0, 100.0):
        nodes = (kappa + 1) / 2 + (kappa - 1) / 2 * np.cos(np.pi * (np.arange(6) + 0.5) / 6)
        # the shifted Chebyshev polynomial of degree 6: its bound over the interval is 1/T_6, at most the bound printed
        grid = np.linspace(1, kappa, 4001)
        value = convergence.polynomial_bound(grid, nodes)
        z = (np.sqrt(kappa) + 1) / (np.sqrt(kappa) - 1)
        assert value == pytest.approx(2 / (z**6 + z**-6), rel=1e-6)
        bound = convergence.chebyshev_bound(kappa, 6)
        assert value <= bound == pytest.approx(2 * z**-6, rel=1e-12)
        steps = convergence.steps_bound(kappa, 1e-6)
        assert convergence.chebyshev_bound(kappa, np.ceil(steps)) <= 1e-6
    rng = np.random.default_rng(8)
    path = convergence.cg_path(spd(np.linspace(1, 100, 60), 9), rng.standard_normal(60), 40)
    assert (path.energy <= convergence.chebyshev_bound(100, np.arange(41)) + 1e-14).all()
    # and the bound is not idle: half its exponent is needed
    assert path.energy[20] > convergence.chebyshev_bound(100, 40)


@pytest.mark.claim("eq-mf-truncation-kl", how="numeric")
def test_energy_error_is_the_divergence_of_the_truncated_step():
    params, X, _, g = small()
    F = network.explicit_fisher(network.network, params, X, "categorical")
    path = convergence.cg_path(F, flat(g), 5, damping=0.01)
    unflatten = trees.flatten(g)[1]
    alpha, e = 1e-3, path.values[5] - path.exact
    ends = [jax.tree.map(lambda p, x: p + alpha * x, params, unflatten(v)) for v in (path.values[5], path.exact)]
    kl = float(network.mean_kl(network.network, *ends, X, "categorical"))
    # remainder: third order in a step of Fisher length 1e-3
    assert kl == pytest.approx(alpha**2 / 2 * e @ F @ e, rel=2e-2)


@pytest.mark.claim("eq-mf-range", how="numeric")
def test_singular_systems():
    """The gradient is in the range, and CG from 0, stopped, finds the minimum-norm solution."""
    params, X, _, g = small(5, (3, 6, 4))
    F = network.explicit_fisher(network.network, params, X, "categorical")
    assert np.linalg.matrix_rank(F, hermitian=True, rtol=1e-12) == 15
    pseudo = np.linalg.pinv(F, rcond=1e-12, hermitian=True)
    assert F @ pseudo @ flat(g) == pytest.approx(flat(g), abs=1e-11)
    op = products.fisher_vector_product(network.network, params, X, "categorical")
    solution = linear.cg(op, g, max_steps=60, tol=1e-10)
    assert bool(solution.converged)
    assert 15 < int(solution.steps) < 40  # rank(F) steps are not enough in rounding arithmetic
    assert np.linalg.norm(flat(solution.value) - pseudo @ flat(g)) < 1e-6 * np.linalg.norm(pseudo @ flat(g))


def test_going_on_after_convergence_fills_the_null_space():
    """Rank steps are too few and unstopped steps spoil the answer, in this chapter's network."""
    params, X, _, g = small(5, (3, 6, 4))
    F = network.explicit_fisher(network.network, params, X, "categorical")
    path = convergence.cg_path(F, flat(g), 60)
    error = np.linalg.norm(path.values - path.exact, axis=1) / np.linalg.norm(path.exact)
    assert error[15] > 1e-3
    assert error.min() < 1e-9
    assert error[60] > 1e3 * error.min()


@pytest.mark.claim("eq-mf-damped-kappa", "eq-mf-damped-step", how="numeric")
def test_damping_bounds_kappa_and_shortens_the_step():
    params, X, _, g = small()
    F, g = network.explicit_fisher(network.network, params, X, "categorical"), flat(g)
    spectrum, V = np.linalg.eigh(F)
    lengths, lams = [], (1e-4, 1e-2, 1.0, 1e6)
    for lam in lams:
        damped = np.linalg.eigvalsh(F + lam * np.eye(D))
        assert damped[-1] / damped[0] <= (1 + spectrum[-1] / lam) * (1 + 1e-9)
        x = damping.damped_step(F, g, lam)
        assert x.value == pytest.approx(V @ (V.T @ g / (spectrum + lam)), rel=1e-7, abs=1e-12)
        lengths.append(x.length)
    assert (np.diff(lengths) < 0).all()
    assert lengths[0] < 1
    # the two ends
    assert damping.damped_step(F, g, 1e6).to_gradient == pytest.approx(1, abs=1e-10)
    assert damping.damped_step(F, g, 1e-12).to_natural == pytest.approx(1, abs=1e-5)
    assert damping.damped_step(F, g, 0.0).to_natural == pytest.approx(1, abs=1e-14)  # a cosine, of 131 products


@pytest.mark.claim("eq-mf-damped-budget", how="numeric")
def test_the_damped_form_overstates_the_divergence():
    params, X, _, gradient = small()
    F, g, c, lam = network.explicit_fisher(network.network, params, X, "categorical"), flat(gradient), 1e-6, 0.01
    one = damping.damped_step(F, g, lam)
    A = F + lam * np.eye(D)
    delta = np.sqrt(2 * c / (one.value @ A @ one.value)) * one.value
    moved = jax.tree.map(lambda p, x: p + x, params, trees.flatten(gradient)[1](delta))
    spent = float(network.mean_kl(network.network, params, moved, X, "categorical")) / c
    assert one.budget < 0.9
    assert spent == pytest.approx(one.budget, rel=5e-3)  # the budget is small: third order remains


@pytest.mark.claim("eq-mf-damping-chart", how="symbolic")
def test_damping_in_another_chart():
    """The library against the formula, and the formula by SymPy."""
    a, b, c, lam, p, q, r, s, g1, g2 = sp.symbols("a b c lambda p q r s g1 g2", positive=True)
    F, S, g = sp.Matrix([[a, b], [b, c]]), sp.Matrix([[p, q], [r, s]]), sp.Matrix([g1, g2])
    moved = S * (S.T * F * S + lam * sp.eye(2)).inv() * S.T * g
    expected = (F + lam * (S * S.T).inv()).inv() * g
    assert sp.simplify(moved - expected).is_zero_matrix
    rng = np.random.default_rng(3)
    F, S, g = spd(np.geomspace(0.1, 1, 6)), rng.standard_normal((6, 6)) + 2 * np.eye(6), rng.standard_normal(6)
    defects = []
    for lam in (1e-6, 1e-5):
        moved = damping.damped_in_chart(F, g, S, lam)
        expected = np.linalg.solve(F + lam * np.linalg.inv(S @ S.T), g)
        assert moved == pytest.approx(expected, rel=1e-10)
        plain = damping.damped_step(F, g, lam).value
        defects.append(np.linalg.norm(moved - plain))
        assert damping.damped_in_chart(F, g, S, lam, covariant=True) == pytest.approx(plain, rel=1e-12)
        gap = moved - plain
        assert damping.chart_defect(F, g, S, lam) == pytest.approx(energy(F, gap) / energy(F, plain), rel=1e-9)
    assert np.log10(defects[1] / defects[0]) == pytest.approx(1, abs=0.05)


@pytest.mark.claim("eq-mf-covariant-damping", how="symbolic")
def test_covariant_damping():
    a, b, c, lam, p, q, r, s, g1, g2, m, n = sp.symbols("a b c lambda p q r s g1 g2 m n", positive=True)
    F, S, g, M = sp.Matrix([[a, b], [b, c]]), sp.Matrix([[p, q], [r, s]]), sp.Matrix([g1, g2]), sp.diag(m, n)
    moved = S * (S.T * F * S + lam * S.T * M * S).inv() * S.T * g
    assert sp.simplify(moved - (F + lam * M).inv() * g).is_zero_matrix
    # the solver takes M as metric
    A, right, weights = spd([1.0, 2.0, 5.0]), np.array([1.0, -1.0, 0.5]), np.array([1.0, 2.0, 3.0])
    op = jax.tree_util.Partial(jnp.matmul, jnp.asarray(A))
    found = linear.cg(op, jnp.asarray(right), damping=0.3, metric=jnp.asarray(weights), max_steps=9, tol=1e-13)
    assert found.value == pytest.approx(np.linalg.solve(A + 0.3 * np.diag(weights), right), rel=1e-11)


@pytest.mark.claim("eq-mf-truncated-chart", how="numeric")
def test_a_chart_is_a_preconditioner():
    rng = np.random.default_rng(3)
    F, S, g = spd(np.geomspace(0.1, 1, 8)), np.diag(np.geomspace(1, 5, 8)), rng.standard_normal(8)
    S[0, 1] = 1.0
    there = convergence.cg_path(S.T @ F @ S, S.T @ g, 4)
    moved = there.values @ S.T
    here = convergence.cg_path(F, g, 4, preconditioner=S @ S.T)
    assert moved == pytest.approx(here.values, rel=1e-9, abs=1e-11)
    assert there.energy == pytest.approx(here.energy, rel=1e-9)
    for k in range(1, 5):  # and both are the best point of the Krylov space of S S^T F
        basis = [S @ S.T @ g]
        for _ in range(k - 1):
            basis.append(S @ S.T @ F @ basis[-1] / np.linalg.norm(basis[-1]))
        V = np.linalg.qr(np.stack(basis, axis=1))[0]
        assert moved[k] == pytest.approx(V @ np.linalg.solve(V.T @ F @ V, V.T @ g), rel=1e-8, abs=1e-10)
    plain = convergence.cg_path(F, g, 4).values
    assert np.abs(plain[1:] - moved[1:]).max() > 0.1


@pytest.mark.claim("eq-mf-woodbury", how="symbolic")
def test_the_solve_in_sample_space():
    x, y, z, lam = sp.symbols("x y z lambda", positive=True)
    R = sp.Matrix([[x, y, z]])
    left = (R.T * R + lam * sp.eye(3)).inv()
    right = (sp.eye(3) - R.T * (R * R.T + lam * sp.eye(1)).inv() * R) / lam
    assert sp.simplify(left - right).is_zero_matrix
    params, X, _, g = small(5, (3, 6, 4))
    F = network.explicit_fisher(network.network, params, X, "categorical")
    rows = products.fisher_rows(network.network, params, X, "categorical")
    found = flat(linear.sample_space(rows, g, damping=1e-3).value)
    assert found == pytest.approx(np.linalg.solve(F + 1e-3 * np.eye(52), flat(g)), rel=1e-8, abs=1e-10)


@pytest.mark.claim("eq-mf-shared-batch", how="monte-carlo")
def test_bias_of_one_shared_batch():
    """Leading bias -6/N for the cubic target in standard normal inputs, by moments, by formula and by repetition."""
    rng = np.random.default_rng(11)
    x1, x2 = sp.symbols("x1 x2")

    def moment(expression):
        poly = sp.Poly(sp.expand(expression), x1, x2)
        return sum(
            c * sp.prod([sp.factorial2(n - 1) if n % 2 == 0 else 0 for n in powers]) for powers, c in poly.terms()
        )

    # E[(x.x) x_1 e] with e = x_1^3 - 3 x_1
    assert moment((x1**2 + x2**2) * x1 * (x1**3 - 3 * x1)) == 6
    psi = rng.standard_normal((400_000, 2))
    target = psi[:, 0] + psi[:, 0] ** 3 - 3 * psi[:, 0]
    # the moment has standard deviation about 60: standard error 0.1 before the division by N
    assert shared_batch.shared_batch_bias(psi, target, 40) == pytest.approx([-6 / 40, 0], abs=0.5 / 40)
    found = shared_batch.batch_estimates(rng, 320, 2, 8000, cubic=1.0)
    # 4 standard errors, and the next order: (6/N)^2
    assert found.mean - 1 == pytest.approx(-6 / 320, abs=4 * found.error + (6 / 320) ** 2)
    assert found.mean < 1 - 2 * found.error
    unbiased = shared_batch.batch_estimates(rng, 40, 2, 8000)
    assert abs(unbiased.mean - 1) < 4 * unbiased.error


@pytest.mark.claim("eq-mf-small-batch", how="monte-carlo")
@pytest.mark.parametrize(("N", "d", "shared"), [(40, 10, True), (20, 40, True), (40, 10, False)])
def test_means_of_estimates_from_finite_batches(N, d, shared):
    found = shared_batch.batch_estimates(np.random.default_rng(12), N, d, 16_000, shared=shared)
    expected = shared_batch.expected_batch_estimate(N, d, shared=shared)
    assert abs(found.mean - expected) < 4 * found.error
    assert found.error < 0.006  # N / (N - d) in place of N / (N - d - 1) would be 0.046 off
    if (N, d, shared) != (40, 10, True):
        assert abs(found.mean - 1) > 20 * found.error


def test_two_batches_must_be_large_enough():
    with pytest.raises(ValueError, match=r"N > d \+ 1 only \(got N = 11, d = 10\)"):
        shared_batch.expected_batch_estimate(11, 10, shared=False)
    with pytest.raises(ValueError, match=r"two batches need N >= d \(got N = 5, d = 10\)"):
        shared_batch.batch_estimates(np.random.default_rng(0), 5, 10, 2, shared=False)
