"""Each study from beginning to end on settings that take seconds: what its record holds, and where its numbers come from.

Runs that take long even when they are small are replaced by numbers that were made up; what the study makes of them is
then known.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import NamedTuple

import jax
import numpy as np
import pytest

from ngtools import experiments
from ngtools.experiments import (
    __main__,
    _digits_timing,
    _digits_training,
    _policies_timing,
    amari1998,
    cartpole_linear,
    digits,
    invariance_matrix,
    kakade2001,
    kunstner2019,
    matrix_free_cost,
    policies,
    song2018,
    takeuchi1976,
)
from ngtools.experiments._one_thread import on_one_thread
from ngtools.invariance import Order, not_defined


@pytest.fixture
def in_this_process(monkeypatch):
    """Programs for a process of their own are run here; returns the environments that were asked for."""
    asked = []

    def run(command, *, env, input="", check, capture_output, text):
        assert (command[:2], check, capture_output, text) == ([sys.executable, "-c"], True, True, True)
        asked.append(env)
        said = io.StringIO()
        with monkeypatch.context() as here, contextlib.redirect_stdout(said):
            here.setattr(sys, "stdin", io.StringIO(input))
            exec(command[2], {})
        return SimpleNamespace(stdout=said.getvalue())

    monkeypatch.setattr(subprocess, "run", run)
    return asked


# -- how studies are stored ---------------------------------------------------------------------------------


@pytest.fixture
def toy(monkeypatch, tmp_path):
    study = SimpleNamespace(
        SETTINGS={"size": 3, "rates": (0.1, 0.2)},
        run=lambda size, rates: {
            "array": np.arange(size),
            "bad": np.nan,
            "sum": np.float64(sum(rates)),
            "none": [np.inf],
        },
        check=lambda results: {"starts at 0": results["array"][0] == 0, "is finite": results["bad"] is not None},
    )
    monkeypatch.setattr(experiments, "study", lambda name: study)
    monkeypatch.setattr(experiments, "names", lambda: ("toy",))
    monkeypatch.setattr(experiments, "data_directory", lambda: tmp_path / "_data")
    return tmp_path / "_data" / "toy.json"


def test_what_is_stored_is_plain_and_can_be_loaded(toy, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"toy.json is missing; run `python -m ngtools.experiments toy`"):
        experiments.load("toy")
    stored = experiments.write("toy")
    assert experiments.load("toy") == stored == json.loads(toy.read_text())
    assert stored["settings"] == {"size": 3, "rates": [0.1, 0.2]}
    assert stored["results"] == {"array": [0, 1, 2], "bad": None, "sum": pytest.approx(0.3), "none": [None]}
    assert stored["verdicts"] == {"starts at 0": True, "is finite": False}
    assert {"python", "numpy", "jax"} <= set(stored["versions"])

    def version(package):
        if package == "optax":
            raise PackageNotFoundError
        return "1.0"

    monkeypatch.setattr("importlib.metadata.version", version)
    assert set(experiments.write("toy")["versions"]) == {"python", "numpy", "scipy", "jax"}


def test_the_command_says_which_claims_fail(toy, capsys, monkeypatch):
    assert __main__.main([]) == 1
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.startswith("toy: ")
    assert lines == ["  pass  starts at 0", "  FAIL  is finite"]
    monkeypatch.setattr(experiments, "write", lambda name: {"verdicts": {"all well": True}})
    monkeypatch.setattr(sys, "argv", ["experiments", "other"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(__main__.__file__, run_name="__main__")
    assert end.value.code == 0
    assert "  pass  all well" in capsys.readouterr().out


def test_a_package_without_the_book_has_no_stored_results(monkeypatch, tmp_path):
    assert experiments.data_directory().name == "_data"
    monkeypatch.setattr(experiments, "__file__", str(tmp_path / "ngtools" / "experiments" / "__init__.py"))
    with pytest.raises(FileNotFoundError, match="studies belong to a checkout"):
        experiments.data_directory()


# -- studies that are quick when they are small ---------------------------------------------------------------


def test_kunstner_in_small():
    """Thirty points, two starts: a natural field that is straight."""
    small = {"seed": 3, "N": 30, "starts": [[1.0, 0.0], [4.0, 3.0]], "ridge": 0.01, "pieces": 200}
    found = kunstner2019.run(**small)
    assert {name: len(each) for name, each in found["crookedness"].items()} == dict.fromkeys(kunstner2019.FIELDS, 2)
    assert found["crookedness"]["natural"] == pytest.approx([1, 1], abs=1e-6)
    assert min(found["crookedness"]["gradient"]) > 1 + 1e-4
    x, y = kunstner2019.data(3, 30)
    # the natural field of a linear model points at the least-squares fit from everywhere
    points = np.array([[[0.0, 1.0], [5.0, -2.0]]])
    fit = np.linalg.lstsq(np.stack([np.ones(30), x], axis=1), y[:, 0])[0]
    np.testing.assert_allclose(kunstner2019.on_grid("natural", points, x, y, 0.0), fit - points, rtol=0, atol=1e-10)
    with pytest.raises(ValueError, match="name must be one of"):
        kunstner2019.field("steepest", points[0, 0], x, y)


def test_takeuchi_in_small():
    """Four data sets of 20: gap = test - training loss of the least-squares fit, written out for each."""
    found = takeuchi1976.run(seed=5, d=2, N=20, noise=0.5, replicates=4)
    rng, gaps = np.random.default_rng([5, 1]), []
    for _ in range(4):
        X, e = rng.standard_normal((20, 2)), 0.5 * rng.standard_normal(20)
        error = np.linalg.lstsq(X, e)[0]
        gaps.append((0.25 + error @ error) / 2 - np.mean((e - X @ error) ** 2) / 2)
    assert found["gap"] == pytest.approx(np.mean(gaps), rel=1e-10)
    assert found["stderr"] == pytest.approx(np.std(gaps, ddof=1) / 2, rel=1e-10)
    assert found["akaike"] == 0.1
    assert found["takeuchi"] == pytest.approx(0.25 * 0.1, rel=0.1)  # noise^2 d / N, from 4000 draws


def test_amari_hands_each_part_its_own_draws(monkeypatch):
    seen = {"efficiency": [], "plateau": []}
    monkeypatch.setattr(amari1998, "efficiency", lambda *given: seen["efficiency"].append(given) or 1.0)
    monkeypatch.setattr(amari1998, "plateau", lambda *given: seen["plateau"].append(given) or 10)
    small = amari1998.SETTINGS | {"observations": 3, "runs": 5, "inputs": 4, "examples": 6, "separation_steps": 5}
    found = amari1998.run(**small)
    exponential, gamma = (given[-1] for given in seen["efficiency"])
    rng = np.random.default_rng([1998, 0])
    np.testing.assert_array_equal(exponential, rng.exponential(2.0, (5, 3)))
    np.testing.assert_array_equal(gamma, rng.gamma(2.3, 1.0, (5, 3)))
    assert [given[3:] for given in seen["plateau"]] == [
        (1.0, False, 400),
        (3.0, False, 400),
        (0.1, True, 400),
        (0.5, True, 400),
    ]
    teacher, start, X, *_ = seen["plateau"][0]
    np.testing.assert_allclose(teacher @ teacher.T, np.eye(2), atol=1e-14)
    assert (start.shape, X.shape) == ((2, 4), (6, 4))
    assert found["separation"]["natural"] < 1e-9 < 1e-3 < found["separation"]["vanilla"]
    assert list(found["plateau"]) == ["vanilla 1.0", "vanilla 3.0", "natural 0.1", "natural 0.5"]


def test_song_s_spreads_and_slopes_from_runs_that_were_made_up(monkeypatch):
    """Ends that differ by 3 dt^2 after one step and by 5 dt at a fixed time."""
    nll = {"natural-euler": {"a": [1.0, 2.0], "b": [1.5, 2.25]}, "exact flow": {"a": [1.0, 1.0], "b": [1.0, 1.0]}}
    here, there = (SimpleNamespace(name=name, distance=lambda p, q: abs(p - q)) for name in "ab")

    def run_setting(name, setting, start, dt, count):
        assert dt * count == pytest.approx(0.5)
        return SimpleNamespace(distribution=[0.0, (5 * dt) * (setting is there)])

    monkeypatch.setattr(song2018, "METHODS", ("natural-euler",))
    monkeypatch.setattr(song2018, "fit", lambda settings: nll)
    monkeypatch.setattr(song2018, "gamma_settings", lambda *given: {"(a, b)": (here, 0), "(a, 1/b)": (there, 0)})
    monkeypatch.setattr(song2018, "run_setting", run_setting)
    monkeypatch.setattr(song2018, "measure", lambda name, *given, steps: Order(2.0, 0.0, 3.0, "order 1", tuple(steps)))
    found = song2018.run(**song2018.SETTINGS | {"iterations": 1})
    assert found["spread"] == {"natural-euler": [0.5, 0.25], "exact flow": [0, 0]}
    assert found["slopes"]["natural-euler"] == pytest.approx({"one_step": 2, "fixed_time": 1})
    assert found["nll"] is nll


def test_costs_in_small(monkeypatch, in_this_process):
    keys = {"seed": 10, "N": 6, "damping": 0.1, "tol": 1e-6, "rounds": 1}
    one = on_one_thread(matrix_free_cost.measured, width=2, **keys)
    assert in_this_process[0]["OMP_NUM_THREADS"] == "1"
    assert list(one["seconds"]) == ["form", "factor", "CG", "product", "KL product", "gradient"]
    assert all(0 < low <= middle <= high for low, middle, high in one["seconds"].values())
    assert one["difference"] < 1e-4

    def made_up(measured, width, **rest):
        d = {2: 100.0, 3: 1000.0}[width]
        costs = {"form": d**2, "factor": d**3 / 1e3, "CG": 4e6, "product": 2 * d, "KL product": 3 * d, "gradient": d}
        return {"seconds": {name: [0.0, cost, 2 * cost] for name, cost in costs.items()}, "difference": 0.0}

    monkeypatch.setattr(matrix_free_cost, "on_one_thread", made_up)
    monkeypatch.setattr(
        matrix_free_cost, "counts", lambda seed, width, *rest: {"d": {2: 100, 3: 1000}[width], "steps": width}
    )
    found = matrix_free_cost.run(widths=[2, 3], fitted=2, **keys)
    slopes = {"form": 2, "factor": 3, "CG": 0, "product": 1, "KL product": 1, "gradient": 1}
    assert found["exponents"] == pytest.approx(slopes | {"CG, one step": np.log10(2 / 3)}, abs=1e-9)
    assert found["dense over CG"] == pytest.approx([1.1e4 / 4e6, 2e6 / 4e6])
    assert (found["product over gradient"], found["KL product over gradient"]) == ([2, 2], [3, 3])
    assert found["crossing"] is None  # the dense route stays below here
    assert found["widths"]["3"]["seconds"]["CG"] == [0, 4e6, 8e6]
    assert matrix_free_cost.crossing([1, 10], [5, 50], [1, 1]) is None  # and here above from the start


def test_refusals_and_parts_of_other_studies(monkeypatch):
    with pytest.raises(ValueError, match="parts is empty"):
        invariance_matrix.run(parts=[], methods=[], columns=[], steps=[])
    assert invariance_matrix._entry(not_defined("why")) == {"kind": "not defined", "reason": "why"}
    with pytest.raises(ValueError, match="kind must be 'gradient' or 'natural'"):
        kakade2001.regulator_flow((1.0, 1.0), "euler")
    monkeypatch.setattr(kakade2001, "_two_states", lambda *given: given)
    monkeypatch.setattr(kakade2001, "_regulators", lambda *given: given)
    s = kakade2001.SETTINGS
    assert kakade2001.run(**s) == {
        "two states": (s["starts"], s["damping"], s["target"]),
        "regulator": (s["scales"], s["costs"]),
    }


# -- digits --------------------------------------------------------------------------------------------------


def test_tuning_takes_the_least_mean_and_counts_what_fails(monkeypatch):
    """Twelve settings of SGD, losses made up: the seventh is best over the seeds, the third for the hasty."""
    first, last = np.full((12, 3), 2.0), np.full((12, 3), 1.0)
    last[6] = [0.5, 0.1, 0.1]
    last[2] = [0.2, 0.9, 0.9]
    last[4, 1] = np.nan
    last[5, 2] = 2.0  # no lower than it began
    losses = np.stack([first, last], axis=2)
    asked = []
    monkeypatch.setattr(_digits_training, "train", lambda *given: asked.append(given) or {"loss": losses})
    found = _digits_training.tune("SGD", "split", [4, 2], 8, 20, [1, 2, 3], hasty=1)
    pairs = [(rate, knob) for rate in (0.1, 0.3, 1.0, 3.0) for knob in (0.0, 0.9, 0.97)]
    assert asked == [("SGD", *zip(*pairs), [1, 2, 3], "split", [4, 2], 8, 20, 20)]
    assert (found["rate"], found["knob"], found["hasty"]) == (*pairs[6], pairs[2])
    assert found["failed"] == 2
    assert found["losses"][2:7] == [0.6667, 1.0, np.inf, 1.333, 0.2333]


def test_digits_in_small(monkeypatch):
    def train(name, rates, knobs, seeds, split, sizes, batch, steps, every):
        times = np.arange(0, steps + 1, every)
        # halved every two steps, and from seed to seed by a tenth more; the second seed of CG rises
        loss = 2.0 ** (-times / 2) * (1 + np.arange(len(seeds))[:, None] / 10)
        if name == "natural, CG":
            loss[1] = 1.0 + times
        return {"loss": loss[None], "error": (loss / 10)[None]}

    monkeypatch.setattr(digits, "train", train)
    monkeypatch.setattr(digits, "tune", lambda *given: {"rate": 1.0, "knob": 0.0, "hasty": (3.0, 0.5), "failed": 0})
    monkeypatch.setattr(digits, "seconds_on_one_thread", lambda best, s: {name: [1.0, 2.0, 3.0] for name in best})
    small = digits.SETTINGS | {"steps": 8, "every": 2, "longer": 2, "seeds": [0, 1, 2]}
    found = digits.run(**small)
    sgd = found["curves"]["SGD"]
    mean = np.mean(np.log10([1, 1.1, 1.2]))
    assert sgd["log10 loss"]["mean"] == pytest.approx(mean - np.log10(2) * np.arange(9), abs=1e-5)
    half = 4.302653 * np.std(np.log10([1, 1.1, 1.2]), ddof=1) / np.sqrt(3)  # Student, two degrees of freedom
    assert np.subtract(sgd["log10 loss"]["high"], sgd["log10 loss"]["mean"]) == pytest.approx([half] * 9, abs=2e-5)
    # 2^-4 is the first below a tenth for all three; a hundredth takes 2^-7, which the cheap methods alone go on to
    assert sgd["hits"] == {"0.1": [8, 8, 8], "0.01": [14, 14, 14]}
    assert found["curves"]["K-FAC"]["hits"]["0.01"] == [None] * 3
    assert [found["curves"][name]["failed"] for name in ("SGD", "natural, CG")] == [0, 1]
    assert [found["curves"][name]["hasty failed"] for name in ("SGD", "natural, CG")] == [0, 1]
    assert sgd["first losses"] == pytest.approx(np.array([[1, 0.5, 0.25], [1.1, 0.55, 0.275]]))
    monkeypatch.setattr(digits, "SETTINGS", small)
    assert digits.at_steps(found, "SGD")["mean"] == pytest.approx(mean - 4 * np.log10(2), abs=1e-5)
    assert digits.at_seconds(found, "SGD", 9.0)["mean"] == pytest.approx(mean - 2 * np.log10(2), abs=1e-5)
    assert np.isnan(digits.at_seconds(found, "SGD", 1e3)["mean"])


def test_a_live_run_of_the_digits_learns():
    losses = digits.live("SGD", seeds=1, steps=3)
    assert len(losses) == 4  # before the first step, and after each
    assert losses[-1] < losses[0] < 4


def test_seconds_of_the_digits_are_counted_on_one_thread(in_this_process):
    best = {"SGD": {"rate": 0.1, "knob": 0.0}}
    small = {"split_seed": 11, "train": 1297, "sizes": [64, 2, 10], "batch": 4, "rounds": 2}
    low, middle, high = _digits_timing.seconds_on_one_thread(best, small)["SGD"]
    assert 0 < low <= middle <= high < 1
    assert "intra_op_parallelism_threads=1" in in_this_process[0]["XLA_FLAGS"]
    assert {in_this_process[0][f"{name}_NUM_THREADS"] for name in ("OPENBLAS", "OMP", "MKL")} == {"1"}


# -- CartPole ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", cartpole_linear.CHARTS)
def test_every_chart_begins_at_the_uniform_policy_and_holds_the_same_policies(chart):
    """log odds of the right = theta . x, whatever theta is called."""
    x, theta = np.array([[0.1, -0.2, 0.3, 0.4]]), np.array([0.5, -1.0, 2.0, 0.3])
    s = cartpole_linear.SETTINGS
    called = {
        "weights": theta,
        "rescaled features": theta / np.array(s["scale"]),
        "mixed weights": np.linalg.solve(s["mix"], theta),
        "sinh of weights": np.arcsinh(theta),
    }
    with jax.enable_x64(True):
        policy = cartpole_linear.policy_in(chart)
        start = policy.init(jax.random.key(0))
        np.testing.assert_allclose(policy.log_prob(start, x, np.array([1])), np.log(0.5), rtol=1e-12)
        if chart in called:
            found = policy.log_prob(called[chart], x, np.array([1]))
            np.testing.assert_allclose(found, -np.log1p(np.exp(-x @ theta)), rtol=1e-12)
    with pytest.raises(ValueError, match="chart must be one of"):
        cartpole_linear.policy_in("polar")


def test_only_solves_get_conjugate_gradients(monkeypatch):
    asked = []
    trace = SimpleNamespace(mean_return=np.ones((1, 2, 3)), kl=np.zeros((1, 2, 3)), backtracks=np.zeros((1, 2, 3)))
    monkeypatch.setattr(cartpole_linear, "starts", lambda *given: given)
    monkeypatch.setattr(cartpole_linear, "sweep", lambda *given: asked.append(given) or (None, trace))
    for name in ("vanilla", "TRPO"):
        found = cartpole_linear.train(name, "weights", [0.1], [0, 1], 3)
        assert {key: value.shape for key, value in found.items()} == dict.fromkeys(
            ("mean_return", "kl", "backtracks"), (1, 2, 3)
        )
    (_, _, _, plain, knob, values, _), (_, _, _, solving, other, *_) = asked
    assert (plain.iterations, plain.gamma, knob, values, other) == (3, 0.99, "learning_rate", [0.1], "delta")
    assert (solving.cg_steps, solving.cg_tol, hasattr(plain, "cg_steps")) == (20, 1e-10, False)


def test_charts_of_cartpole_compared_on_curves_that_were_made_up(monkeypatch):
    """Every setting grows by its rate a step, to 200; vanilla differs by 3 from chart to chart from the third step on."""

    def train(name, chart, values, seeds, iterations):
        t = np.arange(iterations)
        lengths = np.stack([np.minimum(20 + value * t, 200) for value in values])[:, None].repeat(len(seeds), axis=1)
        if name == "vanilla":
            lengths = lengths + 3.0 * cartpole_linear.CHARTS.index(chart) * (t >= 2)
        return {"mean_return": lengths, "kl": 0.01 * (1 + t) + 0 * lengths, "backtracks": 0 * lengths}

    monkeypatch.setattr(cartpole_linear, "train", train)
    found = cartpole_linear.run(**cartpole_linear.SETTINGS | {"seeds": [0, 1], "iterations": 6})
    plain = found["compared"]["weights"]
    assert list(plain) == [*(f"vanilla {rate:g}" for rate in (0.1, 1, 10, 50, 200)), "NPG", "TRPO"]
    assert plain["vanilla 50"]["success"] == [5, 5]  # 20, 70, 120, 170, 200
    assert plain["vanilla 0.1"]["success"] == [None, None]
    assert plain["TRPO"]["largest_kl"] == pytest.approx(0.06)
    assert plain["TRPO"]["median_kl"] == pytest.approx(0.035)
    assert plain["vanilla 50"]["lengths"] == [20, 70, 120, 170, 200, 200]
    charts = found["charts"]
    assert [charts["vanilla"][chart]["largest difference"] for chart in cartpole_linear.CHARTS] == [0, 3, 6, 9, 12]
    assert charts["vanilla"]["sinh of weights"]["mean difference"] == pytest.approx(12 * 4 / 6)
    assert [charts[name]["two logits"]["first difference"] for name in ("vanilla", "TRPO")] == [3, None]
    assert [cartpole_linear.span(plain[name]) for name in ("vanilla 50", "vanilla 0.1")] == ["5 to 5", "never"]
    assert cartpole_linear.span({"success": [4, None, 7]}) == "4 to 7, 1 never"


class _Trace(NamedTuple):
    mean_return: np.ndarray
    env_steps: np.ndarray
    kl: np.ndarray
    backtracks: np.ndarray


def made_up_training(name, values, seeds, settings, iterations):
    """Two seeds that climb by 10, 20, ... a step times the value's place; the second falls back at the end."""
    t = np.arange(iterations, dtype=float)
    rise = 10.0 * t * (1 + np.arange(len(seeds))[:, None])
    returns = np.stack([(place + 1) * rise for place in range(len(values))])
    returns[:, 0, 1] = np.nan  # no episode ended: the last value stands
    returns[:, 1, -1] = 1.0
    zero = np.zeros_like(returns)
    trace = {
        "mean_return": returns,
        "env_steps": zero + 16 * (t + 1),
        "kl": zero + 0.01 * (t + 1),
        "ratio_max": zero + 1.5,
        "backtracks": zero + (t == 2),
        "status": zero + (t == 3),
    }
    return SimpleNamespace(params={"w": np.zeros((len(values), len(seeds), 3))}, critic=None), trace


