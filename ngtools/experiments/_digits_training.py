"""Many runs of the digits at once: every setting and every seed in one compiled program, and the tuning made of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import data as datasets
from ngtools.descent.networks import initial, tanh_network
from ngtools.descent.supervised import STEPS, loss, start

__all__ = ["GRID", "digits_split", "failures", "one_step", "train", "tune"]

# method: learning rates, then values of its second number
GRID: dict[str, tuple[list[float], list[float]]] = {
    "SGD": ([0.1, 0.3, 1.0, 3.0], [0.0, 0.9, 0.97]),
    "Adam": ([0.003, 0.01, 0.03, 0.1], [0.8, 0.9, 0.99]),
    "diagonal": ([0.001, 0.003, 0.01, 0.03], [0.0001, 0.001, 0.01]),
    "K-FAC": ([0.03, 0.1, 0.3, 1.0], [0.0001, 0.0003, 0.001]),
    "natural, CG": ([0.1, 0.3, 1.0, 3.0], [0.001, 0.01, 0.1]),
}


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


def one_step(method: str, batch: int, X: Any, y: Any, rate: Any, knob: Any) -> Any:
    """Return (carry, key) -> (carry, None) for ``scan``: one step of a method on a mini-batch that the key draws."""

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
    step = one_step(method, batch, X, y, rate, knob)

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
