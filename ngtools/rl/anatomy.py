"""One TRPO update taken apart, on a batch small enough that every line can be checked against dense linear algebra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.checks import number, real_array, whole_number
from ngtools.compiling import compiled_once
from ngtools.rl import advantages, critics, envs, policies, trpo
from ngtools.rl.rollout import collect
from ngtools.rl.settings import checked_values

__all__ = ["Trial", "at_values", "budget_shares", "full_step", "random_gains", "trial"]


@dataclass(frozen=True, eq=False)
class Trial:
    """A policy with parameters, a batch that it played, and the dense pieces of the step that the batch asks for.

    ``g`` (d,) is the gradient of the surrogate, ``F`` (d, d) the Fisher matrix over the batch's states, in the order of
    ``trees.flatten``; all in 64 bits.
    """

    policy: Any
    state: Any
    batch: Any
    g: np.ndarray
    F: np.ndarray

    def surrogate(self, step: Any) -> float:
        """L(theta + step), shape (d,) in."""
        with jax.enable_x64(True):
            return float(_surrogate(self.policy, self.state.params, self._moved(step), self.batch))

    def kl(self, step: Any) -> float:
        """Mean KL(pi_theta || pi_theta+step) over the batch's states, nats."""
        with jax.enable_x64(True):
            policy, old = self.policy, self.state.params
            return float(self.batch.mean(policy.kl(old, self._moved(step), self.batch.observations)))

    def _moved(self, step: Any) -> Any:
        flat, back = trees.flatten(self.state.params)
        return back(flat + jnp.asarray(real_array(step, "step", flat.shape)))


def _surrogate(policy: Any, old: Any, new: Any, batch: Any) -> Any:
    ratio = jnp.exp(
        policy.log_prob(new, batch.observations, batch.actions)
        - policy.log_prob(old, batch.observations, batch.actions)
    )
    return batch.mean(ratio * batch.advantages)


def trial(seed: int, copies: int = 16, steps: int = 32) -> Trial:
    """Play CartPole with a linear policy of random weights (two logits: ten parameters, rank five) and no critic."""
    envs.protocol.check_counts(copies=copies, steps=steps)
    seed = whole_number(seed, "seed", least=0)
    with jax.enable_x64(True):
        env = envs.make("CartPole-v1", num_envs=copies)
        policy = policies.linear(env)
        settings = trpo.Settings(critic=critics.none())
        start, weights, play = jax.random.split(jax.random.key(seed), 3)
        state = trpo.initial(env, policy, start, settings)
        params = jax.tree.map(lambda leaf: 0.5 * jax.random.normal(weights, leaf.shape), state.params)
        state = replace(state, params=params)
        _, rollout = _collect(env, policy, params, state.actors, play, steps)
        batch = advantages.batch(rollout, lambda x: jnp.zeros(x.shape[:-1]), gamma=0.99, lam=1.0)
        grad = jax.grad(partial(_surrogate, policy, params), argnums=0)(params, batch)
        op = policy.fisher(params, batch.observations)
        _, back = trees.flatten(params)
        g = np.asarray(trees.flatten(grad)[0])
        F = jax.vmap(lambda v: trees.flatten(op(back(v)))[0])(jnp.eye(len(g)))
        return Trial(policy, state, batch, g, np.asarray(F))


_collect = jax.jit(collect, static_argnums=(0, 1, 5))


def full_step(found: Trial, delta: float) -> np.ndarray:
    """sqrt(2 delta / s^T F s) s with F s = g, by dense linear algebra, shape (d,)."""
    delta = number(delta, "delta", above=0)
    s = np.linalg.pinv(found.F, rcond=1e-10, hermitian=True) @ found.g
    return np.asarray(np.sqrt(2 * delta / (found.g @ s)) * s)


def at_values(method: Any, found: Trial, settings: Any, knob: str, values: Any) -> Any:
    """Return the reports of one update of a trial at several values of one floating point setting, batched."""
    values = checked_values(settings, knob, values)
    with jax.enable_x64(True):
        reports = _reports(method, found.policy, settings, knob, found.state, found.batch, jnp.asarray(values))
        return jax.tree.map(np.asarray, reports)


@partial(compiled_once, static=(0, 1, 2, 3))
def _reports(method: Any, policy: Any, settings: Any, knob: str, state: Any, batch: Any, values: Any) -> Any:
    def one(value: Any) -> Any:
        chosen = SimpleNamespace(**vars(settings) | {knob: value})
        return method.update(policy, state, batch, chosen)[1]

    return jax.vmap(one)(values)


def random_gains(found: Trial, delta: float, rng: np.random.Generator, count: int = 300) -> np.ndarray:
    """Return g . r for random steps r with 1/2 r^T F r = delta, relative to the best, sqrt(2 delta g^T F^+ g)."""
    delta, count = number(delta, "delta", above=0), whole_number(count, "count")
    draws = rng.standard_normal((count, len(found.g)))
    length = np.sqrt(np.einsum("ni,ij,nj->n", draws, found.F, draws) / (2 * delta))
    best = np.sqrt(2 * delta * found.g @ np.linalg.pinv(found.F, rcond=1e-10, hermitian=True) @ found.g)
    return np.asarray(draws @ found.g / length / best)


def budget_shares(found: Trial, dampings: Any) -> np.ndarray:
    """Return 1/2 step^T F step / delta for the step of ``damped_length=True``: s^T F s / s^T (F + lambda I) s."""
    shares = []
    for damping in real_array(dampings, "dampings", ("n",)):
        if damping <= 0:
            raise ValueError(f"dampings must be > 0 (got {damping:g}): F of two logits is singular")
        damped = found.F + damping * np.eye(len(found.g))
        s = np.linalg.solve(damped, found.g)
        shares.append(s @ found.F @ s / (s @ damped @ s))
    return np.array(shares)
