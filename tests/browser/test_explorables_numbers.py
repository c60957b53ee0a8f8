"""The numbers of every explorable are those of ngtools, on a grid.

Both sides compute in float64. They round in another order, which the tolerance of 1e-9 leaves room for; a wrong sign
or factor does not fit into it.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest

from ngtools import data, descent, families, geometry
from ngtools.descent.trust_region import full_step, trust_region_backtracking
from ngtools.geometry import sphere
from ngtools.geometry.steepest import steepest
from ngtools.linear.convergence import cg_path
from ngtools.rl import bandit

SCRIPTS = Path(__file__).resolve().parents[2] / "book" / "_static" / "explorables"
NEAR = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(scope="module")
def mathematics(browser):
    """A function that evaluates one of an explorable's functions at each row of arguments; null becomes nan."""
    page = browser.new_page()
    page.goto("data:text/html,<title>mathematics</title>")
    for path in sorted(SCRIPTS.glob("*.js"), key=lambda path: path.stem != "common"):
        page.add_script_tag(path=path)

    def evaluate(name, function, rows):
        program = "([name, f, rows]) => rows.map(row => explorables.of(name).mathematics[f](...row))"
        return page.evaluate(program, [name, function, [list(row) for row in rows]])

    yield evaluate
    page.close()


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


SIGMAS, RATES = (0.03, 0.05, 0.08, 0.13, 0.2, 0.29), (0.0005, 0.003, 0.006, 0.01)


@pytest.fixture(scope="module")
def residuals():
    values = data.load("michelson").values
    return (values - values.mean()) / 1000


@pytest.mark.parametrize("chart", ["std", "variance", "log-std"])
def test_the_steps_of_three_learners(mathematics, residuals, chart):
    family = families.get("zero-mean-normal")
    f = descent.mean_log_likelihood(family, residuals)
    rows, expected = list(itertools.product([chart], SIGMAS, RATES)), []
    for _, sigma, alpha in rows:
        run = descent.run("gradient", family, family.convert([sigma], to=chart), f, alpha, 1, chart)
        expected.append(np.nan if run.exits else run.distribution[1, 0])
    assert chart != "variance" or np.isnan(expected).any(), "the grid holds a step that leaves the model"
    np.testing.assert_allclose(numbers(mathematics("sigma-step", "step", rows)), expected, **NEAR)


def test_the_objective_of_three_learners(mathematics, residuals):
    family, rows = families.get("zero-mean-normal"), [[sigma] for sigma in np.linspace(0.03, 0.3, 24)]
    f = descent.mean_log_likelihood(family, residuals)
    expected = [float(f(np.array(row))) for row in rows]
    np.testing.assert_allclose(numbers(mathematics("sigma-step", "value", rows)), expected, **NEAR)


PLACES = list(itertools.product(np.radians([0, 17, 45, 62, 80]), np.radians([-100, -35, 20, 90, 150])))
L, S = sphere.LATITUDE_LONGITUDE, sphere.STEREOGRAPHIC


def test_two_charts_of_the_earth(mathematics):
    places = [sphere.locate(S, sphere.point(L, np.array(theta))) for theta in PLACES]
    np.testing.assert_allclose(mathematics("two-charts", "toPlane", PLACES), places, **NEAR)
    slopes = [sphere.jacobian(L, S, np.array(theta)) for theta in PLACES]
    np.testing.assert_allclose(mathematics("two-charts", "jacobian", PLACES), slopes, **NEAR)


def test_one_arrow_in_two_charts(mathematics):
    rows = [(*theta, bearing, 0.3) for theta, bearing in zip(PLACES, np.linspace(0, 6, len(PLACES)))]
    globe = np.array(mathematics("two-charts", "globeArrow", [(row[0], *row[2:]) for row in rows]))
    plane = np.array(mathematics("two-charts", "planeArrow", rows))
    for (latitude, longitude, bearing, _), on_globe, on_plane in zip(rows, globe, plane):
        theta = np.array([latitude, longitude])
        ground = sphere.frame(L, theta) @ on_globe
        np.testing.assert_allclose(sphere.bearing(sphere.point(L, theta), ground) % 360, np.degrees(bearing), **NEAR)
        np.testing.assert_allclose(np.linalg.norm(ground), 0.3, **NEAR)
        np.testing.assert_allclose(on_plane, sphere.jacobian(L, S, theta) @ on_globe, **NEAR)


