"""Song, Song & Ermon 2018, "Accelerating natural gradient with higher-order invariance": the gamma fit.

One data set, one start, four parameterizations; how far the negative log likelihoods (NLL) of the four
runs spread is how far the method is from invariance.

Deviations from the paper: the spread is a number (largest minus smallest NLL after a step) where the
paper shows curves, and the exact flow is added as the judge.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from ngtools import families
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.flow import flow_setting
from ngtools.descent.objectives import Objective, expected_log_likelihood, mean_log_likelihood
from ngtools.descent.pull_back import pull_back
from ngtools.descent.run import run_setting
from ngtools.descent.setting import Setting
from ngtools.invariance.orders import measure

__all__ = ["CHARTS", "METHODS", "SETTINGS", "TOLERANCE", "check", "gamma_settings", "run", "sample"]

SETTINGS: dict[str, Any] = {
    "shape": 20.0,
    "rate": 20.0,
    "observations": 10_000,
    "seed": 1234,
    "start": [1.0, 1.0],
    "alpha": 0.5,
    "iterations": 10,
    "slope_start": [2.0, 1.5],
    "slope_target": [3.0, 1.0],
    "slope_steps": [0.04, 0.02, 0.01, 0.005],
    "path_time": 0.5,
    "path_steps": [16, 32, 64],
}
METHODS = ("natural-euler", "natural-midpoint", "geodesic-correction")
# the sums run over other orders on another machine
TOLERANCE = 1e-6


def _scale(psi: Any, constants: Any) -> Any:
    return jnp.stack([psi[0], 1 / psi[1]])


def _cube(psi: Any, constants: Any) -> Any:
    return jnp.stack([psi[0], psi[1] ** 3])


def _squares(psi: Any, constants: Any) -> Any:
    return psi**2


CHARTS = {
    "(a, b)": None,
    "(a, 1/b)": (_scale, lambda theta: np.array([theta[0], 1 / theta[1]])),
    "(a, b'^3)": (_cube, lambda theta: np.array([theta[0], np.cbrt(theta[1])])),
    "(a'^2, b'^2)": (_squares, np.sqrt),
}


def gamma_settings(objective: Objective, theta: Any) -> dict[str, tuple[Setting, np.ndarray]]:
    """The four parameterizations of the gamma family (shape a, rate b), each with its matched start."""
    base = chart_setting(families.get("gamma"), objective)
    theta = np.asarray(theta, dtype=np.float64)
    settings = {}
    for name, maps in CHARTS.items():
        if maps is None:
            settings[name] = (base, theta)
        else:
            h, encode = maps
            settings[name] = (pull_back(base, name, h, encode), encode(theta))
    return settings


@lru_cache(maxsize=4)
def _data(shape: float, rate: float, observations: int, seed: int) -> np.ndarray:
    # the paper's own generator, so that the data are the paper's
    return np.random.RandomState(seed).gamma(shape, 1 / rate, observations)


def fit(settings: dict[str, Any], methods: tuple[str, ...] = METHODS, charts: Any = None) -> dict[str, Any]:
    """NLL after each iteration, by method and parameterization."""
    family = families.get("gamma")
    data = _data(settings["shape"], settings["rate"], settings["observations"], settings["seed"])
    problem = gamma_settings(mean_log_likelihood(family, data), settings["start"])
    chosen = {name: problem[name] for name in charts or problem}
    alpha, steps = settings["alpha"], settings["iterations"]
    nll: dict[str, Any] = {}
    for name in methods:
        runs = {chart: run_setting(name, setting, start, alpha, steps) for chart, (setting, start) in chosen.items()}
        nll[name] = {chart: (-trace.objective).tolist() for chart, trace in runs.items()}
    flows = {c: flow_setting("natural", s, start, alpha * steps, steps + 1) for c, (s, start) in chosen.items()}
    nll["exact flow"] = {chart: (-trace.objective).tolist() for chart, trace in flows.items()}
    return nll


def _spread(curves: dict[str, list[float]], step: int) -> float:
    values = [curve[step] for curve in curves.values()]
    return max(values) - min(values)


def _slopes(settings: dict[str, Any]) -> dict[str, Any]:
    family = families.get("gamma")
    problem = gamma_settings(expected_log_likelihood(family, settings["slope_target"]), settings["slope_start"])
    here, there = problem["(a, b)"], problem["(a, 1/b)"]
    time, counts = settings["path_time"], settings["path_steps"]
    found: dict[str, Any] = {}
    for name in METHODS:
        one = measure(name, *here, *there, steps=settings["slope_steps"])
        gaps = []
        for count in counts:
            ends = [run_setting(name, *side, time / count, count).distribution[-1] for side in (here, there)]
            gaps.append(here[0].distance(*ends))
        slope = float(np.polyfit(np.log(time / np.array(counts)), np.log(gaps), 1)[0])
        found[name] = {"one_step": one.slope, "fixed_time": slope}
    return found


def run(**settings: Any) -> dict[str, Any]:
    """Fit in four parameterizations by three methods and the exact flow; measure orders."""
    nll = fit(settings)
    steps = range(settings["iterations"] + 1)
    spread = {name: [_spread(curves, step) for step in steps] for name, curves in nll.items()}
    return {"nll": nll, "spread": spread, "slopes": _slopes(settings)}


def check(results: dict[str, Any]) -> dict[str, bool]:
    """The claims of the paper, on the spread after three steps and on the orders."""
    third = {name: curve[3] for name, curve in results["spread"].items()}
    slopes = results["slopes"]

    def near(kind: str, expected: tuple[float, ...]) -> bool:
        return all(abs(slopes[name][kind] - order) <= 0.1 for name, order in zip(METHODS, expected))

    return {
        "Euler's curves depend on the parameterization": third["natural-euler"] > 0.05,
        "midpoint and geodesic correction are at least four times closer to invariance": max(
            third["natural-midpoint"], third["geodesic-correction"]
        )
        < third["natural-euler"] / 4,
        "the exact flow does not depend on it (1e-9)": max(results["spread"]["exact flow"]) < 1e-9,
        "one-step defects have slopes 2, 3, 3": near("one_step", (2.0, 3.0, 3.0)),
        "defects at fixed time have slopes 1, 2, 2": near("fixed_time", (1.0, 2.0, 2.0)),
    }


def sample() -> dict[str, Any]:
    """Natural Euler in two of the parameterizations."""
    charts = ("(a, b)", "(a'^2, b'^2)")
    return {"nll": fit(SETTINGS, methods=("natural-euler",), charts=charts)}
