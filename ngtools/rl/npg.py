"""The natural policy gradient (Kakade 2001): a step along F^-1 g, of a length that is chosen beforehand.

TRPO without its last step: nothing is measured before the step is taken, so the divergence is that of the quadratic
*model*, or whatever a learning rate makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax

from ngtools import trees
from ngtools.descent.matrix_free import natural_gradient_step
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
    """What the natural policy gradient can be told.

    Parameters
    ----------
    delta
        Every step has 1/2 step^T F step = delta, F undamped.
    learning_rate
        alpha, in place of delta: the step is alpha F^-1 g.
    cg_steps, cg_tol, damping
        As in ``trpo.Settings``, like all that is not named here.
    """

    delta: float | None = 0.01
    learning_rate: float | None = None
    iterations: int = 50
    batch: int = 2048
    gamma: float = 0.99
    lam: float = 0.95
    normalise: bool = True
    cg_steps: int = 10
    cg_tol: float = 1e-3
    damping: float = 0.0
    critic: Critic = critics.mlp()  # noqa: RUF009 - a frozen record
    sampling: str = "steps"

    def __post_init__(self) -> None:
        check(optional=("delta", "learning_rate"), **vars(self))
        if (self.delta is None) == (self.learning_rate is None):
            raise ValueError("give either delta= or learning_rate= (the other is None)")


def update(policy: Policy, state: State, batch: Batch, settings: Settings) -> tuple[State, Report]:
    """Take one step along F^-1 g, g = E[ grad log pi(a|s) A ] and F the Fisher matrix over the batch's states.

    Returns
    -------
    The state with the new parameters, and the report; compare its ``kl`` with ``predicted_kl``.
    """
    theta = state.params

    def objective(new: Any) -> Any:
        return batch.mean(policy.log_prob(new, batch.observations, batch.actions) * batch.advantages)

    g = jax.grad(objective)(theta)
    step = natural_gradient_step(
        theta,
        g,
        policy.fisher(theta, batch.observations, batch.weights),
        kl_budget=settings.delta,
        learning_rate=settings.learning_rate,
        damping=settings.damping,
        max_steps=settings.cg_steps,
        tol=settings.cg_tol,
    )
    new, report = settle(
        policy,
        theta,
        step.params,
        batch,
        obstacle(policy, theta, batch, g),
        predicted_kl=step.predicted_kl,
        predicted_gain=step.predicted_gain,
        gradient_norm=trees.norm(g),
        cg_steps=step.solution.steps,
        cg_residual=step.solution.residual,
    )
    return replace(state, params=new), report


METHOD = Method("NPG", update)


def initial(env: Any, policy: Policy, key: Any, settings: Settings = Settings()) -> State:
    """Return the state of a run before its first update."""
    return training.initial(METHOD, env, policy, key, settings)


def train(
    env: Any, policy: Policy, start: Any, settings: Settings = Settings(), *, progress: bool = False
) -> tuple[State, Trace]:
    """Train a policy by the natural policy gradient; parameters and results are those of ``trpo.train``."""
    return training.train(METHOD, env, policy, start, settings, progress)