def test_the_length_of_an_arrow_by_the_metric_of_each_chart(mathematics):
    arrows = [[np.cos(t), np.sin(t) / 3] for t in range(len(PLACES))]
    on_globe = [np.sqrt(v @ sphere.metric(L, np.array(p)) @ v) for p, v in zip(PLACES, np.array(arrows))]
    rows = [(p[0], v) for p, v in zip(PLACES, arrows)]
    np.testing.assert_allclose(mathematics("two-charts", "globeLength", rows), on_globe, **NEAR)
    on_plane = [np.sqrt(v @ sphere.metric(S, np.array(p)) @ v) for p, v in zip(PLACES, np.array(arrows))]
    rows = [(list(p), v) for p, v in zip(PLACES, arrows)]
    np.testing.assert_allclose(mathematics("two-charts", "planeLength", rows), on_plane, **NEAR)


def test_the_divergence_of_normal_distributions(mathematics):
    rows = list(itertools.product([-0.7, 0.0, 1.3], [0.4, 1.0, 2.5], [0.0, 0.9], [0.6, 1.0, 1.7]))
    expected = [float(families.get("normal").kl(list(row[:2]), list(row[2:]))) for row in rows]
    np.testing.assert_allclose(numbers(mathematics("kl-ball", "kl", rows)), expected, **NEAR)


@pytest.mark.parametrize("direction", ["old-new", "new-old"])
@pytest.mark.parametrize("c", [0.005, 0.2, 0.49])
def test_the_level_set_and_the_ellipse(mathematics, direction, c):
    normal, angles = families.get("normal"), np.linspace(0, 2 * np.pi, 25)
    ball = geometry.kl_ball(normal, [0.0, 1.0], c, direction=direction, points=25)
    found = mathematics("kl-ball", "level", [(direction, angle, c) for angle in angles])
    np.testing.assert_allclose(found, ball, **NEAR)
    ellipse = geometry.ellipse(normal.fisher(np.array([0.0, 1.0])), [0.0, 1.0], c, points=25)
    np.testing.assert_allclose(mathematics("kl-ball", "ellipse", [(a, c) for a in angles]), ellipse, **NEAR)
    rows = [(direction, *place) for place in ellipse.tolist()]
    pair = ([0.0, 1.0], None) if direction == "old-new" else (None, [0.0, 1.0])
    expected = [float(normal.kl(*(place if end is None else end for end in pair))) for place in ellipse]
    np.testing.assert_allclose(mathematics("kl-ball", "divergence", rows), expected, **NEAR)


def test_the_steepest_arrow(mathematics):
    rows = list(itertools.product([0.5, 0.9, 1.6, 2.0], [0.0, 0.4, 1.1, 2.0, 3.0, 5.5]))
    metrics = mathematics("steepest", "metric", rows)
    for (p, angle), M in zip(rows, metrics):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        np.testing.assert_allclose(M, turn @ np.diag([p**-2, p**2]) @ turn.T, **NEAR)
    arrows = [(M, [np.cos(t), np.sin(t)]) for t, M in enumerate(metrics)]
    np.testing.assert_allclose(mathematics("steepest", "steepest", arrows), [steepest(*row) for row in arrows], **NEAR)


@pytest.mark.parametrize("chart", ["mean-std", "mean-variance", "mean-log-std", "mean-precision"])
@pytest.mark.parametrize(("kind", "method"), [("gradient", "gradient"), ("natural", "natural-euler")])
def test_runs_in_four_charts(mathematics, kind, method, chart):
    normal = families.get("normal")
    f = descent.expected_log_likelihood(normal, [0.0, 1.0])
    starts = [(2.0, 2.0), (-1.5, 0.6), (0.0, 3.0), (2.5, 1.2), (-0.4, 0.9)]
    exits = 0
    for (mean, sigma), alpha in itertools.product(starts, (0.02, 0.1, 0.3, 0.7)):
        [path] = mathematics("charts-and-paths", "run", [(kind, chart, mean, sigma, alpha, 8)])
        trace = descent.run(method, normal, normal.convert([mean, sigma], to=chart), f, alpha, 8, chart)
        exits += len(trace.exits)
        assert len(path) == len(trace.distribution), (mean, sigma, alpha)
        np.testing.assert_allclose(path, trace.distribution, **NEAR)
    assert (chart == "mean-precision") <= (exits > 0), "the precision leaves the domain on this grid"


