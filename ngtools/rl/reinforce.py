"""REINFORCE with a baseline (Williams 1992): a step along the plain policy gradient.

The control of every comparison: the same rollouts, advantages and critic as the other methods, and a gradient step whose
length is a learning rate, not a divergence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax

from ngtools import trees
from ngtools.rl import critics, training
from ngtools.rl.advantages import Batch
from ngtools.rl.critics import Critic
from ngtools.rl.policy import Policy
from ngtools.rl.report import Report, Trace, obstacle, settle
from ngtools.rl.settings import check
from ngtools.rl.training import Method, State

__all__ = ["METHOD", "Settings", "initial", "train", "update"]


@dataclass(frozen=True)
class Settings:
    """What REINFORCE can be told; ``learning_rate`` is alpha, the others are those of ``trpo.Settings``.

    Williams' own has ``lam=1``: advantages are then returns minus the critic.
    """

    learning_rate: float = 0.3
    iterations: int = 50
    batch: int = 2048
    gamma: float = 0.99
    lam: float = 0.95
    normalise: bool = True
    critic: Critic = critics.mlp()  # noqa: RUF009 - a frozen record
    sampling: str = "steps"

    def __post_init__(self) -> None:
        check(**vars(self))


def update(policy: Policy, state: State, batch: Batch, settings: Settings) -> tuple[State, Report]:
    """Take one step theta + alpha g, g = E[ grad log pi(a|s) A ].

    Returns
    -------
    The state with the new parameters, and the report; ``predicted_kl`` shows the divergence that the step amounts to.
    """
    theta = state.params

    def objective(new: Any) -> Any:
        return batch.mean(policy.log_prob(new, batch.observations, batch.actions) * batch.advantages)

    g = jax.grad(objective)(theta)
    step = trees.scale(settings.learning_rate, g)
    F = policy.fisher(theta, batch.observations, batch.weights)
    new, report = settle(
        policy,
        theta,
        trees.axpy(1, step, theta),
        batch,
        obstacle(policy, theta, batch, g),
        predicted_kl=trees.dot(step, F(step)) / 2,
        predicted_gain=trees.dot(g, step),
        gradient_norm=trees.norm(g),
    )
    return replace(state, params=new), report


METHOD = Method("REINFORCE", update)


def initial(env: Any, policy: Policy, key: Any, settings: Settings = Settings()) -> State:
    """Return the state of a run before its first update."""
    return training.initial(METHOD, env, policy, key, settings)


def train(
    env: Any, policy: Policy, start: Any, settings: Settings = Settings(), *, progress: bool = False
) -> tuple[State, Trace]:
    """Train a policy by REINFORCE; parameters and results are those of ``trpo.train``."""
    return training.train(METHOD, env, policy, start, settings, progress)