SMALL = policies.SETTINGS | {
    "num_envs": 2,
    "hidden": [2],
    "batch": 16,
    "iterations": 5,
    "tuning_seeds": [7, 8],
    "seeds": [0, 1],
    "solved": 40.0,
    "episodes": 2,
    "resamples": 50,
    "widths": [2],
    "rounds": 2,
    "pendulum": {"num_envs": 2, "hidden": [2], "batch": 4, "iterations": 3, "delta": 0.02, "seeds": 2},
}


def test_policies_described_from_runs_that_were_made_up(monkeypatch):
    monkeypatch.setattr(policies, "train", made_up_training)
    monkeypatch.setattr(policies, "play", lambda policy, params, settings, greedy: np.array([3.0, 5.0 + greedy]))
    monkeypatch.setattr(policies, "pendulum", lambda settings: {"env_steps": []})
    monkeypatch.setattr(policies, "on_one_thread", lambda seconds, settings: {"2": {}})
    found = policies.run(**SMALL)
    assert set(found) == {"tuning", "methods", "pendulum", "seconds"}
    tuned = found["tuning"]["TRPO"]
    assert tuned["value"] == tuned["values"][-1]  # the last of the six climbs fastest
    # seeds (0, 0, 20, 30, 40) and (0, 20, 40, 60, 1) times the place
    assert tuned["area"] == pytest.approx([place * (90 + 121) / 10 for place in range(1, 7)], abs=4)
    m = found["methods"]["PPO"]
    assert m["env_steps"] == [16, 32, 48, 64, 80]
    assert m["solved"] == [5, 3]
    assert (m["unsolved"], m["fell"]) == (0, 1)
    assert (m["rejected"], m["updates"]) == (2, 10)
    assert m["shortened"] == [0, 0, 1, 0, 0]
    assert m["kl"]["50"] == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.05])
    assert m["largest_kl"] == [0.05, 0.05]
    assert m["return"]["iqm"] == [0, 10, 30, 45, 20.5]
    assert all(low <= mid <= high for low, mid, high in zip(*(m["return"][k] for k in ("low", "iqm", "high"))))
    assert (m["final"]["all"], m["greedy"]["all"], m["greedy"]["iqm"]) == ([3, 5], [3, 6], 4.5)
    columns, rows = policies.summary({"methods": {"PPO": m, "TRPO": m | {"solved": [None, 3], "unsolved": 1}}})
    assert len(columns) == len(rows[0]) == len(rows[1])
    assert [dict(zip(columns, row))["solved at"] for row in rows] == [4, np.inf]
    assert dict(zip(columns, rows[0]))["worst final"] == 3
    assert dict(zip(columns, rows[0]))["largest ratio"] == 1.5


