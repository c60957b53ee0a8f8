"""CartPole with four weights: vanilla gradient, natural gradient and TRPO, and one policy class in five charts.

The policy is logistic, log odds of a push to the right = theta . observation, without a constant; episodes stop after
200 steps; 40 whole episodes an iteration, ten seeds, everything in 64 bits.  Advantages are discounted returns minus a
quadratic baseline, normalised.  NPG takes steps of a fixed quadratic KL, F undamped, CG run to convergence; TRPO adds
the check on the measured KL.  Success: the first iteration with a mean length of at least 195.

Charts: all five hold the same distributions, and all runs of a seed begin at the uniform policy with the same random
numbers.  As long as two charts' policies agree, they see the same episodes, so their curves are the same numbers.  In
exact arithmetic that would be for ever; rounding, amplified from update to update, flips an action in the end.  The
first thirty iterations are compared.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.experiments._seeds import first_at
from ngtools.rl import critics, envs, npg, policies, reinforce, trpo
from ngtools.rl.sweep import starts, sweep

__all__ = ["CHARTS", "SETTINGS", "TOLERANCE", "check", "policy_in", "run", "sample", "span", "train"]

SETTINGS: dict[str, Any] = {
    "horizon": 200,
    "episodes": 40,
    "iterations": 60,
    "seeds": list(range(10)),
    "gamma": 0.99,
    "rates": [0.1, 1.0, 10.0, 50.0, 200.0],
    "delta": 0.01,
    "success": 195.0,
    "scale": [1.0, 1.0, 10.0, 0.1],
    "mix": [[1.0, 0.5, 0.0, 0.0], [0.0, 1.0, 0.5, 0.0], [0.0, 0.0, 1.0, 0.5], [0.5, 0.0, 0.0, 1.0]],
    "chart_rate": 50.0,
    "exact_for": 30,
}
CHARTS = ("weights", "rescaled features", "mixed weights", "two logits", "sinh of weights")
# 64 bits, but an episode that ends a step earlier changes a mean by 1/40: the first iterations are compared
TOLERANCE = 1e-6
METHODS = {"vanilla": (reinforce, "learning_rate"), "NPG": (npg, "delta"), "TRPO": (trpo, "delta")}


@cache
def policy_in(chart: str) -> Any:
    """Return the four-weight policy in one of ``CHARTS``; all start at the uniform policy."""
    env = _env()

    def logistic(theta: Any, x: Any) -> Any:
        z = x @ theta
        return jnp.stack([jnp.zeros_like(z), z])

    plain = policies.of_model(env, logistic, lambda key: jnp.zeros(4), name="four weights")
    if chart == "weights":
        return plain
    if chart == "rescaled features":
        scale = np.array(SETTINGS["scale"])
        return policies.in_chart(plain, lambda theta: theta / scale, lambda phi: phi * scale, chart)
    if chart == "mixed weights":
        mix = np.array(SETTINGS["mix"])
        return policies.in_chart(plain, lambda theta: jnp.linalg.solve(mix, theta), lambda phi: mix @ phi, chart)
    if chart == "two logits":  # one weight too many for each feature
        return policies.linear(env, bias=False)
    if chart == "sinh of weights":
        return policies.in_chart(plain, jnp.arcsinh, jnp.sinh, chart)
    raise ValueError(f"chart must be one of {CHARTS} (got {chart!r})")


@cache
def _env() -> Any:
    return envs.make("CartPole-v1", num_envs=SETTINGS["episodes"], horizon=SETTINGS["horizon"])


def train(name: str, chart: str, values: Any, seeds: Any, iterations: int) -> dict[str, np.ndarray]:
    """Return mean length, KL and backtracks, shape (values, seeds, iterations)."""
    module, knob = METHODS[name]
    shared = {"iterations": iterations, "gamma": SETTINGS["gamma"], "lam": 1.0, "sampling": "episodes"}
    if name != "vanilla":
        shared |= {"cg_steps": 20, "cg_tol": 1e-10}
    with jax.enable_x64(True):
        base, policy = module.Settings(critic=critics.quadratic(), **shared), policy_in(chart)
        states = starts(module.METHOD, _env(), policy, base, seeds)
        _, trace = sweep(module.METHOD, _env(), policy, base, knob, values, states)
    return {key: np.asarray(getattr(trace, key)) for key in ("mean_return", "kl", "backtracks")}


def _describe(trace: dict[str, np.ndarray], row: int) -> dict[str, Any]:
    lengths, kl = trace["mean_return"][row], trace["kl"][row]
    return {
        "success": first_at(lengths, SETTINGS["success"]),
        "largest_kl": float(kl.max()),
        "median_kl": float(np.median(kl)),
        "lengths": np.round(lengths.mean(axis=0), 3).tolist(),
        "first lengths": lengths[:2, :3].tolist(),
        "first kl": kl[:2, :3].tolist(),
    }


def run(**settings: Any) -> dict[str, Any]:
    """Return the comparison (rates of vanilla, NPG, TRPO; features as they are and rescaled) and the charts."""
    seeds, iterations, delta = settings["seeds"], settings["iterations"], settings["delta"]
    compared: dict[str, Any] = {}
    traces: dict[str, dict[str, Any]] = {"vanilla": {}, "TRPO": {}}
    for chart in CHARTS:
        full = chart in CHARTS[:2]
        rates = settings["rates"] if full else [settings["chart_rate"]]
        vanilla, region = (
            train("vanilla", chart, rates, seeds, iterations),
            train("TRPO", chart, [delta], seeds, iterations),
        )
        row = rates.index(settings["chart_rate"])
        traces["vanilla"][chart] = {key: value[row : row + 1] for key, value in vanilla.items()}
        traces["TRPO"][chart] = region
        if full:
            compared[chart] = {f"vanilla {rate:g}": _describe(vanilla, i) for i, rate in enumerate(rates)}
            compared[chart]["NPG"] = _describe(train("NPG", chart, [delta], seeds, iterations), 0)
            compared[chart]["TRPO"] = _describe(region, 0)
    charts = {
        name: {chart: _against(trace, found["weights"]) for chart, trace in found.items()}
        for name, found in traces.items()
    }
    return {"compared": compared, "charts": charts}


def _against(trace: dict[str, np.ndarray], plain: dict[str, np.ndarray]) -> dict[str, Any]:
    gaps = np.abs(trace["mean_return"] - plain["mean_return"])[0]
    split = (gaps > 1e-9).any(axis=0)
    return {
        "lengths": np.round(trace["mean_return"][0].mean(axis=0), 3).tolist(),
        "largest difference": float(gaps[:, : SETTINGS["exact_for"]].max()),
        "mean difference": float(gaps[:, : SETTINGS["exact_for"]].mean()),
        # counted from 1; None where all seeds agree to the end
        "first difference": int(split.argmax()) + 1 if split.any() else None,
        "largest_kl": float(trace["kl"].max()),
    }


def worst(success: list[int | None]) -> float:
    """The last seed's first success; infinity where one never succeeds."""
    return max(float("inf") if entry is None else entry for entry in success)