@pytest.mark.parametrize("kappa", [3.0, 50.0, 1000.0, 10000.0])
def test_conjugate_gradients_with_damping(mathematics, kappa):
    spectrum = np.geomspace(1 / kappa, 1, 12)
    np.testing.assert_allclose(mathematics("cg-damping", "spectrum", [[kappa]])[0], spectrum, **NEAR)
    g = np.sqrt(spectrum)
    for damping in (1e-4, 1e-3, 0.03, 0.5, 1.0):
        # five steps: later, rounding has cost the residuals their orthogonality, and digits differ between programs
        path = cg_path(np.diag(spectrum), g, 5, damping=damping)
        found = mathematics("cg-damping", "iterate", [(kappa, damping, k) for k in range(6)])
        np.testing.assert_allclose(found, path.values, **NEAR)
        rows = [(kappa, damping, x) for x in found]
        np.testing.assert_allclose(mathematics("cg-damping", "residual", rows), path.residual, **NEAR)
        np.testing.assert_allclose(mathematics("cg-damping", "energy", rows), path.energy, **NEAR)
        shares = np.array(mathematics("cg-damping", "shares", [(kappa, x) for x in found]))
        np.testing.assert_allclose(shares, path.values / (g / spectrum), **NEAR)
        angles = mathematics("cg-damping", "angle", [(kappa, x) for x in found[1:]])
        F, exact = np.diag(spectrum), g / spectrum
        expected = [geometry.angle(F, x, exact) for x in path.values[1:]]
        np.testing.assert_allclose(angles, expected, **NEAR)


STARTS = [(0.05, 0.8, 0.15), (0.3, 0.3, 0.4), (0.02, 0.02, 0.96), (0.6, 0.1, 0.3), (0.1, 0.45, 0.45)]


@pytest.mark.parametrize("middle", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("time", [3.0, 40.0, 200.0])
def test_two_flows_on_the_simplex(mathematics, middle, time):
    rewards, times = np.array([1.0, middle, 0.0]), np.linspace(0, time, 9)
    for p in STARTS:
        vanilla = np.array(mathematics("simplex", "vanilla", [(p, middle, time, 9)])[0])
        # the library's solver controls its own error to 1e-10 a step; over a whole flow that adds up
        np.testing.assert_allclose(vanilla, bandit.gradient_flow(p, rewards, times), rtol=0, atol=1e-8)
        natural = np.array(mathematics("simplex", "natural", [(p, middle, t) for t in times]))
        np.testing.assert_allclose(natural, bandit.natural_flow(p, rewards, times), **NEAR)
        returns = mathematics("simplex", "expected", [(row, middle) for row in natural.tolist()])
        np.testing.assert_allclose(returns, natural @ rewards, **NEAR)


def test_the_gradient_flow_on_the_simplex_to_nine_digits(mathematics):
    categorical, p = families.get("categorical", K=3), STARTS[0]
    logits = categorical.convert(np.array(p[:2]), chart="probabilities", to="logits")

    def value(theta):
        return categorical.convert(theta, to="probabilities") @ np.array([1.0, 0.5])

    flow = descent.flow("gradient", categorical, logits, value, 25.0, "logits", points=26)
    expected = [categorical.convert(theta, to="probabilities") for theta in flow.distribution]
    found = np.array(mathematics("simplex", "vanilla", [(p, 0.5, 25.0, 26)])[0])
    np.testing.assert_allclose(found[:, :2], expected, **NEAR)


@pytest.mark.parametrize("chart", ["std", "variance", "log-std"])
def test_one_trust_region_step(mathematics, chart):
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [1.0])
    setting = descent.chart_setting(family, f, chart)
    rows = list(itertools.product([chart], [0.3, 0.8, 1.5, 3.0], [0.005, 0.1, 0.2, 0.3, 0.5]))
    full, taken, left = [], [], 0
    for _, sigma, delta in rows:
        theta = family.convert([sigma], to=chart)
        new = theta + full_step(setting, theta, delta)
        out = bool(setting.outside(new))
        left += out
        full.append(np.nan if out else family.convert(new, to="std", chart=chart)[0])
        end = trust_region_backtracking(setting, theta, np.sqrt(2 * delta))
        taken.append(family.convert(end, to="std", chart=chart)[0])
    assert (left > 0) == (chart == "variance"), "the grid holds a step that leaves the model"
    np.testing.assert_allclose(numbers(mathematics("trust-step", "at", [(*row, 1) for row in rows])), full, **NEAR)
    tries = mathematics("trust-step", "backtrack", rows)
    fractions = [0 if count is None else 0.8**count for count in tries]
    assert len(set(tries)) > 1, "the grid holds steps that backtrack and steps that do not"
    ends = numbers(mathematics("trust-step", "at", [(*row, s) for row, s in zip(rows, fractions)]))
    np.testing.assert_allclose(ends, taken, **NEAR)


def test_the_divergence_and_the_objective_of_a_trust_region_step(mathematics):
    family = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(family, [1.0])
    rows = list(itertools.product([0.3, 0.7, 1.0, 1.8, 3.0], repeat=2))
    expected = [float(family.kl([old], [new])) for old, new in rows]
    np.testing.assert_allclose(mathematics("trust-step", "kl", rows), expected, **NEAR)
    values = [float(f(np.array([sigma]))) for sigma in np.linspace(0.3, 3, 20)]
    found = mathematics("trust-step", "value", [[sigma] for sigma in np.linspace(0.3, 3, 20)])
    np.testing.assert_allclose(found, values, **NEAR)