def test_bootstrap_intervals_and_filled_curves():
    found = policies.bootstrap(np.array([[1.0, 4.0]] * 5), 20)
    assert found == {"iqm": [1, 4], "low": [1, 4], "high": [1, 4]}
    spread = policies.bootstrap(np.arange(8.0), 500, seed=1)
    assert spread["low"] < spread["iqm"] == 3.5 < spread["high"]
    filled = policies.filled([[1.0, np.nan, np.nan, 4.0], [np.nan, 2.0, np.nan, 3.0]])
    np.testing.assert_array_equal(filled, [[1, 1, 1, 4], [np.nan, 2, 2, 3]])
    assert policies.interquartile_mean([0.0, 1.0, 3.0, 100.0]) == 2


def test_pendulum_from_runs_that_were_made_up(monkeypatch):
    def train(env, policy, state, base):
        assert (base.delta, base.iterations, base.batch, base.gamma) == (0.02, 3, 4, 0.95)
        t = jax.numpy.arange(3.0)
        return None, _Trace(-state - t, 4 * (t + 1), 0.01 * (1 + t), (t > 1) * 1.0)

    monkeypatch.setattr(policies, "starts", lambda *given: jax.numpy.array([10.0, 20.0]))
    monkeypatch.setattr(policies.trpo, "train", train)
    found = policies.pendulum(SMALL)
    assert found["env_steps"] == [4, 8, 12]
    assert found["last"] == [-12, -22]
    assert found["return"]["iqm"] == [-15, -16, -17]
    assert (found["largest_kl"], found["shortened"]) == (0.03, 0.333)


def test_seconds_and_play_of_the_policies(monkeypatch, in_this_process):
    monkeypatch.setattr(_policies_timing, "GRID", {"REINFORCE": policies.GRID["REINFORCE"]})
    found = on_one_thread(policies.seconds, SMALL | {"batch": 4})
    assert list(found) == ["2"]
    assert 0 < found["2"]["REINFORCE"] < 1
    assert in_this_process[0]["OMP_NUM_THREADS"] == "1"

    class Right:  # pushes to the right when it throws no dice
        def greedy(self, params, observations):
            return jax.numpy.ones(len(observations), int) + 0 * params["w"].astype(int)

    # a cart that is only pushed to the right falls within 8 to 11 steps
    returns = policies.play(Right(), {"w": np.zeros(2)}, SMALL, greedy=True)
    assert returns.shape == (2,)
    assert ((returns >= 8) & (returns <= 11)).all()
