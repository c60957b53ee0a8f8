"""TRPO on CartPole-v1 to a mean return of 475: ours and sb3-contrib's, in one run, on one core.

Both train until the last 20 episodes of training have a mean return of 475 or more, looked at before every update;
the policy found is then evaluated in Gymnasium's own environment.  CPU time, since the machine may be shared.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ngtools.rl import envs, policies, trpo

TABLE = Path(__file__).resolve().parent.parent / "book" / "_data" / "trpo_benchmark.json"
TARGET, WINDOW, MOST = 475.0, 20, 250_000
# with fewer copies an episode spans fewer updates, so that the last 20 episodes show a newer policy
ENV = envs.make("CartPole-v1", num_envs=int(os.environ.get("BENCH_COPIES", "16")))
POLICY = policies.mlp(ENV, hidden=(64, 64))
SETTINGS = trpo.Settings(iterations=1)
# what is sold as tuned: hyperparams/trpo.yml of rl-baselines3-zoo
ZOO = {
    "n_steps": 512,
    "batch_size": 512,
    "cg_damping": 1e-3,
    "gae_lambda": 0.98,
    "gamma": 0.99,
    "learning_rate": 1e-3,
    "n_critic_updates": 20,
}


class Window:
    """The mean return of the last episodes: at least 20, in whole batches."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int]] = []

    def solved(self, mean_return: float, episodes: int) -> bool:
        self.rows.append((mean_return, episodes))
        total, count = 0.0, 0
        for mean, number in reversed(self.rows):
            if number:
                total, count = total + mean * number, count + number
            if count >= WINDOW:
                return total / count >= TARGET
        return False


def ours(seed: int) -> dict[str, Any]:
    """One seed."""
    start = time.process_time()
    state, window, done = jax.random.key(seed), Window(), False
    while not done:
        state, trace = trpo.train(ENV, POLICY, state, SETTINGS)
        done = window.solved(float(trace.mean_return[0]), int(trace.episodes[0])) or int(trace.env_steps[0]) > MOST
    seconds = time.process_time() - start
    returns = envs.evaluate("CartPole-v1", POLICY, state, episodes=100, seed=1000)
    return {"seconds": seconds, "steps": int(trace.env_steps[0]), "evaluated": float(returns.mean())}


def ours_together(seeds: int) -> dict[str, Any]:
    """Many seeds at once; all are trained until the last one is there."""
    keys = jax.random.split(jax.random.key(0), seeds)
    begin = jax.vmap(lambda key: trpo.initial(ENV, POLICY, key, SETTINGS))
    update = jax.jit(jax.vmap(lambda state: trpo.train(ENV, POLICY, state, SETTINGS)))
    start = time.process_time()
    state = begin(keys)
    jax.block_until_ready(update(state))
    compiled = time.process_time() - start
    start = time.process_time()
    state, windows, steps = begin(keys), [Window() for _ in keys], np.zeros(seeds, int)
    while not steps.all():
        state, trace = update(state)
        for i in np.flatnonzero(steps == 0):
            now = int(trace.env_steps[i, 0])
            if windows[i].solved(float(trace.mean_return[i, 0]), int(trace.episodes[i, 0])) or now > MOST:
                steps[i] = now
    seconds = time.process_time() - start
    return {
        "seeds": seeds,
        "seconds": seconds,
        "per_seed": seconds / seeds,
        "seconds_with_compilation": compiled,
        "steps": steps.tolist(),
        "steps_trained": int(trace.env_steps[0, 0]),
    }


def sb3(seed: int, tuned: bool) -> dict[str, Any]:
    """One seed of sb3-contrib's TRPO."""
    import gymnasium as gym
    from sb3_contrib import TRPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    class Stop(BaseCallback):
        def _on_step(self) -> bool:
            return not self.done

        def _on_rollout_end(self) -> None:
            recent = self.model.ep_info_buffer
            self.done = len(recent) == WINDOW and np.mean([episode["r"] for episode in recent]) >= TARGET

        done = False

    start = time.process_time()
    env = make_vec_env("CartPole-v1", n_envs=2 if tuned else 1, seed=seed)
    options: dict[str, Any] = ZOO if tuned else {}
    model = TRPO("MlpPolicy", env, seed=seed, device="cpu", stats_window_size=WINDOW, **options)
    model.learn(MOST, callback=Stop())
    seconds = time.process_time() - start
    single, returns = gym.make("CartPole-v1"), []
    for episode in range(100):
        seen, _ = single.reset(seed=1000 + episode)
        total, over = 0.0, False
        while not over:
            seen, reward, ended, cut, _ = single.step(model.predict(seen, deterministic=True)[0])
            total, over = total + reward, ended or cut
        returns.append(total)
    return {"seconds": seconds, "steps": int(model.num_timesteps), "evaluated": float(np.mean(returns))}


def main(arguments: list[str]) -> None:
    """``[--seeds=5] [--together=32] [--no-tuned] [--ours]``; the table is written at the end."""
    import torch

    torch.set_num_threads(1)
    options = dict(part.lstrip("-").partition("=")[::2] for part in arguments)
    seeds, together = int(options.get("seeds", 5)), int(options.get("together", 32))
    start = time.process_time()
    jax.block_until_ready(trpo.train(ENV, POLICY, jax.random.key(0), SETTINGS))
    compilation = time.process_time() - start
    print(f"ours: the first update, with compilation, takes {compilation:.1f} s", flush=True)
    rows: dict[str, list[dict[str, Any]]] = {}
    for seed in range(seeds):  # in turns, so that a slow minute is slow for all
        jobs = {"ours": lambda s: ours(s)}
        if "ours" not in options:
            jobs["sb3-contrib, defaults"] = lambda s: sb3(s, tuned=False)
            if "no-tuned" not in options:
                jobs["sb3-contrib, tuned"] = lambda s: sb3(s, tuned=True)
        for name, job in jobs.items():
            row = job(seed)
            rows.setdefault(name, []).append(row)
            print(
                f"{name:24s} seed {seed}: {row['seconds']:7.2f} s, {row['steps']} steps, {row['evaluated']:.0f}",
                flush=True,
            )
    batched = ours_together(together)
    print(f"{together} seeds at once: {batched['per_seed']:.2f} s a seed", flush=True)
    medians = {
        name: {key: float(np.median([row[key] for row in entries])) for key in entries[0]}
        for name, entries in rows.items()
    }
    own = medians["ours"]
    for name, row in medians.items():
        print(
            f"{name:24s} median {row['seconds']:.2f} s, {row['steps']:.0f} steps, return {row['evaluated']:.0f}: warm "
            f"{row['seconds'] / own['seconds']:.1f}, with compilation {row['seconds'] / (own['seconds'] + compilation):.1f}, "
            f"seeds at once {row['seconds'] / batched['per_seed']:.1f} times ours"
        )
    table = {
        "what": "TRPO on CartPole-v1 until 20 training episodes have a mean return of 475; one core, CPU seconds",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in ("jax", "gymnasium", "torch", "sb3-contrib")},
        "copies": ENV.num_envs,
        "compilation": compilation,
        "rows": rows,
        "medians": medians,
        "together": batched,
    }
    if "ours" not in options:
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        print(f"written: {TABLE}")
