"""Proximal policy optimisation (Schulman et al. 2017): many Adam steps on a clipped surrogate, no matrix, no check.

Only the update of the policy is PPO's; rollouts, advantages and the critic are those of the other methods, so that a
comparison compares the updates.  (Implementations fit the critic by the same Adam.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees
from ngtools.checks import number, real_array
from ngtools.rl import critics, training
from ngtools.rl.advantages import Batch
from ngtools.rl.critics import Critic
from ngtools.rl.policy import Policy
from ngtools.rl.report import ACCEPTED, Report, Trace, finite_or, obstacle, settle
from ngtools.rl.settings import check
from ngtools.rl.training import Method, State

__all__ = ["METHOD", "SB3", "SPINNING_UP", "Settings", "clipped", "initial", "train", "update"]


@dataclass(frozen=True)
class Settings:
    """What PPO can be told; what is not named here is as in ``trpo.Settings``.

    Parameters
    ----------
    clip
        epsilon: ratios are clipped to [1 - epsilon, 1 + epsilon].
    learning_rate
        Adam's.
    epochs
        Passes over the batch.
    minibatch
        Steps in each Adam step; what is left of a shuffled batch is not used in that pass.
    max_grad_norm
        Longer gradients are scaled down to this length; None: never.
    target_kl
        An update stops when the KL divergence measured on a minibatch exceeds 1.5 times this; None: never.
    """

    clip: float = 0.2
    learning_rate: float = 3e-4
    epochs: int = 10
    minibatch: int = 64
    max_grad_norm: float | None = 0.5
    target_kl: float | None = None
    iterations: int = 50
    batch: int = 2048
    gamma: float = 0.99
    lam: float = 0.95
    normalise: bool = True
    critic: Critic = critics.mlp()  # noqa: RUF009 - a frozen record
    sampling: str = "steps"

    def __post_init__(self) -> None:
        check(optional=("max_grad_norm", "target_kl"), **vars(self))


# Known implementations' defaults, as far as they concern the policy
SB3 = Settings()
SPINNING_UP = Settings(
    batch=4000, lam=0.97, epochs=80, minibatch=4000, max_grad_norm=None, target_kl=0.01, clip=0.2, learning_rate=3e-4
)


def optimizer(settings: Settings) -> Any:
    """Return the Optax transformation of PPO's settings: Adam, after the gradient's length is limited."""
    try:
        import optax
    except ImportError as error:
        raise ImportError("PPO takes its steps by Optax: pip install optax") from error
    limit = optax.identity() if settings.max_grad_norm is None else optax.clip_by_global_norm(settings.max_grad_norm)
    return optax.chain(limit, optax.adam(settings.learning_rate, eps=1e-5))


def clipped(ratio: Any, advantages: Any, clip: Any) -> Any:
    """Return min(u A, clip(u, 1 - epsilon, 1 + epsilon) A), u the ratio: a reward that ends, no barrier."""
    if np.shape(ratio) != np.shape(advantages):
        raise ValueError(
            f"advantages must have the shape of ratio, {np.shape(ratio)} (got {np.shape(advantages)}); no broadcasting is done"
        )
    if not trees.is_traced(clip):
        number(clip, "clip", above=0)
    for name, value in (("ratio", ratio), ("advantages", advantages)):
        if not trees.is_traced(value):
            real_array(value, name)
    ratio, advantages = jnp.asarray(ratio), jnp.asarray(advantages)
    return jnp.minimum(ratio * advantages, jnp.clip(ratio, 1 - clip, 1 + clip) * advantages)


def update(policy: Policy, state: State, batch: Batch, settings: Settings) -> tuple[State, Report]:
    """Take ``epochs`` passes of Adam steps on E[ min(r A, clip(r) A) ], r = pi_theta(a|s) / pi_old(a|s).

    Returns
    -------
    The state with the new parameters and the optimiser's state, and the report; ``kl``, ``ratio_min`` and ``ratio_max``
    are measured after the last step, and nothing has bounded them.
    """
    theta, adam = state.params, optimizer(settings)
    key, shuffle = jax.random.split(state.key)
    N = len(batch.advantages)
    size = min(settings.minibatch, N)
    log_old = policy.log_prob(theta, batch.observations, batch.actions)
    weights = jnp.ones(N, log_old.dtype) if batch.weights is None else batch.weights.astype(log_old.dtype)
    data = (batch.observations, batch.actions, batch.advantages, log_old, weights)

    def objective(new: Any, rows: Any) -> Any:
        observations, actions, advantages, log_old, weights = rows
        ratio = jnp.exp(policy.log_prob(new, observations, actions) - log_old)
        return jnp.vdot(weights, clipped(ratio, advantages, settings.clip)) / jnp.maximum(jnp.sum(weights), 1e-12)

    def step(carry: Any, index: Any) -> tuple[Any, None]:
        new, memory, running = carry
        rows = jax.tree.map(lambda leaf: leaf[index], data)
        descent = trees.scale(-1, jax.grad(objective)(new, rows))
        change, later = adam.update(descent, memory, new)
        if settings.target_kl is not None:
            share = rows[-1] / jnp.maximum(jnp.sum(rows[-1]), 1e-12)
            running = running & (jnp.vdot(share, policy.kl(theta, new, rows[0])) <= 1.5 * settings.target_kl)
        moved = (trees.axpy(1, change, new), later)
        new, memory = jax.tree.map(lambda a, b: jnp.where(running, a, b), moved, (new, memory))
        return (new, memory, running), None

    order = jax.vmap(lambda k: jax.random.permutation(k, N))(jax.random.split(shuffle, settings.epochs))
    order = order[:, : N // size * size].reshape(-1, size)
    start = (theta, state.optimizer, jnp.ones((), bool))
    (proposal, memory, _), _ = jax.lax.scan(step, start, order)

    g = jax.grad(objective)(theta, data)
    ratio = jnp.exp(policy.log_prob(finite_or(proposal, theta)[0], batch.observations, batch.actions) - log_old)
    new, report = settle(
        policy,
        theta,
        proposal,
        batch,
        obstacle(policy, theta, batch, g),
        gradient_norm=trees.norm(g),
        clip_fraction=jnp.vdot(weights, jnp.abs(ratio - 1) > settings.clip) / jnp.sum(weights),
    )
    accepted = report.status == ACCEPTED
    memory = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), memory, state.optimizer)
    return replace(state, params=new, optimizer=memory, key=key), report


METHOD = Method("PPO", update, optimizer)


def initial(env: Any, policy: Policy, key: Any, settings: Settings = Settings()) -> State:
    """Return the state of a run before its first update."""
    return training.initial(METHOD, env, policy, key, settings)


def train(
    env: Any, policy: Policy, start: Any, settings: Settings = Settings(), *, progress: bool = False
) -> tuple[State, Trace]:
    """Train a policy by PPO; parameters and results are those of ``trpo.train``."""
    return training.train(METHOD, env, policy, start, settings, progress)
