"""Steps that look for a divergence, where it is a quadratic form: every answer is known in closed form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import descent
from ngtools.descent import kl_steps
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
    assert full_step(rising([1e-24], 1e-24), np.zeros(1), 0.5).tolist() == [0.0]
    assert trust_region(rising([0.9e-12], 1.0), np.ones(1), 0.5).tolist() == [1.0]


def test_the_ray_of_a_trust_region_ends_at_its_budget_or_at_the_edge():
    """A divergence c times its quadratic model: the step is shorter by sqrt(c)."""
    for stretch in (0.01, 1.0, 7.0):
        end = trust_region(rising([3.0], 4.0, stretch=stretch), np.ones(1), 0.3)
        assert end == pytest.approx([1 + 0.15 / np.sqrt(stretch)], rel=1e-14)
    # F = 1, g = 2, alpha = 1/2: the full step is 1/2 to the bit, and a budget that is met is not exceeded
    assert trust_region(rising([2.0], 1.0), np.zeros(1), 0.5).tolist() == [0.5]
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


@pytest.mark.parametrize(("hole", "end"), [(1.0, 0.9), (2.0, 1.9), (1.5, 2.5)])
def test_a_ray_is_doubled_until_it_is_too_long_and_halved_from_there(hole, end):
    """The full step is 0.15; the domain has a hole of a fifth of it, and ends after two and a half."""

    def inside(u):
        length = (u[0] - 1) / 0.15
        return abs(length - hole) >= 0.1 and length <= 2.5

    found = trust_region(rising([3.0], 4.0, inside=inside, stretch=0.01), np.ones(1), 0.3)
    assert found == pytest.approx([1 + 0.15 * end], rel=1e-12)


@pytest.mark.parametrize("doublings", [18, 19])
def test_a_ray_is_followed_for_half_a_million_full_steps(doublings):
    ray = rising([2.0], 1.0, inside=lambda u: u[0] <= 0.25 * 2.0**doublings)
    ray.kl = lambda old, new: 0.0
    if doublings == 19:
        with pytest.raises(RuntimeError, match="take a smaller alpha"):
            trust_region(ray, np.zeros(1), 0.25)
    else:
        assert trust_region(ray, np.zeros(1), 0.25) == pytest.approx([65536.0], rel=1e-14)


@pytest.mark.parametrize(("stretch", "power"), [(1.0, 0), (1.01, 1), (1.56, 1), (1.57, 2), (50.0, 9), (60.0, None)])
def test_backtracking_takes_the_first_fraction_that_fits(stretch, power):
    """F = 1, g = 2, alpha = 1/4: the full step is 1/4 to the bit; 0.8^2k stretch <= 1."""
    end = trust_region_backtracking(rising([2.0], 1.0, stretch=stretch), np.zeros(1), 0.25)
    assert end == pytest.approx([0.0 if power is None else 0.25 * 0.8**power], rel=1e-15)


def test_backtracking_wants_an_improvement():
    """From 0 the top at 0.2 is overshot by 1/2 and by 0.4; 0.32 is as far behind the top as 0.08 before it."""
    assert trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5) == pytest.approx([0.32])
    # exactly as high as the start is no improvement: 2 x 0.25 beyond, then 0.4
    assert trust_region_backtracking(hill(0.25, 1.0, 1.0), np.zeros(1), 0.5) == pytest.approx([0.4])
    short = trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5, shrink=0.5, tries=2)
    assert short == pytest.approx([0.25])
    assert trust_region_backtracking(hill(0.2, 1.0, 1.0), np.zeros(1), 0.5, shrink=0.5, tries=1).tolist() == [0.0]


@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.1, 0.0])
def test_a_proximal_step_starts_at_fractions_of_the_natural_step(fraction):
    """The domain is an island around one start and holds the maximiser: F = 4, slope 2.4, alpha = 2, natural step 1.2."""
    q = 2 / max(fraction, 0.004) - 2  # slope 2.4 - q x against 2 x: the maximiser is 1.2 / (1 + q/2)
    setting = Flat(
        4.0,
        lambda u: float(2.4 * (u[0] - 3) - q * (u[0] - 3) ** 2 / 2),
        lambda u: 2.4 - q * (u - 3),
        lambda u: np.array([[-q]]),
        inside=lambda u: abs(u[0] - 3 - 1.2 * fraction) < 0.01,
    )
    assert kl_proximal(setting, np.array([3.0]), 2.0) == pytest.approx([3 + 1.2 * max(fraction, 0.004)], rel=1e-12)


def test_a_start_without_a_value_comes_last():
    """Past 0 the divergence is no number: the higher hill there does not count."""
    setting = two_hills()
    setting.kl = lambda old, new: np.nan if new[0] > 0 else float((new - old) @ (new - old)) / 2
    solved = np.roots([-4e4, 0, 4e4 - 1, 1e3 - 1]).max()  # where the slopes of the two agree
    found = kl_proximal(setting, np.array([-1.0]), 1e4, near=np.array([solved]))
    assert found == pytest.approx([np.roots([-4, 0, 4, 0.1]).min()], abs=1e-3)


def without_hessian(setting):
    def refuse(*arguments):
        raise AssertionError("a Hessian was asked for")

    setting.hessian = setting.kl_hessian = refuse
    return setting


def test_what_counts_as_solved():
    """Residuals of 1e-14 are aimed at, residuals of 1e-9 accepted; here the slope is the residual."""
    zero = np.zeros(1)
    for slope in (0.5e-14, 1e-14):
        found = kl_proximal(without_hessian(rising([slope], 1.0, stretch=0.0)), zero, 1.0)
        assert found == pytest.approx([slope], abs=1e-30)
    with pytest.raises(AssertionError, match="Hessian"):
        kl_proximal(without_hessian(rising([1.1e-14], 1.0, stretch=0.0)), zero, 1.0)
    # no step is inside the domain, so that the search ends where it starts
    assert kl_proximal(rising([1e-9], 1.0, inside=lambda u: u[0] <= 0), zero, 1.0).tolist() == [0.0]
    with pytest.raises(RuntimeError, match=r"did not converge \(residual 1.1e-09\)"):
        kl_proximal(rising([1.1e-9], 1.0, inside=lambda u: u[0] <= 0), zero, 1.0)


def climbed(setting, start=0.0, alpha=1.0):
    """Where a search without a divergence ends."""
    return kl_steps._maximise(setting, np.zeros(1), alpha, np.array([start]))[0][0]


def test_how_long_a_search_goes_on():
    # slope and F are 1, and nothing holds back: sixty steps
    assert climbed(rising([1.0], 1.0, stretch=0.0)) == 60.0
    # 49 halvings are tried, not 50
    for power, end in ((49, 2.0**-49), (50, 0.0)):
        assert climbed(rising([1.0], 1.0, stretch=0.0, inside=lambda u, edge=2.0**-power: u[0] <= edge)) == end
    # below a slope of 1e-5 the slope has to fall, and the value is not asked; above it the value has to rise
    assert climbed(rising([0.9e-5], 1.0, stretch=0.0)) == 0.0
    assert climbed(rising([1e-5], 1.0, stretch=0.0)) == pytest.approx(60e-5, rel=1e-12)
    assert climbed(hill(-0.5e-5, -1.0, 1.0, stretch=0.0)) == 0.0  # the slope grows
    for slope in (1e-5, 1.0):
        level = rising([slope], 1.0, stretch=0.0)
        level.value = lambda u: 1.0
        assert climbed(level) == 0.0
    assert climbed(hill(0.9e-5, 1.0, 1.0, stretch=0.0)) == pytest.approx(0.9e-5, rel=1e-14)


def test_newton_steps_that_fall_are_shortened():
    """-log cosh: from 2 Newton's method goes to -11.6, and from there to the end of the world."""
    setting = Flat(
        1.0, lambda u: -np.log(np.cosh(u[0])), lambda u: -np.tanh(u), lambda u: -1 / np.cosh(u[:, None]) ** 2
    )
    setting.stretch = 0.0
    assert climbed(setting, 2.0) == pytest.approx(0, abs=1e-13)


