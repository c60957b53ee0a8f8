"""Steps that look for a divergence, where it is a quadratic form: every answer is known in closed form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import descent
from ngtools.descent.kl_steps import kl_constrained, kl_proximal
from ngtools.descent.natural import solve_traced
from ngtools.descent.trust_region import full_step, trust_region, trust_region_backtracking

A, B = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])


class Flat:
    """KL(old || new) = stretch (new - old)^T A (new - old) / 2 and an objective with its derivatives."""

    redundant = False

    def __init__(self, matrix, value, gradient, hessian, inside=lambda u: True, stretch=1.0):
        self.matrix, self.value, self.gradient, self.hessian = np.atleast_2d(matrix), value, gradient, hessian
        self.inside, self.stretch = inside, stretch

    def fisher(self, u):
        return self.matrix

    def natural_gradient(self, u):
        return np.linalg.solve(self.matrix, self.gradient(u))

    def kl(self, old, new):
        return self.stretch * (new - old) @ self.matrix @ (new - old) / 2

    def kl_gradient(self, old, new):
        return self.stretch * self.matrix @ (new - old)

    def kl_hessian(self, old, new):
        return self.stretch * self.matrix

    def outside(self, u):
        return "" if self.inside(u) else "outside"


def rising(slope=B, matrix=A, **more):
    slope = np.atleast_1d(np.asarray(slope, float))
    d = len(slope)
    return Flat(matrix, lambda u: float(slope @ u), lambda u: slope, lambda u: np.zeros((d, d)), **more)


def hill(top, steepness, matrix=A, **more):
    top, Q = np.atleast_1d(np.asarray(top, float)), np.atleast_2d(steepness)
    return Flat(matrix, lambda u: float(-(u - top) @ Q @ (u - top) / 2), lambda u: Q @ (top - u), lambda u: -Q, **more)


def two_hills(matrix=1.0):
    """-(u^2 - 1)^2 + u/10: a lower hill near -1, the higher one near 1."""
    return Flat(
        matrix,
        lambda u: float(-((u[0] ** 2 - 1) ** 2) + u[0] / 10),
        lambda u: -4 * u * (u**2 - 1) + 0.1,
        lambda u: np.array([[4 - 12 * u[0] ** 2]]),
    )


START = np.array([0.5, 1.0])


def test_proximal_steps_solve_their_linear_system():
    assert kl_proximal(rising(), START, 0.3) == pytest.approx(START + 0.3 * np.linalg.solve(A, B), rel=1e-12)
    Q, top = np.array([[2.0, 0.5], [0.5, 3.0]]), np.array([2.0, -1.0])
    for alpha in (0.01, 1.0, 1000.0):
        expected = np.linalg.solve(alpha * Q + A, alpha * Q @ top + A @ START)
        assert kl_proximal(hill(top, Q), START, alpha) == pytest.approx(expected, rel=1e-10)


def test_a_proximal_step_climbs_the_hill_it_is_pointed_at():
    roots = np.roots([-4, 0, 4, 0.1])
    low, high = roots.min(), roots.max()
    start = np.array([-1.0])
    assert kl_proximal(two_hills(), start, 1e4) == pytest.approx([low], abs=1e-3)
    assert kl_proximal(two_hills(), start, 1e4, near=np.array([0.9])) == pytest.approx([high], abs=1e-3)
    # a start outside the domain is not tried
    assert kl_proximal(rising([1.0], 1.0, inside=lambda u: u[0] < 1.2), np.zeros(1), 1.0) == pytest.approx([1.0])
    with pytest.raises(
        RuntimeError, match=r"from \[0.0\] with alpha = 2.0 did not converge \(residual .*take a smaller"
    ):
        kl_proximal(hill(1.0, -1.0, 1.0), np.zeros(1), 2.0)  # u^2/2 outgrows u^2/4


def test_a_search_that_breaks_down_is_one_that_did_not_converge():
    """F that stops being finite, or regular, away from the start: reported, and no number is made of it."""
    for edge in (np.inf, 0.0):
        setting = rising([1.0], 1.0)
        setting.fisher = lambda u, edge=edge: np.array([[1.0 if u[0] < 0.01 else edge]])
        with pytest.raises(RuntimeError, match="did not converge"):
            kl_proximal(setting, np.zeros(1), 1.0)
    # the domain ends before every uphill step: the search stays where it is
    with pytest.raises(RuntimeError, match="did not converge"):
        kl_proximal(rising([1.0], 1.0, inside=lambda u: u[0] <= 0), np.zeros(1), 1.0)


@pytest.mark.parametrize("alpha", [1e-3, 0.7, 30.0])
def test_a_constrained_step_of_a_linear_objective_is_the_natural_direction(alpha):
    x = np.linalg.solve(A, B)
    expected = START + alpha * x / np.sqrt(B @ x)
    assert kl_constrained(rising(), START, alpha) == pytest.approx(expected, rel=1e-9)


def test_a_constrained_step_meets_its_budget_or_stops_at_the_top():
    """In one dimension with F = 4 and the top at 3: the budget alpha^2/2 reaches as far as alpha/2."""
    for alpha in (0.1, 4.0, 5.9):
        assert kl_constrained(hill(3.0, 2.0, 4.0), np.zeros(1), alpha) == pytest.approx([alpha / 2], rel=1e-8)
    for alpha in (6.1, 50.0):
        assert kl_constrained(hill(3.0, 2.0, 4.0), np.zeros(1), alpha) == pytest.approx([3.0], rel=1e-6)
    # a divergence twice the quadratic form of F, which the first guess of the multiplier does not know
    assert kl_constrained(hill(3.0, 2.0, 4.0, stretch=2.0), np.zeros(1), 4.0) == pytest.approx([np.sqrt(2)], rel=1e-8)
    # a Fisher length of 1e-12 is rounding
    assert kl_constrained(rising([1e-12], 4.0), np.zeros(1), 1.0).tolist() == [0.0]
    assert kl_constrained(rising([1e-11], 4.0), np.zeros(1), 1.0) == pytest.approx([0.5], rel=1e-6)


def test_the_full_step_of_a_trust_region():
    x = np.linalg.solve(A, B)
    step = full_step(rising(), START, 0.02)
    assert step == pytest.approx(0.2 * x / np.sqrt(B @ x), rel=1e-14)
    assert step @ A @ step / 2 == pytest.approx(0.02, rel=1e-13)
    # Fisher lengths on either side of 1e-12
    assert full_step(rising([0.9e-12], 1.0), np.zeros(1), 0.5).tolist() == [0.0]
    assert full_step(rising([1.1e-12], 1.0), np.zeros(1), 0.5) == pytest.approx([1.0])
    assert trust_region(rising([0.9e-12], 1.0), np.ones(1), 0.5).tolist() == [1.0]


def test_the_ray_of_a_trust_region_ends_at_its_budget_or_at_the_edge():
    """A divergence c times its quadratic model: the step is shorter by sqrt(c)."""
    for stretch in (0.01, 1.0, 7.0):
        end = trust_region(rising([3.0], 4.0, stretch=stretch), np.ones(1), 0.3)
        assert end == pytest.approx([1 + 0.15 / np.sqrt(stretch)], rel=1e-14)
    edge = trust_region(rising([3.0], 4.0, inside=lambda u: u[0] <= 1.1), np.ones(1), 0.3)
    assert edge == pytest.approx([1.1], rel=1e-14)
    assert edge[0] <= 1.1
    # nothing but the start is inside
    assert trust_region(rising([3.0], 4.0, inside=lambda u: u[0] <= 1.0), np.ones(1), 0.3).tolist() == [1.0]
    broken = rising([3.0], 4.0)
    broken.kl = lambda old, new: np.nan if new[0] > 1.1 else 0.0  # no number is no distribution
    assert trust_region(broken, np.ones(1), 0.3) == pytest.approx([1.1], rel=1e-14)
    broken.kl = lambda old, new: 0.0
    with pytest.raises(RuntimeError, match=r"KL stays below delta = 0.045"):
        trust_region(broken, np.ones(1), 0.3)


@pytest.mark.parametrize(("stretch", "power"), [(1.0, 0), (1.01, 1), (1.56, 1), (1.57, 2), (50.0, 9), (60.0, None)])
def test_backtracking_takes_the_first_fraction_that_fits(stretch, power):
    """F = 1, g = 2, alpha = 1/2: the full step is 1/2 to the bit; 0.8^2k stretch <= 1."""
    end = trust_region_backtracking(rising([2.0], 1.0, stretch=stretch), np.zeros(1), 0.5)
    assert end == pytest.approx([0.0 if power is None else 0.5 * 0.8**power], rel=1e-15)


def test_backtracking_wants_an_improvement():
    """From 0 the top at 0.2 is overshot by 1/2 and by 0.4; 0.32 is as far behind the top as 0.08 before it."""
    assert trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5) == pytest.approx([0.32])
    # exactly as high as the start is no improvement: 2 x 0.25 beyond, then 0.4
    assert trust_region_backtracking(hill(0.25, 1.0, 1.0), np.zeros(1), 0.5) == pytest.approx([0.4])
    short = trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5, shrink=0.5, tries=2)
    assert short == pytest.approx([0.25])
    assert trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5, shrink=0.5, tries=1).tolist() == [0.0]


# -- the natural gradient at the edge of what can be solved ----------------------------------------------------


@pytest.mark.parametrize(
    ("F", "g", "within"),
    [
        (np.diag([1.0, 0.0]), [1.0, 1.0e-8], True),  # 5e7 roundings of the gradient
        (np.diag([1.0, 0.0]), [1.0, 1.2e-8], False),
        (np.diag([1.0, 0.0]), [0.0, 1.0e-12], True),  # 5e3 roundings of a score's size
        (np.diag([1.0, 0.0]), [0.0, 1.3e-12], False),
        (np.diag([4.0, 0.0]), [0.0, 2.0e-12], True),
    ],
)
def test_how_much_of_a_gradient_may_lie_in_the_null_space(F, g, within):
    if within:
        expected = [g[0] / F[0, 0], 0.0]
        assert descent.natural_gradient(F, g, singular="minimum-norm") == pytest.approx(expected, abs=1e-14)
    else:
        with pytest.raises(ValueError, match="in the null space of F"):
            descent.natural_gradient(F, g, singular="minimum-norm")


def test_gradients_of_another_kind_are_refused():
    for wrong in ([True, False], [1j, 0j], ["a", "b"]):
        with pytest.raises(TypeError, match="g must hold real numbers"):
            descent.natural_gradient(np.eye(2), wrong)
    assert descent.natural_gradient(np.eye(2), [1, 2]).tolist() == [1, 2]


def test_traced_solves_cut_at_a_thousand_roundings():
    with jax.enable_x64(True):
        for small, found in ((4e-13, 0.0), (5e-13, 2e12)):
            x = solve_traced(jnp.diag(jnp.array([1.0, small])), jnp.ones(2), "minimum-norm")
            np.testing.assert_allclose(x, [1.0, found], rtol=1e-9)
        np.testing.assert_allclose(solve_traced(A, B), np.linalg.solve(A, B), rtol=1e-14)
        assert np.isnan(solve_traced(-A, B)).all()
    with pytest.raises(ValueError, match="singular must be one of"):
        solve_traced(A, B, "least")


@pytest.mark.parametrize(
    ("F", "g", "message"),
    [
        (sp.diag(1, 0, 0), [1, 0, 0], r"singular, rank 1 of 3; null direction v = \[0, 1, 0\]: use singular="),
        (sp.diag(1, 0, 0), [1, 0, 2], r"null space of F \(direction \[0, 1, 0\]\)"),
        (sp.Matrix([[1, 2], [0, 1]]), [1, 0], "F is not symmetric"),
        (sp.Matrix([[1, 2]]), [1], r"g has shape \(1, 1\), F has shape \(1, 2\): no broadcasting"),
        (sp.eye(2), [1, 0, 0], r"g has shape \(3, 1\), F has shape \(2, 2\): no broadcasting"),
        (sp.eye(2), [[1, 0]], r"g has shape \(1, 2\), F has shape \(2, 2\): no broadcasting"),
    ],
)
def test_symbols_that_are_refused(F, g, message):
    with pytest.raises(ValueError, match=message):
        descent.natural_gradient(F, sp.Matrix(g))
