"""A problem for the methods of reinforcement learning: one batch of states, actions and advantages, held fixed.

The policy is the network of `network_problem` with a Bernoulli head: its output is the log odds of the second of two
actions.  `TRPO` and `PPO` run the library's own updates; in changed coordinates the policy's model is the changed
network, so that nothing is carried over but the distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.descent.methods import Method
from ngtools.descent.setting import Setting
from ngtools.invariance.matrix import Problem
from ngtools.invariance.network_problem import network_problem
from ngtools.products.heads import resolve
from ngtools.rl import ppo, trpo
from ngtools.rl.advantages import Batch
from ngtools.rl.envs.protocol import Discrete
from ngtools.rl.policy import Policy
from ngtools.rl.training import State

__all__ = ["PPO", "TRPO", "policy_problem"]

# conjugate gradients run to rounding, so that only the coordinates can differ
TRUST = trpo.Settings(cg_steps=200, cg_tol=1e-13)
CLIPPED = ppo.Settings(epochs=10, max_grad_norm=None)


@cache
def policy_problem() -> Problem:
    """Improve a policy over two actions on a fixed batch of 40 states.

    Objective: the surrogate mean(pi_theta / pi_old A), pi_old the policy at the start.  F and KL are means over the
    states, and the distance of two policies is the root mean square, over the states, of the Fisher-Rao distance
    between their distributions over actions.
    """
    base = network_problem()
    batch, old = _batch(), base.setting.distribution(base.theta)

    def objective(theta: Any, data: Any) -> Any:
        sign = 2 * jnp.asarray(batch.actions) - 1
        log_ratio = jax.nn.log_sigmoid(sign * base.setting.decode(theta, data)) - jax.nn.log_sigmoid(sign * old)
        return jnp.mean(jnp.exp(log_ratio) * batch.advantages)

    def metric(theta: Any, data: Any) -> Any:
        J, p = jax.jacfwd(base.setting.decode)(theta, data), jax.nn.sigmoid(base.setting.decode(theta, data))
        return (J.T * p * (1 - p)) @ J / len(p)

    def divergence(before: Any, after: Any, data: Any) -> Any:
        z, w = base.setting.decode(before, data), base.setting.decode(after, data)
        return jnp.mean(jax.nn.sigmoid(z) * (z - w) + jax.nn.softplus(w) - jax.nn.softplus(z))

    setting = replace(
        base.setting,
        name="a policy on a fixed batch",
        objective=objective,
        metric=metric,
        divergence=divergence,
        separation=_separation,
        matrices={},
    )
    return Problem(setting, base.theta, base.columns)


def _separation(first: np.ndarray, second: np.ndarray) -> float:
    # 2 arcsin sqrt(p) is the coordinate of constant information; written with arctan it keeps small differences
    angles = [2 * np.arctan(np.exp(z / 2)) for z in (first, second)]
    return float(np.sqrt(np.mean((angles[0] - angles[1]) ** 2)))


@cache
def _batch() -> Batch:
    rng, problem = np.random.default_rng(14), network_problem()
    z = problem.setting.distribution(problem.theta)
    actions = (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(np.int64)
    advantages = rng.standard_normal(len(z))
    rows = np.arange(float(len(z)))[:, None]
    return Batch(rows, actions, advantages, advantages, advantages.std())


@lru_cache(maxsize=64)
def _policy(setting: Setting) -> Policy:
    def model(theta: Any, row: Any) -> Any:
        return setting.decode(theta, setting.constants)[row.astype(int)]

    return Policy(setting.name, model, resolve("bernoulli", 1), _no_start, _no_start, Discrete(2))


def _no_start(_: Any) -> Any:
    raise NotImplementedError("the start and the actions of this policy are those of the problem")


@lru_cache(maxsize=64)
def _compiled(update: Callable[..., Any], optimizer: Any, settings: Any, knob: str, setting: Setting) -> Callable:
    policy = _policy(setting)

    def after(theta: Any, value: Any) -> Any:
        batch = jax.tree.map(jnp.asarray, _batch())
        chosen = SimpleNamespace(**vars(settings) | {knob: value})
        memory = () if optimizer is None else optimizer(chosen).init(theta)
        state = State(theta, (), memory, (), jax.random.key(0), jnp.zeros((), int))
        return update(policy, state, batch, chosen)[0].params

    return jax.jit(after)


def _rule(method: Any, settings: Any, knob: str, value_of: Callable[[float], float]) -> Callable[..., np.ndarray]:
    def rule(setting: Setting, theta: np.ndarray, alpha: float) -> np.ndarray:
        with jax.enable_x64(True):
            after = _compiled(method.update, method.optimizer, settings, knob, setting)
            return np.asarray(after(jnp.asarray(theta, float), jnp.asarray(value_of(alpha), float)))

    return rule


# alpha is the root of twice the radius; for PPO it is shared among the epochs, each of them one Adam step, since the 40
# states are one minibatch
TRPO = Method("trpo", _rule(trpo.METHOD, TRUST, "delta", lambda alpha: alpha**2 / 2), budget=True)
PPO = Method("ppo", _rule(ppo.METHOD, CLIPPED, "learning_rate", lambda alpha: alpha / CLIPPED.epochs))