def test_where_the_curvature_is_wrong_the_search_goes_uphill():
    high = np.roots([-4, 0, 4, 0.1]).max()
    for start in (0.0, 0.2):  # at 0 the slope is 0.1 and grows on the way up
        flat = two_hills()
        flat.stretch = 0.0
        assert climbed(flat, start) == pytest.approx(high, rel=1e-12)
    # a saddle: the curvature is 1 - 3.52 along the first coordinate and 3 along the second
    saddle = Flat(
        np.eye(2),
        lambda u: float(-((u[0] ** 2 - 1) ** 2) + u[0] / 10 - u[1] ** 2),
        lambda u: np.array([-4 * u[0] * (u[0] ** 2 - 1) + 0.1, -2 * u[1]]),
        lambda u: np.diag([4 - 12 * u[0] ** 2, -2]),
        stretch=0.0,
    )
    end, residual = kl_steps._maximise(saddle, np.zeros(2), 1.0, np.array([0.0, 0.1]))
    assert end == pytest.approx([high, 0.0], abs=1e-9)
    # curvatures just above 0 and just below it
    gentle = hill(2.0, -0.9, 1.0)
    assert kl_proximal(gentle, np.ones(1), 1.0) == pytest.approx([-0.8 / 0.1], rel=1e-12)
    setting, theta = two_hills(), np.array([0.2])
    setting.stretch = 3.0  # 3 - 3.52 at the start
    end, _ = kl_steps._maximise(setting, theta, 1.0, theta)
    assert end == pytest.approx([np.roots([-4, 0, 1, 0.7]).real.max()], rel=1e-12)


