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

import json
import os
import subprocess
import sys
import time
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import data as datasets
from ngtools.descent.networks import initial, tanh_network
from ngtools.descent.supervised import STEPS, fit, loss, start

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
# method: learning rates, then values of its second number
GRID: dict[str, tuple[list[float], list[float]]] = {
    "SGD": ([0.1, 0.3, 1.0, 3.0], [0.0, 0.9, 0.97]),
    "Adam": ([0.003, 0.01, 0.03, 0.1], [0.8, 0.9, 0.99]),
    "diagonal": ([0.001, 0.003, 0.01, 0.03], [0.0001, 0.001, 0.01]),
    "K-FAC": ([0.03, 0.1, 0.3, 1.0], [0.0001, 0.0003, 0.001]),
    "natural, CG": ([0.1, 0.3, 1.0, 3.0], [0.001, 0.01, 0.1]),
}
THRESHOLDS = (0.1, 0.01)  # of the training loss
CHEAP = ("SGD", "Adam")
# 32-bit training amplifies rounding; a few steps are compared
TOLERANCE = 1e-3


@cache
def digits_split(seed: int, train: int) -> tuple[Any, Any, Any, Any]:
    """Return training inputs and labels, test inputs and labels; pixels divided by 16, in 32 bits."""
    found = datasets.digits()
    order = np.random.default_rng(seed).permutation(len(found.labels))
    inputs, labels = found.images[order].astype(np.float32) / 16, found.labels[order].astype(np.int32)
    return inputs[:train], labels[:train], inputs[train:], labels[train:]


def train(
    method: str, rates: Any, knobs: Any, seeds: Any, split: Any, sizes: list[int], batch: int, steps: int, every: int
) -> dict[str, np.ndarray]:
    """Return training loss (nats) and test error after 0, every, 2 every, ... steps, shape (settings, seeds, times)."""
    X, y, X_test, y_test = (jnp.asarray(part) for part in split)
    return {
        name: np.asarray(values)
        for name, values in _train(
            method, tuple(sizes), batch, steps, every, jnp.asarray(rates), jnp.asarray(knobs), jnp.asarray(seeds),
            (X, y, X_test, y_test),
        ).items()
    }  # fmt: skip


def _one_step(method: str, batch: int, X: Any, y: Any, rate: Any, knob: Any) -> Any:
    def step(carry: Any, key: Any) -> Any:
        params, state = carry
        rows = jax.random.randint(key, (batch,), 0, len(y))
        return STEPS[method](tanh_network, "categorical", params, state, (X[rows], y[rows]), rate, knob), None

    return step


def _train_once(
    method: str, sizes: tuple[int, ...], batch: int, steps: int, every: int, rate: Any, knob: Any, seed: Any, split: Any
) -> dict[str, Any]:
    X, y, X_test, y_test = split
    weights, order = jax.random.split(jax.random.key(seed))
    step = _one_step(method, batch, X, y, rate, knob)

    def judge(params: Any) -> dict[str, Any]:
        guesses = jax.vmap(tanh_network, (None, 0))(params, X_test).argmax(axis=1)
        return {
            "loss": loss(tanh_network, "categorical", params, (X, y)),
            "error": jnp.mean((guesses != y_test).astype(jnp.float32)),
        }

    def stretch(carry: Any, keys: Any) -> Any:
        carry, _ = jax.lax.scan(step, carry, keys)
        return carry, judge(carry[0])

    params = initial(weights, sizes, jnp.float32)
    keys = jax.random.split(order, (steps // every, every))
    _, later = jax.lax.scan(stretch, (params, start(params)), keys)
    return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), judge(params), later)


def _train_all(
    method: str, sizes: Any, batch: int, steps: int, every: int, rates: Any, knobs: Any, seeds: Any, split: Any
) -> dict[str, Any]:
    def setting(pair: Any) -> Any:
        return jax.vmap(lambda seed: _train_once(method, sizes, batch, steps, every, pair[0], pair[1], seed, split))(
            seeds
        )

    return jax.lax.map(setting, (rates, knobs))


_train = jax.jit(_train_all, static_argnums=(0, 1, 2, 3, 4))


def seconds(best: dict[str, Any], split: Any, sizes: list[int], batch: int, rounds: int, steps: int = 10) -> Any:
    """Return CPU seconds a step by method: lower quartile, median, upper quartile over interleaved rounds."""
    X, y = jnp.asarray(split[0]), jnp.asarray(split[1])
    params = initial(jax.random.key(0), sizes, jnp.float32)
    keys = jax.random.split(jax.random.key(1), steps)
    # a compiled stretch of steps, so that what is measured is arithmetic and not the calls from Python
    stretches = {
        name: jax.jit(
            lambda params, state, name=name, chosen=chosen: jax.lax.scan(
                _one_step(name, batch, X, y, chosen["rate"], chosen["knob"]), (params, state), keys
            )[0]
        )
        for name, chosen in best.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in best}
    for turn in range(rounds + 1):  # the first round compiles
        for name, stretch in stretches.items():
            began = time.process_time()
            jax.block_until_ready(stretch(params, start(params)))
            if turn:
                taken[name].append((time.process_time() - began) / steps)
    return {name: np.quantile(values, [0.25, 0.5, 0.75]).tolist() for name, values in taken.items()}


def _seconds_on_one_thread(best: dict[str, Any], settings: dict[str, Any]) -> Any:
    # in a process of its own: threads that wait for work in the linear algebra library burn CPU time by the factor
    # of ten, and their number is fixed when it is loaded
    program = (
        "import json, sys; from ngtools.experiments import digits as study; best, s = json.load(sys.stdin); "
        "split = study.digits_split(s['split_seed'], s['train']); "
        "print(json.dumps(study.seconds(best, split, s['sizes'], s['batch'], s['rounds'])))"
    )
    one = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    one["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([best, settings]),
        env=os.environ | one,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def failures(first: Any, last: Any) -> np.ndarray:
    """Return which runs end no lower than they began, or not at a number."""
    return ~(np.asarray(last) < np.asarray(first))


def tune(
    method: str, split: Any, sizes: list[int], batch: int, steps: int, tuning_seeds: list[int], hasty: int
) -> dict[str, Any]:
    """Return the best of the twelve settings, the one that the first ``hasty`` seeds prefer, and all mean losses.

    ``failed`` counts the settings in which at least one seed fails.
    """
    rates, knobs = GRID[method]
    pairs = [(rate, knob) for rate in rates for knob in knobs]
    every_rate, every_knob = zip(*pairs)
    found = train(method, every_rate, every_knob, tuning_seeds, split, sizes, batch, steps, steps)["loss"]
    failed = failures(found[:, :, 0], found[:, :, -1])
    last = np.where(np.isfinite(found[:, :, -1]), found[:, :, -1], np.inf)
    rate, knob = pairs[int(np.argmin(last.mean(axis=1)))]
    return {
        "rate": rate,
        "knob": knob,
        "hasty": pairs[int(np.argmin(last[:, :hasty].mean(axis=1)))],
        "losses": [float(f"{value:.4g}") for value in last.mean(axis=1)],
        "failed": int(failed.any(axis=1).sum()),
    }


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
    return {"tuning": best, "curves": curves, "seconds": _seconds_on_one_thread(best, settings)}


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
