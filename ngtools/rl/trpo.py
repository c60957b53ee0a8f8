"""Trust region policy optimisation (Schulman et al. 2015): a natural gradient step, checked on the measured KL.

``update`` is the algorithm; the pieces it is made of are tested elsewhere: Fisher-vector products, conjugate gradients,
advantages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from ngtools import trees
from ngtools.linear import cg, damped
from ngtools.rl import critics, training
from ngtools.rl.advantages import Batch
from ngtools.rl.critics import Critic
from ngtools.rl.policy import Policy
from ngtools.rl.report import ACCEPTED, NO_ACCEPTABLE_STEP, Report, Trace, measure, obstacle, settle, unmeasured
from ngtools.rl.settings import check
from ngtools.rl.training import Method, State

__all__ = ["METHOD", "SB3_CONTRIB", "SPINNING_UP", "Settings", "initial", "train", "update"]


@dataclass(frozen=True)
class Settings:
    """What TRPO can be told; the defaults are this book's.

    Parameters
    ----------
    delta
        Radius of the trust region: mean KL(old || new) <= delta, in nats.
    iterations
        Updates.
    batch
        Environment steps an update, over all copies.
    gamma, lam
        Discount, and the lambda of generalised advantage estimation.
    normalise
        Whether advantages are normalised.
    cg_steps, cg_tol
        Where conjugate gradients stop.
    damping
        lambda of F + lambda I in the solve; 0 solves with F itself.
    damped_length
        "As implementations do": the step length from s^T (F + lambda I) s in place of s^T F s.  The step is then shorter
        than the radius allows.
    backtracks, shrink
        How often, and by what factor, a step that is not acceptable is shortened.
    fisher_stride
        Every how many-th state enters the Fisher-vector product (10: the tenth that the paper uses).
    critic
        The value function and how it is fitted.
    sampling
        "steps": episodes run on from batch to batch; "episodes": every copy plays one whole episode, ``batch`` is not
        used.
    """

    delta: float = 0.01
    iterations: int = 50
    batch: int = 2048
    gamma: float = 0.99
    lam: float = 0.95
    normalise: bool = True
    cg_steps: int = 10
    cg_tol: float = 1e-3
    damping: float = 0.0
    damped_length: bool = False
    backtracks: int = 10
    shrink: float = 0.8
    fisher_stride: int = 1
    critic: Critic = critics.mlp()  # noqa: RUF009 - a frozen record
    sampling: str = "steps"

    def __post_init__(self) -> None:
        check(**vars(self))


# Known implementations' defaults, as far as they concern the policy (their critics are fitted by Adam)
SPINNING_UP = Settings(batch=4000, lam=0.97, cg_steps=10, damping=0.1, damped_length=True)
SB3_CONTRIB = Settings(batch=2048, lam=0.95, cg_steps=15, damping=0.1, damped_length=True)


def update(policy: Policy, state: State, batch: Batch, settings: Settings) -> tuple[State, Report]:
    """Take one TRPO step.

    1. surrogate      L(theta) = E[ pi_theta(a|s) / pi_old(a|s) A ]
    2. gradient       g = grad L at theta_old
    3. direction      F s = g, solved by conjugate gradients on v -> F v, F the Fisher matrix over the batch's states
    4. length         beta = sqrt(2 delta / s^T F s), so that the quadratic model of KL is delta at beta s
    5. backtracking   the first of beta s, .8 beta s, .64 beta s, ... with KL(old || new) <= delta, *measured*, and
                      L(new) > L(old) = E[A]; none: theta_old stays

    Parameters
    ----------
    policy, state, batch
        The policy, its parameters (in the training state) and N steps with advantages.
    settings
        See ``Settings``.

    Returns
    -------
    The state with the new parameters, and the report.
    """
    theta, states = state.params, batch.observations
    log_old = policy.log_prob(theta, states, batch.actions)

    def surrogate(new: Any) -> Any:  # 1
        return batch.mean(jnp.exp(policy.log_prob(new, states, batch.actions) - log_old) * batch.advantages)

    g = jax.grad(surrogate)(theta)  # 2
    F = _fisher(policy, theta, batch, settings.fisher_stride)
    solution = cg(F, g, damping=settings.damping, max_steps=settings.cg_steps, tol=settings.cg_tol)  # 3
    s = solution.value
    curvature = trees.dot(s, F(s))
    model = trees.dot(s, damped(F, settings.damping)(s)) if settings.damped_length else curvature
    beta = jnp.where(model > 0, jnp.sqrt(2 * settings.delta / model), 0)  # 4

    def step(tries: Any) -> Any:
        return trees.axpy(beta * settings.shrink**tries, s, theta)

    def attempt(tried: Any) -> Any:
        tries = tried[0] + 1
        return tries, measure(policy, theta, step(tries), batch)

    def acceptable(found: Any) -> Any:
        return (found["kl"] <= settings.delta) & (found["gain"] > 0)  # False also where one of them is nan

    tries, found = jax.lax.while_loop(  # 5
        lambda tried: (tried[0] < settings.backtracks) & ~acceptable(tried[1]),
        attempt,
        (jnp.full((), -1), unmeasured(policy, theta, batch)),
    )
    outcome = jnp.where(acceptable(found), ACCEPTED, NO_ACCEPTABLE_STEP)
    reason = obstacle(policy, theta, batch, g)
    new, report = settle(
        policy,
        theta,
        step(tries),
        batch,
        jnp.where(reason == ACCEPTED, outcome, reason),
        found,
        predicted_kl=beta**2 * curvature / 2,
        predicted_gain=beta * trees.dot(g, s),
        gradient_norm=trees.norm(g),
        cg_steps=solution.steps,
        cg_residual=solution.residual,
        backtracks=tries,
    )
    return replace(state, params=new), report


def _fisher(policy: Policy, theta: Any, batch: Batch, stride: int) -> Any:
    weights = None if batch.weights is None else batch.weights[::stride]
    return policy.fisher(theta, batch.observations[::stride], weights)


METHOD = Method("TRPO", update)


def initial(env: Any, policy: Policy, key: Any, settings: Settings = Settings()) -> State:
    """Return the state of a run before its first update."""
    return training.initial(METHOD, env, policy, key, settings)


def train(
    env: Any,
    policy: Policy,
    start: Any,
    settings: Settings = Settings(),
    *,
    progress: bool = False,
) -> tuple[State, Trace]:
    """Train a policy by TRPO.

    Parameters
    ----------
    env
        From ``envs.make`` (the whole training is then one compiled program, and ``jax.vmap`` of this function over keys
        trains many seeds) or from ``envs.gymnasium``.
    policy
        From ``policies``.
    start
        A JAX key, or the ``State`` of an earlier run to go on from.
    settings
        See ``Settings``.
    progress
        Show a bar on stderr (Gymnasium environments only).

    Returns
    -------
    The final state and the trace of all updates.
    """
    return training.train(METHOD, env, policy, start, settings, progress)