@pytest.mark.parametrize("power", [-9, 9])
def test_units_do_not_decide_whether_a_proximal_step_is_found(power):
    units = np.diag([10.0**power, 1.0, 10.0**-power])
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, -1.0], [0.5, -1.0, 3.0]])
    Q, top = np.array([[2.0, 0.5, 0.3], [0.5, 3.0, -0.7], [0.3, -0.7, 1.0]]), np.array([2.0, -1.0, 3.0])
    expected = np.linalg.solve(1.5 * Q + matrix, 1.5 * Q @ top)
    setting = hill(np.linalg.solve(units, top), units @ Q @ units, units @ matrix @ units)
    assert units @ kl_proximal(setting, np.zeros(3), 1.5) == pytest.approx(expected, rel=1e-10)
    # an objective that nearly outgrows the divergence: 0.1 u = -0.9 top, which steps uphill alone do not reach
    bent = hill(np.linalg.solve(units, top), -0.9 * units @ matrix @ units, units @ matrix @ units)
    assert units @ kl_proximal(bent, np.zeros(3), 1.0) == pytest.approx(-9 * top, rel=1e-9)


def test_redundant_coordinates_move_across_their_fibres():
    """Only s = a + 2 b counts: KL is s^2/2, the top lies at s = 3, and the way there is along (1, 2)."""
    setting = hill([3.0, 0.0], [[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]])
    setting.natural_gradient = lambda u: np.linalg.pinv(setting.matrix) @ setting.gradient(u)
    with pytest.raises(RuntimeError, match="did not converge"):
        kl_proximal(setting, np.zeros(2), 0.5)  # where a singular F is no redundancy
    setting.redundant = True
    # s + 0 = alpha (3 - s)
    assert kl_proximal(setting, np.zeros(2), 0.5) == pytest.approx(np.array([1.0, 2.0]) / 5, rel=1e-12)
    setting.fisher = lambda u: 1e-3 * setting.matrix
    assert kl_proximal(setting, np.zeros(2), 0.5) == pytest.approx(np.array([1.0, 2.0]) / 5, rel=1e-12)


def test_constrained_steps_whose_first_guess_is_far_off():
    # a divergence a quarter of the quadratic form of F: the first guess of the multiplier is too long
    assert kl_constrained(rising([3.0], 4.0, stretch=0.25), np.zeros(1), 1.0) == pytest.approx([1.0], rel=1e-9)
    # a divergence that is below zero near the start: (x^2 - 0.002) / 2 = 0.03^2 / 2
    lowered = rising([1.0], 1.0)
    lowered.kl = lambda old, new: float((new - old) @ (new - old)) / 2 - 0.001
    assert kl_constrained(lowered, np.zeros(1), 0.03) == pytest.approx([np.sqrt(0.0029)], rel=1e-9)