def span(row: dict[str, Any]) -> str:
    """Return the range of the first successes over the seeds, in words."""
    found = [entry for entry in row["success"] if entry is not None]
    if not found:
        return "never"
    missing = f", {len(row['success']) - len(found)} never" if len(found) < len(row["success"]) else ""
    return f"{min(found)} to {max(found)}{missing}"


def check(results: dict[str, Any]) -> dict[str, bool]:
    """Return the claims and their verdicts."""
    plain, scaled = (results["compared"][chart] for chart in CHARTS[:2])
    delta, charts = SETTINGS["delta"], results["charts"]
    best = min((name for name in plain if name.startswith("vanilla")), key=lambda name: worst(plain[name]["success"]))
    return {
        "vanilla with rate 0.1 or 1 never succeeds": all(
            entry is None for name in ("vanilla 0.1", "vanilla 1") for entry in plain[name]["success"]
        ),
        "NPG and TRPO succeed in every seed": max(worst(plain[name]["success"]) for name in ("NPG", "TRPO")) < np.inf,
        "vanilla with its best rate, or after the rescaling, succeeds in every seed too": worst(plain[best]["success"])
        < np.inf
        and worst(scaled["vanilla 50"]["success"]) < np.inf,
        "its largest KL is more than fifty times TRPO's radius": plain[best]["largest_kl"] > 50 * delta,
        "NPG exceeds delta, TRPO does not": plain["NPG"]["largest_kl"] > delta >= plain["TRPO"]["largest_kl"],
        "in linear charts the curves of TRPO are the same numbers for thirty iterations": all(
            charts["TRPO"][c]["largest difference"] < 1e-9 for c in CHARTS[1:4]
        ),
        "and so are those of NPG after the rescaling": plain["NPG"]["lengths"][: SETTINGS["exact_for"]]
        == scaled["NPG"]["lengths"][: SETTINGS["exact_for"]],
        "vanilla's curves split in every chart": all(
            charts["vanilla"][c]["largest difference"] > 10 for c in CHARTS[1:]
        ),
    }


def sample() -> dict[str, Any]:
    """Return the first iterations of two seeds of TRPO afresh."""
    trace = train("TRPO", "weights", [SETTINGS["delta"]], SETTINGS["seeds"][:2], 3)
    found = {"first lengths": trace["mean_return"][0].tolist(), "first kl": trace["kl"][0].tolist()}
    return {"compared": {"weights": {"TRPO": found}}}
