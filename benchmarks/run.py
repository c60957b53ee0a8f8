"""Measure, check that all agree, print ratios, write the table the book shows."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from typing import Any

import jax
import numpy as np
import torch

from benchmarks.contenders import CONTENDERS
from benchmarks.environment import ROOT
from benchmarks.problems import SHAPES, Problem, make

TABLE = ROOT / "book" / "_data" / "fvp_benchmark.json"
TARGETS = {"A": 1.2, "D": 1.2, "C": 1.5}  # ours, inside jit, over the floor
PEERS = ("PyTorch double backward", "PyTorch, graph kept", "curvlinops", "nngeometry")
PACKAGES = ("jax", "numpy", "torch", "curvlinops-for-pytorch", "nngeometry")


def measure(p: Problem, rounds: int) -> dict[str, dict[str, float]]:
    """Return for each contender the median CPU time of a product and its median ratio to the floor of its round.

    CPU time, not wall-clock: the machine may be shared.  Contenders take turns, so that a slow minute is slow for all.
    """
    made = {name: maker(p) for name, maker in CONTENDERS.items()}
    check(p, made)
    repeats = {}
    for name, (run, _, _) in made.items():
        run()
        start = time.process_time()
        run()
        once = time.process_time() - start
        # about 40 ms a turn, so that the clock's grain does not show
        repeats[name] = max(1, round(0.04 / max(once, 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(rounds):
        for name, (run, count, _) in made.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                run()
            times[name].append((time.process_time() - start) / repeats[name] / count)
    floor = np.minimum(times["matmuls, NumPy"], times["matmuls, PyTorch"])
    return {
        name: {"ms": round(1e3 * float(np.median(t)), 4), "ratio": round(float(np.median(np.array(t) / floor)), 2)}
        for name, t in times.items()
    }


def check(p: Problem, made: dict[str, Any]) -> None:
    """Raise unless all contenders compute the same product, to rounding."""
    tolerance = 1e-12 if p.dtype == np.float64 else 1e-4
    expected = made["ours, inside jit"][2]()
    for name, (_, _, result) in made.items():
        if result is None:
            continue
        difference = np.abs(result() - expected).max() / np.abs(expected).max()
        if not difference < tolerance:
            raise AssertionError(
                f"{name} disagrees on problem {p.name} ({p.dtype}): relative difference {difference:.1e}"
            )


def show(p: Problem, rows: dict[str, dict[str, float]]) -> None:
    sizes = "-".join(map(str, p.sizes))
    print(f"\n{p.name}: {sizes}, N = {p.count}, {p.parameters} parameters, {p.dtype}")
    for name, row in rows.items():
        print(f"  {name:26s} {row['ms']:10.3f} ms {row['ratio']:8.2f} x floor")
    ours = rows["ours, inside jit"]["ms"]
    ratios = {name: rows[name]["ms"] / ours for name in PEERS}
    print("  " + ", ".join(f"{ratio:.1f} times faster than {name}" for name, ratio in ratios.items()))
    step, gradient = rows["ours, CG step"]["ms"] / ours, ours / rows["forward and backward"]["ms"]
    print(f"  a step of CG costs {step:.2f} products; a product {gradient:.2f} gradients")
    print(f"  target: at most {TARGETS[p.name]} x floor; measured {rows['ours, inside jit']['ratio']}")


def main(arguments: list[str]) -> None:
    """``[names of problems] [--quick]``; without names, all of them, and the table is written."""
    quick = "--quick" in arguments
    names = [name for name in arguments if name in SHAPES] or list(SHAPES)
    unknown = [name for name in arguments if name not in SHAPES and name != "--quick"]
    if unknown:
        raise SystemExit(f"unknown {unknown}; problems are {list(SHAPES)}, the option is --quick")
    torch.set_num_threads(1)
    results = []
    for dtype in (np.float32, np.float64):
        # nngeometry builds its helper matrices in the default dtype
        torch.set_default_dtype(torch.float64 if dtype is np.float64 else torch.float32)
        with jax.enable_x64(dtype is np.float64):
            for name in names:
                p = make(name, dtype)
                rows = measure(p, rounds=5 if quick else 9)
                show(p, rows)
                results.append(
                    {"problem": name, "sizes": list(p.sizes), "N": p.count, "d": p.parameters}
                    | {"dtype": str(p.dtype), "rows": rows}
                )
    if len(names) == len(SHAPES) and not quick:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        table = {
            "what": "Fisher-vector product, one thread; medians of CPU time and of the ratio to the matrix products alone",
            "machine": platform.machine(),
            "python": platform.python_version(),
            "versions": versions,
            "results": results,
        }
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten: {TABLE}")