def test_the_top_is_the_end_from_where_it_is_within_the_budget():
    """F = 4 and the top at 3: KL is 18 there, and alpha = 6 just enough."""
    for alpha, end in ((5.9995, 2.99975), (6.0, 3.0)):
        assert kl_constrained(hill(3.0, 2.0, 4.0), np.zeros(1), alpha) == pytest.approx([end], rel=1e-8)
    # a squared Fisher length of 1e-24 is rounding
    flat = rising([1e-24], 1e-24)
    assert kl_constrained(flat, np.zeros(1), 1.0).tolist() == [0.0]
    assert kl_steps._maximum(flat, np.array([2.0]), 1.0).tolist() == [2.0]
    with pytest.raises(
        RuntimeError, match=r"maximiser .* was not found \(last point \[100.0\]\): take a smaller alpha"
    ):
        kl_steps._maximum(rising([1.0], 1.0), np.zeros(1), 1.0)


def test_a_constrained_step_asks_proximal_steps_of_more_and_more_time(monkeypatch):
    asked = []

    def spy(setting, theta, alpha, near=None):
        asked.append((np.log(alpha), near, kl_proximal(setting, theta, alpha, near)))
        return asked[-1][2]

    monkeypatch.setattr(kl_steps, "kl_proximal", spy)
    kl_constrained(rising([3.0], 4.0, stretch=30.0), np.zeros(1), 1.0)
    times = np.array([time for time, _, _ in asked])
    # the first guess twice, then strides of 0.1, 0.16, 0.256, ... until sqrt(30) times its time is reached
    assert np.diff(times)[:6] == pytest.approx([0, 0.1, 0.16, 0.256, 0.4096, 0.65536], rel=1e-9)
    assert times.max() == pytest.approx(times[0] + 0.1 * (1.6**6 - 1) / 0.6, rel=1e-9)
    # each from the nearest that is known, if its time differs by less than a factor exp(1/2)
    for index, (time, near, _) in enumerate(asked):
        nearest = min(asked[:index], key=lambda one: abs(one[0] - time), default=(np.inf, None, None))
        if abs(nearest[0] - time) > 0.5:
            assert near is None
        else:
            assert near is nearest[2]
    # a top within the budget is looked for at a thousand times the first guess
    asked.clear()
    kl_constrained(hill(3.0, 2.0, 4.0), np.zeros(1), 50.0)
    assert max(time for time, _, _ in asked) - asked[0][0] == pytest.approx(0.1 * (1.6**8 - 1) / 0.6, rel=1e-9)


# -- the natural gradient at the edge of what can be solved ----------------------------------------------------


@pytest.mark.parametrize(
    ("F", "g", "within"),
    [
        (np.diag([1.0, 0.0]), [1e9, 10 - 1e-6], True),  # 1e-8 of the gradient
        (np.diag([1.0, 0.0]), [1e9, 10 + 1e-6], False),
        (np.diag([1.0, 0.0]), [0.0, 1.1101e-12], True),  # and 5000 roundings of a score's size
        (np.diag([1.0, 0.0]), [0.0, 1.1103e-12], False),
        (np.diag([4.0, 0.0]), [0.0, 2.2202e-12], True),
        # in 32 bits, whichever of the two: 1e-3 of the gradient and 5000 roundings
        (np.diag([1.0, 0.0]).astype(np.float32), [1e9, 0.9999e6], True),
        (np.diag([1.0, 0.0]).astype(np.float32), [1e9, 1.0001e6], False),
        (np.diag([1.0, 0.0]), np.array([1e9, 0.9999e6], np.float32), True),
        (np.diag([1.0, 0.0]), np.array([1e9, 1.0001e6], np.float32), False),
        (np.diag([1.0, 0.0]).astype(np.float32), [0.0, 5.96e-4], True),
        (np.diag([1.0, 0.0]).astype(np.float32), [0.0, 5.97e-4], False),
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
        for small, found in ((4.438e-13, 0.0), (4.444e-13, 1 / 4.444e-13)):  # 2000 roundings: 4.441e-13
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
