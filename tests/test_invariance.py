"""Orders of invariance: predicted, measured, and for random maps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import linregress

from ngtools import descent, experiments, families, geometry, invariance, kfac
from ngtools.experiments import invariance_matrix
from ngtools.invariance import orders
from ngtools.invariance.layerwise import layerwise_defects
from ngtools.invariance.policy_problem import PPO, TRPO, _batch, policy_problem

NORMAL, GAMMA = families.get("normal"), families.get("gamma")
STORED = experiments.load("invariance_matrix")["results"]["cells"]
THETA, TARGET = [-0.5, 2.0], [0.4, 0.7]
F_NORMAL = descent.expected_log_likelihood(NORMAL, TARGET)
EXACT_EVERYWHERE = ("exponential-map", "mirror", "kl-proximal", "kl-constrained")
AFFINE = ("natural-euler", "natural-midpoint", "geodesic-correction", "momentum", "trust-region", *EXACT_EVERYWHERE)

PLANE = st.tuples(st.floats(-1.0, 1.0), st.floats(0.6, 2.0)).map(np.array)
# closer to its target, a gradient is rounding, and a step of given length shows its direction
PAIR = st.tuples(PLANE, PLANE).filter(lambda pair: np.linalg.norm(pair[0] - pair[1]) > 1e-3)
MIX = st.tuples(*[st.floats(-0.6, 0.6)] * 4).map(lambda m: np.eye(2) + np.array(m).reshape(2, 2) / 1.3)
SHEARS = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))


def between(method, column, theta=THETA, target=TARGET, **options):
    setting = descent.chart_setting(NORMAL, descent.expected_log_likelihood(NORMAL, target))
    theta = np.asarray(theta)
    return invariance.measure(method, setting, theta, column.apply(setting), column.encode(theta), **options)


@pytest.mark.parametrize(
    ("method", "slope"),
    [("natural-euler", 2), ("natural-midpoint", 3), ("geodesic-correction", 3), ("trust-region", 2), ("gradient", 1)],
)
@pytest.mark.parametrize("chart", ["mean-log-std", "mean-variance", "expectation"])
def test_one_step_slopes(method, slope, chart):
    found = invariance.order(method, NORMAL, "mean-std", chart, THETA, F_NORMAL, steps=(0.02, 0.01, 0.005, 0.0025))
    assert found.slope == pytest.approx(slope, abs=0.1)
    assert found.kind == ("broken" if slope == 1 else f"order {slope - 1}")


@pytest.mark.parametrize("method", EXACT_EVERYWHERE)
@pytest.mark.parametrize("chart", NORMAL.charts[1:])
def test_exact_methods_between_charts(method, chart):
    found = invariance.order(method, NORMAL, "mean-std", chart, THETA, F_NORMAL, steps=(0.4, 0.2, 0.1, 0.05))
    assert found.kind == "exact"
    assert max(found.defects) < 1e-9


@pytest.mark.parametrize("method", EXACT_EVERYWHERE)
def test_exact_methods_in_a_family_without_closed_forms(method):
    f = descent.expected_log_likelihood(GAMMA, [3.0, 1.0])
    found = invariance.order(method, GAMMA, "shape-rate", "shape-mean", [2.0, 1.5], f)
    assert found.kind == "exact"


def test_coefficient_of_euler():
    # sigma+ differs by alpha^2 g^2 sigma^3 / 8, and d = sqrt(2) |d sigma| / sigma
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [1.0])
    g = -1 / 3.0 + 1 / 27.0
    for chart in ("variance", "log-std"):
        found = invariance.order("natural-euler", family, "std", chart, [3.0], f, steps=(0.004, 0.002, 0.001))
        assert found.defects[-1] / 0.001**2 == pytest.approx(np.sqrt(2) * g**2 * 9 / 8, rel=0.01)
        assert found.slope == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("method", AFFINE)
def test_affine_maps_change_nothing(method):
    for column in ("orthogonal", "diagonal", "affine"):
        found = between(method, invariance.REPARAMETERIZATIONS[column], repeat=3)
        assert found.kind == "exact"
        # rounding, and not only below what counts as exact
        assert max(found.defects) < 1e-11


def test_momentum_beyond_affine_maps():
    column = invariance.REPARAMETERIZATIONS["smooth"]
    found = between("momentum", column, repeat=3)
    assert found.kind == "order 1"
    assert found.slope == pytest.approx(2, abs=0.1)


@given(PAIR, MIX, SHEARS)
@settings(max_examples=12, deadline=None)
def test_exact_under_random_diffeomorphisms(pair, A, shears):
    theta, target = pair
    column = invariance.smooth("random", "random", A, shears)
    for method in EXACT_EVERYWHERE:
        found = between(method, column, theta, target, steps=(0.2, 0.1, 0.05))
        # the mirror step may leave the natural chart, in both coordinate systems alike
        assert found.kind == "exact" or (method == "mirror" and found.kind == "not defined")


@given(PLANE, MIX, SHEARS)
@settings(max_examples=20, deadline=None)
def test_orders_under_random_diffeomorphisms(theta, A, shears):
    # slopes of a generic map; a map for which the leading coefficient nearly vanishes shows the next order
    column = invariance.smooth("random", "random", A, shears)
    target = theta * [1.0, 0.7] + [0.6, 0.0]
    for method, least in (("natural-euler", 2), ("natural-midpoint", 3), ("geodesic-correction", 3)):
        found = between(method, column, theta, target, steps=(0.02, 0.01, 0.005))
        if found.kind != "exact" and found.coefficient > 0.02:
            assert found.slope > least - 0.15


@given(PAIR, MIX)
@settings(max_examples=15, deadline=None)
def test_affine_under_random_maps(pair, A):
    theta, target = pair
    column = invariance.affine("random", "random", A, [0.3, -0.2])
    for method in ("natural-euler", "natural-midpoint", "geodesic-correction", "trust-region"):
        found = between(method, column, theta, target, steps=(0.2, 0.1, 0.05))
        assert max(found.defects) < 1e-10


def test_the_table_of_what_breaks_invariance():
    # orthogonal / diagonal / general affine / log sigma
    table = invariance.matrix(
        ("gradient", "damped", "diagonal", "adam", "natural-euler"), ("orthogonal", "diagonal", "affine", "log-sigma")
    )
    assert dict(zip(table.rows, table.kinds())) == {
        "gradient": ["exact", "broken", "broken", "broken"],
        "damped": ["exact", "broken", "broken", "broken"],
        "diagonal": ["broken", "exact", "broken", "order 1"],
        "adam": ["broken"] * 4,
        "natural-euler": ["exact", "exact", "exact", "order 1"],
    }


def test_damping_breaks_in_proportion():
    column = invariance.REPARAMETERIZATIONS["affine"]
    setting = descent.chart_setting(NORMAL, F_NORMAL)
    other, theta = column.apply(setting), np.array(THETA)
    sizes = np.array([1e-3, 1e-4, 1e-5])
    defects = [
        invariance.gap(descent.method("damped").having(damping=s), setting, theta, other, column.encode(theta), 0.1)
        for s in sizes
    ]
    assert np.polyfit(np.log(sizes), np.log(defects), 1)[0] == pytest.approx(1, abs=0.05)
    # a damping that is a tensor, lambda S^T S with S = d theta / d psi, restores it
    A = column.constants[0]
    psi = column.encode(theta)
    here = theta + 0.1 * np.linalg.solve(setting.fisher(theta) + 0.1 * np.eye(2), setting.gradient(theta))
    there = psi + 0.1 * np.linalg.solve(other.fisher(psi) + 0.1 * A.T @ A, other.gradient(psi))
    assert other.distribution(there) == pytest.approx(here, rel=1e-13)


def test_redundant_coordinates():
    column = invariance.REPARAMETERIZATIONS["redundant"]
    setting = column.apply(descent.chart_setting(NORMAL, F_NORMAL))
    assert (setting.dimension, setting.redundant) == (3, True)
    # sigma = a b loses rank at a = b = 0; there F keeps one direction only
    F = setting.fisher(np.array([0.0, 1e-9, 1e-9]))
    assert np.linalg.matrix_rank(F, tol=1e-6 * F.max()) < 2 or not np.isfinite(F).all()


def test_softmax_logits_are_redundant_coordinates_too():
    family = families.get("categorical", K=3)
    f = descent.expected_log_likelihood(family, [0.5, -0.3])
    found = invariance.order("natural-euler", family, "minimal-logits", "logits", [-0.4, 0.8], f)
    # a linear submersion: F^+ g moves the distribution as F^{-1} g does, exactly
    assert found.kind == "exact"
    found = invariance.order("natural-euler", family, "minimal-logits", "probabilities", [-0.4, 0.8], f)
    assert found.slope == pytest.approx(2, abs=0.1)


def test_leaving_the_domain():
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [0.1])
    with pytest.raises(geometry.LeftDomain, match="must be > 0"):
        invariance.defect("gradient", family, "std", "variance", [0.4], f, 5.0)
    found = invariance.order("gradient", family, "std", "variance", [0.4], f, steps=(5.0, 4.0, 3.0))
    assert found.kind == "not defined"
    assert "0 of 3 steps stay in the domain" in found.reason
    # steps that leave are left out of the fit
    found = invariance.order("gradient", family, "std", "variance", [0.4], f, steps=(5.0, 0.004, 0.002, 0.001))
    assert found.steps == (0.004, 0.002, 0.001)


def test_unmatched_starts_are_refused():
    column = invariance.REPARAMETERIZATIONS["affine"]
    setting = descent.chart_setting(NORMAL, F_NORMAL)
    with pytest.raises(ValueError, match="theta_a and theta_b must be one distribution"):
        invariance.gap("gradient", setting, np.array(THETA), column.apply(setting), np.array(THETA), 0.1)


def test_matrix_as_text_and_stacked():
    first = invariance.matrix(("natural-euler",), ("affine", "another-network"))
    second = invariance.matrix(("gradient",), ("orthogonal",))
    both = first.stack(second)
    assert both.rows == ("natural-euler", "gradient")
    assert both.kinds() == [["exact", "not defined", "not defined"], ["not defined", "not defined", "exact"]]
    lines = both.text().splitlines()
    assert lines[0].split("  ")[0] == "method"
    assert "another network" in lines[0]
    assert "tangent spaces differ" in both.text()
    with pytest.raises(ValueError, match=r"no change of coordinates 'afine'; did you mean 'affine'\?"):
        invariance.matrix(("gradient",), ("afine",))
    with pytest.raises(ValueError, match="is no reparameterization"):
        invariance.REPARAMETERIZATIONS["another-network"].apply(invariance.normal_problem().setting)


@pytest.mark.parametrize(
    "problem", [invariance.normal_problem(), invariance.network_problem()], ids=("normal", "network")
)
def test_columns_decode_what_they_encode(problem):
    here = problem.setting.distribution(problem.theta)
    for column in problem.columns.values():
        if column.h is not None:
            there = column.apply(problem.setting).distribution(column.encode(problem.theta))
            assert there == pytest.approx(here, rel=1e-13, abs=1e-14)


def test_expectations_cover_the_whole_matrix():
    settings = invariance_matrix.SETTINGS
    assert list(invariance_matrix.EXPECTED) == settings["methods"]
    assert {len(kinds) for kinds in invariance_matrix.EXPECTED.values()} == {len(settings["columns"])}
    assert {*invariance.ROWS} < {*settings["methods"]}
    measured = {(row, column) for part in settings["parts"] for row in part["methods"] for column in part["columns"]}
    assert measured == {(row, column) for row in settings["methods"] for column in settings["columns"]}


def network(method, column, steps=invariance.STEPS):
    problem = invariance.network_problem()
    change = problem.columns[column]
    there = change.apply(problem.setting), change.encode(problem.theta)
    return invariance.measure(method, problem.setting, problem.theta, *there, steps)


def test_kfac_keeps_affine_maps_within_layers_only():
    """Undamped; a map in front of each kernel and one behind it, none of them orthogonal."""
    assert max(network("k-fac", "layerwise", (0.2, 0.1, 0.05)).defects) < 1e-12
    mixed = [network("k-fac", column) for column in ("orthogonal", "affine", "redundant")]
    for found, column in zip(mixed, ("orthogonal", "affine", "redundant")):
        assert found.kind == "broken"
        # of these very data and maps, as the study has stored them
        assert found.coefficient == pytest.approx(
            STORED["k-fac"][column]["coefficient"], rel=invariance_matrix.TOLERANCE
        )
    # one kernel for all the weights: K-FAC of it keeps every linear map, and cannot tell one from another
    assert mixed[0].defects == pytest.approx(mixed[1].defects, rel=1e-9)
    for column in ("log-sigma", "smooth"):
        with pytest.raises(descent.NoSuchStep, match="a layer is linear in its weights"):
            network("k-fac", column)


def test_the_methods_on_a_network_that_keep_affine_maps():
    for method in ("natural-euler", "geodesic-correction", "kl-constrained", "trust-region"):
        assert max(network(method, "layerwise", (0.2, 0.1, 0.05)).defects) < 1e-11
    for method in ("gradient", "diagonal", "damped", "adam"):
        found = network(method, "layerwise")
        assert found.kind == "broken"
        stored = STORED[method]["layerwise"]["coefficient"]
        assert found.coefficient == pytest.approx(stored, rel=invariance_matrix.TOLERANCE)


def test_the_kfac_step_of_a_setting_is_that_of_the_library():
    problem = invariance.network_problem()
    setting, theta = problem.setting, problem.theta
    X, Y = setting.constants

    def model(params, x, dense=kfac.dense):
        return dense(params, "out", jnp.tanh(dense(params, "hidden", x)))

    with jax.enable_x64(True):
        first, last = theta[:6].reshape(3, 2), theta[6:].reshape(3, 1)
        params = {
            "hidden": {"kernel": jnp.asarray(first[:2]), "bias": jnp.asarray(first[2])},
            "out": {"kernel": jnp.asarray(last[:2]), "bias": jnp.asarray(last[2])},
        }
        gradient = jax.grad(lambda p: -((jax.vmap(model, (None, 0))(p, X) - Y) ** 2).mean() / 2)(params)
        factors = kfac.factors(model, params, jnp.asarray(X), "unit-normal")
        new = kfac.step(params, gradient, factors, learning_rate=0.3, damping=0.0)
    expected = np.concatenate([np.ravel(new[name][part]) for name in ("hidden", "out") for part in ("kernel", "bias")])
    assert descent.method("k-fac").step(setting, theta, 0.3)[0] == pytest.approx(expected, rel=1e-9)


def test_a_method_that_a_setting_lacks_is_a_cell_with_a_reason():
    table = invariance.matrix(("k-fac", "mirror"), ("affine",), invariance.normal_problem())
    assert table.kinds() == [["not defined"], ["exact"]]
    assert table["k-fac", "affine"].reason == "setting 'normal in mean-std' says nothing of a matrix for K-FAC"
    table = invariance.matrix(("mirror",), ("layerwise",), invariance.network_problem())
    assert "names no chart to pin the mirror step to" in table["mirror", "layerwise"].reason
    both = invariance.matrix(("gradient",), ("affine", "diagonal")).select(("gradient",), ("diagonal",))
    assert (both.rows, list(both.columns)) == (("gradient",), ["diagonal"])


def test_order_shows_itself():
    assert repr(invariance.not_defined("why")) == "<not defined: why>"
    found = invariance.Order(2.0, 0.01, 0.5, "order 1", (0.1,), (0.005,))
    assert repr(found) == "<order 1: D = 0.5 alpha^2.00 (+- 0.01)>"


def test_the_policy_problem_agrees_with_its_own_updates():
    """TRPO's update and the dense trust region of the setting: the same direction, and the same step but for the search.

    Bisection meets delta exactly; TRPO takes 1, .8, ... of sqrt(2 delta), whose KL is delta (1 + O(sqrt delta)).
    """
    problem = policy_problem()
    setting, theta, alpha = problem.setting, problem.theta, 0.01
    searched = TRPO.rule(setting, theta, alpha) - theta
    bisected = descent.method("trust-region").rule(setting, theta, alpha) - theta
    cosine = searched @ bisected / np.linalg.norm(searched) / np.linalg.norm(bisected)
    assert 1 - cosine < 1e-9  # conjugate gradients to 1e-13, F with a condition number of a few hundred
    ratio = np.linalg.norm(searched) / np.linalg.norm(bisected)
    assert min(abs(ratio - 0.8**j) for j in range(3)) < 0.02
    assert setting.kl(theta, theta + searched) <= alpha**2 / 2


def test_the_policy_problem_is_one_of_bernoulli_distributions():
    """State by state against the record of the family; derivatives of the logits by central differences, good to h^2."""
    setting, theta, coin = policy_problem().setting, policy_problem().theta, families.get("bernoulli")
    other = theta + 0.2 * np.random.default_rng(0).standard_normal(len(theta))
    z, w = setting.distribution(theta), setting.distribution(other)
    h = 1e-5 * np.eye(len(theta))
    J = np.stack([setting.distribution(theta + e) - setting.distribution(theta - e) for e in h], axis=1) / 2e-5
    weights = [coin.fisher([logit], "logit")[0, 0] for logit in z]
    assert setting.fisher(theta) == pytest.approx((J.T * weights) @ J / len(z), abs=1e-8)
    for (first, p), (second, q) in (((theta, z), (other, w)), ((other, w), (theta, z))):
        each = [float(coin.kl(np.array([a]), np.array([b]), "logit")) for a, b in zip(p, q)]
        assert setting.kl(first, second) == pytest.approx(np.mean(each), rel=1e-12)
    # the two directions differ, by far more than the tolerance
    assert abs(setting.kl(theta, other) - setting.kl(other, theta)) > 1e-4 * setting.kl(theta, other)
    each = [geometry.distance(coin, [a], [b], "logit").value for a, b in zip(z, w)]
    assert setting.distance(z, w) == pytest.approx(np.sqrt(np.mean(np.square(each))), rel=1e-9)


def test_the_surrogate_of_the_policy_problem():
    """Ratios of probabilities, written out."""
    setting, theta, batch = policy_problem().setting, policy_problem().theta, _batch()
    other = theta + 0.2 * np.random.default_rng(0).standard_normal(len(theta))
    taken = [expit((2 * batch.actions - 1) * setting.distribution(point)) for point in (theta, other)]
    assert setting.value(other) == pytest.approx(np.mean(taken[1] / taken[0] * batch.advantages), rel=1e-12)
    assert setting.value(theta) == pytest.approx(batch.advantages.mean(), rel=1e-12)


def test_ppo_is_broken_by_a_rotation_and_trpo_is_not():
    problem = policy_problem()
    found = invariance.matrix([TRPO, PPO], ["orthogonal"], problem, [0.02, 0.01, 0.005, 0.0025])
    assert [row[0] for row in found.kinds()] == ["exact", "broken"]
    stored = STORED["ppo"]["orthogonal"]["coefficient"]
    assert found["ppo", "orthogonal"].coefficient == pytest.approx(stored, rel=invariance_matrix.TOLERANCE)


@pytest.mark.parametrize(
    ("defects", "kind"),
    [
        ([3e-2, 8e-3, 1.5e-3, 5e-4], "order 1"),
        (lambda a: 0.3 * a**1.45, "broken"),
        (lambda a: 0.3 * a**1.55, "order 1"),
        (lambda a: 0.3 * a**3.1, "order 2"),
        (lambda a: 0 * a, "exact"),
        (lambda a: 1e-9 + 0 * a, "exact"),  # EXACT itself
        (lambda a: 1.001e-9 + 0 * a, "broken"),
        (lambda a: 6e-7 * a**2, "order 1"),  # all below EXACT, a power law all the same
        (lambda a: 5e-8 * a**2, "exact"),  # a power law below what the solvers leave
        (lambda a: 4e-9 * a**0.45, "exact"),  # too flat to be one
        (lambda a: 5e-9 * a**0.55, "broken"),
        ([9e-10, 1e-10, 9e-11, 3e-11], "exact"),  # too rough to be one
    ],
)
def test_the_verdict_on_measured_defects(defects, kind, monkeypatch):
    steps = np.array([0.04, 0.02, 0.01, 0.005])
    measured = np.asarray(defects(steps) if callable(defects) else defects)
    monkeypatch.setattr(orders, "gap", lambda *given: dict(zip(steps, measured))[given[5]])
    found = orders.measure("gradient", None, None, None, None)
    assert found.kind == kind
    assert found.defects == tuple(measured)
    assert found.steps == tuple(steps)
    if kind == "exact":
        assert np.isnan([found.slope, found.stderr, found.coefficient]).all()
    else:
        line = linregress(np.log(steps), np.log(measured))
        assert found.slope == pytest.approx(line.slope, rel=1e-9)
        # SciPy takes the error from 1 - r^2, which is rounding for a perfect fit
        assert found.stderr == pytest.approx(line.stderr if line.rvalue < 0.9999 else 0, rel=1e-6, abs=1e-12)
        assert found.coefficient == pytest.approx(np.exp(line.intercept), rel=1e-9)


def test_a_slope_needs_three_steps(monkeypatch):
    def gap(*given):
        if given[5] > 0.02:
            raise geometry.LeftDomain("sigma must be > 0")
        return given[5] ** 2

    monkeypatch.setattr(orders, "gap", gap)
    nothing = [None] * 4
    assert orders.measure("gradient", *nothing).steps == (0.02, 0.01, 0.005)
    few = orders.measure("gradient", *nothing, steps=(0.04, 0.01, 0.005))
    assert few.reason == "only 2 of 3 steps stay in the domain: sigma must be > 0"
    assert orders.measure("gradient", *nothing, steps=(0.01,)).reason.endswith("domain: pass more steps")


def test_a_table_as_text_to_the_letter():
    cells = {
        ("a", "x"): invariance.Order(2.0, 0.01, 0.5, "order 1"),
        ("a", "y"): invariance.not_defined("why"),
        ("bcd", "x"): invariance.Order(np.nan, np.nan, np.nan, "exact"),
        ("bcd", "y"): invariance.not_defined("because"),
    }
    table = invariance.Matrix(("a", "bcd"), {"x": "stretch", "y": "turn"}, cells)
    assert table.text().split("\n") == [
        "method  stretch              turn",
        "---------------------------------",
        "a       order 1 (2.00, 0.5)  not defined",
        "bcd     exact                not defined",
        "",
        "not defined: because",
        "not defined: why",
    ]
    assert repr(table) == "<invariance matrix: 2 methods, 2 changes of coordinates>"


def test_twin_networks_need_as_many_outputs_as_parameters():
    with pytest.raises(ValueError, match="examples must be at least 9 .got 8."):  # (2 + 1) 2 + (2 + 1) 1
        layerwise_defects(np.random.default_rng(0), sizes=(2, 2, 1), examples=8)


def test_twins_of_a_network_after_one_step():
    """K-FAC and the natural gradient do not see the affine maps between the layers; damping, a diagonal and g do."""
    found = layerwise_defects(np.random.default_rng(0), sizes=(2, 2, 1), examples=30)
    assert list(found) == ["gradient", "diagonal", "K-FAC, damped", "K-FAC", "natural"]
    assert max(found["K-FAC"], found["natural"]) < 1e-8
    assert min(found[name] for name in ("gradient", "diagonal", "K-FAC, damped")) > 1e-2


def test_gap_to_the_flow_by_hand():
    """In the variance: the flow ends at 1 + 8 e^-a and Euler at 9 - 8 a; d = |log ratio| / sqrt 2."""
    zero = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(zero, [1.0])
    expected = np.log((1 + 8 * np.exp(-0.1)) / 8.2) / np.sqrt(2)
    assert invariance.flow_gap("natural-euler", zero, [9.0], f, 0.1, "variance") == pytest.approx(expected, rel=1e-8)


def test_columns_of_the_matrix_differ_as_the_study_has_stored_them():
    """Two cheap rows over maps that are not affine: the coefficients belong to these maps and no others."""
    table = invariance.matrix(("gradient", "natural-euler"), ("diagonal", "log-sigma", "smooth", "redundant"))
    for row in table.rows:
        for column in table.columns:
            cell, stored = table[row, column], STORED[row][column]
            assert cell.kind == stored["kind"]
            if "coefficient" in stored:
                assert [cell.slope, cell.coefficient] == pytest.approx(
                    [stored["slope"], stored["coefficient"]], rel=invariance_matrix.TOLERANCE
                )
