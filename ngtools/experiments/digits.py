"""Handwritten digits: five methods, each tuned with the same budget, by steps and by seconds.

A 64-32-10 tanh network (2410 parameters, 32-bit) is fitted to 1297 of the 1797 digits of ``data.digits``; the other
500, chosen once at random, measure the test error.  Mini-batches of 256 are drawn with replacement; every method sees
the same ones from the same starting weights.  The methods are ``descent.supervised``: SGD with momentum, Adam, and
preconditioning by the diagonal of F, by K-FAC and by CG on F, each damped and each with the Fisher matrix of the
current mini-batch alone.

Tuning: twelve settings a method (four learning rates times three of a second number), on ten seeds that are not
reported; the setting with the lowest mean training loss after ``steps`` steps is kept.  The grids were moved three
times, on three tuning seeds; with ten the best settings lie at an edge once more, so that a wider search would help
all five.  What three seeds alone (``hasty``) would
have chosen is run as well, to see what so short a tuning costs.  SGD and Adam, the cheap ones, run ``longer`` times
as many steps, so that all curves overlap on the axis of seconds.

Seconds are CPU seconds of one thread, measured for all methods in one interleaved run: shared machines change
the wall clock of a step by factors and its CPU time by much less.  They are of the machine of the stored file.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ngtools.descent.networks import initial, tanh_network
from ngtools.descent.supervised import STEPS, fit
from ngtools.experiments._digits_timing import seconds, seconds_on_one_thread
from ngtools.experiments._digits_training import GRID, digits_split, failures, train, tune

__all__ = [
    "GRID",
    "SETTINGS",
    "TOLERANCE",
    "check",
    "digits_split",
    "live",
    "run",
    "sample",
    "seconds",
    "summary",
    "train",
]

SETTINGS: dict[str, Any] = {
    "split_seed": 11,
    "train": 1297,
    "sizes": [64, 32, 10],
    "batch": 256,
    "steps": 200,
    "longer": 5,
    "every": 5,
    "tuning_seeds": list(range(101, 111)),
    "hasty": 3,
    "seeds": list(range(20)),
    "rounds": 21,
}
THRESHOLDS = (0.1, 0.01)  # of the training loss
CHEAP = ("SGD", "Adam")
# 32-bit training amplifies rounding; a few steps are compared
TOLERANCE = 1e-3


def summary(curves: np.ndarray) -> dict[str, list[float]]:
    """Return the mean over the seeds (first axis) and a 95 % interval for it (Student, from the seeds)."""
    from scipy.stats import t

    n = len(curves)
    half = t.ppf(0.975, n - 1) * curves.std(axis=0, ddof=1) / np.sqrt(n)
    mean = curves.mean(axis=0)
    # five decimals are far below the intervals, and keep the file small
    return {
        name: np.round(values, 5).tolist()
        for name, values in (("mean", mean), ("low", mean - half), ("high", mean + half))
    }


def hits(losses: np.ndarray, every: int) -> dict[str, list[int | None]]:
    """Return, by threshold, the first recorded step of each seed at or below it; None where there is none."""
    found: dict[str, list[int | None]] = {}
    for threshold in THRESHOLDS:
        below = losses <= threshold
        found[str(threshold)] = [int(row.argmax()) * every if row.any() else None for row in below]
    return found


def run(**settings: Any) -> dict[str, Any]:
    """Return tuning, curves of log10 training loss and of test error with intervals, and CPU seconds a step."""
    split = digits_split(settings["split_seed"], settings["train"])
    shape: tuple[Any, Any, Any] = (split, settings["sizes"], settings["batch"])
    steps, every = settings["steps"], settings["every"]
    best: dict[str, Any] = {}
    curves: dict[str, Any] = {}
    for name in STEPS:
        best[name] = tune(name, *shape, steps, settings["tuning_seeds"], settings["hasty"])
        count = steps * (settings["longer"] if name in CHEAP else 1)
        chosen = [best[name]["rate"]], [best[name]["knob"]]
        found = train(name, *chosen, settings["seeds"], *shape, count, every)
        losses = found["loss"][0]
        rate, knob = best[name]["hasty"]
        hasty = train(name, [rate], [knob], settings["seeds"], *shape, steps, steps)["loss"][0]
        curves[name] = {
            "log10 loss": summary(np.log10(losses)),
            "error": summary(found["error"][0]),
            "hits": hits(losses, every),
            "failed": int(failures(losses[:, 0], losses[:, steps // every]).sum()),
            "hasty failed": int(failures(hasty[:, 0], hasty[:, -1]).sum()),
            "first losses": losses[:2, :3].tolist(),
        }
    return {"tuning": best, "curves": curves, "seconds": seconds_on_one_thread(best, settings)}


def at_steps(results: dict[str, Any], name: str, which: str = "log10 loss") -> dict[str, float]:
    """Return mean and interval of a curve after the number of steps that all methods take."""
    row = SETTINGS["steps"] // SETTINGS["every"]
    return {key: float(values[row]) for key, values in results["curves"][name][which].items()}


def at_seconds(results: dict[str, Any], name: str, budget: float) -> dict[str, float]:
    """Return mean and interval of log10 training loss after a budget of CPU seconds: the last record within it.

    nan beyond the end of the run.
    """
    steps = budget / results["seconds"][name][1]
    curve = results["curves"][name]["log10 loss"]
    row = int(steps // SETTINGS["every"])
    return {key: float(values[row]) if row < len(values) else float("nan") for key, values in curve.items()}


def live(method: str, seeds: int = 3, steps: int = 60) -> np.ndarray:
    """Return the training loss by step, geometric mean over a few seeds, at the stored setting of a method; 64 bits."""
    from ngtools.experiments import load

    tuned = load("digits")["results"]["tuning"][method]
    X, y, _, _ = digits_split(SETTINGS["split_seed"], SETTINGS["train"])
    found = []
    for seed in range(seeds):
        weights, order = jax.random.split(jax.random.key(seed))
        start_at = initial(weights, SETTINGS["sizes"])
        settings = {"rate": tuned["rate"], "knob": tuned["knob"], "batch": SETTINGS["batch"], "steps": steps}
        found.append(fit(method, tanh_network, "categorical", start_at, (X, y), key=order, **settings)[1])
    return np.exp(np.log(np.array(found)).mean(axis=0))


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    last = {name: at_steps(results, name) for name in STEPS}
    cost = {name: quartiles[1] for name, quartiles in results["seconds"].items()}
    budget = cost["K-FAC"] * SETTINGS["steps"]
    failed = {name: tuned["failed"] for name, tuned in results["tuning"].items()}
    return {
        "by steps K-FAC is ahead of SGD and of Adam, its interval below theirs": all(
            last["K-FAC"]["high"] < last[name]["low"] for name in CHEAP
        ),
        "the diagonal is behind all others, its interval above theirs": all(
            last["diagonal"]["low"] > last[name]["high"] for name in STEPS if name != "diagonal"
        ),
        "a step of K-FAC or of CG costs at least twice a step of Adam": min(cost["K-FAC"], cost["natural, CG"])
        > 2 * cost["Adam"],
        "K-FAC and CG fail in more of their twelve settings than SGD and Adam": min(
            failed["K-FAC"], failed["natural, CG"]
        )
        > max(failed[name] for name in CHEAP),
        "by seconds Adam is ahead of K-FAC at the end of K-FAC's run": at_seconds(results, "Adam", budget)["high"]
        < at_seconds(results, "K-FAC", budget)["low"],
    }


def sample() -> dict[str, Any]:
    """Return the first losses of two seeds afresh, for Adam and K-FAC, at the stored settings of the tuning."""
    from ngtools.experiments import load

    tuned, s = load("digits")["results"]["tuning"], SETTINGS
    split, fresh = digits_split(s["split_seed"], s["train"]), {}
    for name in ("Adam", "K-FAC"):
        chosen = [tuned[name]["rate"]], [tuned[name]["knob"]]
        found = train(name, *chosen, s["seeds"][:2], split, s["sizes"], s["batch"], 2 * s["every"], s["every"])
        fresh[name] = {"first losses": found["loss"][0].tolist()}
    return {"curves": fresh}
